package task

import (
	"math/rand/v2"
)

// A Batch is what a model is given for some samples.
type Batch struct {
	N       int
	Samples []int // their places in the source

	X    []float32 // inputs [sample][muscle][time][channel]; with two views, the first of all samples before the second
	Y    []float32 // targets [sample][frame][output], or labels [sample] from 0
	Goal []float32 // goals [sample][frame][3]
	Keep []float32 // dropout mask, 0 or 1/share, one value per feature
	Span []float32 // first frame of the trial and the one after its last, [sample][2]

	full []float32 // one sample's targets before sub-sampling
}

// NewBatch returns a batch of n samples for the model.
func (m *Model) NewBatch(n int) *Batch {
	b := &Batch{N: n, Samples: make([]int, n)}
	b.X = make([]float32, n*m.Views()*m.Dims.Size())
	b.Y = make([]float32, n*m.targets())
	b.Goal = make([]float32, n*m.Frames*m.goalRows())
	b.Keep = make([]float32, n*m.dropped())
	if m.Task.Loss == LossResidual {
		b.Span = make([]float32, 2*n)
	}
	rows := max(m.Outputs, 3)
	if m.Task.Head == Classifier {
		rows = 1
	}
	b.full = make([]float32, rows*m.Dims.Time)
	return b
}

// A Draw gives the random numbers of one sample of a batch, by its place in
// the batch. Each sample has its own, so that a batch cut into micro-batches
// draws the same.
type Draw func(place int) *rand.Rand

// Fill loads samples into the batch. views gives the random numbers of the two
// views where the task has them; dropout those of the dropout mask, nil for no
// dropout. goals is the source of the goals, as a rule s itself.
func (m *Model) Fill(b *Batch, s, goals Source, samples []int, views, dropout Draw) error {
	if len(samples) != b.N {
		panic("task: Fill: batch of another size")
	}
	copy(b.Samples, samples)
	size, v := m.Dims.Size(), m.Views()
	for i, at := range samples {
		x := b.X[i*size : (i+1)*size]
		if err := s.Input(at, x); err != nil {
			return err
		}
		if v == 2 {
			y := b.X[(b.N+i)*size : (b.N+i+1)*size]
			copy(y, x)
			rng := views(i)
			Augment(x, m.Dims.Muscles, m.Dims.Time, m.Dims.Channels, rng)
			Augment(y, m.Dims.Muscles, m.Dims.Time, m.Dims.Channels, rng)
		}
		if err := m.fillTarget(b, s, i, at, x); err != nil {
			return err
		}
		if rows := m.goalRows(); rows > 0 {
			if err := goals.Target(at%goals.Len(), m.Task.GoalKey, b.full[:rows*m.Dims.Time]); err != nil {
				return err
			}
			pick(b.full, m.Dims.Time, m.Index, rows, b.Goal[i*m.Frames*rows:])
		}
		if b.Span != nil {
			start, end := s.(Spanned).Span(at)
			f, l := Frames(start, end, m.Dims.Time, m.strides)
			b.Span[2*i], b.Span[2*i+1] = float32(f), float32(l)
		}
	}
	m.fillKeep(b, dropout)
	return nil
}

func (m *Model) fillTarget(b *Batch, s Source, i, at int, x []float32) error {
	k := m.targets()
	if k == 0 {
		return nil
	}
	y := b.Y[i*k : (i+1)*k]
	if m.Task.Target == nil {
		itselfByTime(m.Dims, x, y)
	} else {
		n := k // values before sub-sampling
		if m.Task.Series() {
			n = m.Outputs * m.Dims.Time
		}
		if err := m.Task.Target(m.Task, s, at, b.full[:n]); err != nil {
			return err
		}
		if !m.Task.Series() {
			copy(y, b.full)
			return nil
		}
		pick(b.full, m.Dims.Time, m.Index, m.Outputs, y)
	}
	m.scale(y)
	return nil
}

// scale turns targets [frame][output] into those that the network is trained on.
func (m *Model) scale(y []float32) {
	if m.Mean == nil {
		return
	}
	for i := range y {
		k := i % m.Outputs
		y[i] = float32((float64(y[i]) - m.Mean[k]) / m.Std[k])
	}
}

// LossName is that of the task, see [Task.LossName]; where targets are scaled
// the loss has no unit.
func (m *Model) LossName() string {
	if m.Mean != nil {
		return m.Task.Loss.String() + " (z-scored targets)"
	}
	return m.Task.LossName()
}

// Unscale turns predictions or targets of the trained scale into the task's units.
func (m *Model) Unscale(y []float32) {
	if m.Mean == nil {
		return
	}
	for i := range y {
		k := i % m.Outputs
		y[i] = float32(float64(y[i])*m.Std[k] + m.Mean[k])
	}
}

// pick sub-samples rows [row][time] at idx as [frame][row].
func pick(full []float32, time int, idx []int, rows int, dst []float32) {
	for f, t := range idx {
		for r := range rows {
			dst[f*rows+r] = full[r*time+t]
		}
	}
}

// itselfByTime lays an input out as [time][muscle·channels+channel].
func itselfByTime(d Dims, x, dst []float32) {
	w := d.Muscles * d.Channels
	for m := range d.Muscles {
		for t := range d.Time {
			for c := range d.Channels {
				dst[t*w+m*d.Channels+c] = x[(m*d.Time+t)*d.Channels+c]
			}
		}
	}
}

// fillKeep draws the dropout mask. Each sample has its own numbers, for both
// of its views.
func (m *Model) fillKeep(b *Batch, dropout Draw) {
	if len(b.Keep) == 0 {
		return
	}
	if dropout == nil {
		for i := range b.Keep {
			b.Keep[i] = 1
		}
		return
	}
	v := m.Views()
	n := m.dropped() / v
	inv := 1 / m.Task.Dropout
	limit := uint32(float64(m.Task.Dropout) * (1 << 32))
	for i := range b.N {
		rng := dropout(i)
		for view := range v {
			row := b.Keep[(view*b.N+i)*n : (view*b.N+i+1)*n]
			for j := 0; j < len(row); j += 2 {
				u := rng.Uint64()
				row[j] = 0
				if uint32(u) < limit {
					row[j] = inv
				}
				if j+1 < len(row) {
					row[j+1] = 0
					if uint32(u>>32) < limit {
						row[j+1] = inv
					}
				}
			}
		}
	}
}
