package dataset

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/run"
)

// readEverything opens a data set and reads every sample.
func readEverything(dir string) error {
	d, err := Open(dir, Options{})
	if err != nil {
		return err
	}
	in := make([]float32, InputLen)
	for _, s := range allSets(d) {
		for i := range s.Len() {
			if err := s.Input(i, in); err != nil {
				return err
			}
		}
	}
	return nil
}

// A flipped bit or a missing end anywhere in a shard is an error that names the
// file, for the reader, for Verify, and for a generation that would go on; none
// repairs it silently.
func TestDamagedShards(t *testing.T) {
	opt := small(t.TempDir())
	opt.Folders = 1
	m, err := Generate(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	name := m.Shards[2].File
	path := filepath.Join(opt.Dir, filepath.FromSlash(name))
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	rng := run.Stream(8, "damage")
	try := func(what string, raw []byte, generate bool) {
		t.Helper()
		if err := os.WriteFile(path, raw, 0o644); err != nil {
			t.Fatal(err)
		}
		if err := readEverything(opt.Dir); err == nil || !strings.Contains(err.Error(), filepath.Base(path)) {
			t.Errorf("%s: reading gave %v", what, err)
		}
		if err := Verify(context.Background(), opt.Dir, nil); err == nil || !strings.Contains(err.Error(), filepath.Base(path)) {
			t.Errorf("%s: Verify gave %v", what, err)
		}
		if !generate {
			return
		}
		if _, err := Generate(context.Background(), opt); err == nil || !strings.Contains(err.Error(), filepath.Base(path)) || !strings.Contains(err.Error(), "delete") {
			t.Errorf("%s: Generate gave %v", what, err)
		}
		if now, err := os.ReadFile(path); err != nil || string(now) != string(raw) {
			t.Errorf("%s: the damaged file was changed", what)
		}
	}
	for k := range 60 {
		raw := append([]byte(nil), good...)
		at := rng.IntN(len(raw))
		if k < 30 { // header and index are small: hit them, too
			at = rng.IntN(min(len(raw), 2000))
		}
		raw[at] ^= 1 << rng.IntN(8)
		try("flipped bit", raw, k%30 == 0)
	}
	for k := range 20 {
		try("truncated", good[:rng.IntN(len(good))], k == 0)
	}
	try("longer", append(append([]byte(nil), good...), 0), true)
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	if err := readEverything(opt.Dir); err == nil || !strings.Contains(err.Error(), filepath.Base(path)) {
		t.Errorf("missing shard: %v", err)
	}
	if _, err := Generate(context.Background(), opt); err != nil {
		t.Fatal(err)
	}
	if now, err := os.ReadFile(path); err != nil || string(now) != string(good) {
		t.Error("the shard made again has other bytes")
	}
}

// A shard that belongs to another data set is not taken.
func TestForeignShard(t *testing.T) {
	a, b := small(t.TempDir()), small(t.TempDir())
	a.Folders, b.Folders, b.Seed = 1, 1, 77
	for _, o := range []GenerateOptions{a, b} {
		if _, err := Generate(context.Background(), o); err != nil {
			t.Fatal(err)
		}
	}
	m, err := ReadManifest(a.Dir)
	if err != nil {
		t.Fatal(err)
	}
	name := filepath.FromSlash(m.Shards[0].File)
	raw, err := os.ReadFile(filepath.Join(b.Dir, name))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(a.Dir, name), raw, 0o644); err != nil {
		t.Fatal(err)
	}
	if err := readEverything(a.Dir); err == nil || !strings.Contains(err.Error(), "another data set") {
		t.Errorf("read: %v", err)
	}
	if _, err := Generate(context.Background(), a); err == nil || !strings.Contains(err.Error(), "another data set") {
		t.Errorf("generated: %v", err)
	}
}

