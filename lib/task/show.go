package task

import (
	"strings"

	"github.com/spindle-lab/spindle/lib/display"
)

// Table lists the sixteen tasks for a notebook.
func Table() display.Table {
	t := display.Table{Columns: []string{"task", "name in the paper", "group", "targets", "outputs", "loss", "reported"}}
	for _, k := range All() {
		keys := make([]string, len(k.Keys))
		for i, key := range k.Keys {
			keys[i] = string(key)
		}
		var outputs any = k.Outputs
		if k.Outputs == 0 {
			outputs = ""
		}
		reported := k.MetricName()
		if k.Unit != "" && !strings.Contains(reported, k.Unit) {
			reported += " [" + k.Unit + "]"
		}
		t.Rows = append(t.Rows, []any{k.Name, k.Title, k.Group, strings.Join(keys, ", "), outputs, k.Loss.String(), reported})
	}
	return t
}
