package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"time"

	"github.com/spindle-lab/spindle/kernel/notebook"
	"github.com/spindle-lab/spindle/kernel/session"
	"github.com/spindle-lab/spindle/lib/figure"
	"github.com/spindle-lab/spindle/lib/run"
)

type reproduceOptions struct {
	tier    string
	seed    uint64
	out     string
	gallery bool
	save    bool
	quiet   bool
}

var reproduceCommand = command{
	name: "reproduce", args: "[flags] [notebook ...]",
	short: "run all notebooks (or those named) and draw their figures",
	define: func(fs *flag.FlagSet) func(context.Context, []string) error {
		var o reproduceOptions
		fs.StringVar(&o.tier, "tier", string(run.Smoke), "size of the run: smoke (minutes), laptop (hours) or paper")
		fs.Uint64Var(&o.seed, "seed", 1, "one seed, the same numbers")
		fs.StringVar(&o.out, "out", "", "folder of the run (default runs/TIME-TIER)")
		fs.BoolVar(&o.gallery, "gallery", false, "write the figures, their numbers and a list of them into figures/ too")
		fs.BoolVar(&o.save, "save", false, "write the executed notebooks back into notebooks/")
		fs.BoolVar(&o.quiet, "quiet", false, "one line per notebook only")
		return func(ctx context.Context, names []string) error { return reproduce(ctx, o, names, os.Stdout) }
	},
}

// reproduce runs notebooks headless into a run folder: executed notebooks,
// figures with their numbers, and the record of the run.
func reproduce(ctx context.Context, o reproduceOptions, names []string, w io.Writer) error {
	tier, err := run.ParseTier(o.tier)
	if err != nil {
		return usageErrorf("%v", err)
	}
	root, err := run.Root()
	if err != nil {
		return fmt.Errorf("the notebooks are in the repository: run this inside a clone of it (%w)", err)
	}
	paths, err := findNotebooks(filepath.Join(root, "notebooks"), names)
	if err != nil {
		return err
	}
	started := time.Now()
	if o.out == "" {
		o.out = filepath.Join(root, "runs", started.Format("2006-01-02-150405")+"-"+o.tier)
	}
	out, err := runFolder(o.out)
	if err != nil {
		return err
	}
	record := run.NewRecord(o.seed, tier)
	if dir, ok := run.DataDir(); ok {
		record.Config["data"] = dir
		for _, f := range []string{filepath.Join("characters", "mixout_reconstructed.mat"), filepath.Join("recordings", "s1_data.mat")} {
			if p, ok := run.DataPath(f); ok {
				if err := record.AddInput(p); err != nil {
					return err
				}
			}
		}
	} else {
		fmt.Fprintf(w, "no data folder (%s): strokes come from the embedded letter model, the recording is simulated\n", run.DataEnv)
	}
	fmt.Fprintf(w, "%d notebooks, tier %s, seed %d, into %s\n", len(paths), tier, o.seed, out)
	for _, p := range paths {
		began := time.Now()
		if err := record.AddInput(p); err != nil {
			return err
		}
		nb, runErr := runOne(ctx, p, out, o, w)
		if nb != nil {
			// What ran before an error is kept: it shows how far it came.
			if err := nb.Write(filepath.Join(out, "notebooks", filepath.Base(p))); err != nil {
				return err
			}
		}
		if runErr != nil {
			return errors.Join(runErr, record.Write(filepath.Join(out, "run.json")))
		}
		record.Timings = append(record.Timings, run.Timing{Name: filepath.Base(p), Seconds: time.Since(began).Seconds()})
		if o.save {
			if err := nb.Write(p); err != nil {
				return err
			}
		}
		fmt.Fprintf(w, "%-40s done in %.1f s\n", filepath.Base(p), time.Since(began).Seconds())
	}
	if o.gallery {
		if err := copyFigures(filepath.Join(out, "figures"), filepath.Join(root, "figures"),
			fmt.Sprintf("go run ./kernel reproduce -gallery -tier %s -seed %d", tier, o.seed)); err != nil {
			return err
		}
	}
	record.Finished = true
	if err := record.Write(filepath.Join(out, "run.json")); err != nil {
		return err
	}
	figures, _ := filepath.Glob(filepath.Join(out, "figures", "*.png"))
	fmt.Fprintf(w, "all %d notebooks ran in %.1f s: %d figures in %s\n", len(paths), time.Since(started).Seconds(), len(figures), filepath.Join(out, "figures"))
	return nil
}

