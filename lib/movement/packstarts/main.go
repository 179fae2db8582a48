// Command packstarts packs the published start-point tables into the embedded
// file:
//
//	go run ./lib/movement/packstarts [-out lib/movement/startpoints.txt] [DIR]
//
// DIR holds startpoints_<monkey>_scaled_5[_1]_<plane>.csv; without it, the data
// folder's arm/startpoints is taken.
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"

	"github.com/spindle-lab/spindle/lib/movement"
	"github.com/spindle-lab/spindle/lib/run"
)

func main() {
	out := flag.String("out", "startpoints.txt", "file to write")
	flag.Parse()
	if err := pack(flag.Arg(0), *out); err != nil {
		fmt.Fprintln(os.Stderr, "packstarts:", err)
		os.Exit(1)
	}
}

var tableName = regexp.MustCompile(`^startpoints_(.+)_scaled_5(_1)?_(horizontal|vertical)\.csv$`)

func pack(dir, out string) error {
	if dir == "" {
		p, ok := run.DataPath("arm", "startpoints")
		if !ok {
			return fmt.Errorf("no tables at %s: name their folder as the argument", p)
		}
		dir = p
	}
	files, err := filepath.Glob(filepath.Join(dir, "startpoints_*.csv"))
	if err != nil {
		return err
	}
	var tables []movement.Table
	for _, path := range files {
		m := tableName.FindStringSubmatch(filepath.Base(path))
		if m == nil {
			return fmt.Errorf("%s: want startpoints_<monkey>_scaled_5[_1]_<plane>.csv", path)
		}
		plane, err := movement.ParsePlane(m[3])
		if err != nil {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		points, err := movement.ReadPoints(f)
		f.Close()
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		tables = append(tables, movement.Table{Name: m[1] + m[2], Plane: plane, Points: points})
	}
	if len(tables) == 0 {
		return fmt.Errorf("%s holds no startpoints_*.csv", dir)
	}
	return run.WriteFile(out, func(w io.Writer) error {
		if _, err := io.WriteString(w, "# Published start points, cm, as runs on a 2 cm grid (see starts.go). Source: the tables shipped with\n"+
			"# Marin Vargas et al., Cell 2024 (Task-driven-Proprioception, MIT licence). Made by lib/movement/packstarts.\n"); err != nil {
			return err
		}
		return movement.WriteTables(w, tables)
	})
}
