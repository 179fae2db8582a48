package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spindle-lab/spindle/lib/figure"
	"github.com/spindle-lab/spindle/lib/figure/paper"
	"github.com/spindle-lab/spindle/lib/probe"
	"github.com/spindle-lab/spindle/lib/run"
	"github.com/spindle-lab/spindle/lib/task"
	"github.com/spindle-lab/spindle/lib/train"
)

type figureOptions struct {
	panel, out, title, task, condition, zenodo string
	layers                                     int
	width, height                              float64
	paper                                      bool
}

// results are what the named files hold.
type results struct {
	scores   []probe.Score  // of layers or units
	networks []figure.Score // performance of networks
}

// A panel draws one picture of results.
type panel struct {
	name, what    string
	width, height float64 // mm
	draw          func(o figureOptions, r results) *figure.Panel
}

func panels() []panel {
	scored := func(name, what string, f func(string, []probe.Score) *figure.Panel) panel {
		return panel{name, what, figure.MiddleColumn, 80, func(o figureOptions, r results) *figure.Panel { return f(o.title, r.scores) }}
	}
	return []panel{
		{"performance", "test performance against depth, all tasks, or one by -task", figure.DoubleColumn, 165, drawPerformance},
		{"correlation", "performance against neural prediction, all tasks", figure.DoubleColumn, 165, func(o figureOptions, r results) *figure.Panel {
			return figure.CorrelationByTask(o.title, r.scores)
		}},
		{"best-layers", "which layer is best, of networks trained on -task with -layers layers", figure.SingleColumn, 65, func(o figureOptions, r results) *figure.Panel {
			return figure.BestLayersByAnimal(o.title, o.task, r.scores, o.layers)
		}},
		{"layers", "explained variance by layer", figure.MiddleColumn, 80, func(o figureOptions, r results) *figure.Panel { return figure.LayersOf(o.title, r.scores) }},
		scored("trained", "trained against untrained networks", figure.TrainedAgainstUntrained),
		scored("passive", "active against passive movements", figure.ActiveAgainstPassive),
		scored("rivals", "units: task-driven, data-driven, linear and untrained models", figure.Rivals),
		scored("against", "units: task-driven networks against each rival", figure.UnitsAgainst),
		{"gains", "mean z-scored gain of each task over the untrained network, with the paper's", figure.MiddleColumn, 90, drawGains},
		{"task-space", "tasks by their gains, in a plane: UMAP, with few networks principal components", figure.MiddleColumn, 80, drawTaskSpace},
	}
}

var figureCommand = command{
	name: "figure", args: "-panel NAME [flags] results.csv ... | -paper",
	short: "draw one panel from tables of results",
	define: func(fs *flag.FlagSet) func(context.Context, []string) error {
		var o figureOptions
		var names []string
		for _, p := range panels() {
			names = append(names, p.name+" ("+p.what+")")
		}
		fs.StringVar(&o.panel, "panel", "", "what to draw: "+strings.Join(names, "; "))
		fs.StringVar(&o.out, "o", "", "`file` to write, .png, .svg or .pdf; another name, or none, stands for all three and the plotted numbers as CSV")
		fs.StringVar(&o.title, "title", "", "above the panel")
		fs.StringVar(&o.task, "task", "", "one task, by its code name or short name")
		fs.StringVar(&o.condition, "condition", "", "only scores of active or of passive movements")
		fs.IntVar(&o.layers, "layers", 0, "only networks with so many layers")
		fs.Float64Var(&o.width, "width", 0, "in mm; columns of a journal are 85, 114 and 174")
		fs.Float64Var(&o.height, "height", 0, "in mm")
		fs.BoolVar(&o.paper, "paper", false, "write figures/README.md and figures/paper_vs_ours.md anew from what is there")
		fs.StringVar(&o.zenodo, "zenodo", "", "with -paper: `folder` of the paper's own result tables")
		return func(_ context.Context, args []string) error {
			if o.paper {
				return rewritePaper(o)
			}
			return drawPanel(o, args, os.Stdout)
		}
	},
}

func rewritePaper(o figureOptions) error {
	root, err := run.Root()
	if err != nil {
		return err
	}
	var published []probe.Score
	if o.zenodo != "" {
		if published, err = figure.PublishedScores(o.zenodo); err != nil {
			return err
		}
	}
	if err := writeGallery(root); err != nil {
		return err
	}
	return writePaper(filepath.Join(root, "figures"), published)
}

