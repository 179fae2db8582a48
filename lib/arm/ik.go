package arm

import (
	"fmt"
	"math"
)

// An IK finds the postures of a model that fit observed markers, frame by
// frame: it minimises
//
//	½·Σ w‖model − observed‖² / Σ w + ½·Σ v(q − target)²
//
// over the coordinates that are neither locked nor coupled, w over the markers
// seen in the frame and v over the targets set with [IK.Target]. Clamped
// coordinates stay in their range. Each frame starts from the last one's
// solution, the first from the model's defaults. That is the problem which
// OpenSim's inverse kinematics tool poses (spec/01, 4.2); the tool stops early,
// this goes to the minimum. An IK allocates nothing after NewIK and is for one goroutine.
type IK struct {
	solver  *Solver
	markers []ikMarker
	targets []ikTarget
	free    []int // indices of the free coordinates

	q, best []float64
	errors  []float64 // m, of each observed marker
	pull    []float64 // derivative of the objective by free coordinate
	hess    []float64 // Gauss-Newton matrix, free × free
	work    []float64 // its Cholesky factor
	step    []float64
	held    []bool
	columns []vec // derivative of one marker by each coordinate
}

type ikMarker struct {
	index  int // into Model.Markers
	weight float64
}

type ikTarget struct {
	coordinate    int
	value, weight float64
}

// IKResult tells how a frame was fitted.
type IKResult struct {
	Used      int     // markers seen
	Objective float64 // ½·Σ w‖model − observed‖²/Σ w of the markers, m²
	RMS       float64 // of the distances of seen markers, unweighted, m
	Max       float64 // m
	Worst     int     // index of the observed marker with the largest distance, -1 if none is seen
	Steps     int
	Converged bool
}

// NewIK prepares to fit the given markers, by name, with one weight each; nil
// weights are 1. A name that the model lacks is an error, as is a weight that
// is negative or not finite.
func NewIK(m *Model, quirks Quirks, names []string, weights []float64) (*IK, error) {
	if weights != nil && len(weights) != len(names) {
		return nil, fmt.Errorf("arm: %d weights for %d markers", len(weights), len(names))
	}
	s := NewSolver(m, quirks)
	n := len(m.Coordinates)
	k := &IK{
		solver: s, q: m.Defaults(), best: make([]float64, n),
		markers: make([]ikMarker, len(names)), errors: make([]float64, len(names)),
		columns: make([]vec, n),
	}
	for i, name := range names {
		w := 1.0
		if weights != nil {
			w = weights[i]
		}
		if w < 0 || !finite(w) {
			return nil, fmt.Errorf("arm: marker %s: weight %v", name, w)
		}
		index, ok := m.MarkerIndex(name)
		if !ok {
			return nil, fmt.Errorf("arm: model %s has no marker %q", m.Name, name)
		}
		k.markers[i] = ikMarker{index, w}
	}
	for i, c := range m.Coordinates {
		if !c.Locked && !isDependent(m, i) {
			k.free = append(k.free, i)
		}
	}
	f := len(k.free)
	k.pull, k.step, k.held = make([]float64, f), make([]float64, f), make([]bool, f)
	k.hess, k.work = make([]float64, f*f), make([]float64, f*f)
	return k, nil
}

func isDependent(m *Model, coordinate int) bool {
	for i := range m.Couplers {
		if m.Couplers[i].Dependent == coordinate {
			return true
		}
	}
	return false
}

// Target pulls a coordinate towards a value (rad or m) with a weight; a weight
// of 0 ends it. The pull lasts until the next call.
func (k *IK) Target(coordinate int, value, weight float64) {
	if coordinate < 0 || coordinate >= len(k.q) {
		panic(fmt.Sprintf("arm: no coordinate %d in a model of %d", coordinate, len(k.q)))
	}
	for i := range k.targets {
		if k.targets[i].coordinate == coordinate {
			k.targets[i].value, k.targets[i].weight = value, weight
			return
		}
	}
	k.targets = append(k.targets, ikTarget{coordinate, value, weight})
}

