package vm

import (
	"context"
	"errors"
	"fmt"
	"go/ast"
	"go/types"
	"io"
	"log"
	"os"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"time"
	"unsafe"
)

// How values go to compiled functions that take any.
type passing uint8

const (
	passKeep    passing = iota // boxed: the type is still told when it comes back
	passRaw                    // bare: the function looks into the value
	passReflect                // by package reflect, which would see no names and no methods
	passShown                  // to be printed
	passDisplay                // to be shown by a notebook
)

// passMode tells how a package's functions take any.
func passMode(pkg, name string) passing {
	if pkg == "fmt" && strings.Contains(name, "can") {
		return passRaw // Scan fills what it is given
	}
	if pkg == "reflect" {
		switch name {
		case "TypeOf", "ValueOf":
			return passReflect
		case "DeepEqual":
			return passKeep // values in their boxes differ where their types do
		}
	}
	switch pkg {
	case "fmt", "log", "errors":
		return passShown
	case "html/template", "text/template", "reflect", "encoding/json", "encoding/xml", "encoding/gob", "encoding/binary", "encoding/asn1", "sort", "flag", "testing/quick", "unique", "runtime":
		return passRaw
	}
	if strings.HasSuffix(pkg, "/lib/display") {
		return passDisplay
	}
	return passKeep
}

// export makes a value ready for a compiled function. Interfaces without
// methods are passed as the mode says.
func (c *compiler) export(v ex, mode passing) func(*frame) reflect.Value {
	get := v.t.ops().toReflect(v.t, v.f)
	if mode == passKeep {
		return get
	}
	m := c.m
	conv := m.inspected
	switch mode {
	case passReflect:
		conv = m.forReflect
	case passShown:
		conv = m.Show
	case passDisplay:
		conv = m.Display
	}
	switch u := v.t.t.Underlying().(type) {
	case *types.Interface:
		if !u.Empty() {
			return get
		}
		x := as[any](v)
		return func(fr *frame) reflect.Value {
			r := conv(x(fr))
			return reflect.ValueOf(&r).Elem()
		}
	case *types.Slice:
		// The values of ...any.
		if it, ok := u.Elem().Underlying().(*types.Interface); ok && it.Empty() {
			x := as[slice](v)
			return func(fr *frame) reflect.Value {
				s := x(fr)
				in := unsafe.Slice((*any)(s.p), s.len)
				out := make([]any, len(in))
				for i, a := range in {
					out[i] = conv(a)
				}
				return reflect.ValueOf(out)
			}
		}
	}
	return get
}

// forReflect lets package reflect have what it sees as Go does.
func (m *Machine) forReflect(v any) any {
	if x, own := m.dynamicOf(v); own && m.declared(x.t) {
		panic(runtimeError(m.noReflect(x.t)))
	}
	return m.inspected(v)
}

func (m *Machine) noReflect(t types.Type) string {
	return "package reflect would see the type " + m.typeName(t) + ", which a cell declares, without its name and methods; %T and type switches see it as Go does"
}

// overriding returns the functions of compiled packages that cells get another
// form of: they end with the cell, or know the notebook's values.
func (m *Machine) overriding() map[string]map[string]reflect.Value {
	v := reflect.ValueOf
	exit := func(code int) { panic(stopped{exit: true, code: code}) }
	return map[string]map[string]reflect.Value{
		"os": {"Exit": v(exit)},
		"log": {
			"Fatal":   v(func(a ...any) { log.Print(a...); exit(1) }),
			"Fatalf":  v(func(f string, a ...any) { log.Printf(f, a...); exit(1) }),
			"Fatalln": v(func(a ...any) { log.Println(a...); exit(1) }),
		},
		"context": {
			"Background": v(m.Context),
			"TODO":       v(m.Context),
		},
		"time": {"Sleep": v(m.sleep)},
		"errors": {
			"Is": v(m.errorsIs),
			"As": v(m.errorsAs),
		},
		"fmt": {
			"Printf":  v(func(f string, a ...any) (int, error) { return fmt.Fprintf(os.Stdout, withTypeVerbs(f, a), a...) }),
			"Sprintf": v(func(f string, a ...any) string { return fmt.Sprintf(withTypeVerbs(f, a), a...) }),
			"Fprintf": v(func(w io.Writer, f string, a ...any) (int, error) { return fmt.Fprintf(w, withTypeVerbs(f, a), a...) }),
			"Errorf":  v(func(f string, a ...any) error { return fmt.Errorf(withTypeVerbs(f, a), m.asErrors(a)...) }),
			"Scan":    v(func(a ...any) (int, error) { return fmt.Fscan(m.opt.Stdin, a...) }),
			"Scanln":  v(func(a ...any) (int, error) { return fmt.Fscanln(m.opt.Stdin, a...) }),
			"Scanf":   v(func(f string, a ...any) (int, error) { return fmt.Fscanf(m.opt.Stdin, f, a...) }),
			"Print":   v(func(a ...any) (int, error) { return fmt.Fprint(os.Stdout, textKinds(a)...) }),
			"Sprint":  v(func(a ...any) string { return fmt.Sprint(textKinds(a)...) }),
			"Fprint":  v(func(w io.Writer, a ...any) (int, error) { return fmt.Fprint(w, textKinds(a)...) }),
		},
	}
}

