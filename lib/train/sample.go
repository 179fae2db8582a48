package train

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/run"
	"github.com/spindle-lab/spindle/lib/task"
)

// Ranges of the published samplers (spec/02, 2.4). Those of the deep class are
// not public; its numbers of layers are read off the paper's figures, the rest
// is taken to be as for the shallow class.
var (
	channelChoices = []int{8, 16, 32, 64}
	kernelChoices  = []int{3, 5, 7, 9}
	filterChoices  = []int{8, 16, 32}
	unitChoices    = []int{32, 64, 128}
)

// Grids names the sets of architectures that [GridArchs] knows.
func Grids() []string { return []string{paperShallow, "shallow", "deep", "lstm"} }

const paperShallow = "paper-shallow"

// GridArchs returns a set of architectures: "paper-shallow" is the public list
// of 148; "shallow" and "deep" are n drawn networks of each convolutional
// family, "lstm" n of the recurrent one. The draw depends on the seed alone,
// and no two networks of a set are alike.
func GridArchs(grid string, n int, seed uint64) ([]net.Arch, error) {
	if grid == paperShallow {
		n = 0
	}
	return gridArchs(grid, n, seed, math.Inf(1))
}

// SelectArchs returns the architectures of a comma-separated list such as
// "paper-shallow", "paper-shallow:8" or "shallow:8,lstm:4": a grid of
// [GridArchs] with the number of networks of each family. Of the public list,
// which is finite, so many of each family are taken at even distances.
// Networks that cost more than gflop to train on a sample are left out, and
// drawn again in the drawn grids; 0 leaves out none.
func SelectArchs(list string, seed uint64, gflop float64) ([]net.Arch, error) {
	if gflop < 0 || math.IsNaN(gflop) {
		return nil, fmt.Errorf("train: a limit of %g GFLOP a sample, expected a positive number", gflop)
	}
	if gflop == 0 {
		gflop = math.Inf(1)
	}
	var out []net.Arch
	seen := map[string]bool{}
	for _, part := range strings.Split(list, ",") {
		grid, count, counted := strings.Cut(strings.TrimSpace(part), ":")
		n := 0
		if counted {
			var err error
			if n, err = strconv.Atoi(count); err != nil || n < 1 {
				return nil, fmt.Errorf("train: grid %q: expected a number of networks of each family after the colon", part)
			}
		} else if grid != paperShallow && slices.Contains(Grids(), grid) {
			return nil, fmt.Errorf("train: grid %q is drawn: say how many networks of each family, as in %s:8", grid, grid)
		}
		archs, err := gridArchs(grid, n, seed, gflop)
		if err != nil {
			return nil, err
		}
		for _, a := range archs {
			// A network of two grids is trained once.
			if k := archKey(a); !seen[k] {
				seen[k] = true
				out = append(out, a)
			}
		}
	}
	return out, nil
}

// maxDraws bounds how many networks are drawn for each one that is wanted.
const maxDraws = 1000

func gridArchs(grid string, n int, seed uint64, gflop float64) ([]net.Arch, error) {
	var draw func(net.Family, *rand.Rand) net.Arch
	families := []net.Family{net.SpatialTemporal, net.TemporalSpatial, net.Spatiotemporal}
	switch grid {
	case paperShallow:
		return paperArchs(n, gflop)
	case "shallow":
		draw = SampleShallow
	case "deep":
		draw = SampleDeep
	case "lstm":
		families = []net.Family{net.LSTM}
		draw = func(_ net.Family, rng *rand.Rand) net.Arch { return SampleLSTM(rng) }
	default:
		return nil, fmt.Errorf("train: no grid %q, expected one of %s", grid, strings.Join(Grids(), ", "))
	}
	if n < 1 || n > 10000 {
		return nil, fmt.Errorf("train: grid %s of %d networks of a family, expected 1 to 10000", grid, n)
	}
	var out []net.Arch
	for _, f := range families {
		rng := run.Stream(seed, "grid", grid, string(f))
		seen := map[string]bool{}
		// The ranges hold some hundred networks at least; what they cannot
		// give after many draws they do not hold.
		for tries := 0; len(seen) < n; tries++ {
			if tries > maxDraws*(1+n) {
				return nil, fmt.Errorf("train: grid %s has not %d different networks of family %s%s", grid, n, f, below(gflop))
			}
			a := draw(f, rng)
			if k := archKey(a); !seen[k] && GFLOP(a) <= gflop {
				seen[k] = true
				out = append(out, a)
			}
		}
	}
	return out, nil
}

func below(gflop float64) string {
	if math.IsInf(gflop, 0) {
		return ""
	}
	return fmt.Sprintf(" below %g GFLOP a sample", gflop)
}

// paperArchs takes n of each family of the public list, 0 for all.
func paperArchs(n int, gflop float64) ([]net.Arch, error) {
	list := Below(net.PaperShallow(), gflop)
	var out []net.Arch
	for _, f := range net.Families() {
		var of []net.Arch
		for _, a := range list {
			if a.Family == f {
				of = append(of, a)
			}
		}
		switch {
		case f == net.LSTM: // the list has none
		case n == 0:
			out = append(out, of...)
		case n > len(of):
			return nil, fmt.Errorf("train: the public list has %d networks of family %s%s, not %d", len(of), f, below(gflop), n)
		default:
			for _, i := range spread(len(of), n) {
				out = append(out, of[i])
			}
		}
	}
	if len(out) == 0 {
		return nil, fmt.Errorf("train: the public list has no network%s", below(gflop))
	}
	return out, nil
}

