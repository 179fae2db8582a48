package hdf5

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"testing"
)

// tiny returns the two files that testdata/tiny.py makes.
func tiny(t testing.TB) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for _, name := range []string{"tiny_old.h5", "tiny_new.h5"} {
		z, err := os.Open(filepath.Join("testdata", name+".gz"))
		if err != nil {
			t.Fatal(err)
		}
		defer z.Close()
		r, err := gzip.NewReader(z)
		if err != nil {
			t.Fatal(err)
		}
		if files[name], err = io.ReadAll(r); err != nil {
			t.Fatal(err)
		}
	}
	return files
}

// A file of one small dataset per structure, after the rule of variants.py.
func TestTiny(t *testing.T) {
	for name, b := range tiny(t) {
		t.Run(name, func(t *testing.T) {
			f, err := Decode(bytes.NewReader(b), int64(len(b)), name)
			if err != nil {
				t.Fatal(err)
			}
			checkRule(t, f, 3)
			s, err := mustDataset(t, f, "strings").Strings()
			if err != nil || !reflect.DeepEqual(s, []string{"a", "ü"}) {
				t.Errorf("strings %q (%v)", s, err)
			}
			m, err := mustDataset(t, f, "compound").Member("xy")
			if err != nil {
				t.Fatal(err)
			}
			if xy, err := m.Float64s(); err != nil || !equal(xy, []float64{2, 3, 5, 6}) {
				t.Errorf("xy %v (%v)", xy, err)
			}
			refs, err := mustDataset(t, f, "ref").Refs()
			if err != nil || len(refs) != 1 {
				t.Fatalf("references %v (%v)", refs, err)
			}
			o, err := f.Follow(refs[0], "there")
			if d, ok := o.(*Dataset); err != nil || !ok || !d.Dtype.IsString() {
				t.Errorf("the reference leads to %v (%v)", o, err)
			}
			mustDataset(t, f, "soft")
		})
	}
}

// readAll reads all that a file has to give.
func readAll(f *File) error {
	root, err := f.Root()
	if err != nil {
		return err
	}
	var first error
	note := func(err error) {
		if err != nil && first == nil {
			first = err
		}
	}
	walk := root.Walk(func(o Object) error {
		attrs, err := o.Attrs()
		note(err)
		for _, a := range attrs {
			if a.Dtype.IsString() {
				_, err = a.Strings()
			} else if a.Dtype.Class != Reference {
				_, err = a.Float64s()
			}
			note(err)
		}
		d, ok := o.(*Dataset)
		if !ok {
			return nil
		}
		parts := []*Dataset{d}
		if d.Dtype.Class == Compound {
			parts = nil
			for _, name := range d.Members() {
				m, err := d.Member(name)
				note(err)
				if err == nil {
					parts = append(parts, m)
				}
			}
		}
		for _, d := range parts {
			switch {
			case d.Dtype.IsString():
				_, err = d.Strings()
			case d.Dtype.Class == Reference:
				var refs []Ref
				if refs, err = d.Refs(); err == nil && len(refs) > 0 {
					_, err = f.Follow(refs[0], "ref")
				}
			case d.Dtype.Class == VarLen:
				_, err = d.Sequences()
			default:
				_, err = d.Float64s()
				note(err)
				if n := d.Rows(); n > 2 && d.RowLen() < 1<<16 {
					_, err = d.Float32Rows(1, 2)
				}
			}
			note(err)
		}
		return nil
	})
	note(walk)
	return first
}

// Every byte changed, with checksums looked at and not, and every truncation: an
// error or other values, never a panic, never more memory than the limit.
func TestDamage(t *testing.T) {
	o := Options{MaxBytes: 1 << 20}
	for name, good := range tiny(t) {
		f, err := o.Decode(bytes.NewReader(good), int64(len(good)), name)
		if err == nil {
			err = readAll(f)
		}
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		runs := 0
		try := func(b []byte, unchecked bool) {
			runs++
			if f, err := o.Decode(bytes.NewReader(b), int64(len(b)), name); err == nil {
				f.unchecked = unchecked
				readAll(f)
			}
		}
		for i := 0; i < len(good); i += 1 + i%3 {
			b := bytes.Clone(good)
			b[i] ^= []byte{0x01, 0xff, 0x80}[i/7%3]
			try(b, i%2 == 0)
			if i%29 == 0 {
				try(good[:i], true)
			}
		}
		runtime.ReadMemStats(&after)
		// The limit is 1 MiB a read; a file has about 25 objects.
		if each := (after.TotalAlloc - before.TotalAlloc) / uint64(runs); each > 8<<20 {
			t.Errorf("%s: %d bytes of memory per damaged file", name, each)
		}
	}
}

