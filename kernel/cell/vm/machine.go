// Package vm runs Go code that has been checked by go/types. It turns syntax
// trees into Go closures with typed values, over real Go memory: a variable, a
// struct or a slice of a cell is one of the compiled library, and the other
// way round.
//
// What a construct means is what the checker found it to mean; nothing is
// resolved again. Integers have their size, loop variables are new in each
// turn, deferred calls run and recover as Go has it, and a panic knows the
// statements that led to it. Types of the notebook are told apart in
// interfaces, have their methods there, and print under their names.
package vm

import (
	"go/ast"
	"go/types"
	"io"
	"os"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"golang.org/x/tools/go/types/typeutil"
)

// Options configure a machine.
type Options struct {
	// Own is the path of the notebook's own package.
	Own string
	// Symbols maps "import/path/name" to the values of exported names.
	Symbols map[string]map[string]reflect.Value
	// Importer gives the types of the same packages.
	Importer types.Importer
	// Sources gives the source files of packages with generic functions,
	// name → text; nil for all others.
	Sources func(path string) map[string]string
	// Stdin is what fmt.Scan and its like read; os.Stdin if nil.
	Stdin io.Reader
	// GoPanic receives what ended a goroutine.
	GoPanic func(*Panic)
}

// A Machine holds the types, functions and variables of a notebook.
type Machine struct {
	opt   Options
	types *typeutil.Map // types.Type → *typ
	laid  *typeutil.Map // own named type → reflect.Type
	open  map[*types.Named]bool
	tags  int
	// dynamic finds the type of an interface's value by its reflect type,
	// where the reflect type alone does not tell.
	dynamic   atomic.Pointer[map[reflect.Type]*typ] // replaced, never changed
	reflected map[reflect.Type]types.Type
	hidden    map[string]reflect.Type
	wrappers  map[reflect.Type]reflect.Type   // compiled interface → its wrapper struct
	combined  map[reflect.Type][]reflect.Type // with optional interfaces
	wraps     map[reflect.Type]bool           // the wrapper structs
	encoders  []reflect.Type                  // compiled interfaces of values that encode themselves
	symbols   map[string]map[string]reflect.Value
	overrides map[string]map[string]reflect.Value
	sources   map[string]*source

	globals map[types.Object]*Global
	funcs   map[types.Object]*Function
	methods map[types.Object]map[string]*Function // by type name

	mu      sync.Mutex // the types and functions above, which goroutines may extend
	words   words
	main    atomic.Pointer[thread] // of the cell that runs: its frames are kept by their codes
	current *group
	grpMu   sync.Mutex
	threads sync.Pool // of *thread, for calls from compiled code
}

// A Global is a variable of the notebook.
type Global struct {
	place
	rt reflect.Type
}

// Pointer returns the reflect value of a pointer to the variable.
func (g *Global) Pointer() reflect.Value { return reflect.NewAt(g.rt, g.mem) }

// A Function is a declared function or method of the notebook. Its code can be
// replaced: callers see the new one.
type Function struct {
	name string
	decl *ast.FuncDecl
	info *types.Info
	sig  *types.Signature
	fn   *Func // nil if generic

	instances []*funcInstance
	src       *source // of a compiled package, run from its source
	method    bool
}

type funcInstance struct {
	args []types.Type
	fn   *Func
}

// New returns a machine.
func New(opt Options) *Machine {
	if opt.Stdin == nil {
		opt.Stdin = os.Stdin
	}
	m := &Machine{
		opt: opt, types: newTypeMap(), laid: newTypeMap(), open: map[*types.Named]bool{},
		reflected: map[reflect.Type]types.Type{}, hidden: map[string]reflect.Type{},
		wrappers: map[reflect.Type]reflect.Type{}, wraps: map[reflect.Type]bool{}, combined: map[reflect.Type][]reflect.Type{}, symbols: map[string]map[string]reflect.Value{},
		sources: map[string]*source{}, globals: map[types.Object]*Global{}, funcs: map[types.Object]*Function{},
		methods: map[types.Object]map[string]*Function{},
	}
	m.dynamic.Store(&map[reflect.Type]*typ{})
	hasher := typeutil.MakeHasher()
	m.types.SetHasher(hasher)
	m.laid.SetHasher(hasher)
	for key, syms := range opt.Symbols {
		path := key[:len(key)-len(lastElem(key))-1]
		m.symbols[path] = syms
	}
	m.overrides = m.overriding()
	m.findWrappers()
	m.current = newGroup()
	m.threads.New = func() any { return &thread{m: m} }
	m.main.Store(&thread{m: m, g: m.current})
	return m
}

