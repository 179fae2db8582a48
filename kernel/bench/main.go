// Bench measures Jupyter kernels as a front end meets them, beside each other
// in one run: this one, ipykernel, and gophernotes as go.mod's tool line has it.
//
//	go run ./kernel/bench                     prints a table
//	go run ./kernel/bench -readme README.md   puts it between the README's marks
//
// Times are in seconds or milliseconds of the clock, from the client's request
// to the idle that ends it, medians of several; a start is from the process's
// start to the first answer with its publication.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

func main() {
	var opt options
	flag.StringVar(&opt.spindle, "spindle", "", "the built program; built if empty")
	flag.StringVar(&opt.gophernotes, "gophernotes", "", "its built program; built if empty, in about three minutes of CPU the first time")
	flag.StringVar(&opt.python, "python", "/usr/bin/python3", "a Python with ipykernel")
	flag.StringVar(&opt.readme, "readme", "", "a file whose table is replaced")
	flag.IntVar(&opt.rounds, "rounds", 5, "how often each is measured")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := bench(ctx, opt)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

type options struct {
	spindle, gophernotes, python, readme string
	rounds                               int
}

func bench(ctx context.Context, opt options) error {
	if opt.rounds < 1 {
		return errors.New("-rounds: at least 1")
	}
	dir, err := os.MkdirTemp("", "bench")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if opt.spindle == "" {
		opt.spindle = filepath.Join(dir, "spindle")
		if err := build(ctx, opt.spindle, "github.com/spindle-lab/spindle/kernel"); err != nil {
			return err
		}
	}
	if opt.gophernotes == "" {
		opt.gophernotes = filepath.Join(dir, "gophernotes")
		// Without -trimpath it panics at its start under Go 1.26.
		if err := build(ctx, opt.gophernotes, "-trimpath", "github.com/gopherdata/gophernotes"); err != nil {
			return err
		}
	}
	kernels := peers(opt)
	results := make([][]times, len(kernels)) // [kernel][measure]
	for i := range results {
		results[i] = make([]times, len(measures))
	}
	for round := range opt.rounds {
		// One after the other in every round, so that a busy minute of the
		// machine is not one kernel's alone.
		for i, k := range kernels {
			if err := ctx.Err(); err != nil {
				return err
			}
			fmt.Fprintf(os.Stderr, "round %d of %d: %s\n", round+1, opt.rounds, k.name)
			if err := k.measure(ctx, dir, results[i]); err != nil {
				return fmt.Errorf("%s: %w", k.name, err)
			}
		}
	}
	table := render(kernels, results, opt.rounds)
	fmt.Print(table)
	if opt.readme != "" {
		return replace(opt.readme, table)
	}
	return nil
}

func build(ctx context.Context, out string, args ...string) error {
	fmt.Fprintln(os.Stderr, "building", args[len(args)-1])
	cmd := exec.CommandContext(ctx, "go", append([]string{"build", "-o", out}, args...)...)
	cmd.Stderr = os.Stderr
	return cmd.Run()
}

// Times of one measure of one kernel; dead counts the rounds that it did not
// survive, silent those in which it gave no answer.
type times struct {
	all          []time.Duration
	dead, silent int
}

func (t times) String() string {
	switch {
	case t.dead > 0:
		return "the kernel dies"
	case t.silent > 0:
		return "no answer"
	case len(t.all) == 0:
		return "–"
	}
	slices.Sort(t.all)
	d := t.all[len(t.all)/2]
	switch {
	case d >= time.Second:
		return fmt.Sprintf("%.2f s", d.Seconds())
	case d >= 100*time.Millisecond:
		return fmt.Sprintf("%.0f ms", float64(d)/1e6)
	}
	return fmt.Sprintf("%.1f ms", float64(d)/1e6)
}
