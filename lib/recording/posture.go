package recording

import (
	"context"
	"fmt"
	"math"
	"runtime"
	"sync"

	"github.com/spindle-lab/spindle/lib/arm"
	"github.com/spindle-lab/spindle/lib/run"
)

// ArmOptions says whose arm a session of hand positions gets.
type ArmOptions struct {
	Monkey    string      // default "snap"
	Placement *Placement  // of the shoulder; default fitted to the workspace
	Quirks    *arm.Quirks // default arm.OpenSim40, as in the published data
	Progress  run.Progress
}

// AddMuscles is [Session.AddArm] with the published quirks of OpenSim.
func (s *Session) AddMuscles(ctx context.Context, monkey string, place *Placement, progress run.Progress) error {
	return s.AddArm(ctx, ArmOptions{Monkey: monkey, Placement: place, Progress: progress})
}

// AddArm gives a session that has hand positions only the arm of a monkey:
// for every trial the posture of each sample is the one closest to that of the
// sample before (the first to [Reference]) that brings the two-link arm's hand
// to the recorded position, and muscle lengths are those of the monkey's
// musculoskeletal model in that posture. Joints (deg, OpenSim signs: flexion,
// adduction, rotation, elbow), JointVel, Muscles and Marker are set inside
// trials and NaN elsewhere. A nil placement is fitted by [FitPlacement].
//
// Where the hand is not finite, or out of the arm's reach by more than 1 mm, the
// sample stays NaN, so that [Session.Align] leaves its trial out; that more than
// a twentieth of the samples are out of reach is an error. The work is spread
// over the cores and does not depend on their number.
func (s *Session) AddArm(ctx context.Context, o ArmOptions) error {
	monkey, place := o.Monkey, o.Placement
	if monkey == "" {
		monkey = "snap"
	}
	quirks := arm.OpenSim40
	if o.Quirks != nil {
		quirks = *o.Quirks
	}
	if len(s.Hand) < 2 {
		return fmt.Errorf("recording: %s: no hand position to find postures from", s.Name)
	}
	if len(s.Trials) == 0 {
		return fmt.Errorf("recording: %s: no trials to find postures for: cut reaches first", s.Name)
	}
	model, err := arm.Load(monkey)
	if err != nil {
		return err
	}
	reach, err := arm.ReachFor(monkey)
	if err != nil {
		return err
	}
	marker, ok := model.MarkerIndex("Marker_3")
	if !ok {
		return fmt.Errorf("recording: model %s has no Marker_3", model.Name)
	}
	if place == nil {
		p, err := FitPlacement(s.Hand, reach)
		if err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
		place = &p
	}
	n := s.Bins() * s.PerBin()
	rows := func(k int) [][]float64 {
		out := make([][]float64, k)
		for i := range out {
			out[i] = make([]float64, n)
			for t := range out[i] {
				out[i][t] = math.NaN()
			}
		}
		return out
	}
	s.Joints, s.JointVel, s.Muscles, s.Marker = rows(4), rows(4), rows(NumMuscles), rows(3)
	s.Arm = fmt.Sprintf("arm of %s, shoulder placed at hand frame + (%.1f, %.1f, %.1f) cm by least departure (%.1f°) from the reference posture",
		monkey, place.Offset[0], place.Offset[1], place.Offset[2], place.Residual)
	spans := s.spans()
	var mu sync.Mutex
	done := 0
	var missed, solved int
	next := make(chan int)
	var wg sync.WaitGroup
	for range max(1, runtime.GOMAXPROCS(0)) {
		wg.Go(func() {
			for i := range next {
				out, all := s.solve(ctx, spans[i], arm.NewSolver(model, quirks), marker, reach, *place)
				mu.Lock()
				done, missed, solved = done+1, missed+out, solved+all
				o.Progress.Report(done, len(spans), "postures and muscle lengths")
				mu.Unlock()
			}
		})
	}
	for i := range spans {
		if ctx.Err() != nil {
			break
		}
		next <- i
	}
	close(next)
	wg.Wait()
	if err := ctx.Err(); err != nil {
		return err
	}
	if missed > 0 {
		s.Notes = append(s.Notes, fmt.Sprintf("%d of %d samples are out of the arm's reach", missed, solved))
	}
	if 20*missed > solved {
		return fmt.Errorf("recording: %s: %d of %d samples are out of reach of the arm of %s placed at %.1f cm: place the shoulder elsewhere",
			s.Name, missed, solved, monkey, place.Offset)
	}
	return nil
}

// spans joins trials that touch or overlap, so that no sample is solved twice
// and none depends on which trial comes first.
func (s *Session) spans() []Segment {
	in := make([]bool, s.Bins()+1)
	cut := make([]bool, s.Bins()+1)
	for _, t := range s.Trials {
		for b := t.Start; b < t.End; b++ {
			in[b] = true
		}
	}
	for _, g := range s.Segments {
		cut[g.Start] = true
	}
	var out []Segment
	for b := 0; b < len(in); b++ {
		switch {
		case in[b] && (b == 0 || !in[b-1] || cut[b]):
			out = append(out, Segment{b, b + 1})
		case in[b]:
			out[len(out)-1].End = b + 1
		}
	}
	return out
}

// reachTolerance is the distance, in m, by which the hand may miss a recorded position.
const reachTolerance = 1e-3

// solve fills the samples of one span, by a solver of its own, for OpenSim's
// wrapping remembers earlier postures and spans must not depend on each other; it returns how many are out of reach, of
// how many.
func (s *Session) solve(ctx context.Context, span Segment, solver *arm.Solver, marker int, reach arm.Reach, place Placement) (missed, all int) {
	ref := referenceRad()
	per := s.PerBin()
	lo, hi := span.Start*per, span.End*per
	for t := lo; t < hi; t++ {
		if t&255 == 0 && ctx.Err() != nil {
			return missed, all
		}
		all++
		z := 0.0
		if len(s.Hand) > 2 {
			z = s.Hand[2][t]
		}
		w := place.World(s.Hand[0][t], s.Hand[1][t], z)
		for a := range w {
			w[a] /= 100
		}
		q, res := reach.Solve(w, ref)
		if !(res.Residual <= reachTolerance) {
			missed++
			continue
		}
		ref = q
		solver.Set(solver.Model().Posture(q[0], -q[1], q[2], q[3]))
		for j, sign := range [4]float64{1, -1, 1, 1} {
			s.Joints[j][t] = sign * q[j] / degree
		}
		for i := range NumMuscles {
			s.Muscles[i][t] = 1000 * solver.MuscleLength(i)
		}
		m := arm.ToWorld(solver.Marker(marker))
		for a := range m {
			s.Marker[a][t] = 100 * m[a]
		}
	}
	for j := range s.Joints {
		Gradient(s.JointVel[j][lo:hi], s.Joints[j][lo:hi], Step)
	}
	return missed, all
}
