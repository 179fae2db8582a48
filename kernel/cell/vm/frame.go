package vm

import (
	"go/token"
	"reflect"
	"sync"
	"sync/atomic"
	"unsafe"
)

// A frame holds the local variables of one call, in a bank for each way of
// holding values, so that the garbage collector knows what is a pointer.
type frame struct {
	n unsafe.Pointer // []uint64: numbers and bools
	p unsafe.Pointer // []unsafe.Pointer: pointers, boxes of variables, *Func
	s unsafe.Pointer // []string
	l unsafe.Pointer // []slice
	i unsafe.Pointer // []any

	env  []unsafe.Pointer // captured variables of a closure
	th   *thread
	up   *frame // the caller's
	pos  token.Pos
	code *code

	defers   []deferred
	panic    *panicking    // while deferred calls run because of it
	deferrer *frame        // whose deferred call this is
	label    int           // target of a break, continue or goto
	arg      reflect.Value // transient: a value from compiled code
	recv     any           // transient: a receiver in an interface
	yield    *Func         // transient: the body of a range over a function
}

// The sizes of the banks of a frame.
type banks struct{ n, p, s, l, i int }

const (
	wordSize  = unsafe.Sizeof(uint64(0))
	ptrSize   = unsafe.Sizeof(unsafe.Pointer(nil))
	strSize   = unsafe.Sizeof("")
	sliceSize = unsafe.Sizeof(slice{})
	anySize   = unsafe.Sizeof(any(nil))
)

func newFrame(b banks) *frame {
	f := &frame{}
	if b.n > 0 {
		f.n = unsafe.Pointer(unsafe.SliceData(make([]uint64, b.n)))
	}
	if b.p > 0 {
		f.p = unsafe.Pointer(unsafe.SliceData(make([]unsafe.Pointer, b.p)))
	}
	if b.s > 0 {
		f.s = unsafe.Pointer(unsafe.SliceData(make([]string, b.s)))
	}
	if b.l > 0 {
		f.l = unsafe.Pointer(unsafe.SliceData(make([]slice, b.l)))
	}
	if b.i > 0 {
		f.i = unsafe.Pointer(unsafe.SliceData(make([]any, b.i)))
	}
	return f
}

// A code is the body of a function.
type code struct {
	name    string
	pos     token.Pos
	sig     *typ
	banks   banks
	params  []place // where the caller puts the arguments
	results []place
	recv    place          // of a method
	finish  []func(*frame) // results from their boxes
	setup   []func(*frame) // boxes for parameters that are captured, zero results
	fromGo  []func(*frame) // stores frame.arg as parameter i
	toGo    []func(*frame) reflect.Value
	body    exec
	defers  bool
	free    []*frame // of the main thread
}

// A place is where a parameter or result is: a slot, or memory behind one.
type place struct {
	t    *typ
	off  uintptr
	kind placeKind
	idx  int            // of the environment
	mem  unsafe.Pointer // of a global
}

type placeKind uint8

const (
	inSlot   placeKind = iota // in the bank of its class, at off
	inBox                     // behind the pointer in bank p at off
	inEnv                     // behind env[idx]
	inGlobal                  // at mem
)

// exec runs a statement.
type exec func(*frame) ctl

// A ctl tells how a statement ended.
type ctl uint8

const (
	next ctl = iota
	doBreak
	doContinue
	doGoto
	doReturn
	doFallthrough
)

// A Func is a function of the notebook: a declared one, whose code may be
// replaced, a closure, or one that is compiled.
type Func struct {
	code   *code
	env    []unsafe.Pointer
	native reflect.Value // a compiled function
	t      *typ
	m      *Machine

	once sync.Once
	word unsafe.Pointer // the Go function value, made when first needed
}

// A thread is a goroutine that runs cells' code.
type thread struct {
	m     *Machine
	g     *group
	top   *frame
	depth int
	at    atomic.Int64       // the place of the newest call of compiled code, for others to read
	free  map[*code][]*frame // of other threads than the main one
	// unwinding lets deferred calls run after an interrupt.
	unwinding bool
	inFlight  *panicking // has been through deferred calls
}

// A group is the goroutines of one cell, which are stopped together.
type group struct {
	stop atomic.Bool
	done chan struct{}
	once sync.Once
	why  stopped
}

func newGroup() *group { return &group{done: make(chan struct{})} }

// end stops all goroutines of the group.
func (g *group) end(why stopped) {
	g.once.Do(func() {
		g.why = why
		g.stop.Store(true)
		close(g.done)
	})
}

// stopped is the panic by which code ends that must not recover: an interrupt,
// or os.Exit.
type stopped struct {
	exit bool
	code int
}

// check ends the goroutine if its cell has been stopped.
func (th *thread) check() {
	if th.g.stop.Load() && !th.unwinding {
		panic(th.g.why)
	}
}

// maxDepth bounds the depth of calls, well below what Go's stack holds.
const maxDepth = 100_000

// call begins a call: it returns a frame for the code.
func (th *thread) call(c *code) *frame {
	th.depth++
	if th.depth > maxDepth {
		th.depth = 0 // room for deferred calls
		panic(runtimeError("stack overflow: calls are nested more than 100000 deep"))
	}
	if th.m.main.Load() == th {
		if n := len(c.free); n > 0 {
			f := c.free[n-1]
			c.free = c.free[:n-1]
			f.th = th
			return f
		}
	} else if pool := th.free[c]; len(pool) > 0 {
		f := pool[len(pool)-1]
		th.free[c] = pool[:len(pool)-1]
		return f
	}
	f := newFrame(c.banks)
	f.th, f.code = th, c
	return f
}

// release gives a frame back after its results have been read.
func (th *thread) release(f *frame) {
	c := f.code
	th.depth--
	b := c.banks
	// What the slots hold must not keep memory alive.
	if b.p > 0 {
		clear(unsafe.Slice((*unsafe.Pointer)(f.p), b.p))
	}
	if b.s > 0 {
		clear(unsafe.Slice((*string)(f.s), b.s))
	}
	if b.l > 0 {
		clear(unsafe.Slice((*slice)(f.l), b.l))
	}
	if b.i > 0 {
		clear(unsafe.Slice((*any)(f.i), b.i))
	}
	f.env, f.up, f.defers, f.panic, f.deferrer, f.arg, f.recv = nil, nil, nil, nil, nil, reflect.Value{}, nil
	f.yield = nil
	if th.m.main.Load() == th {
		if len(c.free) < 64 {
			c.free = append(c.free, f)
		}
	} else if len(th.free[c]) < 16 {
		if th.free == nil {
			th.free = map[*code][]*frame{}
		}
		th.free[c] = append(th.free[c], f)
	}
}

// run executes the code of a frame whose arguments are in place.
func (f *frame) run(up *frame) {
	th := f.th
	f.up = up
	th.top = f
	if th.g.stop.Load() {
		f.pos = f.code.pos // not yet where an earlier call has left it
		th.check()
	}
	for _, s := range f.code.setup {
		s(f)
	}
	if f.code.defers {
		f.runDeferring()
	} else {
		f.code.body(f)
	}
	for _, s := range f.code.finish {
		s(f)
	}
	th.top = up
}

// runtimeError is a mistake that Go finds when a program runs.
type runtimeError string

// Error implements [error].
func (e runtimeError) Error() string { return "runtime error: " + string(e) }

// RuntimeError implements [runtime.Error].
func (e runtimeError) RuntimeError() {}
