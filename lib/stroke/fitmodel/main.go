// Command fitmodel fits the embedded letter model to the UCI strokes:
//
//	go run ./lib/stroke/fitmodel [-out lib/stroke/model.json] [characters.mat]
//
// Without an argument it takes the UCI file of the data folder.
package main

import (
	"flag"
	"fmt"
	"os"

	"github.com/spindle-lab/spindle/lib/run"
	"github.com/spindle-lab/spindle/lib/stroke"
)

func main() {
	out := flag.String("out", "model.json", "file to write")
	terms := flag.Int("terms", 0, "cosine terms for each axis (0: the default)")
	modes := flag.Int("modes", 0, "most variations of a way of writing (0: the default)")
	ways := flag.Int("ways", 0, "most ways of writing a letter (0: the default)")
	flag.Parse()
	if err := fit(flag.Arg(0), *out, stroke.FitOptions{Terms: *terms, Modes: *modes, Ways: *ways}); err != nil {
		fmt.Fprintln(os.Stderr, "fitmodel:", err)
		os.Exit(1)
	}
}

func fit(path, out string, opt stroke.FitOptions) error {
	if path == "" {
		p, ok := run.DataPath("characters", "mixout_reconstructed.mat")
		if !ok {
			return fmt.Errorf("no UCI file at %s: name it as the argument", p)
		}
		path = p
	}
	set, err := stroke.ReadUCI(path)
	if err != nil {
		return err
	}
	m, err := stroke.Fit(set, opt)
	if err != nil {
		return err
	}
	if err := m.Save(out); err != nil {
		return err
	}
	for _, l := range m.Letters {
		fmt.Printf("%s:", l.Letter)
		for _, w := range l.Ways {
			fmt.Printf(" %.0f %% with %d modes", 100*w.Weight, len(w.Modes))
		}
		fmt.Println()
	}
	return nil
}
