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
	"github.com/spindle-lab/spindle/lib/dataset"
	"github.com/spindle-lab/spindle/lib/figure"
	"github.com/spindle-lab/spindle/lib/figure/paper"
	"github.com/spindle-lab/spindle/lib/probe"
	"github.com/spindle-lab/spindle/lib/run"
)

type reproduceOptions struct {
	tier    string
	seed    uint64
	out     string
	figure  string
	zenodo  string
	gallery bool
	save    bool
	quiet   bool
	fresh   bool
	dry     bool

	networks bool
	slice    time.Duration
}

var reproduceCommand = command{
	name: "reproduce", args: "[flags] [notebook ...]",
	short: "run all notebooks (or those named) and draw their figures",
	define: func(fs *flag.FlagSet) func(context.Context, []string) error {
		var o reproduceOptions
		interpreterFlag(fs)
		fs.StringVar(&o.tier, "tier", string(run.Smoke), "size of the run: smoke (minutes), laptop (hours) or paper")
		fs.Uint64Var(&o.seed, "seed", 1, "one seed, the same numbers")
		fs.StringVar(&o.out, "out", "", "folder of the run (default runs/TIME-TIER)")
		fs.StringVar(&o.figure, "figure", "", "draw one figure, such as 3b, and run only the cells that it needs")
		fs.StringVar(&o.zenodo, "zenodo", "", "`folder` of the paper's own files (data set, checkpoints, result tables), which the notebooks then use")
		fs.BoolVar(&o.gallery, "gallery", false, "write the figures, their numbers, a list of them and the paper's numbers beside ours into figures/ too")
		fs.BoolVar(&o.save, "save", false, "write the executed notebooks and their measured cost back into notebooks/")
		fs.BoolVar(&o.quiet, "quiet", false, "one line per notebook only")
		fs.BoolVar(&o.fresh, "fresh", false, "run everything anew, also what is unchanged since it was last run")
		fs.BoolVar(&o.dry, "cost", false, "say what it would cost, and run nothing")
		fs.BoolVar(&o.networks, "networks", false, "train and probe the networks behind the figures of the tier (laptop: some hours), and leave their tables in figures/results; stopped or killed, the same command goes on")
		fs.DurationVar(&o.slice, "slice", 0, "with -networks: stop after so long, as in 50m")
		return func(ctx context.Context, names []string) error { return reproduce(ctx, o, names, os.Stdout) }
	},
}

// A job is one notebook of a run, or the part of it that a figure needs.
type job struct {
	path string // of the file
	name string // relative to notebooks/
	nb   *notebook.Notebook
	key  *run.Key
	hit  bool
}

// reproducer runs notebooks headless into a run folder: executed notebooks,
// figures with their numbers, and the record of the run.
type reproducer struct {
	o             reproduceOptions
	tier          run.Tier
	root, out     string
	data          string // $SPINDLE_DATA, absolute
	w             io.Writer
	cache         run.Cache
	here, shipped costs
	record        *run.Record
}

func reproduce(ctx context.Context, o reproduceOptions, names []string, w io.Writer) error {
	tier, err := run.ParseTier(o.tier)
	if err != nil {
		return usageErrorf("%v", err)
	}
	root, err := run.Root()
	if err != nil {
		return fmt.Errorf("the notebooks are in the repository: run this inside a clone of it (%w)", err)
	}
	if o.zenodo != "" {
		if o.zenodo, err = filepath.Abs(o.zenodo); err != nil {
			return err
		}
		if st, err := os.Stat(o.zenodo); err != nil || !st.IsDir() {
			return usageErrorf("-zenodo %s is no folder", o.zenodo)
		}
		if o.zenodo, err = filepath.EvalSymlinks(o.zenodo); err != nil {
			return err
		}
	}
	// The notebooks run in another folder: a relative path would mean another there.
	data := os.Getenv(run.DataEnv)
	if data != "" {
		if data, err = filepath.Abs(data); err != nil {
			return err
		}
	}
	r := &reproducer{data: data, o: o, tier: tier, root: root, w: w, record: run.NewRecord(o.seed, tier)}
	if r.cache, err = run.OpenCache(); err != nil {
		return err
	}
	if r.here, err = readCosts(filepath.Join(r.cache.Dir, costsFile)); err != nil {
		return err
	}
	if r.shipped, err = readCosts(costsPath(root)); err != nil {
		return err
	}
	if o.networks {
		if o.out == "" {
			o.out = filepath.Join(root, "runs", "networks-"+o.tier)
		}
		return r.trainNetworks(ctx, o.out, o.slice)
	}
	jobs, err := r.plan(names)
	if err != nil {
		return err
	}
	if o.dry {
		return nil
	}
	return r.run(ctx, jobs)
}

