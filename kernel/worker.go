package main

import (
	"context"
	"flag"
	"os"

	"github.com/spindle-lab/spindle/kernel/cell"
	"github.com/spindle-lab/spindle/kernel/session"
	"github.com/spindle-lab/spindle/kernel/symbols"
	_ "github.com/spindle-lab/spindle/kernel/symbols/lib"
	_ "github.com/spindle-lab/spindle/kernel/symbols/mod"
	_ "github.com/spindle-lab/spindle/kernel/symbols/std"
	"github.com/spindle-lab/spindle/lib/blas"
	"github.com/spindle-lab/spindle/lib/display"
)

// workerCommand is the hidden command that a session starts: the process that
// runs user code, and may die of it.
var workerCommand = command{
	name: "worker", short: "run cells for a session", hidden: true,
	define: func(*flag.FlagSet) func(context.Context, []string) error {
		return func(context.Context, []string) error {
			blas.Use()
			return exitCode(session.Worker(func(out *session.Output) session.Setup {
				display.SetSink(sink{out})
				return session.Setup{Options: cell.Options{
					Evaluator: os.Getenv(envInterpreter),
					Symbols:   symbols.Table, Importer: symbols.NewImporter(),
					Paths: symbols.Paths(), Path: symbols.PathOf, Doc: symbols.Doc, Show: display.Last,
				}}
			}))
		}
	},
}

// sink passes what a cell shows on to the supervisor.
type sink struct{ out *session.Output }

func (s sink) Display(b display.Bundle, id string, update bool) {
	s.out.Display(b.Data, b.Metadata, id, update)
}
func (s sink) Result(b display.Bundle) { s.out.Result(b.Data, b.Metadata) }
func (s sink) Clear(wait bool)         { s.out.Clear(wait) }