// findNotebooks lists the notebooks in their order, or those that the names
// pick: "03", "03_training" or the file's name.
func findNotebooks(dir string, names []string) ([]string, error) {
	all, err := filepath.Glob(filepath.Join(dir, "*.ipynb"))
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no notebooks in %s", dir)
	}
	sort.Strings(all)
	if len(names) == 0 {
		return all, nil
	}
	var picked []string
	for _, n := range names {
		found := ""
		for _, p := range all {
			base := strings.TrimSuffix(filepath.Base(p), ".ipynb")
			if base == strings.TrimSuffix(filepath.Base(n), ".ipynb") || strings.HasPrefix(base, n+"_") {
				found = p
			}
		}
		if found == "" {
			var have []string
			for _, p := range all {
				have = append(have, strings.TrimSuffix(filepath.Base(p), ".ipynb"))
			}
			return nil, usageErrorf("no notebook %q; there are %s", n, strings.Join(have, ", "))
		}
		picked = append(picked, found)
	}
	return picked, nil
}

// runFolder makes the folder of a run and checks that it can be written, so
// that a long run does not find out at its end.
func runFolder(dir string) (string, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	for _, d := range []string{"notebooks", "figures"} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return "", fmt.Errorf("the run folder cannot be written: %w; choose another with -out", err)
		}
	}
	probe, err := os.CreateTemp(dir, ".probe")
	if err != nil {
		return "", fmt.Errorf("the run folder cannot be written: %w; choose another with -out", err)
	}
	probe.Close()
	return dir, os.Remove(probe.Name())
}

// runOne runs one notebook in a session of its own.
func runOne(ctx context.Context, path, out string, o reproduceOptions, w io.Writer) (*notebook.Notebook, error) {
	nb, err := notebook.Read(path)
	if err != nil {
		return nil, err
	}
	values := map[string]string{}
	params, err := nb.Parameters()
	if err != nil {
		return nil, err
	}
	for _, p := range params {
		switch p.Name {
		case "tier":
			values["tier"] = o.tier
		case "seed":
			values["seed"] = strconv.FormatUint(o.seed, 10)
		}
	}
	if err := nb.SetParameters(values); err != nil {
		return nil, err
	}
	s, err := session.Start(session.Config{
		Dir: filepath.Dir(path),
		Env: []string{figure.OutEnv + "=" + filepath.Join(out, "figures"), run.CacheEnv + "=" + filepath.Join(out, "cache")},
	})
	if err != nil {
		return nil, err
	}
	defer s.Close()
	name := filepath.Base(path)
	opt := notebook.Options{Name: name}
	if !o.quiet {
		opt.Progress = func(st notebook.Step) {
			if st.Done && !st.Skipped {
				fmt.Fprintf(w, "%-40s cell %2d of %d  %5.1f s  %s\n", name, st.Index, st.Total, st.Elapsed.Seconds(), firstLine(st.Source))
			}
		}
	}
	if err := notebook.Execute(ctx, nb, s, opt); err != nil {
		return nb, err
	}
	return nb, nil
}

func firstLine(source string) string {
	for _, l := range strings.Split(source, "\n") {
		if l = strings.TrimSpace(l); l != "" && l != "import (" && !strings.HasPrefix(l, "//") {
			if r := []rune(l); len(r) > 60 {
				return string(r[:59]) + "…"
			}
			return l
		}
	}
	return ""
}

// copyFigures copies the figures of a run into the gallery and lists them with
// their captions.
func copyFigures(from, to, command string) error {
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	var list strings.Builder
	fmt.Fprintf(&list, "# Figures\n\nWritten by `%s`. Beside each picture: SVG, and the plotted numbers as CSV.\n", command)
	for _, e := range entries {
		raw, err := os.ReadFile(filepath.Join(from, e.Name()))
		if err != nil {
			return err
		}
		name, ext, _ := strings.Cut(e.Name(), ".")
		switch ext {
		case "txt": // the caption, which comes after the picture of the same name
			notebook, _, _ := strings.Cut(name, "_")
			fmt.Fprintf(&list, "\n## %s\n\n![%s](%s.png)\n\n%s From notebook %s.\n", name, name, name, strings.TrimSpace(string(raw)), strings.TrimRight(notebook, "abcdefgh"))
			continue
		case "png", "svg", "csv":
		default:
			continue
		}
		if err := run.WriteFile(filepath.Join(to, e.Name()), func(w io.Writer) error { _, err := w.Write(raw); return err }); err != nil {
			return err
		}
	}
	return run.WriteFile(filepath.Join(to, "README.md"), func(w io.Writer) error { _, err := io.WriteString(w, list.String()); return err })
}
