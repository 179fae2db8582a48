package probe

import (
	"encoding/csv"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strconv"

	"github.com/spindle-lab/spindle/lib/display"
	"github.com/spindle-lab/spindle/lib/run"
)

// A Row is the score of one unit by one layer of one model. The first 23
// columns are those of the published tables (spec/03, 3), then ours.
type Row struct {
	Unit        int     // neuron_ids
	Experiment  string  // exp_id
	Task        string  // model_task: a task's code name, "untrained", "linear", "datadriven"
	Model       string  // model_name
	Family      string  // arch_type
	ValMetric   float64 // model_val_acc, NaN where unknown
	TestMetric  float64 // model_test_acc
	TrainMetric float64 // model_train_acc
	Monkey      string  // monkey
	Session     string  // session
	Area        string  // area
	Condition   string  // co_task: "active", "passive" or "active-as-passive"; ", shuffled in time" follows where regressors were
	Layer       int     // model_layer, from 0
	LayerType   string  // layer_type: spatial, temporal, spatiotemporal, recurrent_out, linear
	MaxLayer    int     // model_max_layer, the number of layers
	TStride     int     // t_stride
	SStride     int     // s_stride
	TKernel     int     // t_kernelsize
	SKernel     int     // s_kernelsize
	TChannels   string  // n_tkernels, such as "32-64"
	SChannels   string  // n_skernels
	EVTrain     float64 // ev_train
	EVTest      float64 // ev_test

	LayerName string  // layer_name
	Seed      uint64  // seed of the network
	Penalty   float64 // alpha
	Features  int     // regressors
	Outliers  int     // values of the layer's components that were repaired
	Truth     string  // what a simulated unit is tuned to
	Ceiling   float64 // EV a perfect model can reach, NaN where unknown
}

// A Table is a tidy table of scores: one row per unit, layer, network, session
// and condition.
type Table struct {
	Rows     []Row
	Caption  string   // data, sizes, switches off their default
	Warnings []string // what a reader must know: silent units, repaired values
}

// column gives a column's name, how it is written and how it is read.
type column struct {
	name string
	get  func(*Row) any
	set  func(*Row, string) error
}

func text(name string, p func(*Row) *string) column {
	return column{name, func(r *Row) any { return *p(r) },
		func(r *Row, s string) error { *p(r) = s; return nil }}
}

func whole(name string, p func(*Row) *int) column {
	return column{name, func(r *Row) any { return *p(r) },
		func(r *Row, s string) (err error) { *p(r), err = strconv.Atoi(s); return err }}
}

func number(name string, p func(*Row) *float64) column {
	return column{name, func(r *Row) any { return *p(r) },
		func(r *Row, s string) (err error) {
			if s == "" {
				*p(r) = math.NaN()
				return nil
			}
			*p(r), err = strconv.ParseFloat(s, 64)
			return err
		}}
}

var columns = []column{
	whole("neuron_ids", func(r *Row) *int { return &r.Unit }),
	text("exp_id", func(r *Row) *string { return &r.Experiment }),
	text("model_task", func(r *Row) *string { return &r.Task }),
	text("model_name", func(r *Row) *string { return &r.Model }),
	text("arch_type", func(r *Row) *string { return &r.Family }),
	number("model_val_acc", func(r *Row) *float64 { return &r.ValMetric }),
	number("model_test_acc", func(r *Row) *float64 { return &r.TestMetric }),
	number("model_train_acc", func(r *Row) *float64 { return &r.TrainMetric }),
	text("monkey", func(r *Row) *string { return &r.Monkey }),
	text("session", func(r *Row) *string { return &r.Session }),
	text("area", func(r *Row) *string { return &r.Area }),
	text("co_task", func(r *Row) *string { return &r.Condition }),
	whole("model_layer", func(r *Row) *int { return &r.Layer }),
	text("layer_type", func(r *Row) *string { return &r.LayerType }),
	whole("model_max_layer", func(r *Row) *int { return &r.MaxLayer }),
	whole("t_stride", func(r *Row) *int { return &r.TStride }),
	whole("s_stride", func(r *Row) *int { return &r.SStride }),
	whole("t_kernelsize", func(r *Row) *int { return &r.TKernel }),
	whole("s_kernelsize", func(r *Row) *int { return &r.SKernel }),
	text("n_tkernels", func(r *Row) *string { return &r.TChannels }),
	text("n_skernels", func(r *Row) *string { return &r.SChannels }),
	number("ev_train", func(r *Row) *float64 { return &r.EVTrain }),
	number("ev_test", func(r *Row) *float64 { return &r.EVTest }),
	text("layer_name", func(r *Row) *string { return &r.LayerName }),
	{"seed", func(r *Row) any { return r.Seed },
		func(r *Row, s string) (err error) { r.Seed, err = strconv.ParseUint(s, 10, 64); return err }},
	number("alpha", func(r *Row) *float64 { return &r.Penalty }),
	whole("features", func(r *Row) *int { return &r.Features }),
	whole("outliers", func(r *Row) *int { return &r.Outliers }),
	text("truth", func(r *Row) *string { return &r.Truth }),
	number("ceiling", func(r *Row) *float64 { return &r.Ceiling }),
}

