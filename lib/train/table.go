package train

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spindle-lab/spindle/lib/run"
)

// A Row is one network of a table of results.
type Row struct {
	Task, Title, Group string // code name, the paper's name, hypothesis group
	Name               string // the network's published name
	Family             string
	Layers, Depth      int // of each kind; as the paper's figures count
	Seed               uint64
	Params             int     // of the encoder
	GFLOP              float64 // of training, per sample
	Batch, Steps       int     // samples of a step; steps done
	Metric, Unit       string
	Test               float64 // the metric on the test set
	Untrained          float64 // of the twin
	Chance             float64 // of knowing nothing, see [Result.Chance]
	TestLoss           float64
	Validation         float64 // the metric at the best validation
	ValidationLoss     float64
	Seconds            float64
	Switches           string // those off their published value
	Status             string // "done", "diverged", or what went wrong
	Dir                string // folder, relative to that of the grid
}

// Done tells whether the network was trained to its end.
func (r Row) Done() bool { return r.Status == statusDone }

// Diverged tells whether training ended with a number that is none.
func (r Row) Diverged() bool { return r.Status == statusDiverged }

const (
	statusDone     = "done"
	statusDiverged = "diverged"
)

// Row returns the result as a row of a table.
func (r *Result) Row() Row {
	a := r.Config.Arch
	row := Row{Task: r.Task.Name, Title: r.Task.Title, Group: r.Task.Group, Name: r.Name, Family: string(a.Family),
		Layers: a.Layers, Depth: a.Depth(), Seed: r.Config.Seed, Params: a.Params(r.Model.Dims.Muscles, r.Model.Dims.Channels), GFLOP: GFLOP(a),
		Batch: r.Config.Batch, Steps: r.Steps, Metric: r.Metric, Unit: r.Unit, Test: r.Test, Untrained: r.UntrainedTest, Chance: r.chance,
		TestLoss: r.TestLoss, Validation: math.NaN(), ValidationLoss: math.NaN(), Seconds: r.Seconds,
		Switches: strings.Join(r.Config.Off(), "; "), Status: statusDone, Dir: filepath.Base(r.Config.Dir)}
	for _, p := range r.History {
		if p.Best {
			row.Validation, row.ValidationLoss = p.Metric, p.ValLoss
		}
	}
	return row
}

// summary is what result.json holds.
type summary struct {
	Format  int
	Version string
	Config  Config
	Row     savedRow
	Waited  float64 // as in Result
	Loading float64
}

// savedRow is a Row whose numbers JSON can hold.
type savedRow struct {
	Row
	Test, Untrained, Chance, TestLoss, Validation, ValidationLoss num
}

func (r *Result) summary() summary {
	row := r.Row()
	return summary{1, run.Version(), r.Config, saved(row), r.Waited, r.Loading}
}

func saved(r Row) savedRow {
	return savedRow{r, num(r.Test), num(r.Untrained), num(r.Chance), num(r.TestLoss), num(r.Validation), num(r.ValidationLoss)}
}

func (s savedRow) row() Row {
	r := s.Row
	r.Test, r.Untrained, r.Chance, r.TestLoss = float64(s.Test), float64(s.Untrained), float64(s.Chance), float64(s.TestLoss)
	r.Validation, r.ValidationLoss = float64(s.Validation), float64(s.ValidationLoss)
	return r
}

