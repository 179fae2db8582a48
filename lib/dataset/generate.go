package dataset

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"sync"

	"github.com/spindle-lab/spindle/lib/movement"
	"github.com/spindle-lab/spindle/lib/run"
	"github.com/spindle-lab/spindle/lib/stroke"
)

const (
	kindLetters = "letters"
	kindReaches = "reaches"
	shardExt    = ".shard"
)

// GenerateOptions say what to generate and where; of the zero values only Dir
// must be set.
type GenerateOptions struct {
	Dir         string      // folder of the data set
	Monkey      string      // whose arm, default snap
	Folders     int         // how many runs over all strokes, default 1; the paper has 81
	FirstFolder int         // number of the first, default 1
	Seed        uint64      // default 1
	Strokes     *stroke.Set // default stroke.Load()
	PerLetter   int         // use only the first strokes of each letter; 0 for all
	PerGroup    int         // most samples per folder, letter and plane, default 90
	MaxJerk     float64     // default 1
	OnlyKept    bool        // make no movements beyond those that the data set takes
	OpenSimSign bool        // see Options
	Fix         movement.Fixes
	Reaches     *movement.ReachOptions // point-to-point reaches with joint torques in place of letters
	Workers     int                    // default all cores; the bytes do not depend on it
	Command     string                 // not kept: the manifest's command is made of the options, lest the bytes depend on Dir or Workers
	Progress    run.Progress           // of movements; the note has rate and time left
}

func (o GenerateOptions) withDefaults() (GenerateOptions, error) {
	if o.Dir == "" {
		return o, fmt.Errorf("dataset: no folder to generate into")
	}
	if o.Monkey == "" {
		o.Monkey = "snap"
	}
	if o.Folders == 0 {
		o.Folders = 1
	}
	if o.FirstFolder == 0 {
		o.FirstFolder = 1
	}
	if o.Seed == 0 {
		o.Seed = 1
	}
	if o.Workers == 0 {
		o.Workers = runtime.GOMAXPROCS(0)
	}
	if o.Folders < 0 || o.Folders > 1e5 || o.FirstFolder < 0 || o.FirstFolder > 1e6 || o.Workers < 0 || o.PerLetter < 0 || o.PerGroup < 0 {
		return o, fmt.Errorf("dataset: %d folders from %d, %d workers, %d strokes a letter, %d samples a group: want positive numbers",
			o.Folders, o.FirstFolder, o.Workers, o.PerLetter, o.PerGroup)
	}
	if o.Reaches == nil && o.Strokes == nil {
		set, err := stroke.Load()
		if err != nil {
			return o, err
		}
		o.Strokes = set
	}
	return o, nil
}

// Generate makes a data set of a monkey's arm in shards on disk, one for each
// folder, letter and plane. It can be stopped at any moment, by any means, and
// goes on when it is called again with the same options; the finished files are
// the same bytes whether it was stopped, and on any number of workers. More
// folders may be asked for later. It returns the manifest that it wrote.
//
// A shard that is there but damaged is an error, never silently made again. Two
// generations cannot write to one folder at once.
func Generate(ctx context.Context, opt GenerateOptions) (*Manifest, error) {
	opt, err := opt.withDefaults()
	if err != nil {
		return nil, err
	}
	g, err := newGeneration(opt)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(opt.Dir, 0o755); err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	unlock, err := lockDir(opt.Dir)
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := g.prepare(); err != nil {
		return nil, err
	}
	if err := g.work(ctx); err != nil {
		return nil, err
	}
	return g.finish()
}

// A generation is the work on one data set.
type generation struct {
	opt    GenerateOptions
	pick   Options
	config Config
	units  []unit
	meter  *meter

	mu   sync.Mutex
	done []ShardInfo // by unit
	head []Header
	kept [][numSplits]int
}

func newGeneration(opt GenerateOptions) (*generation, error) {
	pick := Options{Seed: opt.Seed, PerGroup: opt.PerGroup, MaxJerk: opt.MaxJerk, OpenSimSign: opt.OpenSimSign}.withDefaults()
	g := &generation{opt: opt, pick: pick}
	engine, err := fingerprint(opt.Monkey, opt.Fix, opt.Reaches)
	if err != nil {
		return nil, err
	}
	g.config = Config{
		Format: format, Kind: kindLetters, Monkey: opt.Monkey, Seed: opt.Seed, PerLetter: opt.PerLetter,
		PerGroup: pick.PerGroup, MaxJerk: pick.MaxJerk, OnlyKept: opt.OnlyKept, OpenSimSign: opt.OpenSimSign, Fix: opt.Fix, Engine: engine,
	}
	if opt.Reaches != nil {
		if err := g.planReaches(); err != nil {
			return nil, err
		}
	} else {
		g.planLetters()
	}
	if len(g.units) == 0 {
		return nil, fmt.Errorf("dataset: nothing to generate: no strokes")
	}
	g.done, g.head, g.kept = make([]ShardInfo, len(g.units)), make([]Header, len(g.units)), make([][numSplits]int, len(g.units))
	total := 0
	for _, u := range g.units {
		total += u.size
	}
	g.meter = newMeter(total, opt.Progress)
	return g, nil
}