// Start sets the posture from which the next frame is fitted. It panics if q
// has the wrong length.
func (k *IK) Start(q []float64) {
	if len(q) != len(k.q) {
		panic(fmt.Sprintf("arm: posture of %d values for a model of %d coordinates", len(q), len(k.q)))
	}
	copy(k.q, q)
}

// Posture returns the posture found for the last frame, rad or m, one value
// per coordinate. The slice belongs to the IK.
func (k *IK) Posture() []float64 { return k.solver.Coordinates() }

// Errors returns the distance of each observed marker from the model's in the
// last frame, m, NaN for a marker that was not seen. The slice belongs to the IK.
func (k *IK) Errors() []float64 { return k.errors }

// Frame fits one frame: the positions (m, OpenSim's ground axes) of the
// markers in the order given to NewIK; a marker with a NaN or an infinity was
// not seen. It panics if there is not one position per marker.
func (k *IK) Frame(observed [][3]float64) IKResult {
	if len(observed) != len(k.markers) {
		panic(fmt.Sprintf("arm: %d positions for %d markers", len(observed), len(k.markers)))
	}
	k.clamp(k.q)
	var r IKResult
	r.Steps, r.Converged = k.descend(observed)
	k.report(&r, observed)
	return r
}

// descend takes Levenberg-Marquardt steps from k.q until they no longer gain,
// and leaves the posture found there.
func (k *IK) descend(observed [][3]float64) (steps int, converged bool) {
	const (
		rounds   = 500
		settle   = 1e-11 // rad or m: a step that changes nothing
		noise    = 1e-7  // a step this small that gains nothing is lost in rounding
		gentle   = 1e-12
		hopeless = 1e12
	)
	cost, damping := k.objective(k.q, observed), 1e-6
	copy(k.best, k.q)
	for steps < rounds && !converged && damping < hopeless {
		k.linearise(observed)
		for steps < rounds && damping < hopeless {
			steps++
			size := k.tryStep(damping)
			for i, c := range k.free {
				k.q[c] = k.best[c] + k.step[i]
			}
			k.clamp(k.q)
			next := k.objective(k.q, observed)
			if next < cost {
				converged = size < settle
				cost = next
				copy(k.best, k.q)
				damping = math.Max(damping/10, gentle)
				break
			}
			if size < noise {
				converged = true
				break
			}
			damping *= 10
		}
	}
	copy(k.q, k.best)
	return steps, converged
}

// clamp holds clamped coordinates in their range.
func (k *IK) clamp(q []float64) {
	for _, c := range k.free {
		if x := &k.solver.model.Coordinates[c]; x.Clamped {
			q[c] = math.Min(math.Max(q[c], x.Range[0]), x.Range[1])
		}
	}
}

func seen(p [3]float64) bool { return finite(p[:]...) }

// objective sets the posture and returns the sum to be minimised.
func (k *IK) objective(q []float64, observed [][3]float64) float64 {
	k.solver.SetPose(q)
	sum, weight := 0.0, 0.0
	for i, m := range k.markers {
		if m.weight > 0 && seen(observed[i]) {
			d := k.solver.marks[m.index].sub(toVec(observed[i]))
			sum += m.weight * d.dot(d)
			weight += m.weight
		}
	}
	if weight > 0 {
		sum /= weight
	}
	for _, t := range k.targets {
		d := k.solver.q[t.coordinate] - t.value
		sum += t.weight * d * d
	}
	return sum / 2
}

