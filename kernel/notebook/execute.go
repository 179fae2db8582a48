package notebook

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/spindle-lab/spindle/kernel/session"
)

// An Evaluator runs cells; a [session.Session] is one.
type Evaluator interface {
	Eval(ctx context.Context, n int, code string, out func(session.Event)) error
}

// A Step tells of one code cell of a run.
type Step struct {
	Cell    int // number of the cell among all cells, from 1
	Index   int // number of the code cell, from 1
	Total   int // code cells in all
	Source  string
	Done    bool // false before, true after the cell has run
	Skipped bool // tagged skip-execution
	Elapsed time.Duration
	Err     error // of the cell, also where it was expected
}

// Options of a run.
type Options struct {
	Name     string // of the notebook, for messages
	Progress func(Step)
	// Output, if not nil, also gets every event as it comes.
	Output func(cell int, e session.Event)
	// KeepGoing runs the cells after a failed one too.
	KeepGoing bool
}

// A CellError is the error of a cell with its place in a notebook.
type CellError struct {
	Notebook string
	Cell     int // from 1, among all cells
	Err      *session.Error
}

func (e *CellError) Error() string {
	return fmt.Sprintf("%s, cell %d: %s", e.Notebook, e.Cell, e.Err.Message)
}

// Unwrap returns the cell's own error.
func (e *CellError) Unwrap() error { return e.Err }

// Execute runs all code cells in order and stores their outputs in the
// notebook, also those of a cell that fails. The first error ends the run,
// except in a cell tagged raises-exception, which has to fail.
func Execute(ctx context.Context, nb *Notebook, ev Evaluator, opt Options) error {
	total := 0
	for _, c := range nb.Cells {
		if c.Type == Code {
			c.Outputs, c.Count = nil, 0
			total++
		}
	}
	rec := &recorder{shown: map[string][]*Output{}}
	index := 0
	var first error
	for i, c := range nb.Cells {
		if c.Type != Code {
			continue
		}
		index++
		step := Step{Cell: i + 1, Index: index, Total: total, Source: c.Source}
		if opt.Progress != nil {
			opt.Progress(step)
		}
		start := time.Now()
		if c.HasTag("skip-execution") {
			step.Skipped = true
		} else if err := rec.run(ctx, c, index, ev, opt, i+1); err != nil {
			step.Err = err
		}
		step.Done, step.Elapsed = true, time.Since(start)
		var cellErr *session.Error
		failed := step.Err
		switch {
		case step.Skipped:
			failed = nil
		case c.HasTag("raises-exception"):
			failed = nil
			if step.Err == nil {
				failed = &CellError{opt.Name, i + 1, &session.Error{Name: "NoError", Message: "the cell is tagged raises-exception and raised none"}}
			} else if !errors.As(step.Err, &cellErr) {
				failed = step.Err
			}
		case errors.As(step.Err, &cellErr):
			failed = &CellError{opt.Name, i + 1, cellErr}
		}
		if step.Err == nil {
			step.Err = failed
		}
		if opt.Progress != nil {
			opt.Progress(step)
		}
		if failed != nil && first == nil {
			first = failed
		}
		if failed != nil && !opt.KeepGoing || ctx.Err() != nil {
			if first == nil {
				first = ctx.Err()
			}
			return first
		}
	}
	return first
}

// A recorder stores events as outputs.
type recorder struct {
	shown map[string][]*Output // by display id, in any cell
}

func (r *recorder) run(ctx context.Context, c *Cell, n int, ev Evaluator, opt Options, cell int) error {
	c.Count = n
	clear := false
	err := ev.Eval(ctx, n, c.Source, func(e session.Event) {
		if opt.Output != nil {
			opt.Output(cell, e)
		}
		r.store(c, n, e, &clear)
	})
	var ce *session.Error
	if errors.As(err, &ce) {
		trace := ce.Traceback
		c.Outputs = append(c.Outputs, &Output{Type: "error", EName: ce.Name, EValue: ce.Message, Trace: trace})
	}
	return err
}

func (r *recorder) store(c *Cell, n int, e session.Event, clear *bool) {
	if e.Kind == session.Clear {
		if e.Wait {
			*clear = true
		} else {
			c.Outputs, *clear = nil, false
		}
		return
	}
	if e.Update {
		data, meta := bundle(e.Data), bundle(e.Metadata)
		for _, o := range r.shown[e.DisplayID] {
			o.Data, o.Metadata = data, meta
		}
		return
	}
	if *clear {
		c.Outputs, *clear = nil, false
	}
	switch e.Kind {
	case session.Stream:
		if k := len(c.Outputs) - 1; k >= 0 && c.Outputs[k].Type == "stream" && c.Outputs[k].Name == e.Name {
			c.Outputs[k].Text += e.Text
			return
		}
		c.Outputs = append(c.Outputs, &Output{Type: "stream", Name: e.Name, Text: e.Text})
	case session.Display, session.Result:
		o := &Output{Type: "display_data", Data: bundle(e.Data), Metadata: bundle(e.Metadata)}
		if e.Kind == session.Result {
			o.Type, o.Count = "execute_result", n
		}
		if e.DisplayID != "" {
			r.shown[e.DisplayID] = append(r.shown[e.DisplayID], o)
		}
		c.Outputs = append(c.Outputs, o)
	case session.Failure:
		if e.Err != nil {
			c.Outputs = append(c.Outputs, &Output{Type: "error", EName: e.Err.Name, EValue: e.Err.Message, Trace: e.Err.Traceback})
		}
	}
}

func bundle(raw json.RawMessage) map[string]any {
	m := map[string]any{}
	if len(raw) > 0 {
		_ = json.Unmarshal(raw, &m) // the worker made it
	}
	return m
}
