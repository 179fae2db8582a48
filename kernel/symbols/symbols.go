// Package symbols holds what cells can import: for the interpreter, the values
// behind each exported name of the library, of gonum, gonum/plot and the
// standard library; for the checker, completion and hover, the types and the
// documentation of the same packages.
//
// The tables (std, mod and lib, below) are generated and register themselves
// when imported: after a change to an exported
// name of any package of lib, run `go generate ./kernel/symbols`. A test fails
// while they are stale.
package symbols

//go:generate go run ./gen

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"go/token"
	"go/types"
	"io"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"

	"golang.org/x/tools/go/gcexportdata"
)

// Table maps "import/path/name" to the package's exported values, in the form
// that the interpreter's Use takes. The generated packages fill it.
var Table = map[string]map[string]reflect.Value{}

var index = map[string]*Package{}

// A Package is one importable package.
type Package struct {
	Path, Name string
	Synopsis   string // the first sentence of its documentation
	export     []byte // compressed
	doc        []byte // compressed
}

// Register adds the types and documentation of generated packages, which call
// it when imported.
func Register(export []byte) {
	var entries []struct {
		Path, Name, Synopsis string
		Export, Doc          int
	}
	n := int(binary.LittleEndian.Uint32(export))
	if err := json.Unmarshal(export[4:4+n], &entries); err != nil {
		panic("symbols: damaged index: " + err.Error())
	}
	rest := export[4+n:]
	for _, e := range entries {
		index[e.Path] = &Package{e.Path, e.Name, e.Synopsis, rest[:e.Export], rest[e.Export : e.Export+e.Doc]}
		rest = rest[e.Export+e.Doc:]
	}
}

var sourceText []byte

// RegisterSources adds the texts of packages with generic functions.
func RegisterSources(data []byte) { sourceText = data }

var sourceTexts = sync.OnceValue(func() map[string]map[string]string {
	m := map[string]map[string]string{}
	if sourceText == nil {
		return m
	}
	data, err := io.ReadAll(flate.NewReader(bytes.NewReader(sourceText)))
	if err == nil {
		err = json.Unmarshal(data, &m)
	}
	if err != nil {
		panic("symbols: damaged sources: " + err.Error())
	}
	return m
})

// Sources returns the source files, name → text, of a package whose generic
// functions are run from their text; nil for all others.
func Sources(path string) map[string]string { return sourceTexts()[path] }

// Sources is the function [Sources]; an interpreter finds it here.
func (im *Importer) Sources(path string) map[string]string { return Sources(path) }

// Packages returns all importable packages by import path. The map must not be
// changed.
func Packages() map[string]*Package { return index }

// Doc returns the documentation of each exported name: "F", "T", "T.Method",
// "T.Field", and "" for the package.
func (p *Package) Doc() map[string]string {
	data, err := io.ReadAll(flate.NewReader(bytes.NewReader(p.doc)))
	if err != nil {
		panic("symbols: damaged documentation of " + p.Path)
	}
	docs := map[string]string{}
	if err := json.Unmarshal(data, &docs); err != nil {
		panic("symbols: damaged documentation of " + p.Path)
	}
	return docs
}

// An Importer reads the types of importable packages, each when first asked
// for. It may be used by several goroutines.
type Importer struct {
	mu   sync.Mutex
	fset *token.FileSet
	pkgs map[string]*types.Package // all that is known, some of them in part
	full map[string]bool
}

// NewImporter returns an importer with an empty cache.
func NewImporter() *Importer {
	return &Importer{fset: token.NewFileSet(), pkgs: map[string]*types.Package{}, full: map[string]bool{}}
}

// Import returns the types of a package.
func (im *Importer) Import(path string) (*types.Package, error) {
	if path == "unsafe" {
		return types.Unsafe, nil
	}
	im.mu.Lock()
	defer im.mu.Unlock()
	if im.full[path] {
		return im.pkgs[path], nil
	}
	p, ok := index[path]
	if !ok {
		return nil, fmt.Errorf("package %s is not in this kernel", path)
	}
	r := flate.NewReader(bytes.NewReader(p.export))
	t, err := gcexportdata.Read(r, im.fset, im.pkgs, path)
	if err != nil {
		return nil, fmt.Errorf("symbols: %s: %w", path, err)
	}
	im.full[path] = true
	return t, nil
}

// Paths returns the import paths of all importable packages, sorted.
func Paths() []string { return slices.Sorted(maps.Keys(index)) }

// PathOf returns the import path of the package of that name, "" if there is
// none. Of several it prefers the library's, then the shortest path.
func PathOf(name string) string {
	best := ""
	for path, p := range index {
		if p.Name != name {
			continue
		}
		lib, bestLib := strings.Contains(path, "/spindle/lib/"), strings.Contains(best, "/spindle/lib/")
		if best == "" || lib && !bestLib || lib == bestLib && (len(path) < len(best) || len(path) == len(best) && path < best) {
			best = path
		}
	}
	return best
}

var (
	docMu    sync.Mutex
	docCache = map[string]map[string]string{}
)

// Doc returns the documentation of a package's name: "F", "T", "T.Method",
// "T.Field"; of the package itself for "".
func Doc(path, name string) string {
	docMu.Lock()
	defer docMu.Unlock()
	docs, ok := docCache[path]
	if !ok {
		if p := index[path]; p != nil {
			docs = p.Doc()
		}
		docCache[path] = docs
	}
	return docs[name]
}