// linearise forms gradient and Gauss-Newton matrix at the best posture.
func (k *IK) linearise(observed [][3]float64) {
	s, n := k.solver, len(k.free)
	s.SetPose(k.best)
	s.findAxes()
	clear(k.pull)
	clear(k.hess)
	weight := 0.0
	for i, m := range k.markers {
		if m.weight > 0 && seen(observed[i]) {
			weight += m.weight
		}
	}
	for i, m := range k.markers {
		if m.weight == 0 || !seen(observed[i]) {
			continue
		}
		x, body := s.marks[m.index], s.model.Markers[m.index].Body
		d := x.sub(toVec(observed[i]))
		clear(k.columns)
		for _, a := range s.chains[body] {
			a := &s.axes[a]
			v := a.dir
			if a.turn {
				v = a.dir.cross(x.sub(a.at))
			}
			k.columns[a.coordinate] = k.columns[a.coordinate].along(a.slope, v)
		}
		for c := range s.model.Couplers {
			c := &s.model.Couplers[c]
			k.columns[c.Independent] = k.columns[c.Independent].along(c.Function.Slope(s.q[c.Independent]), k.columns[c.Dependent])
		}
		w := m.weight / weight
		for a, ca := range k.free {
			va := k.columns[ca]
			if va == (vec{}) {
				continue
			}
			k.pull[a] += w * va.dot(d)
			for b := 0; b <= a; b++ {
				k.hess[a*n+b] += w * va.dot(k.columns[k.free[b]])
			}
		}
	}
	for _, t := range k.targets {
		for a, c := range k.free {
			if c == t.coordinate {
				k.pull[a] += t.weight * (s.q[c] - t.value)
				k.hess[a*n+a] += t.weight
			}
		}
	}
	for a, c := range k.free {
		x := &s.model.Coordinates[c]
		k.held[a] = x.Clamped && (k.best[c] <= x.Range[0] && k.pull[a] > 0 || k.best[c] >= x.Range[1] && k.pull[a] < 0)
	}
}

// tryStep solves for the damped step and returns its largest component.
func (k *IK) tryStep(damping float64) (size float64) {
	n := len(k.free)
	for a := range n {
		for b := 0; b <= a; b++ {
			v := k.hess[a*n+b]
			switch {
			case a == b && (k.held[a] || v == 0):
				v = 1
			case a == b:
				v += damping*v + 1e-300
			case k.held[a] || k.held[b]:
				v = 0
			}
			for l := range b {
				v -= k.work[a*n+l] * k.work[b*n+l]
			}
			if a == b {
				// A direction that no marker sees does not move.
				k.work[a*n+a] = math.Sqrt(math.Max(v, 1e-14*(k.hess[a*n+a]+1e-300)))
			} else {
				k.work[a*n+b] = v / k.work[b*n+b]
			}
		}
	}
	for a := range n {
		v := -k.pull[a]
		if k.held[a] {
			v = 0
		}
		for l := range a {
			v -= k.work[a*n+l] * k.step[l]
		}
		k.step[a] = v / k.work[a*n+a]
	}
	for a := n - 1; a >= 0; a-- {
		v := k.step[a]
		for l := a + 1; l < n; l++ {
			v -= k.work[l*n+a] * k.step[l]
		}
		k.step[a] = v / k.work[a*n+a]
		size = math.Max(size, math.Abs(k.step[a]))
	}
	return size
}

// report leaves the solver in the posture found and measures the markers.
func (k *IK) report(r *IKResult, observed [][3]float64) {
	k.solver.SetPose(k.q)
	r.Worst = -1
	weight, sum := 0.0, 0.0
	for i, m := range k.markers {
		k.errors[i] = nan
		if !seen(observed[i]) {
			continue
		}
		d := k.solver.marks[m.index].dist(toVec(observed[i]))
		k.errors[i] = d
		r.Used++
		r.RMS += d * d
		weight += m.weight
		sum += m.weight * d * d
		if d > r.Max || r.Worst < 0 {
			r.Max, r.Worst = d, i
		}
	}
	if r.Used > 0 {
		r.RMS = math.Sqrt(r.RMS / float64(r.Used))
	}
	if weight > 0 {
		r.Objective = sum / weight / 2
	}
}
