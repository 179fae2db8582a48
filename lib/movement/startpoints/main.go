// Command startpoints computes the start points of letters anew and reports
// where they differ from the shipped tables:
//
//	go run ./lib/movement/startpoints [-bound 38] [-upper 0.161 -fore 0.186] [-out FILE] [monkey …]
//
// Without names, all six arms are computed. With -upper and -fore (m) the one
// named arm has other segment lengths.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/spindle-lab/spindle/lib/arm"
	"github.com/spindle-lab/spindle/lib/movement"
	"github.com/spindle-lab/spindle/lib/run"
)

func main() {
	bound := flag.Int("bound", 38, "half-width of the search box, cm")
	upper := flag.Float64("upper", 0, "upper arm, m (0: as known)")
	fore := flag.Float64("fore", 0, "forearm and hand, m (0: as known)")
	out := flag.String("out", "", "file for the computed tables")
	flag.Parse()
	if err := compute(flag.Args(), *bound, *upper, *fore, *out); err != nil {
		fmt.Fprintln(os.Stderr, "startpoints:", err)
		os.Exit(1)
	}
}

func compute(monkeys []string, bound int, upper, fore float64, out string) error {
	if len(monkeys) == 0 {
		monkeys = arm.Names()
	}
	if bound < 2 || bound > 60 || bound%2 != 0 || upper < 0 || fore < 0 {
		return fmt.Errorf("-bound %d, -upper %v, -fore %v: want an even bound up to 60, and lengths in m", bound, upper, fore)
	}
	var diffs []movement.StartDifference
	var tables []movement.Table
	for _, name := range monkeys {
		reach, err := arm.ReachFor(name)
		if err != nil {
			return err
		}
		if upper > 0 {
			reach.Upper = upper
		}
		if fore > 0 {
			reach.Fore = fore
		}
		points, err := movement.ComputeStarts(context.Background(), reach, movement.StartOptions{Bound: bound}, func(done, total int, _ string) {
			fmt.Fprintf(os.Stderr, "\r%s: slice %d of %d ", name, done, total)
		})
		fmt.Fprintln(os.Stderr)
		if err != nil {
			return err
		}
		for _, p := range movement.Planes {
			d, err := movement.CompareStarts(name, p, points[p])
			if err != nil {
				return err
			}
			diffs = append(diffs, d)
			tables = append(tables, movement.Table{Name: name, Plane: p, Points: points[p]})
		}
	}
	fmt.Println(movement.StartTable(diffs).String())
	if out == "" {
		return nil
	}
	return run.WriteFile(out, func(w io.Writer) error { return movement.WriteTables(w, tables) })
}
