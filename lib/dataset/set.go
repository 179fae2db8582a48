package dataset

import (
	"sync"

	"github.com/spindle-lab/spindle/lib/stroke"
)

// A Dataset is a set split in three.
type Dataset struct {
	Train, Val, Test *Set
	Source           string // a sentence for captions
}

// A Set is an ordered collection of samples. Its methods may be called by
// several goroutines at once.
type Set struct {
	items  []item
	store  store
	input  Padding // of the muscle velocities
	target Padding // of the other velocities
	pool   *sync.Pool
}

// An item is one sample of a set.
type item struct {
	at    int32 // index in the store
	start int16 // offset of the movement in the window
	label int8
}

// A store keeps movements. fetch returns that of an item, using buf for memory
// where it needs any; the result is valid until buf is used again.
type store interface {
	fetch(at int, buf *buffer) (*sample, error)
	describe(at int) string
	info(at int) (Info, error)
	folder(at int) int
	has(f field) bool
}

// A windowStore keeps whole windows, not movements: a published file.
type windowStore interface {
	store
	read(at int, input []float32, keys []Key, targets [][]float32) error
	hasKey(k Key) bool
}

// A sample is a movement in float32, each field [rows][t].
type sample struct {
	t      int
	fields [numFields][]float32
}

func (s *sample) row(f field, i int) []float32 { return s.fields[f][i*s.t : (i+1)*s.t] }

// A buffer is what a goroutine needs to read samples.
type buffer struct {
	scratch scratch
	sample  sample
	raw     []byte
	floats  []float32
}

func newSet(items []item, st store, input, target Padding) *Set {
	return &Set{items: items, store: st, input: input, target: target,
		pool: &sync.Pool{New: func() any { return new(buffer) }}}
}

// Len returns the number of samples.
func (s *Set) Len() int { return len(s.items) }

// Label returns the letter's label, 1 to 20, of sample i; 0 if no letter is
// written.
func (s *Set) Label(i int) int { return int(s.items[i].label) }

// Offset returns the window sample at which the movement of sample i begins; 0
// in published files, which do not tell.
func (s *Set) Offset(i int) int { return int(s.items[i].start) }

// Record tells where sample i comes from, for messages.
func (s *Set) Record(i int) string { return s.store.describe(int(s.items[i].at)) }

// Rows returns the number of rows of a target.
func (s *Set) Rows(k Key) int { return k.Rows() }

// Has tells whether the set has a target.
func (s *Set) Has(k Key) bool {
	if w, ok := s.store.(windowStore); ok {
		return w.hasKey(k)
	}
	q, ok := quantities[k]
	return ok && s.store.has(q.of)
}

// Keys lists the targets that the set has.
func (s *Set) Keys() []Key {
	var out []Key
	for _, k := range Keys {
		if s.Has(k) {
			out = append(out, k)
		}
	}
	return out
}

// Input writes the input window of sample i, [muscle][time][length mm | velocity
// mm/s], to dst, which must have InputLen values. The error, if any, names the
// file and the record.
func (s *Set) Input(i int, dst []float32) error {
	if dst == nil {
		panic("dataset: input into nothing")
	}
	return s.Read(i, dst, nil, nil)
}

// Target writes a target of sample i, [row][time], to dst, which must have
// Rows(k)·Window values.
func (s *Set) Target(i int, k Key, dst []float32) error {
	return s.Read(i, nil, []Key{k}, [][]float32{dst})
}

// Info returns what is known of sample i beside its arrays: letter, latents,
// start point, jerks.
func (s *Set) Info(i int) (Info, error) { return s.store.info(int(s.items[i].at)) }

// Subset returns the samples with the given indexes, in that order.
func (s *Set) Subset(idx []int) *Set {
	items := make([]item, len(idx))
	for k, i := range idx {
		items[k] = s.items[i]
	}
	out := *s
	out.items = items
	return &out
}

// Head returns the first n samples, all if there are fewer.
func (s *Set) Head(n int) *Set {
	out := *s
	out.items = s.items[:min(n, len(s.items))]
	return &out
}

// Letters counts the samples of each letter.
func (s *Set) Letters() map[string]int {
	m := map[string]int{}
	for i := range s.items {
		if l := s.Label(i); l > 0 {
			m[stroke.Letters[l-1:l]]++
		}
	}
	return m
}
