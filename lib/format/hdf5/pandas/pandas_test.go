package pandas

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/format/hdf5"
	"github.com/spindle-lab/spindle/lib/internal/golden"
)

// Every column of every file of the group, in the order of the table.
func TestGolden(t *testing.T) {
	for _, c := range golden.Cases(t, "files/hdf5-optional") {
		t.Run(c.Name, func(t *testing.T) {
			var contents struct {
				Path    string
				Columns []string
				Strings map[string][]string
			}
			var many []json.RawMessage // the index lists objects, or the one object
			raw := c.Contents
			if json.Unmarshal(raw, &many) == nil && len(many) == 1 {
				raw = many[0]
			}
			if err := json.Unmarshal(raw, &contents); err != nil {
				t.Fatal(err)
			}
			f, err := Read(c.Path(), contents.Path)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(f.Names, contents.Columns) {
				t.Errorf("columns %v, want %v", f.Names, contents.Columns)
			}
			checked := 0
			for _, name := range f.Names {
				if want, ok := contents.Strings[name]; ok {
					got, err := f.Text(name)
					if err != nil || !slices.Equal(got, want) {
						t.Errorf("%s: %q, want %q (%v)", name, got, want, err)
					}
					checked++
					continue
				}
				got, err := f.Float(name)
				if err != nil {
					t.Error(err)
				}
				c.Compare(t, "float64", name, got)
				if ints := strings.HasPrefix(c.Array(t, name).Dtype, "<i"); ints != (f.Columns[name].Ints != nil) {
					t.Errorf("%s: integers %v, want %v", name, f.Columns[name].Ints, ints)
				}
				checked++
			}
			if checked != len(c.Arrays)+len(contents.Strings) {
				t.Errorf("%d columns compared, the case has %d", checked, len(c.Arrays)+len(contents.Strings))
			}
		})
	}
}

// What pandas itself writes, where there is one: testdata/frames.py.
func TestPandas(t *testing.T) {
	py := os.Getenv("SPINDLE_PYTHON")
	if py == "" {
		py = "python3"
	}
	if err := exec.Command(py, "-c", "import pandas, tables").Run(); err != nil {
		t.Skipf("%s has no pandas and PyTables; set SPINDLE_PYTHON to a Python that has", py)
	}
	dir := t.TempDir()
	if out, err := exec.Command(py, filepath.Join("testdata", "frames.py"), dir).CombinedOutput(); err != nil {
		t.Fatalf("frames.py: %v\n%s", err, out)
	}
	read := func(name, key string) *Frame {
		t.Helper()
		f, err := Read(filepath.Join(dir, name+".h5"), key)
		if err != nil {
			t.Fatal(err)
		}
		return f
	}
	for _, c := range [][2]string{{"plain_fixed", "df"}, {"plain_table", "df"}, {"columns_table", "a/b"}, {"objects_fixed", "df"}} {
		f := read(c[0], c[1])
		checkPlain(t, c[0], f)
		if c[0] == "objects_fixed" {
			list, err := f.Text("n_skernels")
			if err != nil || list[7] != "[8, 16, 7]" {
				t.Errorf("a list prints %q (%v)", list, err)
			}
			for name, want := range map[string]float64{"mixed": 2.5, "numpy": 2} {
				v, err := f.Float(name)
				if err != nil || v[4] != want {
					t.Errorf("%s: %v, want %v in row 4 (%v)", name, v, want, err)
				}
			}
		}
	}
	for _, format := range []string{"_fixed", "_table"} {
		f := read("numbers"+format, "df")
		if v, err := f.Float("1"); err != nil || !slices.Equal(v, []float64{3, 4}) || !slices.Equal(f.Names, []string{"0", "1"}) {
			t.Errorf("numbers%s: %v of %v (%v)", format, v, f.Names, err)
		}
		if f = read("index"+format, "df"); f.Index.Texts[22] != "row22" {
			t.Errorf("index%s: %v", format, f.Index)
		}
		if f = read("one"+format, "df"); f.Rows != 1 || f.Columns["x"].Floats[0] != 1.5 {
			t.Errorf("one%s: %v", format, f.Columns["x"])
		}
	}
	if f := read("empty_fixed", "df"); f.Rows != 0 || len(f.Names) != 2 {
		t.Errorf("an empty frame: %v", f)
	}
	// The table format keeps the levels of an index as columns.
	if f := read("multi_table", "df"); f.Rows != 2 || !slices.Equal(f.Columns["level_1"].Floats, []float64{2, 4}) || !slices.Equal(f.Columns["a"].Floats, []float64{1, 2}) {
		t.Errorf("an index of two levels: %v", f.Names)
	}
	for name, want := range map[string]string{"series_fixed": "pandas_type is \"series\"", "category_table": "categories",
		"multi_fixed": "several levels"} {
		_, err := Read(filepath.Join(dir, name+".h5"), "df")
		if err == nil || !strings.HasPrefix(err.Error(), "pandas: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", name, err, want)
		}
	}
}