// prepare checks what lies in the folder, and writes the configuration.
func (g *generation) prepare() error {
	path := filepath.Join(g.opt.Dir, configFile)
	var there Config
	switch err := readJSON(path, &there); {
	case errors.Is(err, fs.ErrNotExist):
		if _, err := os.Stat(filepath.Join(g.opt.Dir, manifestFile)); err == nil {
			return fmt.Errorf("dataset: %s holds a %s without a %s: give another folder", g.opt.Dir, manifestFile, configFile)
		}
		if err := writeJSON(path, g.config); err != nil {
			return fmt.Errorf("dataset: %w", err)
		}
	case err != nil:
		return fmt.Errorf("dataset: %w", err)
	default:
		if d := there.difference(&g.config); d != "" {
			return fmt.Errorf("dataset: %s holds another data set: %s; give another folder, or the same options", g.opt.Dir, d)
		}
	}
	return g.sweep()
}

// sweep removes the unfinished files of a generation that was killed. They bear
// the names that run.WriteFile gives them; only this program's are touched.
func (g *generation) sweep() error {
	seen := map[string]bool{}
	clean := func(dir string, names ...string) error {
		list, err := os.ReadDir(dir)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("dataset: %w", err)
		}
		for _, e := range list {
			for _, n := range names {
				if strings.HasPrefix(e.Name(), "."+n+".") {
					if err := os.Remove(filepath.Join(dir, e.Name())); err != nil {
						return fmt.Errorf("dataset: %w", err)
					}
				}
			}
		}
		return nil
	}
	if err := clean(g.opt.Dir, configFile, manifestFile); err != nil {
		return err
	}
	byDir := map[string][]string{}
	for _, u := range g.units {
		p := filepath.Join(g.opt.Dir, filepath.FromSlash(u.name))
		byDir[filepath.Dir(p)] = append(byDir[filepath.Dir(p)], filepath.Base(p))
	}
	for _, u := range g.units {
		dir := filepath.Dir(filepath.Join(g.opt.Dir, filepath.FromSlash(u.name)))
		if !seen[dir] {
			seen[dir] = true
			if err := clean(dir, byDir[dir]...); err != nil {
				return err
			}
		}
	}
	return nil
}

// work makes the shards that are not there yet, one at a time on each worker.
func (g *generation) work(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	next := make(chan int)
	var wg sync.WaitGroup
	for range min(g.opt.Workers, len(g.units)) {
		wg.Go(func() {
			for i := range next {
				if err := g.shard(ctx, i); err != nil {
					cancel(err)
				}
			}
		})
	}
	for i := range g.units {
		select {
		case next <- i:
		case <-ctx.Done():
		}
	}
	close(next)
	wg.Wait()
	return context.Cause(ctx)
}

// shard makes shard i, or checks it if it is there.
func (g *generation) shard(ctx context.Context, i int) error {
	u := &g.units[i]
	path := filepath.Join(g.opt.Dir, filepath.FromSlash(u.name))
	if st, err := os.Stat(path); err == nil {
		h, entries, sum, err := verifyShard(path)
		if err != nil {
			return fmt.Errorf("dataset: %w: delete it to have it made again", err)
		}
		if h.Config != g.config.hash() || h.Folder != u.folder || h.Label != u.group.label {
			return fmt.Errorf("dataset: %s belongs to another data set: delete it to have it made again", path)
		}
		g.meter.skip(u.size)
		g.note(i, h, entries, ShardInfo{u.name, st.Size(), sum, len(entries)})
		return nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("dataset: %w", err)
	}
	h, entries, samples, err := g.makeUnit(ctx, u)
	if err != nil {
		return err
	}
	raw, err := encodeShard(h, entries, samples)
	if err != nil {
		return fmt.Errorf("dataset: %s: %w", path, err)
	}
	if err := writeBytes(path, raw); err != nil {
		return fmt.Errorf("dataset: writing %s: %w (what was finished before stays; run the same command again)", path, err)
	}
	g.note(i, h, entries, ShardInfo{u.name, int64(len(raw)), sha(raw), len(entries)})
	return nil
}

// note keeps what the manifest says of a shard.
func (g *generation) note(i int, h Header, entries []entry, info ShardInfo) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.done[i], g.head[i] = info, h
	for _, e := range entries {
		g.kept[i][e.split]++
	}
}

