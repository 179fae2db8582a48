package movement

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"

	"github.com/spindle-lab/spindle/lib/arm"
	"github.com/spindle-lab/spindle/lib/run"
	"github.com/spindle-lab/spindle/lib/stroke"
)

// Limits are the largest values that an accepted movement may have.
type Limits struct {
	TracingError float64 // cm, summed over samples
	JointJerk    float64 // deg/sample³
	MuscleJerk   float64 // mm/sample³
}

// PublishedLimits are those of the paper's generator (spec/01, 2.6).
var PublishedLimits = Limits{TracingError: 0.01, JointJerk: 2, MuscleJerk: 4}

// Fixes correct known defects of the published generator; the zero value is the
// published behaviour. String names those that are on, for captions.
type Fixes struct {
	// FreshRest (B15) draws the rest posture of every attempt anew. As
	// published, the k-th attempt of every movement of a folder starts from
	// the same posture, since the generator is seeded anew for each.
	FreshRest bool
	// PathLength (B18) takes the length of the muscle's path. As published,
	// the muscle length is fibre plus tendon length, which is more for a
	// pennate muscle.
	PathLength bool
	// Quirkless evaluates the arm without the slips of OpenSim 4.0
	// ([arm.Ideal] in place of [arm.OpenSim40]).
	Quirkless bool
}

func (f Fixes) String() string {
	s := ""
	for _, x := range []struct {
		on   bool
		name string
	}{{f.FreshRest, "FreshRest"}, {f.PathLength, "PathLength"}, {f.Quirkless, "Quirkless"}} {
		if x.on {
			if s != "" {
				s += ", "
			}
			s += x.name
		}
	}
	return s
}

func (f Fixes) quirks() arm.Quirks {
	if f.Quirkless {
		return arm.Ideal
	}
	return arm.OpenSim40
}

// Options of a generator; the zero value is the published generator.
type Options struct {
	Folder      int     // number of the folder: another folder, other movements
	Planes      []Plane // default both
	Limits      *Limits // default PublishedLimits
	Fix         Fixes
	MaxAttempts int // redraws before a movement is given up as an error, default 1000
	Workers     int // default: all cores; the result does not depend on it
	Reach       *arm.Reach
	Starts      map[Plane][][3]float64 // start points in cm, default the published tables
}

// A Generator makes movements of one monkey's arm. It may be used by several
// goroutines at once.
type Generator struct {
	monkey string
	opt    Options
	limits Limits
	starts map[Plane][][3]float64
	chains sync.Pool // of *Chain
}

// NewGenerator prepares a generator for a monkey: one of arm.Names.
func NewGenerator(monkey string, opt Options) (*Generator, error) {
	if opt.MaxAttempts == 0 {
		opt.MaxAttempts = 1000
	}
	if opt.Workers == 0 {
		opt.Workers = runtime.GOMAXPROCS(0)
	}
	if len(opt.Planes) == 0 {
		opt.Planes = Planes
	}
	if opt.Workers < 0 || opt.MaxAttempts < 0 {
		panic(fmt.Sprintf("movement: %d workers, %d attempts", opt.Workers, opt.MaxAttempts))
	}
	g := &Generator{monkey: monkey, opt: opt, limits: PublishedLimits, starts: map[Plane][][3]float64{}}
	if opt.Limits != nil {
		g.limits = *opt.Limits
	}
	first, err := g.newChain()
	if err != nil {
		return nil, err
	}
	g.chains.Put(first)
	for _, p := range opt.Planes {
		points := opt.Starts[p]
		if points == nil {
			if points, err = StartPoints(monkey, p); err != nil {
				return nil, err
			}
		}
		if len(points) == 0 {
			return nil, fmt.Errorf("movement: the table of start points of %s, plane %s, is empty", monkey, p)
		}
		g.starts[p] = points
	}
	return g, nil
}

func (g *Generator) newChain() (*Chain, error) {
	c, err := NewChain(g.monkey, g.opt.Fix)
	if err != nil {
		return nil, err
	}
	if g.opt.Reach != nil {
		c.Reach = *g.opt.Reach
	}
	return c, nil
}

func (g *Generator) chain() (*Chain, error) {
	if c, ok := g.chains.Get().(*Chain); ok {
		return c, nil
	}
	return g.newChain()
}

// A Job is one movement to make: a stroke, its index in its set, and a plane.
// The index names the random stream of the movement.
type Job struct {
	Stroke stroke.Stroke
	Index  int
	Plane  Plane
}

