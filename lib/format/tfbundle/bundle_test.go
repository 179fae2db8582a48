package tfbundle

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/internal/golden"
)

// indexes lists the checkpoints of the data folder, however deep they lie.
func indexes(t *testing.T) (paths []string) {
	t.Helper()
	root := golden.Path(t, "checkpoints")
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() && strings.HasSuffix(path, ".index") {
			paths = append(paths, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		golden.Missing(t, root)
	}
	return paths
}

// Every tensor of every checkpoint that TensorFlow wrote (checkpoints/*), with
// its checksum; nothing in the shards belongs to no tensor.
func TestCheckpoints(t *testing.T) {
	for _, path := range indexes(t) {
		prefix := strings.TrimSuffix(path, ".index")
		t.Run(filepath.Base(filepath.Dir(path)), func(t *testing.T) {
			b, err := Open(prefix)
			if err != nil {
				t.Fatal(err)
			}
			if len(b.Names()) == 0 {
				t.Fatal("no tensors")
			}
			total := make([]int64, len(b.sizes))
			for _, name := range b.Names() {
				x, err := b.Tensor(name)
				if err != nil {
					t.Error(err)
					continue
				}
				e := b.entries[name]
				total[e.shard] += int64(e.size)
				if x.Dtype == String {
					if s, err := x.Strings(); err != nil || len(s) != x.Len() {
						t.Errorf("%s: %d strings (%v)", name, len(s), err)
					}
					continue
				}
				if v, err := x.Float64s(); err != nil || len(v) != x.Len() {
					t.Errorf("%s: %d values (%v)", name, len(v), err)
				}
			}
			if !slices.Equal(total, b.sizes) {
				t.Errorf("tensors take %v bytes, the shards have %v", total, b.sizes)
			}
		})
	}
}

// "Half plus two" computes x/2 + 2: TensorFlow Serving's example, whose two
// variables are named for it (its index is compressed by Snappy).
func TestHalfPlusTwo(t *testing.T) {
	b, err := Open(strings.TrimSuffix(golden.Path(t, "checkpoints", "half_plus_two", "variables.index"), ".index"))
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]float32{"a": 0.5, "b": 2} {
		x, err := b.Tensor(name)
		if err != nil {
			t.Fatal(err)
		}
		if v, err := x.Float32s(); err != nil || !slices.Equal(v, []float32{want}) {
			t.Errorf("%s: %v, want %v (%v)", name, v, want, err)
		}
	}
}

// The checksum: RFC 3720, B.4 gives that of 32 zeros, 8a9136aa; LevelDB's mask of
// it is computed by hand.
func TestMask(t *testing.T) {
	crc := uint32(0x8a9136aa)
	if got, want := maskedCRC(make([]byte, 32)), (crc>>15|crc<<17)+0xa282ead8; got != want {
		t.Errorf("%08x, want %08x", got, want)
	}
	if got := maskedCRC([]byte("123456789")); got != mask(0xe3069283) { // the usual check value
		t.Errorf("%08x", got)
	}
}

// sample is one tensor of each kind, and many, so that the index has several blocks.
func sample(many int) []Tensor {
	ts := []Tensor{
		NewFloat32("Network/Spatial0/weights", []int{3, 1, 2, 2}, []float32{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, float32(math.Inf(-1))}),
		NewFloat32("Network/Spatial0/LayerNorm/beta", []int{2}, []float32{-0.5, float32(math.Pi)}),
		NewFloat32("beta2_power", nil, []float32{0.999}),
		NewFloat64("double", []int{1, 2}, []float64{math.Pi, math.NaN()}),
		NewInt64("step", nil, []int64{-1 << 60}),
		NewInt64("empty", []int{0, 4}, nil),
		NewString("names", []int{3}, []string{"a", "", strings.Repeat("long", 100)}),
	}
	for i := range many {
		ts = append(ts, NewFloat32(fmt.Sprintf("many/%06d/weights", i), []int{1}, []float32{float32(i)}))
	}
	return ts
}

