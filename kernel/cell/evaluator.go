package cell

import (
	"context"
	"fmt"
	"reflect"
)

// Names of evaluators, as Options.Evaluator has them.
const (
	VM    = "vm"    // the machine of package vm: what compiled Go prints, or a refusal
	Yaegi = "yaegi" // the interpreter of that name, with its known mistakes
)

// An evaluator runs cells that have been parsed and checked. All that a user
// sees of a cell before it runs (messages, redefinition, what is shown,
// completion, help) is the same whatever the evaluator.
type evaluator interface {
	// compile takes what a cell declares and compiles its statements. If it
	// fails, what was there before is as it was.
	compile(*checked) (program, *Error)
	// variable returns a pointer to a variable of the notebook.
	variable(*decl) (reflect.Value, bool)
}

// A program runs a cell's statements once. It returns how many of them were
// done when it ended. The error is nil or an *Error.
type program func(context.Context) (done int, err error)

func newEvaluator(k *Interp, name string) (evaluator, error) {
	switch name {
	case "", VM:
		return newMachine(k), nil
	case Yaegi:
		return newYaegi(k)
	}
	return nil, fmt.Errorf("there is no evaluator %q; there are %s and %s", name, VM, Yaegi)
}
