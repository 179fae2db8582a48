package npy

import (
	"archive/zip"
	"fmt"
	"io"
	"os"
	"strings"
)

// An Archive is an open .npz file.
type Archive struct {
	o     Options
	name  string
	z     *zip.Reader
	files map[string]*zip.File
	names []string
	close io.Closer
}

// Open opens a .npz file with the default limits.
func Open(path string) (*Archive, error) { return Options{}.Open(path) }

// Open opens a .npz file.
func (o Options) Open(path string) (*Archive, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	st, err := f.Stat()
	var a *Archive
	if err == nil {
		a, err = o.Archive(f, st.Size(), path)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	a.close = f
	return a, nil
}

// Archive opens the .npz in the size bytes of r; name stands for it in errors.
func (o Options) Archive(r io.ReaderAt, size int64, name string) (*Archive, error) {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil, fmt.Errorf("npy: %s: expected an .npz file: %w", name, err)
	}
	a := &Archive{o: o, name: name, z: z, files: map[string]*zip.File{}}
	for _, f := range z.File {
		key, ok := strings.CutSuffix(f.Name, ".npy")
		if !ok {
			continue // NumPy gives such entries as bytes; no array
		}
		if a.files[key] != nil {
			return nil, fmt.Errorf("npy: %s: array %q stands twice", name, key)
		}
		a.files[key] = f
		a.names = append(a.names, key)
	}
	return a, nil
}

// Close closes the file.
func (a *Archive) Close() error {
	if a.close == nil {
		return nil
	}
	return a.close.Close()
}

// Names returns the names of the arrays, in the order of the file.
func (a *Archive) Names() []string { return append([]string(nil), a.names...) }

// Array reads an array and verifies its checksum.
func (a *Archive) Array(name string) (*Array, error) {
	f := a.files[name]
	if f == nil {
		some := a.names
		if len(some) > 10 {
			some = some[:10]
		}
		return nil, fmt.Errorf("npy: %s: no array %q; there are %d, such as %s", a.name, name, len(a.names), strings.Join(some, ", "))
	}
	label := a.name + ": " + name
	size := f.UncompressedSize64
	// Deflate expands at most 1032 times: more is a lie.
	if size > 1<<62 || size/1032 > f.CompressedSize64+64 {
		return nil, fmt.Errorf("npy: %s: %d bytes say that they hold %d", label, f.CompressedSize64, size)
	}
	r, err := f.Open()
	if err != nil {
		return nil, fmt.Errorf("npy: %s: %w", label, err)
	}
	defer r.Close()
	v, err := a.o.Decode(r, int64(size), label)
	if err != nil {
		return nil, err
	}
	// The checksum is compared at the end of the entry.
	if n, err := io.Copy(io.Discard, io.LimitReader(r, 1)); err != nil || n > 0 {
		if err == nil {
			err = fmt.Errorf("bytes follow the values")
		}
		return nil, fmt.Errorf("npy: %s: %w", label, err)
	}
	return v, nil
}

// ReadNPZ reads all arrays of a .npz file, by name.
func ReadNPZ(path string) (map[string]*Array, error) {
	a, err := Open(path)
	if err != nil {
		return nil, err
	}
	defer a.Close()
	out := make(map[string]*Array, len(a.names))
	for _, name := range a.names {
		if out[name], err = a.Array(name); err != nil {
			return nil, err
		}
	}
	return out, nil
}