func same(t *testing.T, b *Bundle, want []Tensor) {
	t.Helper()
	if len(b.Names()) != len(want) || !slices.IsSorted(b.Names()) {
		t.Errorf("%d tensors, want %d in order", len(b.Names()), len(want))
	}
	for _, w := range want {
		x, err := b.Tensor(w.Name)
		if err != nil {
			t.Error(err)
			continue
		}
		if x.Dtype != w.Dtype || !slices.Equal(x.Shape, w.Shape) || !bytes.Equal(x.data, w.data) || !slices.Equal(x.strings, w.strings) {
			t.Errorf("%s: %v %v, want %v %v, or other values", w.Name, x.Dtype, x.Shape, w.Dtype, w.Shape)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	for _, c := range []struct {
		many, shards int
		snappy       bool
	}{{0, 1, false}, {10, 3, true}, {20000, 1, false}, {20000, 2, true}} {
		prefix := filepath.Join(t.TempDir(), "new", "model.ckpt")
		ts := sample(c.many)
		if err := write(prefix, ts, c.shards, c.snappy); err != nil {
			t.Fatal(err)
		}
		b, err := Open(prefix)
		if err != nil {
			t.Fatal(err)
		}
		if c.many > 100 {
			ts = append(ts[:7:7], ts[7+c.many-50:]...)
			for _, w := range ts {
				x, err := b.Tensor(w.Name)
				if err != nil || !bytes.Equal(x.data, w.data) {
					t.Errorf("%s (%v)", w.Name, err)
				}
			}
			if len(b.Names()) != 7+c.many {
				t.Errorf("%d tensors", len(b.Names()))
			}
			continue
		}
		same(t, b, ts)
		left, err := os.ReadDir(filepath.Dir(prefix))
		if err != nil || len(left) != c.shards+1 {
			t.Errorf("%d files for %d shards (%v)", len(left), c.shards, err)
		}
	}
}

// What TensorFlow writes for the same names and values has the same bytes as
// ours: the index of half_plus_two_mkl, which is plain, made again from its tensors.
func TestSameAsTensorFlow(t *testing.T) {
	dir := t.TempDir()
	compared := 0
	for _, path := range indexes(t) {
		prefix := strings.TrimSuffix(path, ".index")
		b, err := Open(prefix)
		if err != nil {
			t.Fatal(err)
		}
		// We write tensors in the order of their names; TensorFlow in the order in
		// which they come, so that only the former kind can be equal.
		inOrder, next := len(b.sizes) == 1, uint64(0)
		var ts []Tensor
		for _, name := range b.Names() {
			x, err := b.Tensor(name)
			if err != nil {
				t.Fatal(err)
			}
			ts = append(ts, *x)
			inOrder = inOrder && b.entries[name].offset == next
			next = b.entries[name].offset + b.entries[name].size
		}
		if !inOrder {
			continue
		}
		compared++
		out := filepath.Join(dir, "out")
		if err := Write(out, ts); err != nil {
			t.Fatal(err)
		}
		compareFile(t, shardName(out, 0, 1), shardName(prefix, 0, 1))
		ours, theirs := keys(t, out+".index"), keys(t, path)
		if !slices.Equal(ours, theirs) {
			t.Errorf("%s: entries differ:\n%q\n%q", path, ours, theirs)
		}
	}
	if compared == 0 {
		t.Error("no checkpoint with its tensors in order")
	}
}

func compareFile(t *testing.T, a, b string) {
	t.Helper()
	x, err := os.ReadFile(a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := os.ReadFile(b)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(x, y) {
		t.Errorf("%s and %s differ", a, b)
	}
}

// keys lists the entries of an index, keys and encoded values.
func keys(t *testing.T, path string) []string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	err = table(b, maxIndex, func(k, v []byte) error {
		out = append(out, fmt.Sprintf("%q=%x", k, v))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TensorFlow reads ours: every value, in one shard and in three, plain and
// compressed (testdata/check.py).
func TestTensorFlow(t *testing.T) {
	py := os.Getenv("SPINDLE_PYTHON_TF")
	if py == "" {
		t.Skip("set SPINDLE_PYTHON_TF to a Python that has TensorFlow")
	}
	for _, shards := range []int{1, 3} {
		prefix := filepath.Join(t.TempDir(), "model.ckpt")
		if err := write(prefix, sample(5000), shards, shards > 1); err != nil {
			t.Fatal(err)
		}
		out, err := exec.Command(py, filepath.Join("testdata", "check.py"), prefix).CombinedOutput()
		if err != nil {
			t.Errorf("%d shards: %v\n%s", shards, err, out)
		}
	}
}

func TestDtypes(t *testing.T) {
	for _, c := range []struct {
		dtype Dtype
		data  []byte
		want  []float64
	}{
		{Int32, []byte{0xfe, 0xff, 0xff, 0xff}, []float64{-2}},
		{Uint32, []byte{0xfe, 0xff, 0xff, 0xff}, []float64{4294967294}},
		{Int16, []byte{0xfe, 0xff}, []float64{-2}},
		{Uint16, []byte{0xfe, 0xff}, []float64{65534}},
		{Int8, []byte{0xfe, 1}, []float64{-2, 1}},
		{Uint8, []byte{0xfe, 1}, []float64{254, 1}},
		{Bool, []byte{0, 1}, []float64{0, 1}},
		{Uint64, []byte{0, 0, 0, 0, 0, 0, 0, 0x80}, []float64{1 << 63}},
		{BFloat16, []byte{0x80, 0x3f, 0x00, 0xc0}, []float64{1, -2}},
		// IEEE 754-2008's extremes of 16 bits: 65504, 2^-24, -0, infinity.
		{Float16, []byte{0xff, 0x7b, 0x01, 0x00, 0x00, 0xbc, 0x00, 0x7c}, []float64{65504, math.Ldexp(1, -24), -1, math.Inf(1)}},
	} {
		x := Tensor{Name: "x", Dtype: c.dtype, Shape: []int{len(c.want)}, data: c.data}
		if v, err := x.Float64s(); err != nil || !slices.Equal(v, c.want) {
			t.Errorf("%v: %v, want %v (%v)", c.dtype, v, c.want, err)
		}
	}
	x := NewString("s", nil, []string{"a"})
	for _, err := range []error{second(x.Float32s()), second(x.Float64s()), second(x.Int64s())} {
		if err == nil || !strings.Contains(err.Error(), `tensor "s" is string, expected`) {
			t.Errorf("a string as numbers: %v", err)
		}
	}
	b := []byte{1, 2, 3, 4, 5, 6, 7, 8}
	swap(b, 4)
	if !bytes.Equal(b, []byte{4, 3, 2, 1, 8, 7, 6, 5}) {
		t.Errorf("swapped: %v", b)
	}
}

func second[T any](_ T, err error) error { return err }

// fake is a bundle in memory: its index from a header and one entry.
func fake(h header, name string, e []byte, shard []byte) (*Bundle, error) {
	var w tableWriter
	w.add(nil, h.encode())
	w.add([]byte(name), e)
	return memory(w.finish(), shard)
}

func memory(index, shard []byte) (*Bundle, error) {
	var shards int
	return decode("fake", index, func(int) (io.ReaderAt, int64, error) {
		return bytes.NewReader(shard), int64(len(shard)), nil
	}, &shards)
}

// Damaged bundles and lying ones: an error that names the tensor, before memory is taken.
func TestBadInput(t *testing.T) {
	data := []byte{1, 2, 3, 4, 5, 6, 7, 8}
	good := entry{dtype: Float32, shape: []int{2}, size: 8, crc: maskedCRC(data)}
	one := header{shards: 1}
	for _, c := range []struct {
		name string
		h    header
		edit func(*entry)
		want string
	}{
		{"good", one, func(*entry) {}, ""},
		{"checksum", one, func(e *entry) { e.crc++ }, `tensor "x": checksum`},
		{"size", one, func(e *entry) { e.size = 4 }, "[2] of float32 needs 8"},
		{"shape", one, func(e *entry) { e.shape = []int{1 << 39, 1 << 39} }, "shape"},
		{"huge", one, func(e *entry) { e.shape, e.size = []int{1 << 40}, 1<<42 }, `tensor "x": shape`},
		{"large", one, func(e *entry) { e.shape, e.size = []int{1 << 28}, 1<<30 }, "the file has 8"},
		{"offset", one, func(e *entry) { e.offset = 4 }, "bytes 4 to 12, the file has 8"},
		{"wraps", one, func(e *entry) { e.offset = math.MaxUint64 - 3 }, "the file has 8"},
		{"shard", one, func(e *entry) { e.shard = 1 }, "shard 1 of 1"},
		{"dtype", one, func(e *entry) { e.dtype = 20 }, "dtype 20, which is not read"},
		{"strings", one, func(e *entry) { e.dtype, e.shape = String, []int{1 << 20} }, "1048576 strings in 8 bytes"},
		{"string", one, func(e *entry) { e.dtype, e.shape = String, []int{1} }, "lengths of strings: checksum"},
		{"shards", header{shards: 1 << 20}, func(*entry) {}, "1048576 shards"},
	} {
		e := good
		c.edit(&e)
		b, err := fake(c.h, "x", e.encode(), data)
		if err == nil {
			_, err = b.Tensor("x")
		}
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.HasPrefix(err.Error(), "tfbundle: fake.")) {
			t.Errorf("%s: %v, want %q", c.name, err, c.want)
		}
	}
	b, err := fake(one, "x", appendMessage(good.encode(), 7, nil), data)
	if err == nil {
		_, err = b.Tensor("x")
	}
	if err == nil || !strings.Contains(err.Error(), "slices") {
		t.Errorf("slices: %v", err)
	}
	// The parts of such a tensor are entries of their own, whose keys hold a zero.
	var w0 tableWriter
	w0.add(nil, one.encode())
	w0.add([]byte("\x00x\x00part"), good.encode())
	w0.add([]byte("x"), good.encode())
	if b, err := memory(w0.finish(), data); err != nil || !slices.Equal(b.Names(), []string{"x"}) {
		t.Errorf("beside the parts of a tensor: %v", err)
	}
	if _, err := b.Tensor("y"); err == nil || !strings.Contains(err.Error(), `no tensor "y"; there are 1, such as x`) {
		t.Errorf("an unknown tensor: %v", err)
	}

	prefix := filepath.Join(t.TempDir(), "m")
	if _, err := Open(prefix); err == nil {
		t.Error("a bundle that is not there opens")
	}
	if err := Write(prefix, []Tensor{NewFloat32("x", nil, []float32{1}), NewFloat32("x", nil, []float32{1})}); err == nil || !strings.Contains(err.Error(), "twice") {
		t.Errorf("a tensor twice: %v", err)
	}
	if err := Write(prefix, sample(0)); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(shardName(prefix, 0, 1)); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(prefix); err == nil || !strings.Contains(err.Error(), "m.data-00000-of-00001") {
		t.Errorf("without its shard: %v", err)
	}

	// Every byte of an index changed, and every truncation, is noticed, but for
	// the padding of the footer and the meta block, which nothing stands on.
	var w tableWriter
	w.add(nil, one.encode())
	w.add([]byte("x"), good.encode())
	index := w.finish()
	unnoticed := 0
	for i := range index {
		c := bytes.Clone(index)
		c[i] ^= 0x41
		if _, err := memory(c, data); err == nil {
			unnoticed++
		}
		if _, err := memory(index[:i], data); err == nil {
			t.Errorf("%d of %d bytes are a bundle", i, len(index))
		}
	}
	if unnoticed > footerSize+8 {
		t.Errorf("%d changes of %d go unnoticed", unnoticed, len(index))
	}
}

// A compressed block that says it holds more than Snappy can make of it.
func TestSnappyBomb(t *testing.T) {
	b := binary.AppendUvarint(nil, 1<<31)
	b = append(b, 0, 0)
	b = append(b, compressed)
	b = binary.LittleEndian.AppendUint32(b, maskedCRC(b))
	if _, err := block(b, handle{0, uint64(len(b) - trailerSize)}, maxIndex); err == nil || !strings.Contains(err.Error(), "says that it holds 2147483648") {
		t.Errorf("%v", err)
	}
}

// FuzzOpen takes an index as it is; FuzzEntry one whose checksums are right, so
// that what stands behind them is reached.
func FuzzOpen(f *testing.F) {
	for _, snappy := range []bool{false, true} {
		w := tableWriter{snappy: snappy}
		w.add(nil, header{shards: 2}.encode())
		w.add([]byte("a"), entry{dtype: Float32, shape: []int{2}, size: 8, shard: 1}.encode())
		f.Add(w.finish(), make([]byte, 8))
	}
	f.Fuzz(func(t *testing.T, index, shard []byte) {
		b, err := memory(index, shard)
		if err != nil {
			return
		}
		for _, name := range b.Names() {
			b.Tensor(name)
		}
	})
}

func FuzzEntry(f *testing.F) {
	s, crc := joinStrings([]string{"a", "bc"})
	f.Add(header{shards: 1}.encode(), entry{dtype: Float32, shape: []int{2}, size: 8}.encode(), make([]byte, 8), []byte{0, 1, 1, 'x', 1})
	f.Add(header{shards: 3, big: true}.encode(), entry{dtype: String, shape: []int{2}, size: uint64(len(s)), crc: crc}.encode(), s, []byte{0, 0, 0})
	f.Fuzz(func(t *testing.T, h, e, shard, raw []byte) {
		var w tableWriter
		w.add(nil, h)
		w.add([]byte("x"), e)
		if b, err := memory(w.finish(), shard); err == nil {
			if x, err := b.Tensor("x"); err == nil {
				x.Float64s()
				if x.Dtype != String && x.Len() > len(shard) {
					t.Fatalf("%d values of %d bytes", x.Len(), len(shard))
				}
			}
		}
		entries(raw, func(_, _ []byte) error { return nil })
	})
}
