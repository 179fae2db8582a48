package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/spindle-lab/spindle/kernel/jupyter"
	"github.com/spindle-lab/spindle/kernel/session"
	"github.com/spindle-lab/spindle/lib/run"
)

// spec is our kernel in Jupyter's menus.
var spec = jupyter.Spec{
	Name: "spindle", Display: "Go (spindle)", Language: "go",
	Args: []string{"kernel", "{connection_file}"},
}

func whereFlags(fs *flag.FlagSet) func() (jupyter.Where, error) {
	user := fs.Bool("user", false, "for the user (the default)")
	sys := fs.Bool("sys-prefix", false, "into the environment of the jupyter command")
	prefix := fs.String("prefix", "", "into `DIR`/share/jupyter/kernels")
	return func() (jupyter.Where, error) {
		n := 0
		for _, set := range []bool{*user, *sys, *prefix != ""} {
			if set {
				n++
			}
		}
		if n > 1 {
			return jupyter.Where{}, usageErrorf("-user, -sys-prefix and -prefix exclude each other")
		}
		return jupyter.Where{SysPrefix: *sys, Prefix: *prefix}, nil
	}
}

func noArgs(args []string) error {
	if len(args) > 0 {
		return usageErrorf("%q: no arguments are taken, only flags", args[0])
	}
	return nil
}

// hint adds to an error what may help.
func hint(err error) error {
	if errors.Is(err, os.ErrPermission) || errors.Is(err, syscall.EROFS) {
		return fmt.Errorf("%w; -user needs no rights, and -prefix takes any folder of yours", err)
	}
	return err
}

var installCommand = command{
	name: "install", args: "[-user | -sys-prefix | -prefix DIR]", short: "register the kernel with Jupyter",
	define: func(fs *flag.FlagSet) func(context.Context, []string) error {
		where := whereFlags(fs)
		interpreterFlag(fs)
		return func(_ context.Context, args []string) error {
			w, err := where()
			if err == nil {
				err = noArgs(args)
			}
			if err != nil {
				return err
			}
			exe, err := os.Executable()
			if err != nil {
				return err
			}
			// The kernel's folder gets a copy: the binary of `go run` is gone tomorrow.
			spec.Args = kernelArgs()
			dir, err := spec.Install(w, exe)
			if err != nil {
				return hint(err)
			}
			fmt.Println("kernel installed in", dir)
			switch found, err := spec.Verify(); {
			case errors.Is(err, jupyter.ErrNoJupyter):
				fmt.Println("no jupyter command was found to check with; the kernel will be there once Jupyter is installed")
			case errors.Is(err, jupyter.ErrNotListed):
				fmt.Printf("%v: it does not look there.\nStart Jupyter with JUPYTER_PATH=%s, or install without -prefix.\n", err, filepath.Dir(filepath.Dir(dir)))
				return exitCode(1)
			case err != nil:
				return err
			case found.Dir != dir:
				fmt.Printf("note: jupyter finds another kernel of this name first, in %s\n", found.Dir)
			default:
				fmt.Println("jupyter lists it; open a notebook with the kernel", spec.Display)
			}
			return nil
		}
	},
}

var uninstallCommand = command{
	name: "uninstall", args: "[-user | -sys-prefix | -prefix DIR]", short: "remove the kernel from Jupyter",
	define: func(fs *flag.FlagSet) func(context.Context, []string) error {
		where := whereFlags(fs)
		return func(_ context.Context, args []string) error {
			w, err := where()
			if err == nil {
				err = noArgs(args)
			}
			if err != nil {
				return err
			}
			dir, found, err := spec.Uninstall(w)
			if err != nil {
				return hint(err)
			}
			if !found {
				fmt.Println("there was no kernel in", dir)
				return nil
			}
			fmt.Println("removed", dir)
			return nil
		}
	},
}

var kernelCommand = command{
	name: "kernel", args: "CONNECTION-FILE", short: "serve a Jupyter front end", hidden: true,
	define: func(fs *flag.FlagSet) func(context.Context, []string) error {
		logFile := fs.String("log", "", "write a log to this file")
		interpreterFlag(fs)
		return func(ctx context.Context, args []string) error {
			if len(args) != 1 {
				return usageErrorf("want the connection file that Jupyter writes")
			}
			return serve(args[0], *logFile)
		}
	},
}

// serve is the life of the kernel process. Interrupts are the running cell's,
// not ours, so main's handling of signals is replaced.
func serve(connection, logFile string) error {
	signal.Reset(os.Interrupt, syscall.SIGTERM)
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	c, err := jupyter.ReadConnection(connection)
	if err != nil {
		return err
	}
	s, err := session.Start(session.Config{})
	if err != nil {
		return err
	}
	opt := jupyter.Options{
		Info: jupyter.Info{
			Implementation: "spindle", Version: run.Release,
			Language: map[string]any{
				"name": "go", "version": runtime.Version()[2:], "mimetype": "text/x-go",
				"file_extension": ".go", "pygments_lexer": "go", "codemirror_mode": "go",
			},
			Banner: "spindle " + run.Version() + ": Go with models of proprioception built in. %help explains the lines that are not Go.",
			Help:   []jupyter.HelpLink{{Text: "Go language", URL: "https://go.dev/ref/spec"}},
		},
		History: jupyter.NewHistory(jupyter.DefaultHistory()),
	}
	if logFile != "" {
		f, err := os.OpenFile(logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
		if err != nil {
			return err
		}
		defer f.Close()
		opt.Log = log.New(f, "", log.LstdFlags|log.Lmicroseconds)
	}
	k, err := jupyter.New(c, s, opt)
	if err != nil {
		s.Close()
		return err
	}
	interrupts := make(chan os.Signal, 1)
	signal.Notify(interrupts, os.Interrupt)
	go func() {
		for range interrupts {
			k.Interrupt()
		}
	}()
	return k.Run(ctx)
}

var versionCommand = command{
	name: "version", short: "print the version",
	define: func(*flag.FlagSet) func(context.Context, []string) error {
		return func(context.Context, []string) error {
			fmt.Println("spindle", run.Version())
			return nil
		}
	},
}