func drawPanel(o figureOptions, files []string, w io.Writer) error {
	var picked *panel
	var names []string
	for _, p := range panels() {
		names = append(names, p.name)
		if p.name == o.panel {
			picked = &p
		}
	}
	if picked == nil {
		return usageErrorf("-panel %q: want one of %s", o.panel, strings.Join(names, ", "))
	}
	if len(files) == 0 {
		return usageErrorf("want tables of results: CSV of spindle train or spindle probe, layers.csv, or the paper's .h5")
	}
	if o.task != "" {
		t, err := task.Lookup(o.task)
		if err != nil {
			return usageErrorf("%v", err)
		}
		o.task = t.Name
	} else if o.panel == "best-layers" {
		return usageErrorf("-panel best-layers needs a -task")
	}
	var all results
	for _, f := range files {
		r, err := readResults(f)
		if err != nil {
			return err
		}
		all.scores, all.networks = append(all.scores, r.scores...), append(all.networks, r.networks...)
	}
	if o.condition != "" {
		var kept []probe.Score
		for _, s := range all.scores {
			if s.Condition == o.condition {
				kept = append(kept, s)
			}
		}
		all.scores = kept
	}
	width, height := picked.width, picked.height
	if o.width > 0 {
		width = o.width
	}
	if o.height > 0 {
		height = o.height
	}
	if width < 20 || height < 20 || width > 2000 || height > 2000 {
		return usageErrorf("%g × %g mm: want 20 to 2000", width, height)
	}
	name := o.out
	ext := strings.ToLower(filepath.Ext(name))
	switch ext {
	case ".png", ".svg", ".pdf":
		name = strings.TrimSuffix(name, filepath.Ext(name))
	default:
		ext = ""
	}
	if name == "" {
		name = o.panel
	}
	f := figure.Compose(filepath.Base(name), width, height, 1, picked.draw(o, all)).WithCaption("%s, from %s", picked.what, strings.Join(files, ", "))
	f.Provenance = map[string]string{"Command": strings.Join(os.Args, " ")}
	for i, file := range files {
		sum, err := run.HashFile(file)
		if err != nil {
			return err
		}
		f.Provenance[fmt.Sprintf("Input %d", i+1)] = file + " " + sum
	}
	switch ext {
	case ".png":
		return say(w, o.out, f.PNG())
	case ".svg":
		return say(w, o.out, []byte(f.SVG()))
	case ".pdf":
		return say(w, o.out, f.PDF())
	}
	if _, err := f.Save(filepath.Dir(name)); err != nil {
		return err
	}
	fmt.Fprintf(w, "%s.png, .svg, .pdf, .csv\n", name)
	return nil
}

func say(w io.Writer, path string, raw []byte) error {
	fmt.Fprintln(w, path)
	return writeBytes(path, raw)
}

// readResults reads a table by what its header says it is.
func readResults(path string) (results, error) {
	if strings.ToLower(filepath.Ext(path)) == ".csv" {
		f, err := os.Open(path)
		if err != nil {
			return results{}, err
		}
		defer f.Close()
		head, err := csv.NewReader(f).Read()
		if err != nil {
			return results{}, fmt.Errorf("%s: %w", path, err)
		}
		line := "," + strings.Join(head, ",") + ","
		switch {
		case strings.Contains(line, ",model_task,"):
		case strings.Contains(line, ",arch,") && strings.Contains(line, ",depth,") && strings.Contains(line, ",value,"):
			return readDigitised(path)
		default:
			rows, err := train.ReadTableFile(path)
			if err != nil {
				return results{}, err
			}
			return results{networks: figure.Performances(rows)}, nil
		}
	}
	scores, err := figure.ReadScores(path)
	if err != nil {
		return results{}, err
	}
	return results{scores: scores, networks: figure.PerformancesOf(scores)}, nil
}

// readDigitised reads points taken from a picture: task, arch, depth, value.
func readDigitised(path string) (results, error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return results{}, err
	}
	rows, err := csv.NewReader(bytes.NewReader(raw)).ReadAll()
	if err != nil {
		return results{}, fmt.Errorf("%s: %w", path, err)
	}
	at := map[string]int{}
	for i, h := range rows[0] {
		at[h] = i
	}
	for _, c := range []string{"task", "arch", "depth", "value"} {
		if _, ok := at[c]; !ok {
			return results{}, fmt.Errorf("%s: no column %q", path, c)
		}
	}
	var out results
	for i, r := range rows[1:] {
		depth, err := strconv.Atoi(r[at["depth"]])
		if err != nil {
			return results{}, fmt.Errorf("%s: line %d: depth %q", path, i+2, r[at["depth"]])
		}
		value, err := strconv.ParseFloat(r[at["value"]], 64)
		if err != nil {
			return results{}, fmt.Errorf("%s: line %d: value %q", path, i+2, r[at["value"]])
		}
		family, _, _ := strings.Cut(r[at["arch"]], "(") // the colour that it had
		if family == "ST" {
			family = "spatiotemporal"
		}
		out.networks = append(out.networks, figure.Score{Task: r[at["task"]], Family: family, Depth: depth, Value: value})
	}
	return out, nil
}

func drawPerformance(o figureOptions, r results) *figure.Panel {
	if o.task == "" {
		return figure.PerformanceByTask(o.title, r.networks)
	}
	var own []figure.Score
	for _, s := range r.networks {
		if s.Task == o.task {
			own = append(own, s)
		}
	}
	t, err := task.Lookup(o.task)
	if err != nil {
		panic("figure: " + err.Error()) // it was looked up before
	}
	title := o.title
	if title == "" {
		title = t.Title
	}
	return figure.TaskPerformance(title, t.MetricName(), own)
}

func drawGains(o figureOptions, r results) *figure.Panel {
	return figure.Ranking(o.title, "mean z of the gain in explained variance", "the paper", paper.GainBars(figure.MeanGains(r.scores)))
}

func drawTaskSpace(o figureOptions, r results) *figure.Panel {
	m, err := figure.TaskMap(context.Background(), r.scores, 1)
	if err != nil {
		return figure.TaskSpace(err.Error(), "", nil)
	}
	return figure.TaskSpace(o.title, m.Axis, m.Points)
}
