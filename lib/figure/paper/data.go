package paper

import (
	"context"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"sort"
	"strings"

	"github.com/spindle-lab/spindle/lib/dataset"
	"github.com/spindle-lab/spindle/lib/figure"
	"github.com/spindle-lab/spindle/lib/movement"
)

// Splits of the published data set, in the order in which one stands in for
// another.
var splits = []string{"train", "test", "val"}

var dataFile = regexp.MustCompile(`^dataset_(train|val|test)_(.+)\.hdf5$`)

// DataFiles finds the paper's letters, dataset_<split>_<name>.hdf5, in and below
// a folder: the path of each split that is there, and the name. Of several data
// sets it takes the one that the paper trains on, else the first that is neither
// of reaches nor of spikes.
func DataFiles(dir string) (files map[string]string, name string, err error) {
	found := map[string]map[string]string{}
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if m := dataFile.FindStringSubmatch(d.Name()); m != nil && m[2] != dataset.TorqueName && !strings.Contains(m[2], "spikes") {
			if found[m[2]] == nil {
				found[m[2]] = map[string]string{}
			}
			if found[m[2]][m[1]] == "" {
				found[m[2]][m[1]] = path
			}
		}
		return nil
	})
	if err != nil {
		return nil, "", fmt.Errorf("the folder of the paper's files: %w", err)
	}
	names := make([]string, 0, len(found))
	for n := range found {
		names = append(names, n)
	}
	sort.Strings(names)
	switch {
	case len(names) == 0:
		return nil, "", nil
	case found[dataset.PaperName] != nil:
		name = dataset.PaperName
	default:
		name = names[0]
	}
	return found[name], name, nil
}

// Data opens the paper's own data set where it lies in or below $SPINDLE_ZENODO,
// and returns nil where it does not. So many samples at most are trained on, and
// validated and tested on a quarter and half as many; 0: on all. They are drawn
// by the seed. Where a split's file is missing a tenth of another split stands in
// for it, or for training what that leaves, and Source says so. The files stay
// open for as long as the program runs.
func Data(seed uint64, samples int) (*dataset.Dataset, error) {
	dir := os.Getenv(figure.ZenodoEnv)
	if dir == "" {
		return nil, nil
	}
	files, name, err := DataFiles(dir)
	if err != nil || name == "" {
		return nil, err
	}
	im, err := openData(files, name, seed)
	if err != nil {
		return nil, err
	}
	d := im.Dataset
	var missing []string
	lender := ""
	for _, s := range splits {
		if files[s] == "" {
			missing = append(missing, dataset.FileName(s, name))
		} else if lender == "" {
			lender = s
		}
	}
	d.Source = "the paper's data set " + dataset.FileName("*", name)
	if len(missing) > 0 {
		lend(d, files, lender)
		d.Source += fmt.Sprintf(" (%s missing: samples of %s in its place)", strings.Join(missing, " and "), dataset.FileName(lender, name))
	}
	if samples > 0 {
		d.Train = d.Train.Head(min(samples, d.Train.Len()))
		d.Val = d.Val.Head(min(max(1, samples/4), d.Val.Len()))
		d.Test = d.Test.Head(min(max(1, samples/2), d.Test.Len()))
	}
	if d.Train.Len() == 0 {
		return nil, fmt.Errorf("%s: no samples to train on", files[lender])
	}
	return d, nil
}

// openData opens three files, of which those that are missing are another one.
func openData(files map[string]string, name string, seed uint64) (*dataset.Imported, error) {
	beside := filepath.Dir(files["train"])
	whole := true
	for _, s := range splits {
		whole = whole && files[s] == filepath.Join(beside, dataset.FileName(s, name))
	}
	if whole {
		return dataset.OpenHDF5(beside, name, dataset.Options{Seed: seed})
	}
	links, err := os.MkdirTemp("", "spindle-data-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(links)
	for _, s := range splits {
		path := files[s]
		for _, other := range splits {
			if path == "" {
				path = files[other]
			}
		}
		if path, err = filepath.Abs(path); err != nil {
			return nil, err
		}
		if err := os.Symlink(path, filepath.Join(links, dataset.FileName(s, name))); err != nil {
			return nil, err
		}
	}
	return dataset.OpenHDF5(links, name, dataset.Options{Seed: seed})
}

// lend gives splits without a file samples of the one that lends: every tenth
// from a place of its own; for training what the others leave.
func lend(d *dataset.Dataset, files map[string]string, lender string) {
	sets := map[string]**dataset.Set{"train": &d.Train, "val": &d.Val, "test": &d.Test}
	from := *sets[lender]
	parts := map[string][]int{}
	for i := range from.Len() {
		to := "train"
		switch i % 10 {
		case 8:
			to = "val"
		case 9:
			to = "test"
		}
		if files[to] != "" {
			to = lender
		}
		parts[to] = append(parts[to], i)
	}
	for _, s := range splits {
		if files[s] == "" || s == lender {
			*sets[s] = from.Subset(parts[s])
		}
	}
}

// Letters returns the first n movements of a data set's training samples, as
// far as its windows tell them: cut to where the muscles move, with the joint
// angles (deg), muscle lengths (mm) and markers (cm) of the window. The planned
// path is not in the files; Pen is that of the hand marker.
func Letters(ctx context.Context, d *dataset.Dataset, n int) ([]movement.Movement, error) {
	keys := []dataset.Key{dataset.Hand, dataset.Elbow, dataset.Joint}
	for _, k := range keys {
		if !d.Train.Has(k) {
			return nil, fmt.Errorf("%s has no %s", d.Source, k)
		}
	}
	var out []movement.Movement
	input := make([]float32, dataset.InputLen)
	targets := make([][]float32, len(keys))
	for k, key := range keys {
		targets[k] = make([]float32, key.Rows()*dataset.Window)
	}
	for i := range min(n, d.Train.Len()) {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := d.Train.Read(i, input, keys, targets); err != nil {
			return nil, err
		}
		from, to := moving(input)
		rows := func(v []float32, channels int) [][]float64 {
			out := make([][]float64, len(v)/(dataset.Window*channels))
			for r := range out {
				for t := from; t < to; t++ {
					out[r] = append(out[r], float64(v[(r*dataset.Window+t)*channels]))
				}
			}
			return out
		}
		m := movement.Movement{Label: d.Train.Label(i), Monkey: "snap", Muscles: rows(input, dataset.Channels),
			Hand: rows(targets[0], 1), Elbow: rows(targets[1], 1), Joints: rows(targets[2], 1)}
		m.Pen = slices.Clone(m.Hand)
		out = append(out, m)
	}
	return out, nil
}

// moving finds the samples of a window that are not held values: one before the
// first change of any muscle's length to one after the last.
func moving(input []float32) (from, to int) {
	from, to = dataset.Window, 0
	for m := range dataset.Muscles {
		for t := 1; t < dataset.Window; t++ {
			at := (m*dataset.Window + t) * dataset.Channels
			if input[at] != input[at-dataset.Channels] {
				from, to = min(from, t-1), max(to, t+1)
			}
		}
	}
	if from >= to {
		return 0, dataset.Window
	}
	return from, to
}