// makeUnit makes the samples of one shard.
func (g *generation) makeUnit(ctx context.Context, u *unit) (Header, []entry, []*sample, error) {
	h := Header{Config: g.config.hash(), Monkey: g.opt.Monkey, Folder: u.folder, Label: u.group.label,
		Plane: u.group.plane.String(), Report: movement.Report{Monkey: g.opt.Monkey}}
	one, all, err := g.maker(u, &h)
	if err != nil {
		return h, nil, nil, err
	}
	made := make([]*movement.Movement, u.size)
	get := func(k int) (*movement.Movement, error) {
		if made[k] != nil {
			return made[k], nil
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		m, rep, err := one(k)
		if err != nil {
			return nil, err
		}
		h.Report.Add(rep)
		made[k] = &m
		g.meter.step(1)
		return &m, nil
	}
	if all {
		for k := range u.size {
			if _, err := get(k); err != nil {
				return h, nil, nil, err
			}
		}
	}
	picked, err := pick(u.group, u.size, g.pick, func(k int) (*sample, error) {
		m, err := get(k)
		if err != nil {
			return nil, err
		}
		s, err := newSample(m, g.pick)
		if err == nil && s == nil {
			h.Refused++
		}
		return s, err
	})
	if err != nil {
		return h, nil, nil, err
	}
	g.meter.skip(u.size - countMade(made))
	entries, samples := make([]entry, len(picked)), make([]*sample, len(picked))
	for i, p := range picked {
		entries[i] = entry{split: p.split, info: infoOf(made[p.from], p.start, g.pick)}
		if entries[i].info.Filtered {
			h.Filtered++
		}
		samples[i] = p.sample
	}
	return h, entries, samples, nil
}

// maker returns what makes the k-th movement of a unit, and whether all are to be
// made. It fills in the fields of the header.
func (g *generation) maker(u *unit, h *Header) (one func(k int) (movement.Movement, movement.Report, error), all bool, err error) {
	if g.opt.Reaches != nil {
		return g.reachMaker(u, h)
	}
	h.Fields = fieldNames[:fieldTorques]
	gen, err := movement.NewGenerator(g.opt.Monkey, movement.Options{Folder: u.folder, Fix: g.opt.Fix, Workers: 1})
	if err != nil {
		return nil, false, err
	}
	return func(k int) (movement.Movement, movement.Report, error) { return gen.One(u.jobs[k], g.opt.Seed) }, !g.opt.OnlyKept, nil
}

func countMade(made []*movement.Movement) int {
	n := 0
	for _, m := range made {
		if m != nil {
			n++
		}
	}
	return n
}

func infoOf(m *movement.Movement, start int, opt Options) Info {
	plane := ""
	if m.Label > 0 {
		plane = m.Plane.String()
	}
	return Info{
		Monkey: m.Monkey, Folder: m.Folder, Label: m.Label, Plane: plane, Stroke: m.Stroke, Start: m.Start, Latents: m.Latents,
		Rest: m.Rest, TracingError: m.TracingError, JointJerk: m.JointJerk, MuscleJerk: m.MuscleJerk, Attempts: m.Attempts,
		Filtered: m.MuscleJerk > movement.SmoothJerk && !opt.keepAll, OpenSimSign: m.OpenSimSign || opt.OpenSimSign, Len: m.Len(), Offset: start,
	}
}

// finish writes the manifest.
func (g *generation) finish() (*Manifest, error) {
	m := &Manifest{Config: g.config, Folders: g.opt.Folders, First: g.opt.FirstFolder, Command: g.opt.command(), Version: version(), Shards: g.done}
	if g.opt.Strokes != nil && g.opt.Reaches == nil {
		m.Credit = stroke.Credit
	}
	m.Report.Monkey = g.opt.Monkey
	for i := range g.units {
		m.Report.Add(g.head[i].Report)
		m.Refused += g.head[i].Refused
		for s, n := range g.kept[i] {
			m.Counts[s] += n
		}
	}
	if err := writeJSON(filepath.Join(g.opt.Dir, manifestFile), m); err != nil {
		return nil, fmt.Errorf("dataset: %w", err)
	}
	return m, nil
}

// command is the command line that makes the same data set.
func (o *GenerateOptions) command() string {
	s := fmt.Sprintf("spindle generate -monkey %s -folders %d -seed %d", o.Monkey, o.Folders, o.Seed)
	if o.PerLetter > 0 {
		s += fmt.Sprintf(" -per-letter %d", o.PerLetter)
	}
	if o.OnlyKept {
		s += " -only-kept"
	}
	if o.Reaches != nil {
		s += fmt.Sprintf(" -reaches %d", o.Reaches.Count)
	}
	return s
}

// version returns the version of the program as Go recorded it when it was built.
func version() string {
	if b, ok := debug.ReadBuildInfo(); ok {
		return b.Main.Version
	}
	return ""
}
