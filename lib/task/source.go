package task

import "fmt"

// A Source holds the samples of one split. *dataset.Set is one.
type Source interface {
	Len() int
	// Label returns the letter of sample i, counted from 1.
	Label(i int) int
	// Input fills the muscle input of sample i, shape [muscle][time][channel]:
	// length in mm, velocity in mm/s.
	Input(i int, dst []float32)
	// Rows returns the number of rows of a target series, 0 if the data lack it.
	Rows(k Key) int
	// Target fills a target series of sample i, shape [row][time].
	Target(i int, k Key, dst []float32)
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
	for _, k := range t.Keys {
		rows, want := s.Rows(k), keyRows(k)
		if rows == 0 {
			return fmt.Errorf("task: %s needs the series %q, which the data set does not hold", t.Name, k)
		}
		if want != 0 && rows != want {
			return fmt.Errorf("task: %s: series %q has %d rows, expected %d", t.Name, k, rows, want)
		}
	}
	if t.GoalKey != "" && s.Rows(t.GoalKey) != keyRows(t.GoalKey) {
		return fmt.Errorf("task: %s: goal series %q has %d rows, expected %d", t.Name, t.GoalKey, s.Rows(t.GoalKey), keyRows(t.GoalKey))
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
func concat(t Task, s Source, i int, dst []float32) {
	time := DimsOf(s).Time
	for _, k := range t.Keys {
		n := s.Rows(k) * time
		s.Target(i, k, dst[:n])
		dst = dst[n:]
	}
}

func label(_ Task, s Source, i int, dst []float32) { dst[0] = float32(s.Label(i) - 1) }

func nothing(Task, Source, int, []float32) {}

// itself is the target of the autoencoder: the input as [muscle·channels+channel][time].
func itself(_ Task, s Source, i int, dst []float32) {
	d := DimsOf(s)
	x := make([]float32, d.Size())
	s.Input(i, x)
	for m := range d.Muscles {
		for t := range d.Time {
			for c := range d.Channels {
				dst[(m*d.Channels+c)*d.Time+t] = x[(m*d.Time+t)*d.Channels+c]
			}
		}
	}
}
