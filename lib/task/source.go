package task

import (
	"fmt"
	"slices"
)

// A Source holds the samples of one split. *dataset.Set is one.
type Source interface {
	Len() int
	// Label returns the letter of sample i, counted from 1.
	Label(i int) int
	// Input fills the muscle input of sample i, shape [muscle][time][channel]:
	// length in mm, velocity in mm/s.
	Input(i int, dst []float32) error
	// Has tells whether there is a target series, and Rows how many rows it has.
	Has(k Key) bool
	Rows(k Key) int
	// Target fills a target series of sample i, shape [row][time].
	Target(i int, k Key, dst []float32) error
	// Record tells where sample i comes from, for messages.
	Record(i int) string
}

// A Shaped source has windows of another size than [DefaultDims].
type Shaped interface{ Dims() Dims }

// A Spanned source knows which samples of each window hold the trial: those
// with start <= t < end. Data-driven training needs it.
type Spanned interface {
	Span(i int) (start, end int)
}

// Dims is the size of a sample's input.
type Dims struct{ Muscles, Time, Channels int }

// DefaultDims is the paper's window: 39 muscles, 400 samples of 10 ms, length
// and velocity.
var DefaultDims = Dims{39, 400, 2}

// Size returns the number of values of an input.
func (d Dims) Size() int { return d.Muscles * d.Time * d.Channels }

// DimsOf returns the window of a source.
func DimsOf(s Source) Dims {
	if d, ok := s.(Shaped); ok {
		return d.Dims()
	}
	return DefaultDims
}

// Check returns an error if the source lacks a series that the task needs, or
// has it in another shape.
func (t Task) Check(s Source) error {
	if s == nil || s.Len() == 0 {
		return fmt.Errorf("task: %s: no samples", t.Name)
	}
	keys := t.Keys
	if t.GoalKey != "" {
		keys = append(slices.Clone(keys), t.GoalKey)
	}
	for _, k := range keys {
		rows, want := s.Rows(k), k.Rows()
		if !s.Has(k) || rows == 0 {
			return fmt.Errorf("task: %s needs the series %q, which the data set does not hold", t.Name, k)
		}
		if want != 0 && rows != want {
			return fmt.Errorf("task: %s: series %q has %d rows, expected %d", t.Name, k, rows, want)
		}
	}
	if t.Loss == LossResidual {
		if _, ok := s.(Spanned); !ok {
			return fmt.Errorf("task: %s needs the trial span of each sample, which the data set does not hold", t.Name)
		}
	}
	return nil
}

// OutputsFor returns the number of outputs of the task on a source: Outputs, or
// what the data decide.
func (t Task) OutputsFor(s Source) int {
	if t.Head == Decoder {
		d := DimsOf(s)
		return d.Muscles * d.Channels
	}
	if t.Outputs > 0 {
		return t.Outputs
	}
	n := 0
	for _, k := range t.Keys {
		n += s.Rows(k)
	}
	return n
}

// concat is the target of the tasks that predict series: the rows of all keys
// in order.
func concat(t Task, s Source, i int, dst []float32) error {
	time := DimsOf(s).Time
	for _, k := range t.Keys {
		n := s.Rows(k) * time
		if err := s.Target(i, k, dst[:n]); err != nil {
			return err
		}
		dst = dst[n:]
	}
	return nil
}

// label is the target of classification.
func label(t Task, s Source, i int, dst []float32) error {
	l := s.Label(i)
	if l < 1 || l > t.Outputs {
		return fmt.Errorf("task: %s: label %d of %s, expected 1 to %d", t.Name, l, s.Record(i), t.Outputs)
	}
	dst[0] = float32(l - 1)
	return nil
}