func (m *Machine) override(pkg, name string) reflect.Value { return m.overrides[pkg][name] }

// textKinds makes text of shown values whose type is a string: Print puts no
// blanks beside those.
func textKinds(args []any) []any {
	for i, a := range args {
		if s, ok := a.(*shown); ok && s.x.class == classString {
			args[i] = fmt.Sprint(a)
		}
	}
	return args
}

// asErrors lets %w see errors of the notebook as such.
func (m *Machine) asErrors(args []any) []any {
	for i, a := range args {
		if s, ok := a.(*shown); ok && m.bound(s.x, "Error") != nil {
			args[i] = errorWrapper{s.v, m}
		}
	}
	return args
}

// sleep ends with the cell.
func (m *Machine) sleep(d time.Duration) {
	g := m.runningGroup()
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-g.done:
		panic(g.why)
	}
}

func (m *Machine) runningGroup() *group {
	m.grpMu.Lock()
	defer m.grpMu.Unlock()
	return m.current
}

// errorsIs is errors.Is that knows the notebook's errors.
func (m *Machine) errorsIs(err, target error) bool {
	if err == nil || target == nil {
		return err == target
	}
	want := m.unwrap(target)
	return m.walkErrors(err, func(e error) bool {
		v := m.unwrap(e)
		if reflect.TypeOf(v) == reflect.TypeOf(want) && reflect.TypeOf(v).Comparable() && v == want {
			return true
		}
		if b := m.boundOf(v, "Is"); b != nil {
			out := m.callMethod(v, b, []reflect.Value{reflect.ValueOf(&target).Elem()})
			return len(out) == 1 && out[0].Kind() == reflect.Bool && out[0].Bool()
		}
		x, ok := e.(interface{ Is(error) bool })
		return ok && x.Is(target)
	})
}

func (m *Machine) walkErrors(err error, f func(error) bool) bool {
	for err != nil {
		if f(err) {
			return true
		}
		switch x := err.(type) {
		case interface{ Unwrap() error }:
			err = x.Unwrap()
		case interface{ Unwrap() []error }:
			for _, e := range x.Unwrap() {
				if m.walkErrors(e, f) {
					return true
				}
			}
			return false
		default:
			return false
		}
	}
	return false
}

// errorsAs is errors.As that knows the notebook's errors.
func (m *Machine) errorsAs(err error, target any) bool {
	if err == nil {
		return false
	}
	if target == nil {
		panic("errors: target cannot be nil")
	}
	var elem *typ
	p := reflect.ValueOf(m.Raw(target))
	if x, ok := target.(*shown); ok {
		p, elem = reflect.ValueOf(m.Raw(x.v)), m.lockedElem(x.x)
	} else {
		m.mu.Lock()
		if t := m.fromReflect(p.Type()); t != nil {
			elem = m.elemOf(m.typ(t))
		}
		m.mu.Unlock()
	}
	if p.Kind() != reflect.Pointer || p.IsNil() {
		panic("errors: target must be a non-nil pointer")
	}
	if elem == nil {
		return errors.As(err, target)
	}
	return m.walkErrors(err, func(e error) bool {
		v := m.unwrap(e)
		if elem.class == classInterface {
			if m.implements(v, elem) {
				if elem.iface != nil {
					m.storeIface(elem, p.UnsafePointer(), v)
				} else {
					*(*any)(p.UnsafePointer()) = v
				}
				return true
			}
		} else if reflect.TypeOf(v) == elem.dynType {
			q := alloc(elem.dynType)
			value(elem.dynType, q).Set(reflect.ValueOf(v))
			value(elem.rt, p.UnsafePointer()).Set(value(elem.rt, q))
			return true
		}
		x, ok := e.(interface{ As(any) bool })
		return ok && x.As(target)
	})
}

