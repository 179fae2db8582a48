package figure

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"slices"
	"sort"
	"strconv"
	"strings"

	"github.com/spindle-lab/spindle/lib/format/hdf5/pandas"
	"github.com/spindle-lab/spindle/lib/probe"
	"github.com/spindle-lab/spindle/lib/run"
)

// layerColumns are those of a table of layer scores: one row per layer,
// network, animal and condition, explained variance averaged over units.
var layerColumns = []string{
	"model_task", "model_name", "arch_type", "exp_id", "seed", "monkey", "session", "area", "co_task",
	"model_layer", "layer_name", "layer_type", "model_max_layer", "model_test_acc", "units", "ev_train", "ev_test", "ev_test_median",
}

// WriteLayers writes layer scores as CSV. It is what the figures of networks
// need, in some hundredths of the size of a table of units.
func WriteLayers(w io.Writer, scores []probe.Score) error {
	c := csv.NewWriter(w)
	if err := c.Write(layerColumns); err != nil {
		return err
	}
	num := func(x float64) string {
		if bad(x) {
			return ""
		}
		return strconv.FormatFloat(x, 'g', 9, 64)
	}
	for i := range scores {
		s := &scores[i]
		if err := c.Write([]string{
			s.Task, s.Name, s.Family, s.Experiment, strconv.FormatUint(s.Seed, 10), s.Monkey, s.Session, s.Area, s.Condition,
			strconv.Itoa(s.Layer), s.LayerName, s.LayerType, strconv.Itoa(s.MaxLayer), num(s.TestMetric),
			strconv.Itoa(s.Units), num(s.MeanTrain), num(s.MeanTest), num(s.MedianTest),
		}); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// ReadScores reads the scores of layers from a file: a CSV of WriteLayers, a
// CSV of units ([probe.Table.SaveCSV]), or one of the published tables
// (task_driven_results_*.h5 and untrained_results_*.h5, pandas). What the file's
// name says counts for the published ones: "untrained" and "passive" are not in
// their columns (spec/03, 3: co_task is always "active").
func ReadScores(path string) ([]probe.Score, error) {
	switch ext := strings.ToLower(filepath.Ext(path)); ext {
	case ".h5", ".hdf5":
		return readPublished(path)
	case ".csv":
	default:
		return nil, fmt.Errorf("%s: scores are read from .csv and .h5, not %q", path, ext)
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	head, err := csv.NewReader(f).Read()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	for _, c := range head {
		if c == "neuron_ids" {
			t, err := probe.LoadCSV(path)
			if err != nil {
				return nil, err
			}
			return t.ByLayer(), nil
		}
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return readLayers(f, path)
}

// maxRows bounds a table of layers before anything is kept of it.
const maxRows = 4 << 20

func readLayers(r io.Reader, path string) ([]probe.Score, error) {
	c := csv.NewReader(r)
	head, err := c.Read()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	at := map[string]int{}
	for i, name := range head {
		at[name] = i
	}
	for _, name := range []string{"model_task", "model_name", "model_layer", "ev_train", "ev_test"} {
		if _, ok := at[name]; !ok {
			return nil, fmt.Errorf("%s: not a table of scores: no column %q", path, name)
		}
	}
	var out []probe.Score
	for line := 2; ; line++ {
		rec, err := c.Read()
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
		if len(out) == maxRows {
			return nil, fmt.Errorf("%s: more than %d rows", path, maxRows)
		}
		var wrong error
		text := func(name string) string {
			if i, ok := at[name]; ok {
				return rec[i]
			}
			return ""
		}
		float := func(name string) float64 {
			v := text(name)
			if v == "" {
				return nan
			}
			x, err := strconv.ParseFloat(v, 64)
			if err != nil && wrong == nil {
				wrong = fmt.Errorf("%s: line %d: %s is %q, want a number", path, line, name, v)
			}
			return x
		}
		whole := func(name string) int {
			x := float(name)
			if bad(x) {
				return 0
			}
			if x != math.Trunc(x) || math.Abs(x) > 1e15 {
				wrong = fmt.Errorf("%s: line %d: %s is %g, want a whole number", path, line, name, x)
				return 0
			}
			return int(x)
		}
		s := probe.Score{Model: probe.Model{
			Task: text("model_task"), Name: text("model_name"), Family: text("arch_type"), Experiment: text("exp_id"),
			Seed: uint64(whole("seed")), Monkey: text("monkey"), Session: text("session"), Area: text("area"), Condition: text("co_task"),
		}, Layer: whole("model_layer"), LayerName: text("layer_name"), LayerType: text("layer_type"), MaxLayer: whole("model_max_layer"),
			TestMetric: float("model_test_acc"), Units: whole("units"),
			MeanTrain: float("ev_train"), MeanTest: float("ev_test"), MedianTest: float("ev_test_median")}
		if wrong != nil {
			return nil, wrong
		}
		out = append(out, s)
	}
}

// readPublished reads a published table, one row per unit and layer, and keeps
// the units' explained variances with each layer.
func readPublished(path string) ([]probe.Score, error) {
	numbers := []string{"neuron_ids", "model_layer", "model_max_layer", "model_test_acc", "ev_train", "ev_test"}
	texts := []string{"model_name", "arch_type", "monkey"}
	f, err := pandas.Read(path, "df", slices.Concat(numbers, texts, []string{"model_task", "session", "area", "layer_type"})...)
	if err != nil {
		return nil, err
	}
	name := strings.ToLower(filepath.Base(path))
	num := map[string][]float64{}
	for _, c := range numbers {
		if num[c], err = f.Float(c); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	text := map[string][]string{}
	for _, c := range texts {
		if text[c], err = f.Text(c); err != nil {
			return nil, fmt.Errorf("%s: %w", path, err)
		}
	}
	// A table of untrained networks need not name a task; the others need not
	// name these.
	optional := func(c string) []string {
		v, err := f.Text(c)
		if err != nil {
			return make([]string, f.Rows)
		}
		return v
	}
	untrained := strings.Contains(name, "untrained")
	tasks := optional("model_task")
	if _, known := f.Columns["model_task"]; !known && !untrained {
		return nil, fmt.Errorf("%s: no column %q", path, "model_task")
	}
	session, area, layerType := optional("session"), optional("area"), optional("layer_type")
	condition := "active"
	if strings.Contains(name, "passive") {
		condition = "passive"
	}
	type key struct {
		probe.Model
		layer int
	}
	at := map[key]int{}
	var out []probe.Score
	for i := 0; i < f.Rows; i++ {
		k := key{probe.Model{Task: tasks[i], Name: text["model_name"][i], Family: text["arch_type"][i], Monkey: text["monkey"][i],
			Session: session[i], Area: area[i], Condition: condition}, int(num["model_layer"][i])}
		if untrained {
			k.Task = probe.Untrained
		}
		if k.Session == "" {
			k.Session = k.Monkey
		}
		j, ok := at[k]
		if !ok {
			j = len(out)
			at[k] = j
			out = append(out, probe.Score{Model: k.Model, Layer: k.layer, LayerType: layerType[i],
				MaxLayer: int(num["model_max_layer"][i]), TestMetric: num["model_test_acc"][i]})
		}
		s := &out[j]
		s.UnitIDs = append(s.UnitIDs, int(num["neuron_ids"][i]))
		s.EVTrain, s.EVTest = append(s.EVTrain, num["ev_train"][i]), append(s.EVTest, num["ev_test"][i])
	}
	for i := range out {
		s := &out[i]
		s.Units, s.MeanTrain, s.MeanTest, s.MedianTest = len(s.UnitIDs), mean(s.EVTrain), mean(s.EVTest), probe.Median(s.EVTest)
	}
	return out, nil
}

// mean is that of the values that are numbers, as pandas has it.
func mean(v []float64) float64 {
	sum, n := 0.0, 0
	for _, x := range v {
		if !math.IsNaN(x) {
			sum += x
			n++
		}
	}
	if n == 0 {
		return nan
	}
	return sum / float64(n)
}

// Best keeps for each model the layer with the largest mean training explained
// variance, as the paper chooses it; the first of equal ones.
func Best(scores []probe.Score) []probe.Score {
	at := map[probe.Model]int{}
	var out []probe.Score
	for _, s := range scores {
		i, ok := at[s.Model]
		switch {
		case !ok:
			at[s.Model] = len(out)
			out = append(out, s)
		case s.MeanTrain > out[i].MeanTrain || math.IsNaN(out[i].MeanTrain):
			out[i] = s
		}
	}
	return out
}

// ZenodoEnv names the variable that holds the folder of the paper's own files.
const ZenodoEnv = "SPINDLE_ZENODO"

// Published reads the paper's result tables for a condition, "active" or
// "passive", in and below $SPINDLE_ZENODO: task-driven networks and untrained
// ones. Without the folder, or without such tables in it, there are none.
func Published(condition string) ([]probe.Score, error) {
	dir := os.Getenv(ZenodoEnv)
	if dir == "" {
		return nil, nil
	}
	return publishedScores(dir, condition)
}

// PublishedScores reads the result tables of both conditions in and below a
// folder.
func PublishedScores(dir string) ([]probe.Score, error) {
	return publishedScores(dir, "active", "passive")
}

func publishedScores(dir string, conditions ...string) ([]probe.Score, error) {
	var out []probe.Score
	for _, condition := range conditions {
		paths, err := PublishedTables(dir, condition)
		if err != nil {
			return nil, err
		}
		for _, p := range paths {
			s, err := ReadScores(p)
			if err != nil {
				return nil, err
			}
			out = append(out, s...)
		}
	}
	return out, nil
}

// PublishedTables lists the result tables of a condition in and below a folder.
func PublishedTables(dir, condition string) ([]string, error) {
	var out []string
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		for _, kind := range []string{"task_driven_results_", "untrained_results_"} {
			if !d.IsDir() && d.Name() == kind+condition+".h5" {
				out = append(out, path)
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("the folder of the paper's files: %w", err)
	}
	sort.Strings(out)
	return out, nil
}

// SaveScores writes the layer scores of a notebook beside its figures, as
// NAME_layer_scores.csv in $SPINDLE_FIGURES; without a folder it writes nothing.
func SaveScores(name string, scores []probe.Score) error {
	out := os.Getenv(OutEnv)
	if out == "" {
		return nil
	}
	return run.WriteFile(filepath.Join(out, name+"_layer_scores.csv"), func(w io.Writer) error { return WriteLayers(w, scores) })
}
