package movement

import (
	"fmt"
	"math"
	"math/rand/v2"
	"sync"

	"github.com/spindle-lab/spindle/lib/run"
)

// ReachSamples is the length of a reach: 2 s at 100 Hz, as the published
// episodes of the torque task.
const ReachSamples = 200

// ReachOptions say how reaches are made; zero values take the defaults.
//
// The policy behind the published torque task and its data are not public. These
// reaches stand in for them: from a random point of the workspace to another,
// the joints move along a minimum-jerk profile from the posture at the first to
// the closest posture at the second; before and after the arm is held.
type ReachOptions struct {
	Count   int     // reaches in a folder, default 200
	ArmMass float64 // kg, default ArmMass
	MinTime float64 // shortest duration, s, default 0.6
	MaxTime float64 // longest duration, s, default 1.6
	MinPath float64 // least distance from start to target, cm, default 5
	MaxPath float64 // largest distance, cm, default 25
}

// WithDefaults returns the options with the defaults filled in, or an error.
func (o ReachOptions) WithDefaults() (ReachOptions, error) {
	for _, d := range []struct {
		p *float64
		v float64
	}{{&o.ArmMass, ArmMass}, {&o.MinTime, 0.6}, {&o.MaxTime, 1.6}, {&o.MinPath, 5}, {&o.MaxPath, 25}} {
		if *d.p == 0 {
			*d.p = d.v
		}
	}
	if o.Count == 0 {
		o.Count = 200
	}
	whole := float64(ReachSamples-1) * Step
	if o.Count < 0 || !(o.ArmMass > 0) || !(o.MinTime > 0 && o.MinTime <= o.MaxTime && o.MaxTime <= whole) || !(o.MinPath >= 0 && o.MinPath < o.MaxPath) {
		return o, fmt.Errorf("movement: reach options %+v: want positive numbers, times within %.2f s, least before largest", o, whole)
	}
	return o, nil
}

// A Reacher makes point-to-point reaches of one monkey's arm with their joint
// torques. It may be used by several goroutines at once.
type Reacher struct {
	monkey string
	opt    ReachOptions
	fix    Fixes
	points [][3]float64
	chains sync.Pool // of *reachChain
}

type reachChain struct {
	*Chain
	dyn          *Dynamics
	q, v, a, out []float64
}

// NewReacher prepares reaches for a monkey: one of arm.Names.
func NewReacher(monkey string, opt ReachOptions, fix Fixes) (*Reacher, error) {
	opt, err := opt.WithDefaults()
	if err != nil {
		return nil, err
	}
	r := &Reacher{monkey: monkey, opt: opt, fix: fix}
	for _, p := range Planes {
		pts, err := StartPoints(monkey, p)
		if err != nil {
			return nil, err
		}
		r.points = append(r.points, pts...)
	}
	c, err := r.newChain()
	if err != nil {
		return nil, err
	}
	r.chains.Put(c)
	return r, nil
}

func (r *Reacher) newChain() (*reachChain, error) {
	c, err := NewChain(r.monkey, r.fix)
	if err != nil {
		return nil, err
	}
	d, err := NewDynamics(c.Model, r.opt.ArmMass)
	if err != nil {
		return nil, err
	}
	n := len(c.Model.Coordinates)
	return &reachChain{Chain: c, dyn: d, q: make([]float64, n), v: make([]float64, n), a: make([]float64, n), out: make([]float64, n)}, nil
}

// maxReachAttempts bounds the redraws of one reach. A draw fails where the
// straight distance is out of bounds or a point is out of reach.
const maxReachAttempts = 1000

