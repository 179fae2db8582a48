// Package cell turns the text of a notebook cell into something that runs:
// any mixture of imports, declarations and statements is checked by Go's own
// type checker, rewritten into the part of the language that the interpreter
// (yaegi) gets right, and evaluated. What would come out wrong is refused with
// a sentence.
//
// A notebook is one package whose names may be defined anew: what used a name
// before sees the new definition. Errors carry places as In[3]:2:5.
package cell

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"io"
	"os"
	"reflect"
	"regexp"
	"strings"
	"sync"

	"github.com/traefik/yaegi/interp"
)

// Options configure an interpreter.
type Options struct {
	// Symbols maps "import/path/name" to the values of a package's exported names.
	Symbols map[string]map[string]reflect.Value
	// Importer gives the types of the same packages.
	Importer types.Importer
	// Paths lists what can be imported, for messages and completion.
	Paths []string
	// Path finds the import path of a package's name, "" if there is none.
	Path func(name string) string
	// Doc returns the documentation of a name of a package: "F", "T.Method", "".
	Doc func(path, name string) string
	// Show receives the values of a cell's last expression.
	Show func(values ...any)
	// GoPanic receives the panic of a goroutine.
	GoPanic func(*Error)
	// GoVersion is the language version, such as "go1.26"; the newest if empty.
	GoVersion string
	// Stdout and Stderr are those of the built-in print functions.
	Stdout, Stderr io.Writer
}

// An Interp holds a notebook's state. Its methods are for one caller at a time.
type Interp struct {
	mu      sync.Mutex // held while a cell is checked and rewritten, not while it runs
	opt     Options
	yi      *interp.Interpreter
	fset    *token.FileSet
	world   *world
	serial  int
	texts   map[string]string // file name → text of the cell
	declOf  map[types.Object]*decl
	types   map[types.Object][]instance
	funcs   map[types.Object][]funcInstance
	impls   map[string]methodImpl
	slots   map[string]slot
	thunked map[string]bool
	pending []pendingType
	reached int
	trace   trace

	varMu   sync.Mutex
	vars    map[string]reflect.Value // interpreter's name of a variable → pointer to it
	running bool
}

// New returns an interpreter without any names defined.
func New(opt Options) (*Interp, error) {
	if opt.Stdout == nil {
		opt.Stdout = os.Stdout
	}
	if opt.Stderr == nil {
		opt.Stderr = os.Stderr
	}
	k := &Interp{
		opt: opt, world: newWorld(), texts: map[string]string{}, declOf: map[types.Object]*decl{},
		types: map[types.Object][]instance{}, funcs: map[types.Object][]funcInstance{}, impls: map[string]methodImpl{},
		slots: map[string]slot{}, thunked: map[string]bool{}, vars: map[string]reflect.Value{},
	}
	k.yi = interp.New(interp.Options{Stdout: opt.Stderr, Stderr: &k.trace, Unrestricted: true})
	k.fset = k.yi.FileSet()
	exports := interp.Exports{}
	for key, syms := range opt.Symbols {
		if key == "fmt/fmt" {
			key = "fmt//fmt" // otherwise the interpreter puts its own streams behind fmt and os
		}
		exports[key] = syms
	}
	exports[rt+"/"+rt] = k.helpers()
	if err := k.yi.Use(exports); err != nil {
		return nil, err
	}
	return k, nil
}

// Eval checks and runs the text of cell n. Output goes where the process's
// output goes, values of the last expression to Options.Show.
func (k *Interp) Eval(ctx context.Context, n int, text string) error {
	before := k.world
	prog, c, err := k.prepare(n, text)
	if err != nil {
		return err
	}
	k.trace.take()
	_, err = k.yi.ExecuteWithContext(ctx, prog)
	k.setRunning(false)
	if err == nil {
		return nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.rollback(before, c)
	return k.runError(ctx, err)
}

// prepare makes a program of a cell's text and takes what it declares into the
// world.
func (k *Interp) prepare(n int, text string) (*interp.Program, *checked, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	p, err := parse(k.fset, n, text)
	if err != nil {
		return nil, nil, plain(err)
	}
	k.texts[fileName(n)] = text
	c, err := k.check(p)
	if err != nil {
		return nil, nil, plain(err)
	}
	f, err := k.lower(c)
	if err != nil {
		return nil, nil, plain(err)
	}
	prog, cerr := k.compile(f)
	if cerr != nil {
		return nil, nil, cerr
	}
	k.world = c.world
	k.reached = 0
	k.setRunning(true)
	return prog, c, nil
}

func (k *Interp) setRunning(on bool) {
	k.varMu.Lock()
	k.running = on
	k.varMu.Unlock()
}

// plain keeps a nil *Error from becoming a non-nil error.
func plain(e *Error) error {
	if e == nil {
		return nil
	}
	if e.Name == "Incomplete" {
		e.Name = "SyntaxError"
	}
	return e
}

// compile hands a file to the interpreter, whose compiler may panic.
func (k *Interp) compile(f *ast.File) (p *interp.Program, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = &Error{Name: "Refused", Message: fmt.Sprintf("the interpreter cannot run this cell: %v", r)}
		}
	}()
	p, err = k.yi.CompileAST(f)
	if err != nil {
		err = &Error{Name: "Refused", Message: "the interpreter cannot run this cell: " + err.Error()}
	}
	return p, err
}