// Columns returns the names of the columns in their order.
func Columns() []string {
	out := make([]string, len(columns))
	for i, c := range columns {
		out[i] = c.name
	}
	return out
}

// WriteCSV writes the table with a header line. Numbers that are not known are
// empty fields; all others are written so that they read back the same.
func (t *Table) WriteCSV(w io.Writer) error {
	cw := csv.NewWriter(w)
	if err := cw.Write(Columns()); err != nil {
		return err
	}
	rec := make([]string, len(columns))
	for i := range t.Rows {
		for j, c := range columns {
			switch v := c.get(&t.Rows[i]).(type) {
			case float64:
				rec[j] = ""
				if !math.IsNaN(v) {
					rec[j] = strconv.FormatFloat(v, 'g', -1, 64)
				}
			default:
				rec[j] = fmt.Sprint(v)
			}
		}
		if err := cw.Write(rec); err != nil {
			return err
		}
	}
	cw.Flush()
	return cw.Error()
}

// SaveCSV writes the table to a file, whole or not at all.
func (t *Table) SaveCSV(path string) error { return run.WriteFile(path, t.WriteCSV) }

// ReadCSV reads what [Table.WriteCSV] wrote. Columns may stand in any order and
// others are passed over, so that tables of the published code read as well;
// name stands for the file in errors.
func ReadCSV(r io.Reader, name string) (*Table, error) {
	cr := csv.NewReader(r)
	cr.ReuseRecord = true
	head, err := cr.Read()
	if err != nil {
		return nil, fmt.Errorf("probe: %s: no header line: %w", name, err)
	}
	by := make([]*column, len(head))
	var seen []string
	for i, h := range head {
		for c := range columns {
			if columns[c].name == h {
				by[i] = &columns[c]
				seen = append(seen, h)
			}
		}
	}
	for _, need := range []string{"neuron_ids", "model_name", "ev_train", "ev_test"} {
		if !slices.Contains(seen, need) {
			return nil, fmt.Errorf("probe: %s: no column %q in the header line", name, need)
		}
	}
	t := &Table{}
	for line := 2; ; line++ {
		rec, err := cr.Read()
		if err == io.EOF {
			return t, nil
		}
		if err != nil {
			return nil, fmt.Errorf("probe: %s: %w", name, err)
		}
		row := Row{ValMetric: math.NaN(), TestMetric: math.NaN(), TrainMetric: math.NaN(), Penalty: math.NaN(), Ceiling: math.NaN()}
		for i, v := range rec {
			if by[i] == nil {
				continue
			}
			if err := by[i].set(&row, v); err != nil {
				return nil, fmt.Errorf("probe: %s: line %d: %s is %q: %w", name, line, by[i].name, v, err)
			}
		}
		t.Rows = append(t.Rows, row)
	}
}

// LoadCSV reads a table from a file.
func LoadCSV(path string) (*Table, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return ReadCSV(f, path)
}

// Append adds the rows and warnings of another table.
func (t *Table) Append(o *Table) {
	t.Rows = append(t.Rows, o.Rows...)
	for _, w := range o.Warnings {
		if !slices.Contains(t.Warnings, w) {
			t.Warnings = append(t.Warnings, w)
		}
	}
	if t.Caption == "" {
		t.Caption = o.Caption
	}
}

// Display returns the table for a notebook.
func (t *Table) Display() display.Table {
	d := display.Table{Columns: Columns(), Caption: t.Caption}
	for i := range t.Rows {
		row := make([]any, len(columns))
		for j, c := range columns {
			row[j] = c.get(&t.Rows[i])
		}
		d.Rows = append(d.Rows, row)
	}
	return d
}

// HTML shows the table in a notebook.
func (t *Table) HTML() string { return t.Display().HTML() }
