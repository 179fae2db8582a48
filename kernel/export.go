package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spindle-lab/spindle/kernel/cell"
	"github.com/spindle-lab/spindle/kernel/notebook"
	"github.com/spindle-lab/spindle/kernel/symbols"
	"github.com/spindle-lab/spindle/lib/run"
)

// exported is what the worker does around the cells: see workerCommand.
var exported = cell.Program{Start: run.Module + "/lib/blas.Use", Show: run.Module + "/lib/display.Last"}

var exportCommand = command{
	name: "export", args: "[flags] notebook.ipynb",
	short: "write a notebook as a plain Go program that prints the same",
	define: func(fs *flag.FlagSet) func(context.Context, []string) error {
		params := assignments{}
		fs.Var(params, "p", "`name=value` of a parameter; may be repeated")
		out := fs.String("o", "", "write the program to this `file`; standard output if empty")
		return func(_ context.Context, args []string) error {
			if len(args) != 1 {
				return usageErrorf("want one notebook, got %d", len(args))
			}
			prog, err := exportNotebook(args[0], params)
			if err != nil {
				return err
			}
			if *out == "" {
				_, err = os.Stdout.Write(prog)
				return err
			}
			return run.WriteFile(*out, func(w io.Writer) error {
				_, err := w.Write(prog)
				return err
			})
		}
	},
}

// exportNotebook writes a notebook's code cells as a program. It compiles
// inside this module, or one that requires it: `go run main.go`.
func exportNotebook(path string, params map[string]string) ([]byte, error) {
	nb, err := notebook.Read(path)
	if err != nil {
		return nil, err
	}
	if l := nb.Language(); l != "" && l != "go" {
		return nil, fmt.Errorf("%s: the language is %s; expected go", path, l)
	}
	if err := nb.SetParameters(params); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	var cells []cell.ExportCell
	for _, c := range nb.Cells {
		if c.Type != notebook.Code {
			continue
		}
		ec := cell.ExportCell{Source: c.Source, Raises: c.HasTag("raises-exception")}
		if c.HasTag("skip-execution") {
			ec.Source = "" // its number counts
		}
		cells = append(cells, ec)
	}
	prog, err := cell.Export(cell.Options{
		Symbols: symbols.Table, Importer: symbols.NewImporter(), Paths: symbols.Paths(), Path: symbols.PathOf,
	}, exported, cells)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	head := fmt.Sprintf("// Written by spindle export from %s.\n", strings.Map(printable, filepath.Base(path)))
	return append([]byte(head), prog[strings.IndexByte(string(prog), '\n')+1:]...), nil
}

// printable keeps a file's name on its line.
func printable(r rune) rune {
	if r < ' ' {
		return ' '
	}
	return r
}
