package dataset

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sort"

	"github.com/spindle-lab/spindle/lib/movement"
	"github.com/spindle-lab/spindle/lib/run"
)

// Options say how movements become a data set; the zero value is the published
// way, but for the order of samples.
type Options struct {
	Seed     uint64
	PerGroup int     // at most so many samples per folder, letter and plane; default 90
	MaxJerk  float64 // mm/sample³: a movement's muscle jerk must be below; default 1
	// BlockOrder keeps the published order of the samples, by folder, letter
	// and plane, so that a small batch holds one letter only. Without it the
	// samples of each split are shuffled.
	BlockOrder bool
	// OpenSimSign (B7) gives the adduction of joint targets OpenSim's sign, as
	// recorded movements have it. As published, letters have the opposite one.
	OpenSimSign bool

	keepAll bool // no filter, no limit on the jerk
}

func (o Options) withDefaults() Options {
	if o.PerGroup == 0 {
		o.PerGroup = 90
	}
	if o.MaxJerk == 0 {
		o.MaxJerk = movement.SmoothJerk
	}
	if o.PerGroup < 0 || !(o.MaxJerk > 0) {
		panic(fmt.Sprintf("dataset: options %+v", o))
	}
	return o
}

// split is where a sample goes.
type split uint8

const (
	train split = iota
	val
	test
	numSplits
)

// memory is a store of movements in memory.
type memory struct {
	samples []sample
	names   []string
	infos   []Info
	fields  [numFields]bool
}

func (m *memory) fetch(at int, _ *buffer) (*sample, error) { return &m.samples[at], nil }
func (m *memory) describe(at int) string                   { return m.names[at] }
func (m *memory) info(at int) (Info, error)                { return m.infos[at], nil }
func (m *memory) folder(at int) int                        { return m.infos[at].Folder }
func (m *memory) has(f field) bool                         { return m.fields[f] }

// FromMovements makes a data set of movements in memory: per folder, letter and
// plane, in random order, up to 90 movements whose muscle jerk is below 1,
// where need be after a median filter, each at a random offset in its window;
// 20 % of them are the test set, 10 % of the rest the validation set (64, 8 and
// 18 of 90). It depends on the movements and the options alone.
func FromMovements(ms []movement.Movement, opt Options) (*Dataset, error) {
	opt = opt.withDefaults()
	if len(ms) == 0 {
		return nil, fmt.Errorf("dataset: no movements")
	}
	st := &memory{fields: fieldsOf(&ms[0])}
	var items [numSplits][]item
	groups, order := groupMovements(ms)
	for _, key := range order {
		members := groups[key]
		picked, err := pick(key, len(members), opt, func(k int) (*sample, error) {
			return newSample(&ms[members[k]], opt)
		})
		if err != nil {
			return nil, fmt.Errorf("dataset: %s: %w", describeMovement(&ms[members[0]]), err)
		}
		for _, p := range picked {
			m := &ms[members[p.from]]
			if f := fieldsOf(m); f != st.fields {
				return nil, fmt.Errorf("dataset: %s has other arrays than the first movement", describeMovement(m))
			}
			items[p.split] = append(items[p.split], item{at: int32(len(st.samples)), start: int16(p.start), label: int8(m.Label)})
			st.samples = append(st.samples, *p.sample)
			st.names = append(st.names, describeMovement(m))
			st.infos = append(st.infos, infoOf(m, p.start, opt))
		}
	}
	d := assemble(items, st, opt, PadThenDifferentiate, PadThenDifferentiate)
	d.Source = fmt.Sprintf("%d movements of %s", len(st.samples), ms[0].Monkey)
	return d, nil
}

// assemble makes the three sets, shuffled unless the published order is asked for.
func assemble(items [numSplits][]item, st store, opt Options, input, target Padding) *Dataset {
	if !opt.BlockOrder {
		for i := range items {
			rng := run.Stream(opt.Seed, "order", i)
			rng.Shuffle(len(items[i]), func(a, b int) { items[i][a], items[i][b] = items[i][b], items[i][a] })
		}
	}
	return &Dataset{
		Train: newSet(items[train], st, input, target),
		Val:   newSet(items[val], st, input, target),
		Test:  newSet(items[test], st, input, target),
	}
}

// A group is what the published generator keeps in one file: a folder, a letter
// and a plane.
type group struct {
	folder, label int
	plane         movement.Plane
}

func groupMovements(ms []movement.Movement) (map[group][]int, []group) {
	groups := map[group][]int{}
	var order []group
	for i := range ms {
		k := group{ms[i].Folder, ms[i].Label, ms[i].Plane}
		if groups[k] == nil {
			order = append(order, k)
		}
		groups[k] = append(groups[k], i)
	}
	sort.Slice(order, func(i, j int) bool {
		a, b := order[i], order[j]
		if a.folder != b.folder {
			return a.folder < b.folder
		}
		if a.label != b.label {
			return a.label < b.label
		}
		return a.plane < b.plane
	})
	return groups, order
}

