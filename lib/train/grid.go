package train

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/spindle-lab/spindle/lib/dataset"
	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/run"
	"github.com/spindle-lab/spindle/lib/task"
)

// A GridConfig is a set of networks to train: every architecture on every task
// with every seed.
type GridConfig struct {
	Tasks []string
	Archs []net.Arch
	Seeds []uint64 // 0 alone if empty
	// Base holds what all runs have in common; its Task, Arch, Seed and Dir are
	// not used.
	Base Config
	// More are data sets for the tasks that need a series, such as torques,
	// which the first does not hold; each task takes the first that will do.
	More []Sources
	// Dir is where the networks and results.csv go, in the published layout:
	// models/experiment_<id>/<name>.
	Dir string
	// Workers is the number of networks trained at once; 0: as many as cores
	// and Memory allow. It does not change any number.
	Workers int
	// Memory is what all networks at once may take, in MB; 0: what the machine
	// has free.
	Memory int
}

// A GridEvent tells of one network of a grid.
type GridEvent struct {
	Place, Total int // of the network; how many there are
	Finished     int // networks that are done with, among them those of earlier sessions
	Row          Row
	Event        *Event // a step of a running network; nil when it has ended
	Earlier      bool   // it ended in an earlier session
}

// A job is one network of a grid.
type job struct {
	cfg Config
	src Sources
	rel string // folder, relative to that of the grid
}

const tableFile = "results.csv"

// Grid trains the networks of a grid and returns the table of their results,
// in the order of tasks, architectures and seeds. The table is kept in
// results.csv, after the rows of other grids in the same folder, and is
// complete after every network. A network that is done is
// not trained again; one that was interrupted goes on. One that diverges or
// cannot be built is a row that says so, and the others go on. tell may be nil;
// it is called by one goroutine at a time.
func Grid(ctx context.Context, g GridConfig, data *dataset.Dataset, tell func(GridEvent)) ([]Row, error) {
	if data == nil || data.Train == nil || data.Train.Len() == 0 {
		return nil, errors.New("train: the data set has no training samples")
	}
	return GridOn(ctx, g, FromDataset(data), tell)
}

// GridOn is [Grid] on any sources of samples.
func GridOn(ctx context.Context, g GridConfig, src Sources, tell func(GridEvent)) ([]Row, error) {
	jobs, err := g.jobs(src)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(g.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	unlock, err := lockDir(g.Dir)
	if err != nil {
		return nil, err
	}
	defer unlock()
	t := &gridTable{g: g, jobs: jobs, rows: make([]*Row, len(jobs)), tell: tell}
	if t.others, err = otherRows(g.Dir, jobs); err != nil {
		return nil, err
	}
	// A folder that was begun otherwise is an error before anything is trained.
	if err := same(ctx, jobs); err != nil {
		return nil, err
	}
	var todo []int
	for i, j := range jobs {
		if row, ok := j.finished(); ok {
			t.put(i, row)
			t.say(GridEvent{Place: i, Row: row, Earlier: true})
			continue
		}
		todo = append(todo, i)
	}
	if err := t.write(); err != nil {
		return nil, err
	}
	return t.train(ctx, todo)
}

// otherRows returns the rows of a grid's table that belong to networks of
// other grids in the same folder.
func otherRows(dir string, jobs []job) ([]Row, error) {
	rows, err := ReadTableFile(filepath.Join(dir, tableFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("%w: it is no table of ours; choose another folder", err)
	}
	ours := map[string]bool{}
	for _, j := range jobs {
		ours[j.rel] = true
	}
	return slices.DeleteFunc(rows, func(r Row) bool { return ours[r.Dir] }), nil
}

// same returns an error that names the first network whose folder was begun
// with another configuration or other data.
func same(ctx context.Context, jobs []job) error {
	hashes := map[string]string{} // by task: each has one data set
	for _, j := range jobs {
		path := filepath.Join(j.cfg.Dir, manifestFile)
		var was manifest
		switch err := readJSON(path, &was); {
		case errors.Is(err, fs.ErrNotExist):
			continue
		case err != nil:
			return fmt.Errorf("train: %w", err)
		}
		r, err := j.cfg.resolve(j.src.Train.Len())
		if err != nil {
			return err
		}
		if hashes[r.Task] == "" {
			if hashes[r.Task], err = hashOf(ctx, r.task, j.src); err != nil {
				return err
			}
		}
		now, err := newManifest(r, j.src, hashes[r.Task])
		if err != nil {
			return err
		}
		if err := was.same(now, path); err != nil {
			return err
		}
	}
	return nil
}

func (g GridConfig) jobs(src Sources) ([]job, error) {
	if g.Dir == "" {
		return nil, errors.New("train: a grid needs a folder")
	}
	if len(g.Tasks) == 0 || len(g.Archs) == 0 {
		return nil, errors.New("train: a grid of no tasks or no networks")
	}
	all := append([]Sources{src}, g.More...)
	for _, s := range all {
		if s.Train == nil {
			return nil, errors.New("train: no training samples")
		}
	}
	seeds := g.Seeds
	if len(seeds) == 0 {
		seeds = []uint64{0}
	}
	var out []job
	taken := map[string]bool{}
	for _, name := range g.Tasks {
		t, err := task.Lookup(name)
		if err != nil {
			return nil, err
		}
		src, err := sourceOf(t, all)
		if err != nil {
			return nil, err
		}
		for _, a := range g.Archs {
			if err := a.Validate(); err != nil {
				return nil, err
			}
			for _, seed := range seeds {
				c := g.Base
				c.Task, c.Arch, c.Seed = t.Name, a, seed
				rel := publishedName(t, a)
				// As published; a seed of 0 stands for a network that has no twins.
				if seed != 0 {
					rel += "_" + strconv.FormatUint(seed, 10)
				}
				rel = filepath.Join("models", "experiment_"+strconv.Itoa(experiment(t, a)), rel)
				// Deep networks may share a published name; the second gets a number.
				unique := rel
				for k := 2; taken[unique]; k++ {
					unique = rel + "-" + strconv.Itoa(k)
				}
				taken[unique] = true
				c.Dir = filepath.Join(g.Dir, unique)
				if _, err := c.resolve(src.Train.Len()); err != nil {
					return nil, err
				}
				out = append(out, job{cfg: c, src: src, rel: unique})
			}
		}
	}
	return out, nil
}

// sourceOf returns the first data set that holds what a task needs.
func sourceOf(t task.Task, all []Sources) (Sources, error) {
	var first error
	for _, s := range all {
		err := s.check(t)
		if err == nil {
			return s, nil
		}
		if first == nil {
			first = err
		}
	}
	return Sources{}, first
}

// finished returns the row of a network that an earlier session has ended.
func (j job) finished() (Row, bool) {
	var s summary
	if err := readJSON(filepath.Join(j.cfg.Dir, resultFile), &s); err != nil {
		return Row{}, false
	}
	row := s.Row.row()
	row.Dir = j.rel
	return row, row.Done() || row.Status == statusDiverged
}

// gridTable is the table while networks are trained.
type gridTable struct {
	g    GridConfig
	jobs []job
	tell func(GridEvent)

	mu     sync.Mutex
	rows   []*Row
	others []Row // of networks that other grids have left in the folder
}

func (t *gridTable) put(i int, r Row) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.rows[i] = &r
}

func (t *gridTable) list() (rows []Row) {
	for _, r := range t.rows {
		if r != nil {
			rows = append(rows, *r)
		}
	}
	return rows
}

func (t *gridTable) write() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	return run.WriteFile(filepath.Join(t.g.Dir, tableFile), func(w io.Writer) error { return WriteTable(w, append(slices.Clone(t.others), t.list()...)) })
}

