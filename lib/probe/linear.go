package probe

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/spindle-lab/spindle/lib/recording"
)

// FeatureSets returns the keys of the paper's 24 linear encoding models, in the
// order of the published code (spec/03, 4.1): direction, hand, force, joints,
// muscles, and what is joined of them.
func FeatureSets() []string {
	return []string{"dir", "pos", "vel", "acc", "force",
		"pos_norm", "vel_norm", "acc_norm", "force_norm",
		"j_ang", "j_vel", "m_len", "m_vel",
		"pos_vel", "pos_acc", "pos_force", "vel_acc", "vel_force", "acc_force",
		"pos_vel_acc", "pos_vel_acc_force", "j_ang_vel", "m_len_vel", "joint_muscle"}
}

// FeatureTitle is a set's name for a figure.
func FeatureTitle(key string) string {
	titles := map[string]string{"dir": "direction", "pos": "hand position", "vel": "hand velocity", "acc": "hand acceleration",
		"force": "handle force", "j_ang": "joint angles", "j_vel": "joint velocities", "m_len": "muscle lengths", "m_vel": "muscle velocities",
		"j_ang_vel": "joint angles and velocities", "m_len_vel": "muscle lengths and velocities", "joint_muscle": "joints and muscles"}
	if t, ok := titles[key]; ok {
		return t
	}
	if base, ok := strings.CutSuffix(key, "_norm"); ok {
		return map[string]string{"pos": "distance", "vel": "hand speed", "acc": "size of hand acceleration", "force": "size of handle force"}[base]
	}
	parts := strings.Split(key, "_")
	for i, p := range parts {
		parts[i] = map[string]string{"pos": "position", "vel": "velocity", "acc": "acceleration", "force": "force"}[p]
	}
	return "hand " + strings.Join(parts, ", ")
}

// parts splits a set into those it joins.
func parts(key string) []string {
	switch key {
	case "j_ang_vel":
		return []string{"j_ang", "j_vel"}
	case "m_len_vel":
		return []string{"m_len", "m_vel"}
	case "joint_muscle":
		return []string{"j_ang", "j_vel", "m_len", "m_vel"}
	}
	if strings.HasPrefix(key, "j_") || strings.HasPrefix(key, "m_") || strings.HasSuffix(key, "_norm") {
		return []string{key}
	}
	return strings.Split(key, "_")
}

// Features returns a set's regressors for one trial, flat [bin][column], and
// their number. Passive positions are relative to the bin before the
// perturbation, active ones absolute, as in the published code. A set that the
// session cannot give is an error.
func Features(a *recording.Aligned, trial int, key string) (x []float64, columns int, err error) {
	if !slices.Contains(FeatureSets(), key) {
		return nil, 0, fmt.Errorf("probe: no feature set %q: one of %s expected", key, strings.Join(FeatureSets(), ", "))
	}
	bins := a.Durations[trial] / a.PerBin
	var cols [][]float64 // [bin][part's columns]
	for _, p := range parts(key) {
		c := feature(a, trial, p)
		if len(c) == 0 {
			return nil, 0, fmt.Errorf("probe: %s has no %s for feature set %q", a.Name, FeatureTitle(p), key)
		}
		cols = append(cols, c)
		columns += len(c) / bins
	}
	x = make([]float64, 0, bins*columns)
	for b := range bins {
		for _, c := range cols {
			w := len(c) / bins
			x = append(x, c[b*w:(b+1)*w]...)
		}
	}
	return x, columns, nil
}

func feature(a *recording.Aligned, trial int, key string) []float64 {
	k := &a.Kin[trial]
	if base, ok := strings.CutSuffix(key, "_norm"); ok {
		v := feature(a, trial, base)
		bins := a.Durations[trial] / a.PerBin
		if len(v) == 0 {
			return nil
		}
		w := len(v) / bins
		out := make([]float64, bins)
		for b := range out {
			var s float64
			for _, x := range v[b*w : (b+1)*w] {
				s += x * x
			}
			out[b] = math.Sqrt(s)
		}
		return out
	}
	switch key {
	case "dir":
		if k.Axes < 2 || len(k.Origin) < 2 {
			return nil
		}
		var out []float64
		for b := 0; b < len(k.Pos); b += k.Axes {
			angle := math.Atan2(k.Pos[b+1]-k.Origin[1], k.Pos[b]-k.Origin[0])
			out = append(out, math.Sin(angle), math.Cos(angle))
		}
		return out
	case "pos":
		if a.Condition != recording.Bumped || k.Origin == nil {
			return k.Pos
		}
		out := slices.Clone(k.Pos)
		for i := range out {
			out[i] -= k.Origin[i%k.Axes]
		}
		return out
	case "vel":
		return k.Vel
	case "acc":
		return k.Acc
	case "force":
		return k.Force
	case "j_ang":
		return k.Joints
	case "j_vel":
		return k.JointVel
	case "m_len":
		return k.Muscles
	case "m_vel":
		return k.MuscleVel
	}
	return nil
}

