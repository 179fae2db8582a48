package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/spindle-lab/spindle/lib/arm"
	"github.com/spindle-lab/spindle/lib/dataset"
	"github.com/spindle-lab/spindle/lib/movement"
)

var generateCommand = command{
	name: "generate", args: "-out DIR [flags]", short: "make a data set of arm movements",
	define: func(fs *flag.FlagSet) func(context.Context, []string) error {
		var o dataset.GenerateOptions
		fs.StringVar(&o.Dir, "out", "", "`folder` of the data set")
		fs.StringVar(&o.Monkey, "monkey", "snap", "whose arm: "+strings.Join(arm.Names(), ", "))
		fs.IntVar(&o.Folders, "folders", 1, "runs over all strokes; the paper has 81")
		fs.Uint64Var(&o.Seed, "seed", 1, "one seed, the same bytes")
		fs.IntVar(&o.PerLetter, "per-letter", 0, "use only so many strokes of each letter; 0 for all")
		fs.BoolVar(&o.OnlyKept, "only-kept", false, "make no movements beyond the 90 per folder, letter and plane that are kept")
		fs.IntVar(&o.Workers, "workers", 0, "how many at once; 0 for all cores. The bytes do not depend on it")
		reaches := fs.Int("reaches", 0, "make so many point-to-point reaches per folder, with joint torques, in place of letters")
		return func(ctx context.Context, args []string) error {
			if len(args) != 0 {
				return usageErrorf("unexpected %q", args[0])
			}
			if o.Dir == "" {
				return usageErrorf("-out names the folder of the data set")
			}
			if *reaches > 0 {
				o.Reaches = &movement.ReachOptions{}
				o.PerGroup = *reaches
			}
			o.Command = strings.Join(os.Args, " ")
			o.Progress = progressLine(os.Stderr)
			m, err := dataset.Generate(ctx, o)
			if err != nil {
				return err
			}
			fmt.Println(m.Report)
			fmt.Printf("%d training, %d validation and %d test movements in %s\n", m.Counts[0], m.Counts[1], m.Counts[2], o.Dir)
			return nil
		}
	},
}
