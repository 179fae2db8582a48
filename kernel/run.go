package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spindle-lab/spindle/kernel/notebook"
	"github.com/spindle-lab/spindle/kernel/session"
)

// assignments collects repeated flags of the form name=value.
type assignments map[string]string

func (a assignments) String() string { return "" }

func (a assignments) Set(s string) error {
	name, value, ok := strings.Cut(s, "=")
	if !ok || name == "" {
		return errors.New("want name=value")
	}
	a[name] = value
	return nil
}

var runCommand = command{
	name: "run", args: "[flags] notebook.ipynb",
	short: "run one notebook without Jupyter",
	define: func(fs *flag.FlagSet) func(context.Context, []string) error {
		params := assignments{}
		interpreterFlag(fs)
		fs.Var(params, "p", "`name=value` of a parameter; may be repeated")
		out := fs.String("o", "", "write the executed notebook to this `file`; with the ending .html, a page")
		page := fs.Bool("html", false, "also write a page that needs no other file and no network, beside -o or in this folder")
		return func(ctx context.Context, args []string) error {
			if len(args) != 1 {
				return usageErrorf("want one notebook, got %d", len(args))
			}
			return runNotebook(ctx, args[0], params, *out, *page)
		}
	},
}

// outputs says which files a run writes, "" for none.
func outputs(path, out string, page bool) (notebookFile, pageFile string) {
	if filepath.Ext(out) == ".html" {
		return "", out
	}
	if page {
		pageFile = strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)) + ".html"
		if out != "" {
			pageFile = strings.TrimSuffix(out, filepath.Ext(out)) + ".html"
		}
	}
	return out, pageFile
}

func runNotebook(ctx context.Context, path string, params map[string]string, out string, page bool) error {
	nb, err := notebook.Read(path)
	if err != nil {
		return err
	}
	if err := nb.SetParameters(params); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	s, err := session.Start(session.Config{Dir: filepath.Dir(path)})
	if err != nil {
		return err
	}
	defer s.Close()
	p := &printer{out: os.Stdout, err: os.Stderr}
	runErr := notebook.Execute(ctx, nb, s, notebook.Options{
		Name:   filepath.Base(path),
		Output: func(_ int, e session.Event) { p.event(e) },
		Progress: func(step notebook.Step) {
			if step.Done {
				p.finish()
			}
		},
	})
	// Also what a failed run has shown is written.
	out, pageFile := outputs(path, out, page)
	if out != "" {
		runErr = errors.Join(runErr, nb.Write(out))
	}
	if pageFile != "" {
		runErr = errors.Join(runErr, nb.WriteHTML(pageFile, filepath.Base(path)))
	}
	return runErr
}