// A picked sample of a group.
type picked struct {
	from   int // index in the group
	sample *sample
	start  int
	split  split
}

// pick takes the samples of one group: in random order, those that load accepts
// (load returns nil for one that it refuses), each with its offset and split.
func pick(key group, n int, opt Options, load func(k int) (*sample, error)) ([]picked, error) {
	rng := run.Stream(opt.Seed, "group", key.folder, key.label, int(key.plane))
	var out []picked
	for _, k := range rng.Perm(n) {
		if len(out) == opt.PerGroup {
			break
		}
		s, err := load(k)
		if err != nil {
			return nil, err
		}
		if s == nil {
			continue
		}
		out = append(out, picked{from: k, sample: s, start: drawStart(rng, s.t)})
	}
	for i, sp := range splits(len(out), rng) {
		out[i].split = sp
	}
	return out, nil
}

// drawStart draws the offset of a movement of t samples, uniform in [0, 400−t).
// A movement that fills the window starts at 0; the published code fails there
// (B21).
func drawStart(rng *rand.Rand, t int) int {
	if t >= Window {
		return 0
	}
	return rng.IntN(Window - t)
}

// splits draws the split of n samples: a fifth (rounded up) for the test, of the
// rest a tenth (rounded up) for validation.
func splits(n int, rng *rand.Rand) []split {
	out := make([]split, n)
	order := rng.Perm(n)
	nt := (n + 4) / 5
	nv := (n - nt + 9) / 10
	for i, k := range order {
		switch {
		case i < nt:
			out[k] = test
		case i < nt+nv:
			out[k] = val
		}
	}
	return out
}

// newSample takes what a sample needs of a movement, in float32. It returns nil
// for a movement whose muscle jerk is too large, before and after the filter, or
// that holds a value that is not finite.
func newSample(m *movement.Movement, opt Options) (*sample, error) {
	s := &sample{t: m.Len()}
	if s.t < 2 || s.t > Window {
		return nil, fmt.Errorf("%s has %d samples, want 2 to %d", describeMovement(m), s.t, Window)
	}
	for f, rows := range movementRows(m) {
		if rows == nil {
			continue
		}
		if len(rows) != fieldRows[f] {
			return nil, fmt.Errorf("%s has %d %s rows, want %d", describeMovement(m), len(rows), fieldNames[f], fieldRows[f])
		}
		v := make([]float32, 0, len(rows)*s.t)
		for _, r := range rows {
			if len(r) != s.t {
				return nil, fmt.Errorf("%s has a %s row of %d samples, want %d", describeMovement(m), fieldNames[f], len(r), s.t)
			}
			for _, x := range r {
				if math.IsNaN(x) || math.IsInf(x, 0) {
					return nil, nil
				}
				v = append(v, float32(x))
			}
		}
		s.fields[f] = v
	}
	if s.fields[fieldMuscles] == nil || s.fields[fieldJoints] == nil {
		return nil, fmt.Errorf("%s has no muscle lengths or no joints", describeMovement(m))
	}
	if opt.OpenSimSign && !m.OpenSimSign {
		for i, x := range s.row(fieldJoints, movement.Adduction) {
			s.row(fieldJoints, movement.Adduction)[i] = -x
		}
	}
	if opt.keepAll {
		return s, nil
	}
	if m.MuscleJerk > movement.SmoothJerk {
		s.filter()
		if !(s.jerk() < opt.MaxJerk) {
			return nil, nil
		}
	} else if !(m.MuscleJerk < opt.MaxJerk) {
		return nil, nil
	}
	return s, nil
}

// filter runs the median filter of width 5 over the muscle lengths.
func (s *sample) filter() {
	v := make([]float32, s.t)
	for i := range Muscles {
		row := s.row(fieldMuscles, i)
		movement.Median(v, row)
		copy(row, v)
	}
}

// jerk returns the jerk of the float32 muscle lengths.
func (s *sample) jerk() float64 {
	rows := movement.Rows(Muscles, s.t)
	for i := range rows {
		for k, x := range s.row(fieldMuscles, i) {
			rows[i][k] = float64(x)
		}
	}
	return movement.Jerk(rows)
}

func movementRows(m *movement.Movement) [numFields][][]float64 {
	return [numFields][][]float64{m.Muscles, m.Joints, m.Hand, m.Elbow, m.Torques, m.Target}
}

func fieldsOf(m *movement.Movement) (f [numFields]bool) {
	for i, rows := range movementRows(m) {
		f[i] = rows != nil
	}
	return f
}

func describeMovement(m *movement.Movement) string {
	if m.Label == 0 {
		return fmt.Sprintf("%s, folder %d, movement %d", m.Monkey, m.Folder, m.Stroke)
	}
	return fmt.Sprintf("%s, folder %d, letter %s, plane %s, stroke %d", m.Monkey, m.Folder, letter(m.Label), m.Plane, m.Stroke)
}