// rollback undefines the variables whose declarations were not reached.
func (k *Interp) rollback(before *world, c *checked) {
	for i, s := range c.body.Body.List {
		if i < k.reached {
			continue
		}
		ast.Inspect(s, func(n ast.Node) bool {
			id, ok := n.(*ast.Ident)
			if !ok {
				return true
			}
			d := c.varOf[c.info.Defs[id]]
			if d == nil {
				return true
			}
			if old := before.live[d.name]; old != nil {
				k.world.live[d.name] = old
			} else {
				delete(k.world.live, d.name)
			}
			return true
		})
	}
}

// runError makes an error of what ended a cell.
func (k *Interp) runError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return &Error{Name: "Interrupt", Message: "interrupted"}
	}
	var p interp.Panic
	if !errors.As(err, &p) {
		return &Error{Name: "Panic", Message: err.Error()}
	}
	return k.panicError(p.Value)
}

// panicError makes an error of a panic's value and the calls that led to it.
func (k *Interp) panicError(value any) *Error {
	if x, ok := value.(exit); ok {
		return &Error{Name: "Exit", Message: string(x)}
	}
	e := &Error{Name: "Panic", Message: "panic: " + panicText(value)}
	for i, c := range parseTrace(k.trace.take()) {
		if i == 0 {
			e.Pos = c.pos
			e.Source = sourceLine(k.texts[c.pos.Filename], c.pos.Line)
		} else if len(e.Calls) < 20 {
			e.Calls = append(e.Calls, c.pos.String())
		}
	}
	return e
}

func panicText(v any) string {
	switch v := v.(type) {
	case error:
		return v.Error()
	case fmt.Stringer:
		return v.String()
	case string:
		return v
	}
	return fmt.Sprintf("%v", v)
}

// An exit is the panic by which os.Exit ends a cell.
type exit string

// errorAt makes an error at a place of a cell.
func (k *Interp) errorAt(pos token.Pos, name, msg string) *Error {
	e := &Error{Name: name, Message: msg}
	if pos.IsValid() {
		e.Pos = k.fset.Position(pos)
		e.Source = sourceLine(k.texts[e.Pos.Filename], e.Pos.Line)
	}
	return e
}

// noPackage says that a package is not there and what is near.
func (k *Interp) noPackage(path string) string {
	msg := fmt.Sprintf("package %q is not in this kernel", path)
	base := path[strings.LastIndexByte(path, '/')+1:]
	var near []string
	for _, p := range k.opt.Paths {
		if p[strings.LastIndexByte(p, '/')+1:] == base {
			near = append(near, fmt.Sprintf("%q", p))
		}
	}
	if len(near) > 0 {
		return msg + "; there is " + strings.Join(near, " and ")
	}
	return msg + "; %imports lists what is, and `spindle build -with` makes a kernel with more"
}

// trace collects the lines in which the interpreter tells where it panicked.
type trace struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (t *trace) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.buf.Len() < 1<<16 {
		t.buf.Write(p)
	}
	return len(p), nil
}

func (t *trace) take() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.buf.String()
	t.buf.Reset()
	return s
}

type call struct{ pos token.Position }

var traceLine = regexp.MustCompile(`(?m)^(In\[(\d+)\]):(\d+):(\d+): panic`)

func parseTrace(s string) []call {
	var out []call
	for _, m := range traceLine.FindAllStringSubmatch(s, 200) {
		c := call{token.Position{Filename: m[1]}}
		fmt.Sscan(m[3], &c.pos.Line)
		fmt.Sscan(m[4], &c.pos.Column)
		out = append(out, c)
	}
	return out
}