// Lies that only a reader's limits can stop.
func TestHostile(t *testing.T) {
	old := tiny(t)["tiny_old.h5"]
	// The dataspace of "growing", version 1: rank 2, maxima, 9 × 2 of at most ∞ × 2.
	space := append([]byte{1, 2, 1, 0, 0, 0, 0, 0}, le64(9, 2, ^uint64(0), 2)...)
	at := bytes.Index(old, space)
	if at < 0 {
		t.Fatal("no dataspace of 9 × 2 in the file")
	}
	for _, c := range []struct {
		name string
		dims []uint64
		want string
	}{
		{"petabytes never written", []uint64{1 << 48, 2}, "Options.MaxBytes"},
		{"overflow", []uint64{1 << 62, 1 << 62}, "elements"},
		{"negative", []uint64{1 << 63, 2}, "dimension"},
	} {
		b := bytes.Clone(old)
		copy(b[at+8:], le64(c.dims...))
		copy(b[at+32:], le64(c.dims[1]))
		f, err := Decode(bytes.NewReader(b), int64(len(b)), "lie.h5")
		if err != nil {
			t.Fatal(err)
		}
		d, err := f.Dataset("/growing")
		if err == nil {
			_, err = d.Float64s()
		}
		if err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "hdf5: lie.h5: /growing: ") {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}

	// A chunk that inflates to a thousand times its size.
	path := filepath.Join(t.TempDir(), "bomb.h5")
	w, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	a, err := w.Dataset("/zeros", Spec{Dtype: "|u1", Row: []int{1 << 24}, Gzip: 9})
	if err == nil {
		err = a.Append(make([]uint8, 1<<24))
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		t.Fatal(err)
	}
	f, err := Options{MaxBytes: 1 << 20}.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Dataset("/zeros"); err == nil || !strings.Contains(err.Error(), "a chunk takes 16777216 bytes, the limit is 1048576") {
		t.Errorf("a chunk beyond the limit: %v", err)
	}
	if _, err := inflate(deflated(t, make([]byte, 1<<20)), 1000); err == nil || !strings.Contains(err.Error(), "more than the 1000 bytes") {
		t.Errorf("a chunk larger than it says: %v", err)
	}

	for name, b := range map[string][]byte{"empty": nil, "text": bytes.Repeat([]byte("no HDF5 "), 200)} {
		if _, err := Decode(bytes.NewReader(b), int64(len(b)), name); err == nil || !strings.Contains(err.Error(), "not an HDF5 file") {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := Decode(bytes.NewReader(old), int64(len(old)-100), "cut.h5"); err == nil || !strings.Contains(err.Error(), "truncated") {
		t.Errorf("a truncated file: %v", err)
	}
	if _, err := Open(t.TempDir()); err == nil || !strings.Contains(err.Error(), "expected a file") {
		t.Errorf("a folder: %v", err)
	}
}

// Chunks that are read at once fit the limit together, on any number of cores.
func TestChunksAtOnce(t *testing.T) {
	st := &storage{f: &File{max: 10 << 20}, layout: layout{elem: 1, chunk: []uint64{4 << 20}}}
	for _, c := range []struct{ cores, chunks, most uint64 }{{64, 100, 2}, {1, 100, 1}, {64, 1, 1}} {
		old := runtime.GOMAXPROCS(int(c.cores))
		if got := st.workers(c.chunks); got != c.most {
			t.Errorf("%d chunks of 4 MiB on %d cores: %d at once within 10 MiB, want %d", c.chunks, c.cores, got, c.most)
		}
		runtime.GOMAXPROCS(old)
	}
	st.layout.chunk[0] = 100 << 20
	if got := st.workers(9); got != 1 {
		t.Errorf("chunks beyond the limit: %d at once", got)
	}
}

func le64(v ...uint64) []byte {
	var b []byte
	for _, x := range v {
		b = binary.LittleEndian.AppendUint64(b, x)
	}
	return b
}

func deflated(t *testing.T, b []byte) []byte {
	t.Helper()
	a := Appender{spec: Spec{Gzip: 9}}
	return a.pack(b)
}

// FuzzRead reads all of a file with and without its checksums, so that what
// stands behind them is reached.
func FuzzRead(f *testing.F) {
	for _, b := range tiny(f) {
		f.Add(b, true)
		f.Add(b, false)
	}
	o := Options{MaxBytes: 1 << 18}
	f.Fuzz(func(t *testing.T, b []byte, unchecked bool) {
		file, err := o.Decode(bytes.NewReader(b), int64(len(b)), "fuzz.h5")
		if err != nil {
			return
		}
		file.unchecked = unchecked
		readAll(file)
	})
}