// plan says which cells of which notebooks are to run and what that costs.
func (r *reproducer) plan(names []string) ([]*job, error) {
	paths, err := findNotebooks(filepath.Join(r.root, "notebooks"), names)
	if err != nil {
		return nil, err
	}
	wanted := map[string]map[int]bool{}
	if r.o.figure != "" {
		found, err := findFigures(paths, r.o.figure)
		if err != nil {
			return nil, err
		}
		paths = nil
		for _, d := range found {
			if wanted[d.path] == nil {
				wanted[d.path] = map[int]bool{}
				paths = append(paths, d.path)
			}
			wanted[d.path][d.cell] = true
		}
	}
	inputs, err := r.inputs()
	if err != nil {
		return nil, err
	}
	var jobs []*job
	for _, p := range paths {
		rel, err := filepath.Rel(filepath.Join(r.root, "notebooks"), p)
		if err != nil {
			return nil, err
		}
		j := &job{path: p, name: filepath.ToSlash(rel), key: &run.Key{}}
		if j.nb, err = r.prepare(p, wanted[p]); err != nil {
			return nil, err
		}
		for name, hash := range inputs {
			j.key.Add(name, hash)
		}
		// All that the written notebook holds: also its prose, lest an old one
		// comes back with -save.
		j.key.Add("notebook", j.name)
		j.key.Add("tier and seed", fmt.Sprint(r.tier, " ", r.o.seed))
		for i, c := range j.nb.Cells {
			j.key.Add(fmt.Sprintf("cell %d", i), fmt.Sprintf("%s %q %s", c.Type, c.Metadata["tags"], c.Source))
		}
		note := sayCost(j.name, j.nb, r.tier, r.here, r.shipped)
		if !r.o.fresh {
			if j.hit = r.cache.Has(j.key); j.hit {
				note = "unchanged since it was last run: taken from the cache"
			}
		}
		fmt.Fprintf(r.w, "%-40s %s\n", j.name, note)
		jobs = append(jobs, j)
	}
	return jobs, nil
}

// inputs are the hashes of what every notebook may depend on besides its cells:
// the program with all its library, the data, and the paper's own files.
func (r *reproducer) inputs() (map[string]string, error) {
	var k run.Key
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	if err := k.AddFile("program", program); err != nil {
		return nil, err
	}
	k.Add("interpreter", os.Getenv(envInterpreter))
	const limit = 64 << 20
	if dir, ok := run.DataDir(); ok {
		r.record.Config["data"] = dir
		for _, sub := range []string{"characters", "recordings"} {
			if p, ok := run.DataPath(sub); ok {
				if err := addFolder(&k, "data", p, limit); err != nil {
					return nil, err
				}
			}
		}
	} else {
		fmt.Fprintf(r.w, "no data folder (%s): strokes come from the embedded letter model, the recording is simulated\n", run.DataEnv)
	}
	if r.o.zenodo != "" {
		// Thousands of checkpoints: a large file counts by its size and time.
		if err := k.AddFolder("zenodo", r.o.zenodo, 1<<20); err != nil {
			return nil, err
		}
		if err := r.sayZenodo(); err != nil {
			return nil, err
		}
	}
	// What a run left for the notebooks to read: tables of a longer training.
	if results := filepath.Join(r.root, "figures", "results", string(r.tier)); isFolder(results) {
		if err := addFolder(&k, "results", results, limit); err != nil {
			return nil, err
		}
	}
	for name, hash := range k.Parts {
		if name == "program" || name == "interpreter" {
			r.record.Config[name] = hash
			continue
		}
		r.record.Inputs[name] = hash
	}
	return k.Parts, nil
}

// addFolder adds the files of a folder, also where it is a link to one.
func addFolder(k *run.Key, name, dir string, limit int64) error {
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return err
	}
	return k.AddFolder(name, dir, limit)
}

