package cell

import (
	"go/types"
	"io"
	"maps"
	"reflect"
	"slices"
)

// promptPath is the import path of a package that only cells have:
//
//	prompt.Line("name: ")      asks for a line of text
//	prompt.Password("key: ")   asks without showing what is typed
const promptPath = "spindle/prompt"

// withPrompt adds package spindle/prompt to what cells can import.
func withPrompt(opt Options) Options {
	if opt.Input == nil {
		return opt
	}
	ask := func(password bool) reflect.Value {
		return reflect.ValueOf(func(text string) (string, error) { return opt.Input(text, password) })
	}
	opt.Symbols = maps.Clone(opt.Symbols)
	opt.Symbols[promptPath+"/prompt"] = map[string]reflect.Value{"Line": ask(false), "Password": ask(true)}
	pkg := types.NewPackage(promptPath, "prompt")
	str := types.Typ[types.String]
	sig := types.NewSignatureType(nil, nil, nil,
		types.NewTuple(types.NewParam(0, pkg, "text", str)),
		types.NewTuple(types.NewParam(0, pkg, "", str), types.NewParam(0, pkg, "", types.Universe.Lookup("error").Type())), false)
	for _, name := range []string{"Line", "Password"} {
		pkg.Scope().Insert(types.NewFunc(0, pkg, name, sig))
	}
	pkg.MarkComplete()
	opt.Importer = promptImporter{opt.Importer, pkg}
	opt.Paths = slices.Sorted(slices.Values(append(slices.Clone(opt.Paths), promptPath)))
	return opt
}

type promptImporter struct {
	types.Importer
	pkg *types.Package
}

// Import returns the types of a package.
func (p promptImporter) Import(path string) (*types.Package, error) {
	if path == promptPath {
		return p.pkg, nil
	}
	return p.Importer.Import(path)
}

// stdin reads lines from the user.
func (opt Options) stdin() io.Reader {
	if opt.Input == nil {
		return nil
	}
	return &lineReader{ask: opt.Input}
}

// A lineReader asks for a line when it has none left.
type lineReader struct {
	ask  func(string, bool) (string, error)
	rest []byte
}

// Read implements [io.Reader]. It gives one byte at a time, so that Scan takes
// no more than it needs.
func (r *lineReader) Read(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if len(r.rest) == 0 {
		line, err := r.ask("", false)
		if err != nil {
			return 0, err
		}
		r.rest = append([]byte(line), '\n')
	}
	p[0] = r.rest[0]
	r.rest = r.rest[1:]
	return 1, nil
}