// Jobs returns the jobs for all strokes of a letter set in the published order:
// letter by letter, of each the first plane, then the second.
func (g *Generator) Jobs(strokes []stroke.Stroke) []Job {
	var jobs []Job
	for l := 1; l <= len(stroke.Letters); l++ {
		for _, p := range g.opt.Planes {
			for i, s := range strokes {
				if s.Label == l {
					jobs = append(jobs, Job{s, i, p})
				}
			}
		}
	}
	return jobs
}

// Generate makes one accepted movement of every stroke in every plane, letter by
// letter. The result depends on the strokes, the options and the seed alone.
func (g *Generator) Generate(ctx context.Context, strokes []stroke.Stroke, seed uint64, progress run.Progress) ([]Movement, Report, error) {
	return g.Do(ctx, g.Jobs(strokes), seed, progress)
}

// Do makes the movements of the given jobs, in their order, on all workers.
func (g *Generator) Do(ctx context.Context, jobs []Job, seed uint64, progress run.Progress) ([]Movement, Report, error) {
	out := make([]Movement, len(jobs))
	reports := make([]Report, len(jobs))
	err := each(ctx, len(jobs), g.opt.Workers, progress, func(i int) (err error) {
		out[i], reports[i], err = g.One(jobs[i], seed)
		return err
	})
	total := Report{Monkey: g.monkey}
	for _, r := range reports {
		total.Add(r)
	}
	if err != nil {
		return nil, total, err
	}
	return out, total, nil
}

// each calls f for 0…n-1 on the given number of goroutines, until one fails or
// the context ends. Progress is reported by one goroutine at a time.
func each(ctx context.Context, n, workers int, progress run.Progress, f func(i int) error) error {
	var next, done atomic.Int64
	var mu sync.Mutex
	var first error
	var wg sync.WaitGroup
	for range min(workers, n) {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= n {
					return
				}
				err := ctx.Err()
				if err == nil {
					err = f(i)
				}
				mu.Lock()
				if err != nil && first == nil {
					first = err
				}
				stop := first != nil
				if !stop {
					progress.Report(int(done.Add(1)), n, "")
				}
				mu.Unlock()
				if stop {
					return
				}
			}
		})
	}
	wg.Wait()
	return first
}

// ErrGivenUp is wrapped by the error of a movement that was never accepted.
var ErrGivenUp = errors.New("no attempt was accepted")

// minStroke is the least length that every augmentation leaves two samples of.
const minStroke = 5

// One makes one movement: it draws augmentation, start point and rest posture
// until the movement passes the limits.
func (g *Generator) One(j Job, seed uint64) (Movement, Report, error) {
	rep := Report{Monkey: g.monkey}
	if n := len(j.Stroke.X); n < minStroke || len(j.Stroke.Y) != n || g.starts[j.Plane] == nil {
		return Movement{}, rep, fmt.Errorf("movement: stroke %d, letter %s, plane %s: %d and %d coordinates, want at least %d of each and a plane of the generator",
			j.Index, j.Stroke.Letter(), j.Plane, n, len(j.Stroke.Y), minStroke)
	}
	c, err := g.chain()
	if err != nil {
		return Movement{}, rep, err
	}
	defer g.chains.Put(c)
	rng := run.Stream(seed, "movement", g.opt.Folder, j.Stroke.Label, int(j.Plane), j.Index)
	restRNG := run.Stream(seed, "rest", g.opt.Folder)
	if g.opt.Fix.FreshRest {
		restRNG = rng
	}
	starts := g.starts[j.Plane]
	for attempt := 1; attempt <= g.opt.MaxAttempts; attempt++ {
		m := Movement{
			Label: j.Stroke.Label, Plane: j.Plane, Monkey: g.monkey, Folder: g.opt.Folder, Stroke: j.Index,
			Latents: stroke.DrawLatents(rng), Start: starts[rng.IntN(len(starts))],
			Rest: drawRest(c.Reach, restRNG), Attempts: attempt,
		}
		m.Pen = Place(j.Stroke.Augment(m.Latents), m.Start, j.Plane)
		if rep.try(c, &m, g.limits) {
			rep.accept(&m)
			return m, rep, nil
		}
	}
	return Movement{}, rep, fmt.Errorf("movement: %s, folder %d, letter %s, stroke %d, plane %s: %w in %d (%s)",
		g.monkey, g.opt.Folder, j.Stroke.Letter(), j.Index, j.Plane, ErrGivenUp, g.opt.MaxAttempts, rep.reasons())
}

// drawRest draws a posture uniformly in the joint box, in deg.
func drawRest(r arm.Reach, rng *rand.Rand) (q [4]float64) {
	for i := range q {
		q[i] = (r.Lo[i] + rng.Float64()*(r.Hi[i]-r.Lo[i])) / degree
	}
	return q
}
