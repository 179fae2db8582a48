// Package run holds what every long job shares: where data lie, files written
// whole or not at all, random streams that do not depend on the number of
// cores, and the record of how an artefact came to be.
package run

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// DataEnv names the variable that holds the path of the data folder.
const DataEnv = "SPINDLE_DATA"

// Module is the path of this module.
const Module = "github.com/spindle-lab/spindle"

// Progress receives the state of long work: done of total, and a short note
// (a loss, a rate). It may be nil. Calls come from one goroutine at a time.
type Progress func(done, total int, note string)

// Report calls p if it is not nil.
func (p Progress) Report(done, total int, note string) {
	if p != nil {
		p(done, total, note)
	}
}

// Root returns the folder of this module's go.mod, looked for from the working
// folder upwards.
func Root() (string, error) {
	dir, err := os.Getwd()
	if err != nil {
		return "", err
	}
	for {
		mod, err := os.ReadFile(filepath.Join(dir, "go.mod"))
		if err == nil && strings.HasPrefix(string(mod), "module "+Module+"\n") {
			return dir, nil
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", errors.New("run: not inside the spindle module: no go.mod of " + Module + " from here upwards")
		}
		dir = up
	}
}

// DataDir returns the data folder and whether it is there: $SPINDLE_DATA, else
// ../shared/data beside the module.
func DataDir() (dir string, ok bool) {
	dir = os.Getenv(DataEnv)
	if dir == "" {
		root, err := Root()
		if err != nil {
			return filepath.Join("..", "shared", "data"), false
		}
		dir = filepath.Join(root, "..", "shared", "data")
	}
	st, err := os.Stat(dir)
	return dir, err == nil && st.IsDir()
}

// DataPath returns the path of a file in the data folder and whether it is there.
func DataPath(elem ...string) (path string, ok bool) {
	dir, _ := DataDir()
	path = filepath.Join(append([]string{dir}, elem...)...)
	_, err := os.Stat(path)
	return path, err == nil
}

// WriteFile writes a file whole or not at all: beside its place, synced, then
// renamed. Missing folders are made.
func WriteFile(path string, write func(io.Writer) error) (err error) {
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err = write(f); err != nil {
		return err
	}
	if err = f.Chmod(0o644); err != nil {
		return err
	}
	if err = f.Sync(); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// Stream returns a random source of its own for a piece of work, made from the
// seed and the names of the piece (strings and integers). Work that takes its
// numbers from such streams gives the same result in any order, on any number
// of cores.
func Stream(seed uint64, names ...any) *rand.Rand {
	h := sha256.New()
	var b [8]byte
	binary.LittleEndian.PutUint64(b[:], seed)
	h.Write(b[:])
	for _, n := range names {
		s := fmt.Sprintf("%T:%v", n, n)
		binary.LittleEndian.PutUint64(b[:], uint64(len(s)))
		h.Write(b[:])
		io.WriteString(h, s)
	}
	sum := h.Sum(nil)
	return rand.New(rand.NewPCG(binary.LittleEndian.Uint64(sum), binary.LittleEndian.Uint64(sum[8:])))
}

// Check stops a notebook's cell with the error, if there is one. It is for
// cells only: a library returns its errors.
func Check(err error) {
	if err != nil {
		panic(err)
	}
}
