package paper

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/spindle-lab/spindle/lib/figure"
	"github.com/spindle-lab/spindle/lib/probe"
	"github.com/spindle-lab/spindle/lib/run"
	"github.com/spindle-lab/spindle/lib/train"
)

// Ours are the results of one run.
type Ours struct {
	Run      Run
	Networks []train.Row        // of *_networks.csv
	Tables   [][]probe.Score    // of *_layer_scores.csv, each notebook's apart: their networks differ
	Numbers  map[string]float64 // of *_numbers.csv
}

// A Run says how results came to be: run.json in their folder.
type Run struct {
	Tier    run.Tier `json:"tier"`
	Seed    uint64   `json:"seed"`
	Command string   `json:"command"`
	Data    string   `json:"data,omitempty"` // what networks were trained on, for captions
}

// RunFile is the name of a run's description beside its results.
const RunFile = "run.json"

// Collect reads the results below a folder of figures: those of the gallery
// itself, and of every folder in results/.
func Collect(dir string) ([]Ours, error) {
	folders, err := filepath.Glob(filepath.Join(dir, "results", "*", RunFile))
	if err != nil {
		return nil, err
	}
	sort.Strings(folders)
	var out []Ours
	for _, f := range append([]string{filepath.Join(dir, RunFile)}, folders...) {
		raw, err := os.ReadFile(f)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		var o Ours
		if err := json.Unmarshal(raw, &o.Run); err != nil {
			return nil, fmt.Errorf("%s: %w", f, err)
		}
		if err := o.read(filepath.Dir(f)); err != nil {
			return nil, err
		}
		out = append(out, o)
	}
	return out, nil
}

// largest is the run's largest table of scores.
func (o *Ours) largest() []probe.Score {
	var out []probe.Score
	for _, t := range o.Tables {
		if len(t) > len(out) {
			out = t
		}
	}
	return out
}

func (o *Ours) read(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.csv"))
	if err != nil {
		return err
	}
	sort.Strings(files)
	o.Numbers = map[string]float64{}
	for _, f := range files {
		name := strings.TrimSuffix(filepath.Base(f), ".csv")
		switch {
		case name == "networks" || strings.HasSuffix(name, "_networks"):
			rows, err := train.ReadTableFile(f)
			if err != nil {
				return err
			}
			o.Networks = append(o.Networks, rows...)
		case name == "layers" || strings.HasSuffix(name, "_layer_scores"):
			scores, err := figure.ReadScores(f)
			if err != nil {
				return err
			}
			o.Tables = append(o.Tables, scores)
		case strings.HasSuffix(name, "_numbers"):
			numbers, err := figure.ReadNumbers(f)
			if err != nil {
				return err
			}
			for k, v := range numbers {
				o.Numbers[k] = v
			}
		}
	}
	return nil
}

// Trained says of networks for a caption how many they are, how long they were
// trained and by what: the tier's long run, if its tables are there, else the
// notebook that asks.
func Trained(tier run.Tier, rows []train.Row) (string, error) {
	root, err := run.Root()
	if err != nil {
		return trained(rows, nil), nil
	}
	dir := filepath.Join(root, "figures", "results", string(tier))
	raw, err := os.ReadFile(filepath.Join(dir, RunFile))
	if _, missing := os.Stat(filepath.Join(dir, "networks.csv")); missing != nil || errors.Is(err, fs.ErrNotExist) {
		return trained(rows, nil), nil
	}
	if err != nil {
		return "", err
	}
	var about Run
	if err := json.Unmarshal(raw, &about); err != nil {
		return "", fmt.Errorf("%s: %w", filepath.Join(dir, RunFile), err)
	}
	return trained(rows, &about), nil
}

func trained(rows []train.Row, about *Run) string {
	steps, batch := span{}, span{}
	n := 0
	for _, r := range rows {
		if !r.Done() {
			continue
		}
		n++
		steps.add(r.Steps)
		batch.add(r.Batch)
	}
	s := fmt.Sprintf("%d networks trained", n)
	if n == 1 {
		s = "1 network trained"
	}
	if about == nil {
		s += " in this notebook"
	}
	if n > 0 {
		s += fmt.Sprintf(" for %s steps of %s movements", steps, batch)
	}
	if about != nil && about.Data != "" {
		s += " (" + about.Data + ")"
	}
	if about != nil {
		s += " by `" + about.Command + "`"
	}
	return s
}

// A span is the least and the most of some numbers.
type span struct {
	least, most int
	any         bool
}

func (s *span) add(x int) {
	if !s.any {
		s.least, s.most, s.any = x, x, true
	}
	s.least, s.most = min(s.least, x), max(s.most, x)
}

func (s span) String() string {
	if s.least == s.most {
		return fmt.Sprint(s.least)
	}
	return fmt.Sprintf("%d to %d", s.least, s.most)
}