// The README's five lines make a table that is read of tables that are not.
func TestReadmeExport(t *testing.T) {
	py := os.Getenv("SPINDLE_PYTHON")
	if py == "" {
		py = "python3"
	}
	if err := exec.Command(py, "-c", "import pandas, tables").Run(); err != nil {
		t.Skipf("%s has no pandas and PyTables; set SPINDLE_PYTHON to a Python that has", py)
	}
	readme, err := os.ReadFile(filepath.Join("..", "..", "..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	var lines string
	for _, block := range strings.Split(string(readme), "```") {
		if strings.HasPrefix(block, "python\n") && strings.Contains(block, "read_hdf") {
			lines = strings.TrimPrefix(block, "python\n")
		}
	}
	if n := strings.Count(lines, "\n"); n != 5 {
		t.Fatalf("%d lines: %s", n, lines)
	}
	dir := t.TempDir()
	before, after := filepath.Join(dir, "before.h5"), filepath.Join(dir, "after.h5")
	make := `import pandas as pd, sys
d = pd.DataFrame({"monkey": pd.Categorical(["Han", "Chips", "Han"]), "model_task": ["bt", None, "bt"], "neuron_ids": [3, 1, 2], "ev_test": [0.25, 0.5, -1.0]})
d.index = pd.MultiIndex.from_tuples([(0, 1), (0, 2), (1, 1)])
d.to_hdf(sys.argv[1], key="df", format="table")`
	for _, c := range [][]string{{"-W", "ignore", "-c", make, before}, {"-W", "ignore", "-c", lines, before, after}} {
		if out, err := exec.Command(py, c...).CombinedOutput(); err != nil {
			t.Fatalf("%v\n%s", err, out)
		}
	}
	if _, err := Read(before, "df"); err == nil {
		t.Error("the table is read as it is: the test shows nothing")
	}
	f, err := Read(after, "df")
	if err != nil {
		t.Fatal(err)
	}
	monkeys, err1 := f.Text("monkey")
	ids, err2 := f.Float("neuron_ids")
	ev, err3 := f.Float("ev_test")
	if err := errors.Join(err1, err2, err3); err != nil || !slices.Equal(monkeys, []string{"Han", "Chips", "Han"}) || !slices.Equal(ids, []float64{3, 1, 2}) || !slices.Equal(ev, []float64{0.25, 0.5, -1}) {
		t.Errorf("%v %v %v: %v", monkeys, ids, ev, err)
	}
}

func checkPlain(t *testing.T, name string, f *Frame) {
	t.Helper()
	if f.Rows != 23 || len(f.Names) < 8 {
		t.Fatalf("%s: %d rows of %v", name, f.Rows, f.Names)
	}
	num := func(col string) []float64 {
		v, err := f.Float(col)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	text := func(col string) []string {
		v, err := f.Text(col)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	for r := range f.Rows {
		x := float64(r)
		ev := num("ev_test")[r]
		arch := []string{"", "spatial_temporal"}[r%2]
		if num("neuron_ids")[r] != x || (ev != x/8 && r != 3) || (r == 3) != math.IsNaN(ev) || num("f4")[r] != x/4 ||
			num("model_layer")[r] != float64(r%5) || num("small")[r] != float64(r%5) || num("flag")[r] != float64(1-r%2) ||
			text("monkey")[r] != []string{"Snap", "Han", "Chips"}[r%3] || text("arch_type")[r] != arch {
			t.Fatalf("%s: row %d is wrong", name, r)
		}
	}
	if f.Columns["flag"].Dtype != "bool" || f.Columns["small"].Dtype != "<i2" {
		t.Errorf("%s: dtypes %s, %s", name, f.Columns["flag"].Dtype, f.Columns["small"].Dtype)
	}
	if _, err := f.Float("monkey"); err == nil || !strings.Contains(err.Error(), "expected numbers") {
		t.Errorf("numbers of strings: %v", err)
	}
	if _, err := f.Text("nobody"); err == nil || !strings.Contains(err.Error(), "the table has") {
		t.Errorf("an unknown column: %v", err)
	}
}

// A file of the table format, made by our own writer as far as it goes: an
// object that is no table is an error, not a panic.
func TestNoTable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a.h5")
	w, err := hdf5.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, err := range []error{w.Group("/plain"), w.Group("/df"), w.Attr("/df", "pandas_type", "frame_table"),
		w.Group("/fixed"), w.Attr("/fixed", "pandas_type", "frame"), w.Attr("/fixed", "axis0_variety", "regular"),
		w.Attr("/fixed", "axis1_variety", "regular"), w.Attr("/fixed", "nblocks", -1), w.Write("/data", 1.0), w.Close()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for key, want := range map[string]string{"plain": "to_hdf", "df": "pickle", "fixed": "-1 blocks", "data": "expected a group", "none": "no \"none\""} {
		if _, err := Read(path, key); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", key, err, want)
		}
	}
}

// Pickles as Python prints them in pickletools' manner, protocols 0 to 5.
func TestPickle(t *testing.T) {
	for _, c := range []struct{ pickle, want string }{
		{"(lp0\nVev_test\np1\naVev_train\np2\na.", "['ev_test', 'ev_train']"},
		{"(lp0\n(I1\n(lp1\nVa\np2\natp3\na.", "[(1, ['a'])]"},
		{"\x80\x02]q\x00(K\x01M\x00\x01J\xff\xff\xff\xffG?\xf8\x00\x00\x00\x00\x00\x00\x88Ne.", "[1, 256, -1, 1.5, True, None]"},
		{"\x80\x05\x95\x00\x00\x00\x00\x00\x00\x00\x00]\x94(\x8c\x01a\x94h\x01\x8a\x02\x00\xffe.", "['a', 'a', -256]"},
		{"(I01\nI00\nL12L\nF0.5\nS'it\\'s'\nt.", "(True, False, 12, 0.5, 'it's')"},
		{"V\\u00e9\n.", "é"},
	} {
		v, err := unpickle([]byte(c.pickle))
		if err != nil {
			t.Errorf("%q: %v", c.pickle, err)
			continue
		}
		var b strings.Builder
		if err := show(&b, v, 0); err != nil || b.String() != c.want {
			t.Errorf("%q: %s, want %s (%v)", c.pickle, b.String(), c.want, err)
		}
	}
	for pickle, want := range map[string]string{
		"": "left", ".": "nothing on the stack", "]h\x07.": "nothing was kept", "e.": "no mark",
		"cos\nsystem\n(S'true'\ntR.": "", "\xff": "not one that data need", "X\xff\xff\xff\x7f": "left",
	} {
		v, err := unpickle([]byte(pickle))
		if err == nil { // a call is written down, and is then no data
			var b strings.Builder
			err = show(&b, v, 0)
		}
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", pickle, err, want)
		}
	}
	// A list that holds itself, and one that doubles 60 times.
	loop := "]q\x00h\x00a."
	double := "]q\x00K\x01a"
	for range 60 {
		double += "q\x00](h\x00h\x00e"
	}
	for _, p := range []string{loop, double + "."} {
		v, err := unpickle([]byte(p))
		if err != nil {
			t.Fatal(err)
		}
		var b strings.Builder
		if err := show(&b, v, 0); err == nil {
			t.Errorf("prints %d bytes", b.Len())
		}
	}
}

func FuzzUnpickle(f *testing.F) {
	f.Add([]byte("(lp0\n(I1\n(lp1\nVa\np2\natp3\na."))
	f.Add([]byte("\x80\x05\x95\x00\x00\x00\x00\x00\x00\x00\x00]\x94(\x8c\x01a\x94h\x01\x8a\x02\x00\xffe."))
	f.Add([]byte("\x8c\x15numpy.core.multiarray\x94\x8c\x0c_reconstruct\x94\x93(K\x01K\x01\x85N\x89](K\x07et\x94b."))
	f.Fuzz(func(t *testing.T, b []byte) {
		v, err := unpickle(b)
		if err != nil {
			return
		}
		array(v)
		texts(v)
		show(&strings.Builder{}, v, 0)
	})
}

// Only what is asked for is read: of a table of the published form, by its
// columns, in either format.
func TestColumns(t *testing.T) {
	dir := filepath.Join("..", "..", "..", "figure", "testdata", "published")
	for _, name := range []string{"task_driven_results_active.h5", "task_driven_results_passive.h5"} { // fixed, table
		path := filepath.Join(dir, name)
		all, err := Read(path, "df")
		if err != nil {
			t.Fatal(err)
		}
		some, err := Read(path, "df", "ev_test", "monkey", "model_layer", "no such column")
		if err != nil {
			t.Fatal(err)
		}
		if len(some.Columns) != 3 || some.Rows != all.Rows || !slices.Equal(some.Names, all.Names) {
			t.Errorf("%s: %d columns of %d rows, names %v", name, len(some.Columns), some.Rows, some.Names)
		}
		for _, c := range []string{"ev_test", "monkey", "model_layer"} {
			got, want := some.Columns[c], all.Columns[c]
			if got == nil || !slices.Equal(got.Floats, want.Floats) || !slices.Equal(got.Ints, want.Ints) || !slices.Equal(got.Texts, want.Texts) {
				t.Errorf("%s: column %s differs from that of the whole table", name, c)
			}
		}
		if _, err := some.Float("ev_train"); err == nil || !strings.Contains(err.Error(), "not asked for") {
			t.Errorf("%s: a column that was not read: %v", name, err)
		}
		if _, err := some.Float("no such column"); err == nil || !strings.Contains(err.Error(), "no column") {
			t.Errorf("%s: a column that is not there: %v", name, err)
		}
	}
}

// Two columns of forty that lie in one block take the memory of two, and of a
// piece of the block: 50,000 rows of 40 numbers are 16 MB.
func TestColumnsMemory(t *testing.T) {
	const rows, columns = 50000, 40
	names := make([]string, columns)
	for i := range names {
		names[i] = fmt.Sprintf("c%d", i)
	}
	for _, rowFirst := range []bool{true, false} {
		path := filepath.Join(t.TempDir(), "wide.h5")
		wide(t, path, names, rows, rowFirst)
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		f, err := Read(path, "df", "c3", "c38")
		if err != nil {
			t.Fatal(err)
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		if len(f.Columns) != 2 || f.Rows != rows {
			t.Fatalf("%d columns of %d rows", len(f.Columns), f.Rows)
		}
		if a, b := f.Columns["c3"].Floats[rows-1], f.Columns["c38"].Floats[7]; a != 3+0.5*(rows-1) || b != 38+0.5*7 {
			t.Errorf("values %v and %v", a, b)
		}
		// Two columns and the index, floats and integers, are 1.6 MB.
		if n := int64(after.HeapAlloc) - int64(before.HeapAlloc); n > 4<<20 {
			t.Errorf("row first %v: %d bytes kept for 2 of %d columns", rowFirst, n, columns)
		}
		runtime.KeepAlive(f)
	}
}

// wide writes a frame of the fixed format: value 0.5·row + column.
func wide(t *testing.T, path string, names []string, rows int, rowFirst bool) {
	t.Helper()
	w, err := hdf5.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	values, index := make([]float64, rows*len(names)), make([]int64, rows)
	for r := range index {
		index[r] = int64(r)
		for c := range names {
			at := c*rows + r
			if rowFirst {
				at = r*len(names) + c
			}
			values[at] = float64(c) + 0.5*float64(r)
		}
	}
	shape := []int{len(names), rows}
	if rowFirst {
		shape = []int{rows, len(names)}
	}
	check := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	check(w.Group("df"))
	check(w.Write("df/axis0", names))
	check(w.Write("df/axis1", index))
	check(w.Write("df/block0_items", names))
	check(w.Write("df/block0_values", values, shape...))
	check(w.Attr("df", "pandas_type", "frame"))
	check(w.Attr("df", "axis0_variety", "regular"))
	check(w.Attr("df", "axis1_variety", "regular"))
	check(w.Attr("df", "nblocks", int64(1)))
	if rowFirst {
		check(w.Attr("df/block0_values", "transposed", int64(1)))
	}
	check(w.Close())
}
