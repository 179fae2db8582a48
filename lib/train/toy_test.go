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

// joints gives the latent movement of a sample and its rate, four of each.
func (s toy) joints(i int) (x, v [4][]float64) {
	rng := rand.New(rand.NewPCG(uint64(s.from+i), 1))
	phase, size := 6*rng.Float64(), 0.7+0.6*rng.Float64()
	f := 2 * math.Pi / float64(s.samples) * (0.5 + 0.25*float64(s.Label(i)))
	for j := range 4 {
		for t := range s.samples {
			a := f*float64(t) + phase + float64(j)
			x[j] = append(x[j], size*math.Sin(a))
			v[j] = append(v[j], size*f*math.Cos(a)*100)
		}
	}
	return
}

func (s toy) Input(i int, dst []float32) error {
	x, v := s.joints(i)
	for m := range 39 {
		w := float64(m%7)/7 - 0.4
		for t := range s.samples {
			dst[(m*s.samples+t)*2] = float32(60 + 3*float64(m) + 8*(x[m%3][t]+w*x[3][t]))
			dst[(m*s.samples+t)*2+1] = float32(8 * (v[m%3][t] + w*v[3][t]))
		}
	}
	if s.bad[s.from+i] {
		dst[17] = float32(math.NaN())
	}
	return nil
}

func (s toy) Target(i int, k task.Key, dst []float32) error {
	x, v := s.joints(i)
	for r := range s.Rows(k) {
		for t := range s.samples {
			y := 10 * x[r%3][t]
			switch k {
			case dataset.HandVel, dataset.ElbowVel, dataset.JointVel:
				y = v[r%3][t]
			case dataset.HandAcc, dataset.ElbowAcc, dataset.JointAcc:
				y = -20 * x[r%3][t]
			case task.Rates:
				y = math.Max(0, x[r%3][t])
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