// One makes reach k of a folder. Adduction has OpenSim's sign, as in the
// published torque data. Torques are those of the coordinates shoulder x
// (adduction), y (rotation), z (flexion) and elbow, in N·m.
func (r *Reacher) One(folder, k int, seed uint64) (Movement, Report, error) {
	rep := Report{Monkey: r.monkey}
	c, ok := r.chains.Get().(*reachChain)
	if !ok {
		var err error
		if c, err = r.newChain(); err != nil {
			return Movement{}, rep, err
		}
	}
	defer r.chains.Put(c)
	rng := run.Stream(seed, "reach", folder, k)
	for attempt := 1; attempt <= maxReachAttempts; attempt++ {
		rep.Attempts++
		m := Movement{Monkey: r.monkey, Folder: folder, Stroke: k, Attempts: attempt, OpenSimSign: true}
		m.Start = r.point(rng)
		target := r.point(rng)
		m.Rest = drawRest(c.Reach, rng)
		duration := r.opt.MinTime + rng.Float64()*(r.opt.MaxTime-r.opt.MinTime)
		onset := rng.Float64() * (float64(ReachSamples-1)*Step - duration)
		from, to, ok := r.ends(c, &m, target)
		if !ok {
			rep.Tracing++
			continue
		}
		c.fill(&m, from, to, onset, duration)
		m.Target = Rows(3, ReachSamples)
		for i, v := range target {
			for t := range m.Target[i] {
				m.Target[i][t] = v
			}
		}
		m.Muscles, m.Hand, m.Elbow = c.Muscles(m.Joints, true)
		m.JointJerk, m.MuscleJerk = Jerk(m.Joints), Jerk(m.Muscles)
		if !allFinite(m.Muscles, m.Hand, m.Elbow, m.Torques) {
			rep.NotANumber++
			continue
		}
		rep.accept(&m)
		return m, rep, nil
	}
	return Movement{}, rep, fmt.Errorf("movement: %s, folder %d, reach %d: %w in %d (%s)",
		r.monkey, folder, k, ErrGivenUp, maxReachAttempts, rep.reasons())
}

// point draws a point of the workspace: a start point of the letters, moved
// within its cell of the 2 cm grid.
func (r *Reacher) point(rng *rand.Rand) [3]float64 {
	p := r.points[rng.IntN(len(r.points))]
	for i := range p {
		p[i] += gridStep * (rng.Float64() - 0.5)
	}
	return p
}

// ends returns the first and last posture (rad, S sign).
func (r *Reacher) ends(c *reachChain, m *Movement, target [3]float64) (from, to [4]float64, ok bool) {
	d := math.Sqrt(sqr(target[0]-m.Start[0]) + sqr(target[1]-m.Start[1]) + sqr(target[2]-m.Start[2]))
	if !(d >= r.opt.MinPath && d <= r.opt.MaxPath) {
		return from, to, false
	}
	var rest [4]float64
	for i, v := range m.Rest {
		rest[i] = v * degree
	}
	from, res := c.Reach.Solve(metres(m.Start), rest)
	if !res.Converged {
		return from, to, false
	}
	to, res = c.Reach.Solve(metres(target), from)
	return from, to, res.Converged
}

func sqr(v float64) float64 { return v * v }

func metres(p [3]float64) [3]float64 { return [3]float64{p[0] / 100, p[1] / 100, p[2] / 100} }

// fill computes joints and torques, with exact rates and accelerations.
func (c *reachChain) fill(m *Movement, from, to [4]float64, onset, duration float64) {
	from[Adduction], to[Adduction] = -from[Adduction], -to[Adduction]
	m.Joints, m.Torques = Rows(NumJoints, ReachSamples), Rows(NumJoints, ReachSamples)
	for t := range ReachSamples {
		s, ds, dds := minimumJerk((float64(t)*Step - onset) / duration)
		for i, k := range c.at {
			way := to[i] - from[i]
			c.q[k] = from[i] + s*way
			c.v[k] = ds * way / duration
			c.a[k] = dds * way / (duration * duration)
			m.Joints[i][t] = c.q[k] / degree
		}
		c.dyn.Torques(c.out, c.q, c.v, c.a)
		for i, j := range torqueOrder {
			m.Torques[i][t] = c.out[c.at[j]]
		}
	}
}

// torqueOrder is the order of the published torques: shoulder x, y, z, elbow.
var torqueOrder = [NumJoints]int{Adduction, Rotation, Flexion, Elbow}

// minimumJerk is the profile of least jerk from 0 to 1 and its derivatives, held
// outside [0, 1].
func minimumJerk(s float64) (x, dx, ddx float64) {
	switch {
	case s <= 0:
		return 0, 0, 0
	case s >= 1:
		return 1, 0, 0
	}
	return s * s * s * (10 - 15*s + 6*s*s), 30 * s * s * (1 - s) * (1 - s), 60 * s * (1 - s) * (1 - 2*s)
}