func lastElem(path string) string {
	for i := len(path) - 1; i >= 0; i-- {
		if path[i] == '/' {
			return path[i+1:]
		}
	}
	return path
}

// symbol returns what a package exports under a name.
func (m *Machine) symbol(pkg *types.Package, name string) (reflect.Value, bool) {
	v, ok := m.symbols[pkg.Path()][name]
	return v, ok
}

// findWrappers notes the structs by which values of the notebook stand as
// compiled interfaces: exported by the tables under _Name.
func (m *Machine) findWrappers() {
	for _, syms := range m.symbols {
		for name, v := range syms {
			if name[0] != '_' || v.Kind() != reflect.Pointer {
				continue
			}
			if name[1] == '~' { // of an interface without a name
				m.wraps[v.Type().Elem()] = true
				continue
			}
			base, _, combined := strings.Cut(name[1:], "+")
			if combined {
				if i, ok := syms[base]; ok {
					w, iface := v.Type().Elem(), i.Type().Elem()
					m.combined[iface] = append(m.combined[iface], w)
					m.wraps[w] = true
				}
				continue
			}
			if i, ok := syms[name[1:]]; ok && i.Type().Elem().Kind() == reflect.Interface {
				w := v.Type().Elem()
				m.wrappers[i.Type().Elem()], m.wraps[w] = w, true
			}
		}
	}
	for _, e := range [][2]string{{"encoding/json", "Marshaler"}, {"encoding/json", "Unmarshaler"}, {"encoding", "TextMarshaler"}, {"encoding", "TextUnmarshaler"}, {"encoding/gob", "GobEncoder"}, {"encoding/xml", "Marshaler"}} {
		if v, ok := m.symbols[e[0]][e[1]]; ok {
			m.encoders = append(m.encoders, v.Type().Elem())
		}
	}
	for _, ws := range m.combined {
		slices.SortFunc(ws, func(a, b reflect.Type) int { return b.NumField() - a.NumField() })
	}
	m.wrappers[reflect.TypeFor[error]()] = reflect.TypeFor[errorWrapper]()
	m.wraps[reflect.TypeFor[errorWrapper]()] = true
}

// Define makes a variable of the notebook.
func (m *Machine) Define(o *types.Var) *Global {
	t := m.typ(o.Type())
	g := &Global{rt: t.rt}
	g.place = place{t: t, kind: inGlobal, mem: alloc(t.rt)}
	m.globals[o] = g
	return g
}

// Undefine forgets a variable.
func (m *Machine) Undefine(o types.Object) { delete(m.globals, o) }

// DefineFunc declares a function; old, if not nil, is the one that it replaces
// in its callers, which has the same signature. Its body is compiled by
// [Machine.Compile].
func (m *Machine) DefineFunc(o *types.Func, decl *ast.FuncDecl, info *types.Info, old *Function) *Function {
	f := &Function{name: o.Name(), decl: decl, info: info, sig: o.Signature()}
	if old != nil && old.fn != nil {
		f.fn = old.fn
	} else if o.Signature().TypeParams().Len() == 0 {
		f.fn = &Func{m: m}
	}
	m.funcs[o] = f
	return f
}

// Alias lets code that was checked with another object of a function find it.
func (m *Machine) Alias(was, is *types.Func) { m.funcs[was] = m.funcs[is] }

// DefineMethod declares a method of a type of the notebook, written as a
// function that takes the receiver first.
func (m *Machine) DefineMethod(t *types.TypeName, name string, decl *ast.FuncDecl, info *types.Info) (f *Function, undo func()) {
	f = &Function{name: t.Name() + "." + name, decl: decl, info: info, method: true}
	f.sig = f.declared()
	old := m.methods[t][name]
	if old != nil && old.fn != nil {
		f.fn = old.fn
	} else if f.sig.TypeParams().Len() == 0 {
		f.fn = &Func{m: m}
	}
	if m.methods[t] == nil {
		m.methods[t] = map[string]*Function{}
	}
	m.methods[t][name] = f
	if old == nil {
		// Types remember what methods they do not have.
		m.types.Iterate(func(_ types.Type, x any) { x.(*typ).methods.Store(nil) })
	}
	return f, func() {
		if old != nil {
			m.methods[t][name] = old
		} else {
			delete(m.methods[t], name)
		}
	}
}
