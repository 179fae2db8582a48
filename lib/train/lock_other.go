//go:build !unix

package train

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// lockDir takes the lock of a run's folder: a file that must not be there.
// After a crash the user deletes it.
func lockDir(dir string) (unlock func(), err error) {
	path := filepath.Join(dir, lockFile)
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("train: another run is at work in %s; if none is, delete %s", dir, path)
	}
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	f.Close()
	return func() { os.Remove(path) }, nil
}