// columns of the table, in order.
var columns = []column{
	text("task", func(r *Row) *string { return &r.Task }),
	text("title", func(r *Row) *string { return &r.Title }),
	text("group", func(r *Row) *string { return &r.Group }),
	text("network", func(r *Row) *string { return &r.Name }),
	text("family", func(r *Row) *string { return &r.Family }),
	whole("layers", func(r *Row) *int { return &r.Layers }),
	whole("depth", func(r *Row) *int { return &r.Depth }),
	{"seed", func(r *Row) string { return strconv.FormatUint(r.Seed, 10) },
		func(r *Row, s string) (err error) { r.Seed, err = strconv.ParseUint(s, 10, 64); return }},
	whole("parameters", func(r *Row) *int { return &r.Params }),
	real("gflop_per_sample", func(r *Row) *float64 { return &r.GFLOP }),
	whole("batch", func(r *Row) *int { return &r.Batch }),
	whole("steps", func(r *Row) *int { return &r.Steps }),
	text("metric", func(r *Row) *string { return &r.Metric }),
	text("unit", func(r *Row) *string { return &r.Unit }),
	real("test", func(r *Row) *float64 { return &r.Test }),
	real("untrained", func(r *Row) *float64 { return &r.Untrained }),
	real(chanceColumn, func(r *Row) *float64 { return &r.Chance }),
	real("test_loss", func(r *Row) *float64 { return &r.TestLoss }),
	real("validation", func(r *Row) *float64 { return &r.Validation }),
	real("validation_loss", func(r *Row) *float64 { return &r.ValidationLoss }),
	real("seconds", func(r *Row) *float64 { return &r.Seconds }),
	text("switches", func(r *Row) *string { return &r.Switches }),
	text("status", func(r *Row) *string { return &r.Status }),
	text("dir", func(r *Row) *string { return &r.Dir }),
}

// chanceColumn may be missing in a table that is read.
const chanceColumn = "chance"

type column = struct {
	name string
	get  func(r *Row) string
	set  func(r *Row, s string) error
}

func text(name string, f func(*Row) *string) column {
	return column{name, func(r *Row) string { return *f(r) }, func(r *Row, s string) error { *f(r) = s; return nil }}
}

func whole(name string, f func(*Row) *int) column {
	return column{name, func(r *Row) string { return strconv.Itoa(*f(r)) },
		func(r *Row, s string) (err error) { *f(r), err = strconv.Atoi(s); return }}
}

func real(name string, f func(*Row) *float64) column {
	return column{name, func(r *Row) string { return strconv.FormatFloat(*f(r), 'g', -1, 64) },
		func(r *Row, s string) (err error) { *f(r), err = strconv.ParseFloat(s, 64); return }}
}

// Columns lists the columns of a table of results.
func Columns() []string {
	var out []string
	for _, c := range columns {
		out = append(out, c.name)
	}
	return out
}

// WriteTable writes rows as CSV with a header.
func WriteTable(w io.Writer, rows []Row) error {
	c := csv.NewWriter(w)
	if err := c.Write(Columns()); err != nil {
		return err
	}
	for i := range rows {
		var rec []string
		for _, col := range columns {
			rec = append(rec, col.get(&rows[i]))
		}
		if err := c.Write(rec); err != nil {
			return err
		}
	}
	c.Flush()
	return c.Error()
}

// maxRows bounds a table that is read.
const maxRows = 1 << 20

// ReadTable reads what WriteTable wrote. Columns may stand in any order, and
// others beside them.
func ReadTable(r io.Reader) ([]Row, error) {
	c := csv.NewReader(r)
	head, err := c.Read()
	if err != nil {
		return nil, fmt.Errorf("train: table: %w", err)
	}
	at := map[string]int{}
	for i, h := range head {
		at[h] = i
	}
	for _, col := range columns {
		if _, ok := at[col.name]; !ok && col.name != chanceColumn {
			return nil, fmt.Errorf("train: table has no column %q", col.name)
		}
	}
	var rows []Row
	for {
		rec, err := c.Read()
		if errors.Is(err, io.EOF) {
			return rows, nil
		}
		if err != nil {
			return nil, fmt.Errorf("train: table: %w", err)
		}
		if len(rows) == maxRows {
			return nil, fmt.Errorf("train: table of more than %d rows", maxRows)
		}
		var row Row
		for _, col := range columns {
			i, ok := at[col.name]
			if !ok {
				row.Chance = math.NaN()
				continue
			}
			if err := col.set(&row, rec[i]); err != nil {
				return nil, fmt.Errorf("train: table, row %d, column %s: %w", len(rows)+1, col.name, err)
			}
		}
		rows = append(rows, row)
	}
}

// ReadTableFile is [ReadTable] on a file.
func ReadTableFile(path string) ([]Row, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	defer f.Close()
	rows, err := ReadTable(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return rows, nil
}