func TestManifestRefuses(t *testing.T) {
	opt := small(t.TempDir())
	opt.Folders = 1
	if _, err := Generate(context.Background(), opt); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(opt.Dir, manifestFile)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for what, change := range map[string][2]string{
		"another format": {`"Format": 1`, `"Format": 99`},
		"a path out":     {`"File": "folder-001/a-horizontal.shard"`, `"File": "../a.shard"`},
		"not JSON":       {`{`, `<`},
	} {
		bad := strings.Replace(string(good), change[0], change[1], 1)
		if bad == string(good) {
			t.Fatalf("%s: nothing to change", what)
		}
		if err := os.WriteFile(path, []byte(bad), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Open(opt.Dir, Options{}); err == nil {
			t.Errorf("%s was accepted", what)
		}
	}
}

// Whatever the bytes, reading a shard gives an error or samples of legal shape.
func FuzzShard(f *testing.F) {
	s := &sample{t: 3}
	rng := rand.New(rand.NewPCG(1, 2))
	for i := range fieldTorques {
		s.fields[i] = make([]float32, fieldRows[i]*s.t)
		for k := range s.fields[i] {
			s.fields[i][k] = float32(rng.IntN(3))
		}
	}
	raw, err := encodeShard(Header{Fields: fieldNames[:fieldTorques]}, []entry{{split: val, info: Info{Offset: 7, Label: 2}}}, []*sample{s})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(raw)
	f.Add(raw[:len(raw)-5])
	f.Add([]byte(magic))
	f.Fuzz(func(t *testing.T, raw []byte) {
		h, entries, err := readIndex(bytesAt(raw), int64(len(raw)))
		if err != nil {
			return
		}
		fields, rows, err := h.fieldSet()
		if err != nil {
			t.Fatalf("readIndex passed fields that it should refuse: %v", err)
		}
		var s sample
		var buf []float32
		for _, e := range entries {
			rec := raw[e.offset : e.offset+uint64(e.size)]
			if buf, err = decodeRecord(&s, rec, int(e.t), fields, rows, buf); err == nil {
				var in [InputLen]float32
				new(scratch).input(in[:], s.fields[fieldMuscles], s.t, e.info.Offset, PadThenDifferentiate)
			}
		}
	})
}

// Whatever the bytes, a manifest is an error or names no file outside its folder.
func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"Format": 1, "Kind": "letters", "Shards": [{"File": "folder-001/a-horizontal.shard", "Size": 3}]}`))
	f.Add([]byte(`{"Format": 1, "Shards": [{"File": "../a.shard"}]}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := parseManifest(raw)
		if err != nil {
			return
		}
		for _, s := range m.Shards {
			if !filepath.IsLocal(filepath.FromSlash(s.File)) {
				t.Fatalf("a shard at %q", s.File)
			}
		}
	})
}

// Records come back bit by bit, with constant rows, signed zeros and NaN.
func TestRecordRoundTrip(t *testing.T) {
	rng := run.Stream(4, "record")
	for range 20 {
		s := &sample{t: 2 + rng.IntN(Window-1)}
		fields := []field{fieldMuscles, fieldJoints, fieldHand, fieldElbow, fieldTorques, fieldTarget}[:1+rng.IntN(6)]
		rows := 0
		for _, f := range fields {
			rows += fieldRows[f]
			s.fields[f] = make([]float32, fieldRows[f]*s.t)
			for k := range s.fields[f] {
				if (k/s.t)%3 != 0 {
					s.fields[f][k] = rng.Float32()
				}
			}
			s.fields[f][0] = -s.fields[f][0] // −0 among zeros is no constant row
		}
		raw := appendRecord(nil, s, fields)
		var got sample
		if _, err := decodeRecord(&got, raw, s.t, fields, rows, nil); err != nil {
			t.Fatal(err)
		}
		if string(appendRecord(nil, &got, fields)) != string(raw) {
			t.Fatal("another record")
		}
		if _, err := decodeRecord(&got, raw[:len(raw)-1], s.t, fields, rows, nil); err == nil {
			t.Fatal("a truncated record was accepted")
		}
	}
}

// Windows with one target, from shards, in random order.
func BenchmarkBatchFromShards(b *testing.B) {
	opt := GenerateOptions{Dir: b.TempDir(), Strokes: fewStrokes(4, 12), Seed: 5}
	if _, err := Generate(context.Background(), opt); err != nil {
		b.Fatal(err)
	}
	d, err := Open(opt.Dir, Options{})
	if err != nil {
		b.Fatal(err)
	}
	const n = 64
	idx := make([]int, n)
	rng := run.Stream(3, "bench")
	in, vel := make([]float32, n*InputLen), make([]float32, n*3*Window)
	b.ReportAllocs()
	for b.Loop() {
		for i := range idx {
			idx[i] = rng.IntN(d.Train.Len())
		}
		if err := d.Train.Batch(context.Background(), idx, in, []Key{HandVel}, [][]float32{vel}); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(n)*float64(b.N)/b.Elapsed().Seconds(), "windows/s")
}
