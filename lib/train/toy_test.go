package train

import (
	"fmt"
	"math"
	"math/rand/v2"

	"github.com/spindle-lab/spindle/lib/dataset"
	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/task"
)

// A toy source: windows of 39 muscles in which the label sets the frequency of
// a movement, and every target series is a mixture of the muscles' lengths or
// velocities. A network that learns anything beats its untrained twin on it.
type toy struct {
	from, n, samples int
	rates            int
	bad              map[int]bool // samples that hold NaN
}

func (s toy) Len() int            { return s.n }
func (s toy) Dims() task.Dims     { return task.Dims{Muscles: 39, Time: s.samples, Channels: 2} }
func (s toy) Label(i int) int     { return (s.from+i)%20 + 1 }
func (s toy) Record(i int) string { return fmt.Sprintf("toy %d", s.from+i) }
func (s toy) Has(k task.Key) bool { return s.Rows(k) > 0 }
func (s toy) Rows(k task.Key) int {
	if k == task.Rates {
		return s.rates
	}
	return k.Rows()
}
func (s toy) Span(i int) (int, int) { return 2 + i%5, s.samples - i%7 }

// joint gives the latent movement of a sample and its rate.
func (s toy) joint(i, t, j int) (x, v float64) {
	rng := rand.New(rand.NewPCG(uint64(s.from+i), 1))
	phase, size := 6*rng.Float64(), 0.7+0.6*rng.Float64()
	f := 2 * math.Pi / float64(s.samples) * (0.5 + 0.25*float64(s.Label(i)))
	a := f*float64(t) + phase + float64(j)
	return size * math.Sin(a), size * f * math.Cos(a) * 100
}

func (s toy) Input(i int, dst []float32) error {
	for m := range 39 {
		for t := range s.samples {
			a, va := s.joint(i, t, m%3)
			b, vb := s.joint(i, t, 3)
			w := float64(m%7)/7 - 0.4
			dst[(m*s.samples+t)*2] = float32(60 + 3*float64(m) + 8*(a+w*b))
			dst[(m*s.samples+t)*2+1] = float32(8 * (va + w*vb))
		}
	}
	if s.bad[s.from+i] {
		dst[17] = float32(math.NaN())
	}
	return nil
}

func (s toy) Target(i int, k task.Key, dst []float32) error {
	for r := range s.Rows(k) {
		for t := range s.samples {
			x, v := s.joint(i, t, r%3)
			y := 10 * x
			switch k {
			case dataset.HandVel, dataset.ElbowVel, dataset.JointVel:
				y = v
			case dataset.HandAcc, dataset.ElbowAcc, dataset.JointAcc:
				y = -20 * x
			case task.Rates:
				y = math.Max(0, x)
			}
			dst[r*s.samples+t] = float32(y)
		}
	}
	return nil
}

func toys(train int) Sources {
	const t = 48
	return Sources{
		Train: toy{0, train, t, 4, nil},
		Val:   toy{100000, 40, t, 4, nil},
		Test:  toy{200000, 60, t, 4, nil},
	}
}

// small are small networks of the four families.
func small() []net.Arch {
	return []net.Arch{
		net.Shallow(net.SpatialTemporal, []int{4, 8}, []int{8, 8}, 5, 2, 5, 2),
		net.Shallow(net.TemporalSpatial, []int{8, 8}, []int{4, 8}, 5, 2, 5, 2),
		net.Shallow(net.Spatiotemporal, []int{8, 8}, nil, 5, 2, 0, 0),
		net.Recurrent([]int{4, 8}, 12, 5, 2),
	}
}