func (t *gridTable) say(e GridEvent) {
	if t.tell == nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	e.Total = len(t.jobs)
	for _, r := range t.rows {
		if r != nil {
			e.Finished++
		}
	}
	t.tell(e)
}

func (t *gridTable) train(ctx context.Context, todo []int) ([]Row, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	workers, room := t.g.workers()
	next := make(chan int)
	go func() {
		defer close(next)
		for _, i := range todo {
			// In order, so that a large network is not put off for ever.
			if !room.take(ctx, t.jobs[i].bytes()) {
				return
			}
			select {
			case next <- i:
			case <-ctx.Done():
				return
			}
		}
	}()
	var wg sync.WaitGroup
	for range min(workers, max(1, len(todo))) {
		wg.Go(func() {
			for i := range next {
				if err := t.one(ctx, i); err != nil {
					cancel(err)
				}
				room.give(t.jobs[i].bytes())
			}
		})
	}
	wg.Wait()
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := context.Cause(ctx); err != nil {
		return t.list(), fmt.Errorf("train: grid stopped with %d of %d networks done: %w", len(t.list()), len(t.jobs), err)
	}
	return t.list(), nil
}

// one trains a network. It returns an error only where the grid cannot go on.
func (t *gridTable) one(ctx context.Context, i int) error {
	j := t.jobs[i]
	row := j.row()
	res, err := RunOn(ctx, j.cfg, j.src, func(e Event) bool { t.say(GridEvent{Place: i, Row: row, Event: &e}); return true })
	var d *DivergenceError
	switch {
	case err == nil:
		row = res.Row()
		row.Dir = j.rel
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case errors.As(err, &d):
		row.Status, row.Steps = statusDiverged, d.Step
		if e := writeJSON(filepath.Join(j.cfg.Dir, resultFile), summary{Format: 1, Version: run.Version(), Config: j.cfg, Row: saved(row)}); e != nil {
			return e
		}
	case errors.Is(err, os.ErrPermission), errors.As(err, new(*dataError)):
		return err // no other network could go on either
	default:
		row.Status = strings.ReplaceAll(err.Error(), "\n", "; ")
	}
	t.put(i, row)
	if err := t.write(); err != nil {
		return err
	}
	t.say(GridEvent{Place: i, Row: row})
	return nil
}

// row is what is known of a network before it is trained.
func (j job) row() Row {
	nan := math.NaN()
	t, err := task.Lookup(j.cfg.Task)
	if err != nil {
		panic("train: " + err.Error()) // jobs has looked it up
	}
	a := j.cfg.Arch
	return Row{Task: t.Name, Title: t.Title, Group: t.Group, Name: publishedName(t, a), Family: string(a.Family), Layers: a.Layers,
		Depth: a.Depth(), Seed: j.cfg.Seed, Params: a.Params(task.DefaultDims.Muscles, task.DefaultDims.Channels), GFLOP: GFLOP(a), Batch: j.cfg.Batch,
		Metric: t.Metric.String(), Unit: t.Unit, Test: nan, Untrained: nan, Chance: nan, TestLoss: nan, Validation: nan, ValidationLoss: nan,
		Switches: strings.Join(j.cfg.Off(), "; "), Dir: j.rel}
}
