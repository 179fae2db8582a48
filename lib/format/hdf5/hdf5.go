// Package hdf5 reads and writes HDF5 files without the C library: the paper's
// data sets, aligned recordings, MAT v7.3 and NWB files, and result tables that
// pandas wrote (package hdf5/pandas).
//
// Reading covers superblocks 0 to 3, object headers and groups of both
// generations, contiguous, compact and chunked data by every chunk index, the
// filters deflate, shuffle and Fletcher-32, fill values, attributes, and numbers
// of either byte order, booleans, enumerations, strings of fixed and variable
// length, variable-length sequences, compounds, arrays and object references.
// Not read: virtual and external data, other filters (szip, n-bit, scale-offset,
// plug-ins), messages shared in a file-wide table, region references; each is an
// error that says so.
//
// Arrays are in C order: the last index runs fastest, and the first one counts
// rows. Rows can be read in part, from several goroutines at once. Values have
// the units of the file.
//
// Files are not trusted: addresses, sizes and counts are checked against the file
// before memory is taken, what the file alone does not bound (chunks that were
// never written, compressed data) against [Options], and no structure is followed
// twice or deeper than a limit. Errors name the file, the object, the byte and
// what was expected.
//
// Source: The HDF Group, HDF5 File Format Specification, version 3.0, checked
// against files of h5py, PyTables and MATLAB.
package hdf5

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
)

// Options hold the limits of reading. The zero value has the defaults.
type Options struct {
	// MaxBytes bounds the memory of one read, and of one chunk. 0 means 4 GiB.
	MaxBytes int64
}

const (
	defaultMaxBytes = 4 << 30
	maxRank         = 32
	maxDepth        = 64 // nesting of groups, links and B-trees
)

// A File is an HDF5 file opened for reading. Its methods, and those of its
// groups and datasets, may be called from several goroutines.
type File struct {
	name   string
	r      io.ReaderAt
	base   int64 // where HDF5 data begin: after a user block, if there is one
	size   uint64
	max    int64
	closer io.Closer

	offsetSize, lengthSize int
	rootAddr               uint64

	unchecked bool // checksums are not verified: for fuzzing behind them

	mu        sync.Mutex
	heaps     map[uint64]*globalHeap
	heapBytes int
}

// Open opens a file with the default limits.
func Open(path string) (*File, error) { return Options{}.Open(path) }

// Open opens a file.
func (o Options) Open(path string) (*File, error) {
	r, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	st, err := r.Stat()
	if err == nil && !st.Mode().IsRegular() {
		err = fmt.Errorf("hdf5: %s: expected a file, found a %s", path, st.Mode().Type())
	}
	if err != nil {
		r.Close()
		return nil, err
	}
	f, err := o.Decode(r, st.Size(), path)
	if err != nil {
		r.Close()
		return nil, err
	}
	f.closer = r
	return f, nil
}

// Decode opens the size bytes of r; name stands for them in errors. Close does not close r.
func Decode(r io.ReaderAt, size int64, name string) (*File, error) {
	return Options{}.Decode(r, size, name)
}

// Decode opens the size bytes of r; name stands for them in errors. Close does not close r.
func (o Options) Decode(r io.ReaderAt, size int64, name string) (*File, error) {
	f := &File{name: name, r: r, max: o.MaxBytes, heaps: map[uint64]*globalHeap{}}
	if f.max <= 0 {
		f.max = defaultMaxBytes
	}
	if err := f.superblock(size); err != nil {
		return nil, fmt.Errorf("hdf5: %s: %w", name, err)
	}
	return f, nil
}

// Close closes the file.
func (f *File) Close() error {
	if f.closer == nil {
		return nil
	}
	return f.closer.Close()
}

// Name returns the name by which the file was opened.
func (f *File) Name() string { return f.name }

// fail adds file and object to an error from inside.
func (f *File) fail(path string, err error) error {
	if err == nil || strings.HasPrefix(err.Error(), "hdf5: ") {
		return err
	}
	if path == "" {
		path = "/"
	}
	return fmt.Errorf("hdf5: %s: %s: %w", f.name, path, err)
}

// errMemory says that a read would pass MaxBytes.
func (f *File) errMemory(what string, n uint64) error {
	return fmt.Errorf("%s takes %d bytes, the limit is %d (Options.MaxBytes)", what, n, f.max)
}

var errTruncated = errors.New("the file ends here")

// at returns the n bytes at an address, which must lie within the file.
func (f *File) at(addr, n uint64, what string) ([]byte, error) {
	if addr > f.size || n > f.size-addr {
		return nil, fmt.Errorf("%s: bytes %d to %d: the file has %d", what, addr, addr+n, f.size)
	}
	b := make([]byte, n)
	if got, err := f.r.ReadAt(b, f.base+int64(addr)); got < len(b) {
		if errors.Is(err, io.EOF) {
			err = errTruncated
		}
		return nil, fmt.Errorf("%s: byte %d: %w", what, addr+uint64(got), err)
	}
	return b, nil
}

// undefined tells the address that means "nowhere".
func (f *File) undefined(addr uint64) bool {
	return addr == ^uint64(0)>>(64-8*f.offsetSize)
}

const signature = "\x89HDF\r\n\x1a\n"

// superblock finds the beginning of the file and reads what all else rests on.
func (f *File) superblock(size int64) error {
	var head [8]byte
	found := false
	for at := int64(0); at+8 <= size; at = max(512, 2*at) {
		if _, err := f.r.ReadAt(head[:], at); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		if string(head[:]) == signature {
			f.base, found = at, true
			break
		}
	}
	if !found {
		return errors.New("byte 0: no HDF5 signature: not an HDF5 file")
	}
	f.size = uint64(size - f.base)
	f.offsetSize, f.lengthSize = 8, 8
	b, err := f.at(0, min(f.size, 128), "superblock")
	if err != nil {
		return err
	}
	s := f.scan(b, 0, "superblock")
	s.skip(8)
	version := s.u8()
	switch version {
	case 0, 1:
		s.skip(4)
		f.offsetSize, f.lengthSize = int(s.u8()), int(s.u8())
		s.skip(9)
		if version == 1 {
			s.skip(4)
		}
	case 2, 3:
		f.offsetSize, f.lengthSize = int(s.u8()), int(s.u8())
		s.skip(1)
	default:
		return fmt.Errorf("superblock: byte 8: version %d, expected 0 to 3", version)
	}
	for _, n := range []int{f.offsetSize, f.lengthSize} {
		if s.err == nil && n != 2 && n != 4 && n != 8 {
			return fmt.Errorf("superblock: addresses of %d and lengths of %d bytes, expected 2, 4 or 8", f.offsetSize, f.lengthSize)
		}
	}
	stored := s.offset()
	var eof uint64
	if version < 2 {
		s.offset() // free space
		eof = s.offset()
		s.offset() // driver information
		s.offset() // the root's name
		f.rootAddr = s.offset()
	} else {
		s.offset() // extension: nothing in it is needed to read
		eof = s.offset()
		f.rootAddr = s.offset()
		s.checksum()
	}
	if s.err != nil {
		return s.err
	}
	// All addresses count from the signature, also where the stored base says
	// otherwise: then the file has been put into another one, or taken out of it.
	if eof != nowhere && eof >= stored && eof-stored > f.size {
		return fmt.Errorf("superblock: the file should have %d bytes and has %d: it is truncated", eof-stored, f.size)
	}
	return nil
}
