package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/spindle-lab/spindle/kernel/notebook"
	"github.com/spindle-lab/spindle/lib/run"
)

// costs are measured times of cells in seconds: notebook, tier, cell. A cell is
// known by its text, so that one that has changed counts as not measured.
type costs map[string]map[string]*tierCost

type tierCost struct {
	Cores int                `json:"cores"`
	Cells map[string]float64 `json:"cells"`
}

// costsFile lies with the notebooks, for those who have not run them yet, and
// with the cached results, as measured on this machine.
const costsFile = "costs.json"

func readCosts(path string) (costs, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return costs{}, nil
	}
	if err != nil {
		return nil, err
	}
	c := costs{}
	if err := json.Unmarshal(raw, &c); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

func (c costs) write(path string) error {
	return run.WriteFile(path, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", " ")
		return e.Encode(c)
	})
}

func cellID(source string) string {
	sum := sha256.Sum256([]byte(source))
	return hex.EncodeToString(sum[:6])
}

// note keeps the time of a cell. The cell of the parameters takes none.
func (c costs) note(name string, tier run.Tier, source string, d time.Duration) {
	if c[name] == nil {
		c[name] = map[string]*tierCost{}
	}
	t := c[name][string(tier)]
	if t == nil {
		t = &tierCost{Cells: map[string]float64{}}
		c[name][string(tier)] = t
	}
	t.Cores = runtime.GOMAXPROCS(0)
	t.Cells[cellID(source)] = float64(d.Round(10*time.Millisecond).Milliseconds()) / 1000
}

// prune forgets cells that a notebook no longer has.
func (c costs) prune(name string, nb *notebook.Notebook) {
	have := map[string]bool{}
	for _, cell := range nb.Cells {
		have[cellID(cell.Source)] = true
	}
	for _, t := range c[name] {
		for id := range t.Cells {
			if !have[id] {
				delete(t.Cells, id)
			}
		}
	}
}

// estimate sums what is known of the notebook's cells, in this measurement or
// else in the other one.
func estimate(nb *notebook.Notebook, name string, tier run.Tier, here, shipped costs) (seconds float64, unknown int, elsewhere bool) {
	find := func(c costs, id string) (float64, bool) {
		if t := c[name][string(tier)]; t != nil {
			s, ok := t.Cells[id]
			return s, ok
		}
		return 0, false
	}
	for _, cell := range nb.Cells {
		if cell.Type != notebook.Code || cell.HasTag("parameters") || cell.HasTag("solution") {
			continue
		}
		id := cellID(cell.Source)
		s, ok := find(here, id)
		if !ok {
			if s, ok = find(shipped, id); ok {
				elsewhere = true
			}
		}
		if !ok {
			unknown++
			continue
		}
		seconds += s
	}
	return seconds, unknown, elsewhere
}

// sayCost is the line that is printed before work begins.
func sayCost(name string, nb *notebook.Notebook, tier run.Tier, here, shipped costs) string {
	seconds, unknown, elsewhere := estimate(nb, name, tier, here, shipped)
	switch {
	case unknown > 0 && seconds == 0:
		return fmt.Sprintf("cost not measured at tier %s", tier)
	case unknown > 0:
		return fmt.Sprintf("at least %s; %d cells not measured at tier %s", span(seconds), unknown, tier)
	case elsewhere:
		return fmt.Sprintf("about %s, as measured on the machine that wrote the notebooks", span(seconds))
	}
	return fmt.Sprintf("about %s, as measured here", span(seconds))
}

func span(seconds float64) string {
	return (time.Duration(seconds*10) * time.Second / 10).Round(time.Second / 10).String()
}

func costsPath(root string) string { return filepath.Join(root, "notebooks", costsFile) }
