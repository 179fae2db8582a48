package recording

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"unicode/utf16"

	"github.com/spindle-lab/spindle/lib/format/hdf5"
	"github.com/spindle-lab/spindle/lib/format/matfile"
)

// isHDF5 tells whether a file has HDF5's signature, at its beginning or after a
// user block as MATLAB writes it.
func isHDF5(path string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	for at := int64(0); at <= 4096; at = max(512, 2*at) {
		b := make([]byte, 8)
		if _, err := f.ReadAt(b, at); err != nil {
			return false, nil
		}
		if bytes.Equal(b, []byte("\x89HDF\r\n\x1a\n")) {
			return true, nil
		}
	}
	return false, nil
}

// Limits of a v7.3 file's trials, far above any session's.
const (
	maxTrials73 = 1 << 17
	maxFields73 = 1 << 10
	arrayCost73 = 32 // values that an array counts for besides its own, so that millions of empty ones are not free
)

// trials73 reads the struct array of trials of a MAT v7.3 file: a group with a
// dataset of references per field, or, for a single trial, the values themselves.
// Arrays stand in the file with their dimensions reversed, so that the order of
// their values is MATLAB's.
func trials73(path string) (names []string, n int, fields func(string) []*matfile.Array, err error) {
	f, err := hdf5.Options{MaxBytes: fileBytes}.Open(path)
	if err != nil {
		return nil, 0, nil, err
	}
	defer f.Close()
	root, err := f.Root()
	if err != nil {
		return nil, 0, nil, err
	}
	var td *hdf5.Group
	var seen []string
	for _, name := range root.Names() {
		if strings.HasPrefix(name, "#") {
			continue
		}
		seen = append(seen, name)
		g, err := root.Group(name)
		if err != nil {
			continue // a matrix beside the trials
		}
		if name == "td" || name == "trial_data" || td == nil {
			td = g
		}
	}
	if td == nil {
		return nil, 0, nil, fmt.Errorf("recording: %s: no struct array of trials (td or trial_data): the file has %s", path, strings.Join(seen, ", "))
	}
	names = td.Names()
	if len(names) > maxFields73 {
		return nil, 0, nil, fmt.Errorf("recording: %s: %s has %d fields, at most %d expected", path, td.Path(), len(names), maxFields73)
	}
	values := map[string][]*matfile.Array{}
	budget := int(fileBytes / 8)
	for _, name := range names {
		ds, err := td.Dataset(name)
		if err != nil {
			continue // a struct in a struct: of no use here
		}
		v, err := field73(f, ds, &budget)
		if err != nil {
			return nil, 0, nil, fmt.Errorf("recording: %s: %s: %w", path, ds.Path(), err)
		}
		if v == nil {
			continue
		}
		if n == 0 {
			n = len(v)
		}
		if len(v) != n {
			return nil, 0, nil, fmt.Errorf("recording: %s: %s holds %d trials, other fields %d", path, ds.Path(), len(v), n)
		}
		values[name] = v
	}
	return names, n, func(name string) []*matfile.Array { return values[name] }, nil
}

// field73 returns a field's value for each trial, nil where it is of a kind that is not read.
func field73(f *hdf5.File, ds *hdf5.Dataset, budget *int) ([]*matfile.Array, error) {
	if ds.Dtype.Class != hdf5.Reference {
		a, err := array73(ds, budget)
		if a == nil || err != nil {
			return nil, err
		}
		return []*matfile.Array{a}, nil
	}
	if class(ds) == "cell" { // a single trial's cell array
		return nil, nil
	}
	if ds.Len() > maxTrials73 {
		return nil, fmt.Errorf("%d trials, at most %d expected", ds.Len(), maxTrials73)
	}
	refs, err := ds.Refs()
	if err != nil {
		return nil, err
	}
	out := make([]*matfile.Array, len(refs))
	for i, r := range refs {
		o, err := f.Follow(r, fmt.Sprintf("%s(%d)", ds.Path(), i))
		if err != nil {
			return nil, err
		}
		d, ok := o.(*hdf5.Dataset)
		if !ok || d.Dtype.Class == hdf5.Reference {
			return nil, nil
		}
		if out[i], err = array73(d, budget); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func class(ds *hdf5.Dataset) string {
	a, err := ds.Attr("MATLAB_class")
	if err != nil {
		return ""
	}
	s, err := a.Text()
	if err != nil {
		return ""
	}
	return s
}

// array73 reads a numeric or char array.
func array73(ds *hdf5.Dataset, budget *int) (*matfile.Array, error) {
	n := ds.Len()
	if n < 0 || n > *budget-arrayCost73 {
		return nil, fmt.Errorf("%d values beyond the %d bytes that a session may take", n, fileBytes)
	}
	*budget -= n + arrayCost73
	a := &matfile.Array{Class: matfile.Double}
	if empty, err := ds.Has("MATLAB_empty"); err != nil {
		return nil, err
	} else if empty {
		a.Dims = []int{0, 0}
		if class(ds) == "char" {
			a.Class = matfile.Char
		}
		return a, nil
	}
	if ds.Dtype.Class != hdf5.Integer && ds.Dtype.Class != hdf5.Float {
		return nil, nil
	}
	v, err := ds.Float64s()
	if err != nil {
		return nil, err
	}
	for i := len(ds.Shape) - 1; i >= 0; i-- {
		a.Dims = append(a.Dims, ds.Shape[i])
	}
	for len(a.Dims) < 2 {
		a.Dims = append(a.Dims, 1)
	}
	a.Real = v
	if class(ds) == "char" {
		a.Class = matfile.Char
		u := make([]uint16, len(v))
		for i, x := range v {
			u[i] = uint16(x)
		}
		a.Text, a.Real = string(utf16.Decode(u)), nil
		a.Lines = []string{a.Text}
	}
	return a, nil
}
