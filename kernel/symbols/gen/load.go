package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"sort"
	"strings"

	"golang.org/x/tools/go/gcexportdata"
)

// libPrefix begins the paths of this module's library.
const libPrefix = "github.com/spindle-lab/spindle/lib/"

// standard lists the packages of the standard library that a cell may import.
var standard = strings.Fields(`
	archive/tar archive/zip bufio bytes cmp compress/bzip2 compress/flate compress/gzip compress/zlib
	container/heap container/list container/ring context crypto/hmac crypto/md5 crypto/rand crypto/sha1
	crypto/sha256 crypto/sha512 embed encoding encoding/ascii85 encoding/base32 encoding/base64 encoding/binary
	encoding/csv encoding/gob encoding/hex encoding/json encoding/pem encoding/xml errors expvar flag fmt
	go/ast go/constant go/format go/parser go/token hash hash/adler32 hash/crc32 hash/crc64 hash/fnv hash/maphash
	html html/template image image/color image/color/palette image/draw image/gif image/jpeg image/png
	index/suffixarray io io/fs io/ioutil iter log log/slog maps math math/big math/bits math/cmplx math/rand
	math/rand/v2 mime net net/http net/url os os/exec os/signal os/user path path/filepath reflect regexp
	regexp/syntax runtime runtime/debug runtime/metrics runtime/pprof slices sort strconv strings sync sync/atomic
	testing/quick text/scanner text/tabwriter text/template text/template/parse time unicode unicode/utf16
	unicode/utf8 unique weak`)

// modules lists the packages of other modules that a cell may import.
var modules = strings.Fields(`
	gonum.org/v1/gonum/blas gonum.org/v1/gonum/blas/blas64 gonum.org/v1/gonum/cmplxs gonum.org/v1/gonum/diff/fd
	gonum.org/v1/gonum/dsp/fourier gonum.org/v1/gonum/dsp/window gonum.org/v1/gonum/floats
	gonum.org/v1/gonum/floats/scalar gonum.org/v1/gonum/integrate gonum.org/v1/gonum/integrate/quad
	gonum.org/v1/gonum/interp gonum.org/v1/gonum/mat gonum.org/v1/gonum/mathext gonum.org/v1/gonum/num/quat
	gonum.org/v1/gonum/optimize gonum.org/v1/gonum/spatial/r2 gonum.org/v1/gonum/spatial/r3
	gonum.org/v1/gonum/stat gonum.org/v1/gonum/stat/combin gonum.org/v1/gonum/stat/distmv
	gonum.org/v1/gonum/stat/distuv gonum.org/v1/gonum/stat/mds gonum.org/v1/gonum/stat/sampleuv
	gonum.org/v1/gonum/unit gonum.org/v1/gonum/unit/constant
	gonum.org/v1/plot gonum.org/v1/plot/font gonum.org/v1/plot/palette gonum.org/v1/plot/palette/brewer
	gonum.org/v1/plot/palette/moreland gonum.org/v1/plot/plotter gonum.org/v1/plot/plotutil
	gonum.org/v1/plot/text gonum.org/v1/plot/vg gonum.org/v1/plot/vg/draw gonum.org/v1/plot/vg/vgimg
	gonum.org/v1/plot/vg/vgpdf gonum.org/v1/plot/vg/vgsvg`)

// A pkg is one importable package.
type pkg struct {
	path, dir string
	goFiles   []string
	types     *types.Package
}

// listed is what `go list -json` says of a package.
type listed struct {
	ImportPath, Name, Dir, Export string
	GoFiles                       []string
	DepOnly                       bool
	Error                         *struct{ Err string }
	DepsErrors                    []struct{ Err string }
}

// load type-checks (by the go command) all importable packages.
func load(skipBroken bool, extra []string) ([]*pkg, error) {
	args := []string{"list", "-e", "-export", "-deps", "-json=ImportPath,Name,Dir,Export,GoFiles,DepOnly,Error,DepsErrors"}
	args = append(args, standard...)
	args = append(args, modules...)
	args = append(args, extra...)
	args = append(args, libPrefix+"...")
	cmd := exec.Command("go", args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	runErr := cmd.Run()
	exports := map[string]string{}
	var want []listed
	dec := json.NewDecoder(&stdout)
	for {
		var l listed
		if err := dec.Decode(&l); err != nil {
			if errors.Is(err, io.EOF) {
				break
			}
			return nil, fmt.Errorf("go list: %w\n%s", err, stderr.String())
		}
		exports[l.ImportPath] = l.Export
		if !l.DepOnly && l.Name != "main" && !strings.Contains("/"+l.ImportPath+"/", "/internal/") {
			want = append(want, l)
		}
	}
	if len(want) == 0 {
		return nil, fmt.Errorf("go list: %v\n%s", runErr, stderr.String())
	}
	sort.Slice(want, func(i, j int) bool { return want[i].ImportPath < want[j].ImportPath })
	fset := token.NewFileSet()
	imports := map[string]*types.Package{}
	var pkgs []*pkg
	for _, l := range want {
		if l.Export == "" {
			if skipBroken && strings.HasPrefix(l.ImportPath, libPrefix) {
				fmt.Fprintln(os.Stderr, "gen: left out, does not compile:", l.ImportPath)
				continue
			}
			return nil, fmt.Errorf("%s does not compile\n%s", l.ImportPath, stderr.String())
		}
		t, err := readExport(fset, imports, exports, l.ImportPath)
		if err != nil {
			return nil, err
		}
		if len(exported(t)) == 0 {
			continue
		}
		pkgs = append(pkgs, &pkg{l.ImportPath, l.Dir, l.GoFiles, t})
	}
	return pkgs, nil
}

func readExport(fset *token.FileSet, imports map[string]*types.Package, exports map[string]string, path string) (*types.Package, error) {
	f, err := os.Open(exports[path])
	if err != nil {
		return nil, err
	}
	defer f.Close()
	//lint:ignore SA1019 the replacement reads cmd/export files only, and these come from go list -export
	r, err := gcexportdata.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	t, err := gcexportdata.Read(r, fset, imports, path)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

// exported returns the exported objects of a package, sorted by name.
func exported(t *types.Package) []types.Object {
	var objs []types.Object
	for _, n := range t.Scope().Names() {
		if o := t.Scope().Lookup(n); o.Exported() {
			objs = append(objs, o)
		}
	}
	return objs
}
