package cell

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/token"
	"go/types"
	"maps"
	"os"
	"reflect"
	"regexp"
	"sync"

	"github.com/traefik/yaegi/interp"
)

// yaegi is the evaluator of that name. Cells are rewritten into the part of Go
// that it gets right; what is known to come out wrong all the same stands in a
// list of the corpus test.
type yaegi struct {
	k       *Interp
	yi      *interp.Interpreter
	types   map[types.Object][]instance
	funcs   map[types.Object][]funcInstance
	impls   map[string]methodImpl
	slots   map[string]slot
	thunked map[string]bool
	pending []pendingType
	reached int // statements done
	trace   trace

	varMu sync.Mutex
	vars  map[string]reflect.Value // its name of a variable → pointer to it
}

func newYaegi(k *Interp) (*yaegi, error) {
	y := &yaegi{
		k: k, types: map[types.Object][]instance{}, funcs: map[types.Object][]funcInstance{}, impls: map[string]methodImpl{},
		slots: map[string]slot{}, thunked: map[string]bool{}, vars: map[string]reflect.Value{},
	}
	// The built-in print functions write to what is called Stdout here.
	y.yi = interp.New(interp.Options{Stdout: os.Stderr, Stderr: &y.trace, Unrestricted: true})
	exports := interp.Exports{}
	for key, syms := range k.opt.Symbols {
		if key == "fmt/fmt" {
			key = "fmt//fmt" // otherwise it puts its own streams behind fmt and os
			in := k.opt.stdin()
			syms = maps.Clone(syms)
			syms["Scan"] = reflect.ValueOf(func(a ...any) (int, error) { return fmt.Fscan(in, a...) })
			syms["Scanln"] = reflect.ValueOf(func(a ...any) (int, error) { return fmt.Fscanln(in, a...) })
			syms["Scanf"] = reflect.ValueOf(func(f string, a ...any) (int, error) { return fmt.Fscanf(in, f, a...) })
		}
		exports[key] = syms
	}
	exports[rt+"/"+rt] = y.helpers()
	if err := y.yi.Use(exports); err != nil {
		return nil, err
	}
	k.fset = y.yi.FileSet() // so that its places are ours
	return y, nil
}

func (y *yaegi) variable(d *decl) (reflect.Value, bool) {
	y.varMu.Lock()
	defer y.varMu.Unlock()
	v, ok := y.vars[d.emitted]
	return v, ok
}

func (y *yaegi) compile(c *checked) (program, *Error) {
	f, err := y.lower(c)
	if err != nil {
		return nil, err
	}
	prog, err := y.compileFile(f)
	if err != nil {
		return nil, err
	}
	return func(ctx context.Context) (int, error) {
		y.trace.take()
		y.reached = 0
		if _, err := y.yi.ExecuteWithContext(ctx, prog); err != nil {
			return y.reached, y.runError(ctx, err)
		}
		return 0, nil
	}, nil
}

// compileFile hands a file to the interpreter, whose compiler may panic.
func (y *yaegi) compileFile(f *ast.File) (p *interp.Program, fail *Error) {
	defer func() {
		if r := recover(); r != nil {
			fail = &Error{Name: "Refused", Message: fmt.Sprintf("the interpreter cannot run this cell: %v", r)}
		}
	}()
	p, err := y.yi.CompileAST(f)
	if err != nil {
		return nil, &Error{Name: "Refused", Message: "the interpreter cannot run this cell: " + err.Error()}
	}
	return p, nil
}

// runError makes an error of what ended a cell.
func (y *yaegi) runError(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return &Error{Name: "Interrupt", Message: "interrupted"}
	}
	var p interp.Panic
	if !errors.As(err, &p) {
		return &Error{Name: "Panic", Message: err.Error()}
	}
	return y.panicError(p.Value)
}

// panicError makes an error of a panic's value and the calls that led to it.
func (y *yaegi) panicError(value any) *Error {
	e := &Error{Name: "Panic", Message: "panic: " + panicText(value)}
	for i, c := range parseTrace(y.trace.take()) {
		if i == 0 {
			e.Pos = c
			e.Source = y.k.sourceAt(c)
		} else if len(e.Calls) < 20 {
			e.Calls = append(e.Calls, c.String())
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

var traceLine = regexp.MustCompile(`(?m)^(In\[(\d+)\]):(\d+):(\d+): panic`)

func parseTrace(s string) []token.Position {
	var out []token.Position
	for _, m := range traceLine.FindAllStringSubmatch(s, 200) {
		c := token.Position{Filename: m[1]}
		fmt.Sscan(m[3], &c.Line)
		fmt.Sscan(m[4], &c.Column)
		out = append(out, c)
	}
	return out
}