// LinearOptions says how linear encoding models are fitted.
type LinearOptions struct {
	Sets  []string // default all that the session can give
	Layer LayerOptions

	// ConsistentFolds groups the folds by trial. The published code of the
	// linear models (not of the networks) labels rows in the split's order but
	// stacks them in ascending order, so that folds cut through trials where
	// durations differ (spec/03, defect B4); that is the default.
	ConsistentFolds bool

	// NetworkTrials gives the linear models the trials of the networks. Where
	// bounds left trials out (the paper's Butter), the published code takes the
	// split's positions, which count the kept trials, as positions among all of
	// them, and then drops the bad ones; that is the default (defect B5).
	NetworkTrials bool
	// MatchedRates gives passive linear models the rates of their own trials.
	// Where bounds left trials out, the published code pairs the features of the
	// kept trials with the rates at the same positions among all of them, and
	// lets the sets that join several features run over all; that is the default
	// (defect B6).
	MatchedRates bool
}

// switches names what is off the published default.
func (o LinearOptions) switches() []string {
	s := o.Layer.switches()
	if o.ConsistentFolds {
		s = append(s, "folds of the linear models by trial")
	}
	if o.NetworkTrials {
		s = append(s, "linear models on the networks' trials")
	}
	if o.MatchedRates {
		s = append(s, "passive linear models on matched rates")
	}
	return s
}

// linearTrials returns the trials as the published linear models have them,
// which differ from a only where bounds left some out.
func linearTrials(a *recording.Aligned, key string, o LinearOptions) (*recording.Aligned, error) {
	if a.Whole == nil {
		return a, nil
	}
	b := *a
	switch {
	case a.Condition != recording.Bumped && !o.NetworkTrials:
		kept := map[int]int{}
		for k, p := range a.Place {
			kept[p] = k
		}
		among := func(ids []int) (out []int) {
			for _, p := range ids {
				if k, ok := kept[p]; ok {
					out = append(out, k)
				}
			}
			return out
		}
		b.Train, b.Test = among(a.Train), among(a.Test)
		if len(b.Train) == 0 || len(b.Test) == 0 {
			return nil, fmt.Errorf("probe: %s: the published way leaves linear models %d training and %d test trials (defect B5): both expected", a.Name, len(b.Train), len(b.Test))
		}
	case a.Condition == recording.Bumped && !o.MatchedRates:
		if len(parts(key)) > 1 {
			b = *a.Whole
			b.Train, b.Test = a.Train, a.Test
			break
		}
		b.Rates = a.Whole.Rates[:a.Trials()] // passive cuts are of one length
	}
	return &b, nil
}

// Linear fits linear encoding models to every unit: the paper's baselines.
func Linear(ctx context.Context, a *recording.Aligned, o LinearOptions) (*Table, error) {
	sets := o.Sets
	if sets == nil && a.Trials() > 0 {
		for _, key := range FeatureSets() {
			if _, _, err := Features(a, 0, key); err == nil {
				sets = append(sets, key)
			}
		}
	}
	t := &Table{Caption: caption(a, o.switches()...)}
	for _, key := range sets {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		f, err := FitLinear(a, key, o)
		if err != nil {
			return nil, err
		}
		for u := range a.Units {
			r := newRow(a, u, f)
			r.Task, r.Model, r.Family, r.LayerType, r.LayerName, r.MaxLayer = "linear", key, "linear", "linear", key, 1
			t.Rows = append(t.Rows, r)
		}
	}
	t.warn(a)
	return t, nil
}

// FitLinear fits one feature set.
func FitLinear(a *recording.Aligned, key string, o LinearOptions) (*LayerFit, error) {
	a, err := linearTrials(a, key, o)
	if err != nil {
		return nil, err
	}
	per := make([][]float64, a.Trials())
	k := 0
	for i := range per {
		if per[i], k, err = Features(a, i, key); err != nil {
			return nil, err
		}
	}
	if o.ConsistentFolds {
		return FitRegressors(Stack(per, a.Train), Stack(per, a.Test), k, a, o.Layer)
	}
	sorted := *a
	sorted.Train = slices.Sorted(slices.Values(a.Train))
	opt := o.Layer
	probe := &Ridge{Folds: opt.Ridge.Folds}
	if err := probe.assign(len(a.Train), opt.Ridge); err != nil {
		return nil, named(a.Name, err)
	}
	// The labels of the rows in the split's order, laid over the sorted rows.
	var label []int
	for i, d := range durations(a, a.Train) {
		label = append(label, slices.Repeat([]int{probe.FoldOf[i]}, d)...)
	}
	var rows, fold []int
	for i, f := range label {
		if i == 0 || f != label[i-1] {
			rows, fold = append(rows, 0), append(fold, f)
		}
		rows[len(rows)-1]++
	}
	opt.Ridge.FoldOf = fold
	return fitRows(Stack(per, sorted.Train), Stack(per, a.Test), k, &sorted, rows, opt)
}