// A cellContext ends with whatever cell runs when it is asked: a context kept
// in a variable serves later cells too.
type cellContext struct{ m *Machine }

func (c cellContext) Deadline() (time.Time, bool) { return time.Time{}, false }
func (c cellContext) Done() <-chan struct{}       { return c.m.runningGroup().done }
func (c cellContext) Value(any) any               { return nil }
func (c cellContext) String() string              { return "context.Background" }

func (c cellContext) Err() error {
	if c.m.runningGroup().stop.Load() {
		return context.Canceled
	}
	return nil
}

// An intrinsic call is compiled without reflection.

type multi struct {
	now   func(*frame)
	later []ex
}

func (c *compiler) intrinsicMulti(*ast.CallExpr) (multi, bool) { return multi{}, false }

func (c *compiler) intrinsicLater(*ast.CallExpr) (func(*frame) func(*frame), bool) { return nil, false }

// intrinsic compiles calls of functions of numbers directly.
func (c *compiler) intrinsic(e *ast.CallExpr) (ex, bool) {
	sel, ok := ast.Unparen(e.Fun).(*ast.SelectorExpr)
	if !ok || e.Ellipsis.IsValid() {
		return ex{}, false
	}
	o, ok := c.info.Uses[sel.Sel].(*types.Func)
	if !ok || o.Pkg() == nil || o.Signature().Recv() != nil || o.Pkg().Path() == c.m.opt.Own || c.m.override(o.Pkg().Path(), o.Name()).IsValid() {
		return ex{}, false
	}
	v, ok := c.m.symbol(o.Pkg(), o.Name())
	if !ok || v.Kind() != reflect.Func || len(e.Args) != v.Type().NumIn() {
		return ex{}, false
	}
	sig := o.Signature()
	arg := func(i int) ex { return c.value(e.Args[i], sig.Params().At(i).Type()) }
	ret := func() *typ { return c.m.typ(sig.Results().At(0).Type()) }
	switch f := v.Interface().(type) {
	case func(float64) float64:
		x := as[float64](arg(0))
		return ex{t: ret(), calls: true, f: func(fr *frame) float64 { return f(x(fr)) }}, true
	case func(float64, float64) float64:
		x, y := as[float64](arg(0)), as[float64](arg(1))
		return ex{t: ret(), calls: true, f: func(fr *frame) float64 { a := x(fr); return f(a, y(fr)) }}, true
	case func() float64:
		return ex{t: ret(), calls: true, f: func(fr *frame) float64 { return f() }}, true
	case func(int) int:
		x, pos := as[int](arg(0)), e.Pos()
		return ex{t: ret(), calls: true, f: func(fr *frame) int { a := x(fr); fr.pos = pos; return f(a) }}, true
	case func(float64) bool:
		x := as[float64](arg(0))
		return ex{t: ret(), calls: true, f: func(fr *frame) bool { return f(x(fr)) }}, true
	case func(int) string:
		x := as[int](arg(0))
		return ex{t: ret(), calls: true, f: func(fr *frame) string { return f(x(fr)) }}, true
	case func(string) string:
		x, pos := as[string](arg(0)), e.Pos()
		return ex{t: ret(), calls: true, f: func(fr *frame) string { a := x(fr); fr.pos = pos; return f(a) }}, true
	case func(string, string) bool:
		x, y := as[string](arg(0)), as[string](arg(1))
		return ex{t: ret(), calls: true, f: func(fr *frame) bool { a := x(fr); return f(a, y(fr)) }}, true
	}
	return ex{}, false
}

// goroutineID returns the number of the running goroutine.
func goroutineID() string {
	var b [64]byte
	s := string(b[:runtime.Stack(b[:], false)])
	s = strings.TrimPrefix(s, "goroutine ")
	if i := strings.IndexByte(s, ' '); i > 0 {
		return s[:i]
	}
	return s
}

// goroutines are those that run a thread of a cell.
var goroutines sync.Map
