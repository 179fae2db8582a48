package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"

	"golang.org/x/mod/modfile"

	"github.com/spindle-lab/spindle/lib/run"
)

// withFlags collects what -with names.
type withFlags []with

// A with is a module to put into a kernel.
type with struct {
	path    string // import path of a module, or of a package of one
	version string // "" with dir
	dir     string // a local copy, "" for the published one
}

func (w *withFlags) String() string { return "" }

func (w *withFlags) Set(s string) error {
	if path, dir, ok := strings.Cut(s, "="); ok {
		if path == "" || dir == "" {
			return errors.New("want module@version or module=folder")
		}
		*w = append(*w, with{path: path, dir: dir})
		return nil
	}
	path, version, ok := strings.Cut(s, "@")
	if !ok || path == "" || version == "" || strings.ContainsAny(path, " \t,") {
		return errors.New("want module@version or module=folder")
	}
	*w = append(*w, with{path: path, version: version})
	return nil
}

var buildCommand = command{
	name: "build", args: "-with module@version [-with module=folder] [-o spindle]",
	short: "make a kernel whose cells can import your own packages; needs Go",
	define: func(fs *flag.FlagSet) func(context.Context, []string) error {
		var list withFlags
		fs.Var(&list, "with", "`module@version`, or module=folder for one on this machine; may be repeated")
		b := builder{log: os.Stderr}
		out := "spindle"
		if runtime.GOOS == "windows" {
			out = "spindle.exe"
		}
		fs.StringVar(&b.out, "o", out, "write the kernel to this `file`")
		fs.StringVar(&b.root, "src", "", "`folder` of spindle's own source; by default that in which the command runs")
		return func(ctx context.Context, args []string) error {
			if len(args) != 0 {
				return usageErrorf("unexpected %q", args[0])
			}
			if len(list) == 0 {
				return usageErrorf("-with names what the kernel is to have")
			}
			return b.build(ctx, list)
		}
	},
}

// A builder makes a kernel with further packages. Nothing in the source is
// changed: the changed go.mod and the symbol tables lie in a folder of their
// own, which the go command is told to see in their place.
type builder struct {
	root string // of spindle's source
	out  string
	log  io.Writer

	goTool string
	dir    string // for go.mod, tables, overlay
}

// errNoGo is what a machine without Go is told.
var errNoGo = errors.New("a kernel with other packages has to be compiled, and the go command is not in PATH: install Go from https://go.dev/dl (the kernel itself does not need it)")

func (b *builder) build(ctx context.Context, list []with) (err error) {
	if b.goTool, err = exec.LookPath("go"); err != nil {
		return errNoGo
	}
	if b.root == "" {
		if b.root, err = run.Root(); err != nil {
			return errors.New("spindle's own source is needed: run this inside a clone, or name it with -src")
		}
	}
	if b.root, err = filepath.Abs(b.root); err != nil {
		return err
	}
	if b.out, err = filepath.Abs(b.out); err != nil {
		return err
	}
	if b.dir, err = os.MkdirTemp("", "spindle-build"); err != nil {
		return err
	}
	defer os.RemoveAll(b.dir)
	patterns, err := b.require(ctx, list)
	if err != nil {
		return err
	}
	fmt.Fprintln(b.log, "making the symbol tables")
	tables := filepath.Join(b.dir, "symbols")
	if err := b.gocmd(ctx, "run", "./kernel/symbols/gen", "-out", tables, "-with", strings.Join(patterns, ",")); err != nil {
		return err
	}
	overlay, err := b.overlay(tables)
	if err != nil {
		return err
	}
	fmt.Fprintln(b.log, "compiling the kernel")
	if err := b.gocmd(ctx, "build", "-overlay", overlay, "-o", b.out, "./kernel"); err != nil {
		return err
	}
	fmt.Fprintf(b.log, "%s can import %s\n`%s install` registers it with Jupyter; in a cell, %%imports lists what there is\n", b.out, strings.Join(patterns, ", "), b.out)
	return nil
}

// require makes a go.mod that has the modules, and returns the patterns of
// their packages.
func (b *builder) require(ctx context.Context, list []with) ([]string, error) {
	for _, name := range []string{"go.mod", "go.sum"} {
		data, err := os.ReadFile(filepath.Join(b.root, name))
		if err != nil {
			return nil, fmt.Errorf("%w; -src has to name spindle's own source", err)
		}
		if name == "go.mod" && modfile.ModulePath(data) != run.Module {
			return nil, fmt.Errorf("%s holds module %s; expected %s", b.root, modfile.ModulePath(data), run.Module)
		}
		if err := os.WriteFile(filepath.Join(b.dir, name), data, 0o644); err != nil {
			return nil, err
		}
	}
	var patterns []string
	for _, w := range list {
		add := []string{"get", w.path + "@" + w.version}
		if w.dir != "" {
			if err := b.replace(w); err != nil {
				return nil, err
			}
			// Nothing is looked for elsewhere but what the module itself needs.
			add = []string{"list", "-mod=mod", "-deps", w.path + "/..."}
		}
		if err := b.gocmd(ctx, add...); err != nil {
			return nil, err
		}
		patterns = append(patterns, w.path+"/...")
	}
	return patterns, nil
}

// replace puts a module on this machine into go.mod.
func (b *builder) replace(w with) error {
	dir, err := filepath.Abs(w.dir)
	if err != nil {
		return err
	}
	data, err := os.ReadFile(filepath.Join(dir, "go.mod"))
	if err != nil {
		return fmt.Errorf("-with %s=%s: the folder has to hold a module: %w", w.path, w.dir, err)
	}
	if m := modfile.ModulePath(data); m != w.path {
		return fmt.Errorf("-with %s=%s: the go.mod there names module %s", w.path, w.dir, m)
	}
	file := filepath.Join(b.dir, "go.mod")
	data, err = os.ReadFile(file)
	if err != nil {
		return err
	}
	mod, err := modfile.Parse(file, data, nil)
	if err != nil {
		return err
	}
	if err := mod.AddRequire(w.path, "v0.0.0-00010101000000-000000000000"); err != nil {
		return err
	}
	if err := mod.AddReplace(w.path, "", dir, ""); err != nil {
		return err
	}
	if data, err = mod.Format(); err != nil {
		return err
	}
	return os.WriteFile(file, data, 0o644)
}

// gocmd runs the go command in the source with the other go.mod. What it says
// is shown if it fails.
func (b *builder) gocmd(ctx context.Context, args ...string) error {
	cmd := exec.CommandContext(ctx, b.goTool, args...)
	cmd.Dir = b.root
	flags := strings.TrimSpace(os.Getenv("GOFLAGS") + " -modfile=" + filepath.Join(b.dir, "go.mod"))
	cmd.Env = append(os.Environ(), "GOFLAGS="+flags, "GOWORK=off")
	var said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return fmt.Errorf("go %s: %w\n%s", args[0], err, strings.TrimSpace(said.String()))
	}
	return nil
}

// overlay writes the file by which the go command sees the new tables in place
// of those in the source.
func (b *builder) overlay(tables string) (string, error) {
	replace := map[string]string{}
	err := filepath.WalkDir(tables, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(tables, path)
		if err != nil {
			return err
		}
		replace[filepath.Join(b.root, "kernel", "symbols", rel)] = path
		return nil
	})
	if err != nil {
		return "", err
	}
	data, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return "", err
	}
	file := filepath.Join(b.dir, "overlay.json")
	return file, os.WriteFile(file, data, 0o644)
}
