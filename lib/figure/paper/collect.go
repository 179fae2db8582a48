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