// ParseArch reads the name of a network as the paper writes it. The name of an
// LSTM network says neither kernel nor stride of its spatial layers; they
// follow it as in lstm_2_8-16_64:52, kernel 5 and stride 2.
func ParseArch(name string) (net.Arch, error) {
	name, ks, has := strings.Cut(strings.TrimSpace(name), ":")
	a, err := net.ParseName(name)
	if err != nil {
		return a, err
	}
	if a.Family != net.LSTM {
		if has {
			return a, fmt.Errorf("train: network %s:%s: only the name of an LSTM is followed by kernel and stride", name, ks)
		}
		return a, a.Validate() // the name of a deep network leaves its strides open
	}
	if len(ks) != 2 || strings.Trim(ks, "123456789") != "" {
		return a, fmt.Errorf("train: network %s: the name of an LSTM does not say kernel and stride of the spatial layers; add them, as in %s:52 for kernel 5 and stride 2", name, name)
	}
	return net.Recurrent(a.SpatialChannels, a.Units, int(ks[0]-'0'), int(ks[1]-'0')), nil
}

func choose(rng *rand.Rand, from []int, n int) []int {
	v := make([]int, n)
	for i := range v {
		v[i] = from[rng.IntN(len(from))]
	}
	slices.Sort(v)
	return v
}

// SampleShallow draws a network of the shallow class: one to four layers,
// channels that do not fall with depth, a temporal kernel no smaller than the
// spatial one, one stride for each axis.
func SampleShallow(f net.Family, rng *rand.Rand) net.Arch {
	l := 1 + rng.IntN(4)
	spatial, temporal := sampleChannels(f, l, rng)
	k := choose(rng, kernelChoices, 2)
	ss, ts := 1+rng.IntN(2), 1+rng.IntN(3)
	return net.Shallow(f, spatial, temporal, k[0], ss, k[1], ts)
}

func sampleChannels(f net.Family, l int, rng *rand.Rand) (spatial, temporal []int) {
	if f == net.Spatiotemporal {
		return choose(rng, channelChoices, l), nil
	}
	c := choose(rng, channelChoices, 2*l)
	if f == net.TemporalSpatial {
		return c[l:], c[:l]
	}
	return c[:l], c[l:]
}

// SampleDeep draws a network of the deep class: 5 to 12 layers (5 or 6 of each
// kind where there are two), strides of 1 or 2 by layer. Networks whose output
// does not fit the published target grid of 400 samples are drawn again.
func SampleDeep(f net.Family, rng *rand.Rand) net.Arch {
	for {
		l := 5 + rng.IntN(2)
		if f == net.Spatiotemporal {
			l = 5 + rng.IntN(8)
		}
		a := net.Arch{Family: f, Layers: l}
		a.SpatialChannels, a.TemporalChannels = sampleChannels(f, l, rng)
		k := choose(rng, kernelChoices, 2)
		a.SpatialKernel, a.TemporalKernel = k[0], k[1]
		if f == net.Spatiotemporal {
			a.TemporalKernel = k[0]
		}
		for range l {
			a.SpatialStride = append(a.SpatialStride, 1+rng.IntN(2))
			a.TemporalStride = append(a.TemporalStride, 1+rng.IntN(2))
		}
		if onGrid(a) {
			return a
		}
	}
}

// onGrid tells whether regression tasks can be trained on the network with the
// published target grid.
func onGrid(a net.Arch) bool {
	axes := make([]task.Axis, len(a.TemporalStride))
	for i, s := range a.TemporalStride {
		axes[i] = task.Axis{Kernel: a.TemporalKernel, Stride: s}
	}
	_, err := task.TargetGrid(task.DefaultDims.Time, axes, task.GridPublished)
	return err == nil
}

// SampleLSTM draws a network of the recurrent family: one to three spatial
// layers and one LSTM.
func SampleLSTM(rng *rand.Rand) net.Arch {
	l := 1 + rng.IntN(3)
	return net.Recurrent(choose(rng, filterChoices, l), unitChoices[rng.IntN(len(unitChoices))],
		kernelChoices[rng.IntN(len(kernelChoices))], 1+rng.IntN(2))
}

// GFLOP returns the cost of training on one sample of the paper's size, in
// 10⁹ floating-point operations: forward and twice as much backward, without
// the gradient of the input.
func GFLOP(a net.Arch) float64 {
	d := task.DefaultDims
	shapes, err := a.Shapes(d.Muscles, d.Time, d.Channels)
	if err != nil {
		return 0
	}
	n := 3*a.ForwardFLOPs(d.Muscles, d.Time, d.Channels) - shapes[0].FLOPs
	return float64(n) / 1e9
}

// Below returns the architectures that cost at most so many GFLOP a sample.
func Below(archs []net.Arch, gflop float64) []net.Arch {
	var out []net.Arch
	for _, a := range archs {
		if GFLOP(a) <= gflop {
			out = append(out, a)
		}
	}
	return out
}
