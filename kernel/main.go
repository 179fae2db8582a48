// Spindle is the program of this module: a Jupyter kernel for Go with the
// library of proprioception models built in, and the commands that generate,
// train, probe and draw without a notebook.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// A command is one word of the command line.
type command struct {
	name, args, short string
	hidden            bool
	// define declares the flags and returns what runs after they are parsed.
	define func(fs *flag.FlagSet) func(ctx context.Context, args []string) error
}

// commands in the order in which a newcomer needs them.
func commands() []command {
	return []command{
		reproduceCommand,
		runCommand,
		replCommand,
		exportCommand,
		buildCommand,
		generateCommand,
		trainCommand,
		probeCommand,
		figureCommand,
		installCommand,
		uninstallCommand,
		doctorCommand,
		versionCommand,
		kernelCommand,
		workerCommand,
	}
}

// errUsage asks for the usage of the command after its message.
var errUsage = errors.New("usage")

func usageErrorf(format string, args ...any) error {
	return fmt.Errorf("%w: %s", errUsage, fmt.Sprintf(format, args...))
}

// exitCode is an error that only sets the program's exit code: the reason has
// been printed.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit code %d", int(e)) }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := dispatch(ctx, os.Args[1:], os.Stderr)
	stop()
	os.Exit(code)
}

func dispatch(ctx context.Context, args []string, stderr io.Writer) int {
	if len(args) == 0 || args[0] == "help" || args[0] == "-h" || args[0] == "-help" || args[0] == "--help" {
		usage(stderr)
		if len(args) == 0 {
			return 2
		}
		return 0
	}
	for _, c := range commands() {
		if c.name != args[0] {
			continue
		}
		fs := flag.NewFlagSet("spindle "+c.name, flag.ContinueOnError)
		fs.SetOutput(stderr)
		run := c.define(fs)
		fs.Usage = func() {
			fmt.Fprintf(stderr, "spindle %s %s\n  %s\n", c.name, c.args, c.short)
			fs.PrintDefaults()
		}
		rest, err := parseFlags(fs, args[1:])
		if err != nil {
			if errors.Is(err, flag.ErrHelp) {
				return 0
			}
			return 2
		}
		err = run(ctx, rest)
		var code exitCode
		switch {
		case err == nil:
			return 0
		case errors.As(err, &code):
			return int(code)
		case errors.Is(err, errUsage):
			fmt.Fprintln(stderr, c.message(strings.TrimPrefix(err.Error(), errUsage.Error()+": ")))
			fs.Usage()
			return 2
		case errors.Is(err, context.Canceled):
			fmt.Fprintln(stderr, c.message("interrupted"))
			return 130
		}
		fmt.Fprintln(stderr, c.message(err.Error()))
		return 1
	}
	fmt.Fprintf(stderr, "spindle: no command %q\n", args[0])
	usage(stderr)
	return 2
}

// message is a line of the command on standard error. An error of the package
// that a command is named after begins with the same word, which stands once.
func (c command) message(text string) string {
	return "spindle " + c.name + ": " + strings.TrimPrefix(text, c.name+": ")
}

// parseFlags reads flags before, between and behind the other arguments, which
// it returns: `spindle run x.ipynb -p seed=2`. What follows -- is no flag.
func parseFlags(fs *flag.FlagSet, args []string) ([]string, error) {
	var rest []string
	for {
		if err := fs.Parse(args); err != nil {
			return nil, err
		}
		n := len(args) - fs.NArg()
		if fs.NArg() == 0 || n > 0 && args[n-1] == "--" {
			return append(rest, fs.Args()...), nil
		}
		rest, args = append(rest, fs.Arg(0)), fs.Args()[1:]
	}
}

func usage(w io.Writer) {
	fmt.Fprintln(w, "spindle: task-driven models of proprioception, as a Go library and a Jupyter kernel")
	fmt.Fprintln(w, "\nusage: spindle COMMAND [flags]; spindle COMMAND -h explains the flags")
	for _, c := range commands() {
		if !c.hidden {
			fmt.Fprintf(w, "  %-10s %s\n", c.name, c.short)
		}
	}
}
