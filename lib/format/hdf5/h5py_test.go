package hdf5

import (
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
)

// Files with every chunk index, heap and link of the format, written by h5py
// with the structures of four generations of the library: testdata/variants.py,
// which also says which values are expected.
func TestVariants(t *testing.T) {
	py := python(t)
	dir := t.TempDir()
	args := []string{filepath.Join("testdata", "variants.py"), dir}
	if os.Getenv(pythonEnv) == "" {
		args = append(args, "small") // without trees and pages of more than a level
	}
	out, err := exec.Command(py, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("variants.py: %v\n%s", err, out)
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.h5"))
	if err != nil || len(files) < 11 {
		t.Fatalf("%d files, want 11 (%v)", len(files), err)
	}
	for _, path := range files {
		t.Run(filepath.Base(path), func(t *testing.T) {
			f, err := Open(path)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if strings.HasPrefix(filepath.Base(path), "special") {
				checkSpecial(t, f)
			} else {
				checkVariants(t, f)
			}
		})
	}
}

// checkRule compares every dataset with the rule in variants.py and returns how
// many it found; there must be at least that many.
func checkRule(t *testing.T, f *File, least int) int {
	t.Helper()
	root, err := f.Root()
	if err != nil {
		t.Fatal(err)
	}
	datasets := 0
	err = root.Walk(func(o Object) error {
		d, ok := o.(*Dataset)
		if !ok {
			return nil
		}
		num := func(name string, missing float64) float64 {
			if has, err := d.Has(name); err != nil || !has {
				return missing
			}
			a, err := d.Attr(name)
			if err != nil {
				t.Fatal(err)
			}
			v, err := a.Float64()
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		mod, fill := int(num("mod", 0)), num("fill", 0)
		if mod == 0 {
			return nil // not one of the rule's
		}
		datasets++
		written := int(num("written", math.MaxInt32)) * d.RowLen()
		got, err := d.Float64s()
		if err != nil {
			t.Error(err)
			return nil
		}
		for i, v := range got {
			want := fill
			if i < written {
				want = float64((i*7 + 3) % mod)
			}
			if v != want {
				t.Errorf("%s: value %d of %v is %v, want %v", d.Path(), i, d.Shape, v, want)
				break
			}
		}
		if d.Len() < 5000 {
			compareRows(t, d)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if datasets < least {
		t.Errorf("%d datasets of the rule, want at least %d", datasets, least)
	}
	return datasets
}

// checkVariants looks at a file of variants.py.
func checkVariants(t *testing.T, f *File) {
	t.Helper()
	datasets := checkRule(t, f, 40)
	dense, err := f.Group("/dense")
	if err != nil {
		t.Fatal(err)
	}
	if want := len(dense.Names()) + 60; datasets < want {
		t.Errorf("%d datasets, want at least %d", datasets, want)
	}
	for _, path := range []string{"soft", "dense/beside", "dense/again/contiguous", "/dense/link0007"} {
		if _, err := f.Dataset(path); err != nil {
			t.Error(err)
		}
	}
	for path, want := range map[string]string{"loop": "without end", "foreign": "another file", "dense/no": "no \"no\"", "dense": "a group, expected a dataset", "single/x": "is a dataset"} {
		if _, err := f.Dataset(path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
	g, err := f.Group("/attributes")
	if err != nil {
		t.Fatal(err)
	}
	attrs, err := g.Attrs()
	if err != nil || len(attrs) < 40 {
		t.Errorf("%d attributes (%v)", len(attrs), err)
	}
	for i, a := range attrs {
		v, err := a.Int64s()
		if err != nil || len(v) != i%50 || len(v) > 0 && v[len(v)-1] != int64(i%50-1) {
			t.Errorf("attribute %s: %v (%v)", a.Name, v, err)
		}
	}
	o, err := f.Group("/ordered")
	if err != nil {
		t.Fatal(err)
	}
	if a, err := o.Attr("a20"); err != nil {
		t.Error(err)
	} else if v, err := a.Int64(); v != 9 || err != nil {
		t.Errorf("attribute a20 is %d, want 9 (%v)", v, err)
	}
}

func checkSpecial(t *testing.T, f *File) {
	t.Helper()
	same := func(what string, got any, err error, want any) {
		t.Helper()
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: %v, want %v (%v)", what, got, want, err)
		}
	}
	c := mustDataset(t, f, "compound")
	member := func(d *Dataset, name string) *Dataset {
		t.Helper()
		m, err := d.Member(name)
		if err != nil {
			t.Fatal(err)
		}
		return m
	}
	n, err := member(c, "n").Int64s()
	same("n", n, err, []int64{0, 1, 2, 3, 4, 5, 6})
	xy := member(c, "xy")
	same("shape of xy", xy.Shape, nil, []int{7, 2})
	v, err := xy.Float64Rows(2, 4)
	same("xy", v, err, []float64{1, 1.25, 1.5, 1.75})
	s, err := member(c, "name").StringRows(5, 7)
	same("name", s, err, []string{"name5", "name6"})
	in, err := member(member(c, "in"), "a").Int64Rows(5, 7)
	same("in.a", in, err, []int64{-5, -6})
	if _, err := c.Member("who"); err == nil || !strings.Contains(err.Error(), "n, xy, name, in") {
		t.Errorf("an unknown member: %v", err)
	}
	if _, err := c.Float64s(); err == nil || !strings.Contains(err.Error(), "expected numbers") {
		t.Errorf("numbers of compounds: %v", err)
	}
	oc := mustDataset(t, f, "of_committed")
	v, err = oc.Float64s()
	same("of_committed", v, err, []float64{0, 1, 2, 3})
	if a, err := oc.Attr("a"); err != nil {
		t.Error(err)
	} else {
		x, err := a.Float64()
		same("attribute of a committed type", x, err, 2.5)
	}
	if o, err := f.Object("committed"); err != nil {
		t.Error(err)
	} else {
		same("committed", o.(*NamedType).Dtype.String(), nil, "<f4")
	}
	e := mustDataset(t, f, "enum")
	n, err = e.Int64s()
	same("enum", n, err, []int64{1, 2, 1})
	same("names", strings.Join(e.Dtype.Names, " ") == "RED BLUE" || strings.Join(e.Dtype.Names, " ") == "BLUE RED", nil, true)
	q, err := mustDataset(t, f, "vlen").Sequences()
	same("vlen", q, err, [][]byte{{1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0}, nil, {9, 0, 0, 0}})
	refs, err := mustDataset(t, f, "refs").Refs()
	if err != nil || len(refs) != 3 || refs[1] != 0 {
		t.Fatalf("references %v (%v)", refs, err)
	}
	o, err := f.Follow(refs[2], "third")
	if err != nil {
		t.Fatal(err)
	}
	n, err = o.(*Dataset).Int64s()
	same("what a reference means", n, err, []int64{1, 2, 1})
	if _, err := f.Follow(refs[1], "second"); err == nil {
		t.Error("a reference to nothing leads somewhere")
	}
	s, err = mustDataset(t, f, "strings").Strings()
	same("strings", s, err, []string{"a", "", strings.Repeat("ü", 5000)})
	s, err = mustDataset(t, f, "blanks").Strings()
	same("blanks", s, err, []string{"ab  ", "c"})
	none := mustDataset(t, f, "empty")
	v, err = none.Float64s()
	same("empty", v, err, []float64{})
	same("empty is null", none.Null, nil, true)
	root, err := f.Root()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string][]string{"text": {"café"}, "fixed": {"fixed"}, "texts": {"one", "three"}, "empty": nil} {
		a, err := root.Attr(name)
		if err != nil {
			t.Error(err)
			continue
		}
		s, err := a.Strings()
		same(name, s, err, want)
	}
	if has, _ := root.Has("huge"); has {
		a, err := root.Attr("huge")
		if err != nil {
			t.Fatal(err)
		}
		v, err := a.Float64s()
		same("huge", len(v), err, 20000)
		same("huge", v[19999], err, 19999.0)
	}
	for path, want := range map[string]string{"lzf": "filter 32000 (lzf) is not read", "scaleoffset": "filter 6 (scale-offset)"} {
		if _, err := mustDataset(t, f, path).Float64s(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", path, err, want)
		}
	}
}