// sayZenodo tells which of the paper's files the notebooks will use, and which
// are not there.
func (r *reproducer) sayZenodo() error {
	var missing []string
	for _, condition := range []string{"active", "passive"} {
		tables, err := figure.PublishedTables(r.o.zenodo, condition)
		if err != nil {
			return err
		}
		for _, kind := range []string{"task_driven_results_", "untrained_results_"} {
			name, found := kind+condition+".h5", false
			for _, t := range tables {
				found = found || filepath.Base(t) == name
			}
			if !found {
				missing = append(missing, name)
			}
		}
		for _, t := range tables {
			fmt.Fprintf(r.w, "using the paper's table %s\n", t)
		}
	}
	files, name, err := paper.DataFiles(r.o.zenodo)
	if err != nil {
		return err
	}
	if name == "" {
		name = dataset.PaperName
	}
	for _, split := range []string{"train", "val", "test"} {
		if files[split] != "" {
			fmt.Fprintf(r.w, "using the paper's data %s\n", files[split])
		} else {
			missing = append(missing, dataset.FileName(split, name))
		}
	}
	byTask, without, err := paper.Checkpoints(r.o.zenodo)
	if err != nil {
		return err
	}
	networks := 0
	for _, folders := range byTask {
		networks += len(folders)
	}
	if networks > 0 {
		fmt.Fprintf(r.w, "using the paper's checkpoints: %d networks of %d tasks\n", networks, len(byTask))
	} else {
		missing = append(missing, "experiment_<id>/<name> with config.yaml and model.ckpt")
	}
	for _, w := range without {
		missing = append(missing, filepath.Join(w, "model.ckpt"))
	}
	if len(missing) > 0 {
		fmt.Fprintf(r.w, "of the paper's files not in %s, and not used: %s\n", r.o.zenodo, strings.Join(missing, ", "))
	}
	return nil
}

func isFolder(path string) bool {
	st, err := os.Stat(path)
	return err == nil && st.IsDir()
}

// prepare reads a notebook, sets its parameters and cuts it to what the cells
// need, if any are named.
func (r *reproducer) prepare(path string, targets map[int]bool) (*notebook.Notebook, error) {
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
			values["tier"] = r.o.tier
		case "seed":
			values["seed"] = strconv.FormatUint(r.o.seed, 10)
		}
	}
	if err := nb.SetParameters(values); err != nil {
		return nil, err
	}
	if targets != nil {
		slice(nb, targets)
	}
	return nb, nil
}

func (r *reproducer) run(ctx context.Context, jobs []*job) error {
	started := time.Now()
	if r.o.out == "" {
		r.o.out = filepath.Join(r.root, "runs", started.Format("2006-01-02-150405")+"-"+r.o.tier)
	}
	var err error
	if r.out, err = runFolder(r.o.out); err != nil {
		return err
	}
	fmt.Fprintf(r.w, "%d notebooks, tier %s, seed %d, into %s\n", len(jobs), r.tier, r.o.seed, r.out)
	for _, j := range jobs {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(r.out, "notebooks", filepath.FromSlash(j.name))), 0o755); err != nil {
			return err
		}
		began := time.Now()
		how, err := r.one(ctx, j)
		if err != nil {
			return errors.Join(err, r.record.Write(filepath.Join(r.out, "run.json")))
		}
		r.record.Timings = append(r.record.Timings, run.Timing{Name: j.name, Seconds: time.Since(began).Seconds()})
		if r.o.save && r.o.figure == "" {
			if err := j.nb.Write(j.path); err != nil {
				return err
			}
		}
		fmt.Fprintf(r.w, "%-40s %s in %.1f s\n", j.name, how, time.Since(began).Seconds())
	}
	if r.o.save {
		if err := r.shipped.write(costsPath(r.root)); err != nil {
			return err
		}
	}
	if r.o.gallery {
		published, err := r.published()
		if err != nil {
			return err
		}
		made := paper.Run{Tier: r.tier, Seed: r.o.seed, Command: fmt.Sprintf("go run ./kernel reproduce -gallery -tier %s -seed %d", r.tier, r.o.seed)}
		if err := copyFigures(filepath.Join(r.out, "figures"), r.root, made, published); err != nil {
			return err
		}
	}
	r.record.Finished = true
	if err := r.record.Write(filepath.Join(r.out, "run.json")); err != nil {
		return err
	}
	figures, _ := filepath.Glob(filepath.Join(r.out, "figures", "*.png"))
	fmt.Fprintf(r.w, "all %d notebooks ran in %.1f s: %d figures in %s\n", len(jobs), time.Since(started).Seconds(), len(figures), filepath.Join(r.out, "figures"))
	return nil
}

// published reads the paper's own result tables, of both conditions.
func (r *reproducer) published() ([]probe.Score, error) {
	if r.o.zenodo == "" {
		return nil, nil
	}
	return figure.PublishedScores(r.o.zenodo)
}

// findNotebooks lists the notebooks in their order, or those that the names
// pick: "03", "03_training" or the file's name.
func findNotebooks(dir string, names []string) ([]string, error) {
	var all []string
	for _, pattern := range []string{"*.ipynb", filepath.Join("*", "*.ipynb")} {
		found, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return nil, err
		}
		sort.Strings(found)
		all = append(all, found...)
	}
	if len(all) == 0 {
		return nil, fmt.Errorf("no notebooks in %s", dir)
	}
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
