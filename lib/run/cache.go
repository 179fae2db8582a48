package run

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
)

// CacheEnv names the variable that holds the folder of cached results; without
// it they lie in the user's folder of caches.
const CacheEnv = "SPINDLE_CACHE"

// A Key gathers all that a result depends on: each part by name, in any order.
// Two results share a key only if all their parts are equal.
type Key struct{ Parts map[string]string }

// Add adds a part, by the hash of its text.
func (k *Key) Add(name, text string) {
	sum := sha256.Sum256([]byte(text))
	k.set(name, hex.EncodeToString(sum[:]))
}

// AddFile adds a part, by the hash of a file's content.
func (k *Key) AddFile(name, path string) error {
	sum, err := HashFile(path)
	if err != nil {
		return err
	}
	k.set(name, sum)
	return nil
}

// AddFolder adds every file of a folder. Files past the limit in bytes count by
// size and time of change: reading a data set of many GB would take longer than
// the work that is saved.
func (k *Key) AddFolder(name, dir string, limit int64) error {
	return filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		part := name + "/" + path
		st, err := os.Stat(path)
		if err != nil {
			return err
		}
		if st.Size() > limit {
			k.set(part, fmt.Sprintf("%d bytes of %s", st.Size(), st.ModTime().UTC()))
			return nil
		}
		return k.AddFile(part, path)
	})
}

func (k *Key) set(name, hash string) {
	if k.Parts == nil {
		k.Parts = map[string]string{}
	}
	k.Parts[name] = hash
}

// Sum is the key itself, in hex.
func (k *Key) Sum() string {
	names := make([]string, 0, len(k.Parts))
	for n := range k.Parts {
		names = append(names, n)
	}
	sort.Strings(names)
	h := sha256.New()
	for _, n := range names {
		fmt.Fprintf(h, "%q=%q\n", n, k.Parts[n])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// A Cache keeps folders of results under their keys.
type Cache struct{ Dir string }

// OpenCache returns the cache of $SPINDLE_CACHE or of the user.
func OpenCache() (Cache, error) {
	if dir := os.Getenv(CacheEnv); dir != "" {
		return Cache{dir}, nil
	}
	dir, err := os.UserCacheDir()
	if err != nil {
		return Cache{}, fmt.Errorf("no folder for cached results: %w; name one in $%s", err, CacheEnv)
	}
	return Cache{filepath.Join(dir, "spindle")}, nil
}

// entry is what a cached result says of itself.
type entry struct {
	Parts map[string]string `json:"parts"`
	Files map[string]string `json:"files"` // path within the result: SHA-256
}

const entryFile = "entry.json"

func (c Cache) folder(k *Key) string { return filepath.Join(c.Dir, "results", k.Sum()) }

// Store keeps the files of a result, given as paths relative to dir. It is kept
// whole or not at all.
func (c Cache) Store(k *Key, dir string, files []string) (err error) {
	to := c.folder(k)
	if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
		return err
	}
	beside, err := os.MkdirTemp(filepath.Dir(to), ".new")
	if err != nil {
		return err
	}
	defer os.RemoveAll(beside)
	e := entry{Parts: k.Parts, Files: map[string]string{}}
	for _, f := range files {
		if err := copyFile(filepath.Join(dir, f), filepath.Join(beside, "files", f)); err != nil {
			return err
		}
		if e.Files[f], err = HashFile(filepath.Join(beside, "files", f)); err != nil {
			return err
		}
	}
	if err := WriteFile(filepath.Join(beside, entryFile), func(w io.Writer) error { return json.NewEncoder(w).Encode(e) }); err != nil {
		return err
	}
	if err := os.RemoveAll(to); err != nil {
		return err
	}
	return os.Rename(beside, to)
}

// Has tells whether there is a result, without looking at its files.
func (c Cache) Has(k *Key) bool {
	_, err := os.Stat(filepath.Join(c.folder(k), entryFile))
	return err == nil
}

// Restore copies a result into dir and tells whether there was one. One whose
// files are not those that were stored counts as none.
func (c Cache) Restore(k *Key, dir string) (files []string, ok bool, err error) {
	from := c.folder(k)
	raw, err := os.ReadFile(filepath.Join(from, entryFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	var e entry
	if json.Unmarshal(raw, &e) != nil {
		return nil, false, nil
	}
	for f, want := range e.Files {
		if !filepath.IsLocal(f) {
			return nil, false, nil
		}
		if got, err := HashFile(filepath.Join(from, "files", f)); err != nil || got != want {
			return nil, false, nil
		}
		files = append(files, f)
	}
	sort.Strings(files)
	for _, f := range files {
		if err := copyFile(filepath.Join(from, "files", f), filepath.Join(dir, f)); err != nil {
			return nil, false, err
		}
	}
	return files, true, nil
}

func copyFile(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	return WriteFile(to, func(w io.Writer) error { _, err := io.Copy(w, in); return err })
}
