package train

import (
	"context"
	"fmt"

	"github.com/spindle-lab/spindle/lib/dataset"
	"github.com/spindle-lab/spindle/lib/display"
	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/run"
)

// Each trains one network of each architecture with one configuration, one
// after the other, and reports their steps as one piece of work.
func Each(ctx context.Context, cfg Config, archs []net.Arch, data *dataset.Dataset, progress run.Progress, hooks ...Hook) ([]*Result, error) {
	var out []*Result
	for i, a := range archs {
		c := cfg
		c.Arch = a
		all := append([]Hook{Report(func(done, total int, note string) {
			progress.Report(i*total+done, len(archs)*total, fmt.Sprintf("%s, %s", a.Family, note))
		})}, hooks...)
		r, err := Run(ctx, c, data, all...)
		if err != nil {
			return out, fmt.Errorf("%s on %s: %w", a.Name(), cfg.Task, err)
		}
		out = append(out, r)
	}
	return out, nil
}

// Table compares trained networks with their untrained twins and with chance,
// on the test set.
func Table(results []*Result) (display.Table, error) {
	t := display.Table{Columns: []string{"network", "task", "metric", "unit", "trained", "untrained", "chance", "steps"}}
	for _, r := range results {
		chance, err := r.Chance(context.Background())
		if err != nil {
			return t, err
		}
		t.Rows = append(t.Rows, []any{r.Name, r.Task.Title, r.Metric, r.Unit, r.Test, r.UntrainedTest, chance, r.Steps})
	}
	return t, nil
}
