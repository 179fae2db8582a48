package probe_test

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/probe"
	"github.com/spindle-lab/spindle/lib/recording"
)

// badSession is a small session, and a study of all kinds of models on it.
func badSession(t *testing.T) (*recording.Aligned, probe.Study) {
	t.Helper()
	a := simulated(t, recording.SimOptions{Seed: 61, Trials: 16, Bumps: 1, Units: 3, Ceiling: 0.5}, recording.Reaching)
	nets, err := probe.UntrainedNetworks([]net.Arch{net.Shallow(net.Spatiotemporal, []int{4}, nil, 7, 2, 7, 4)}, []uint64{1})
	if err != nil {
		t.Fatal(err)
	}
	return a, probe.Study{Networks: nets, Linear: probe.LinearOptions{Sets: []string{"pos_vel", "j_ang"}}}
}

// refused runs a study that must end in an error which says want.
func refused(t *testing.T, a *recording.Aligned, s probe.Study, want string) {
	t.Helper()
	if _, err := s.Run(context.Background(), a); err == nil {
		t.Errorf("accepted, an error that says %q expected", want)
	} else if !strings.Contains(err.Error(), want) {
		t.Errorf("error %q, one that says %q expected", err, want)
	}
}

func TestBadNoTrials(t *testing.T) {
	a, s := badSession(t)
	a.Durations, a.Rates, a.Kin, a.Train, a.Test = nil, nil, nil, nil, nil
	refused(t, a, s, "probe: simulated: 0 training trials for 5 folds of cross-validation: at least 5")
}

func TestBadOneTrainingTrial(t *testing.T) {
	a, s := badSession(t)
	a.Train = a.Train[:1]
	refused(t, a, s, "1 training trials for 5 folds of cross-validation: at least 5")
}

func TestBadNoTestTrials(t *testing.T) {
	a, s := badSession(t)
	a.Test = nil
	refused(t, a, s, "0 test trials")
}

func TestBadNaNKinematics(t *testing.T) {
	a, s := badSession(t)
	a.Kin[a.Test[0]].Joints[5] = math.NaN()
	refused(t, a, s, "finite values expected")
	a.Kin[a.Test[0]].Joints[5] = 0
	a.Kin[a.Train[1]].Pos[0] = math.Inf(1)
	refused(t, a, s, "finite")
}

func TestBadNaNInput(t *testing.T) {
	a, s := badSession(t)
	a.Input[5*39*400*2+200] = float32(math.NaN())
	refused(t, a, s, "finite")
}

func TestBadNaNRates(t *testing.T) {
	a, s := badSession(t)
	a.Rates[a.Train[0]][4] = math.NaN()
	refused(t, a, s, "finite")
}

func TestBadNoMuscles(t *testing.T) {
	a, s := badSession(t)
	a.Input = nil
	refused(t, a, s, "no muscle input")
}

func TestBadFeatureSet(t *testing.T) {
	a, s := badSession(t)
	s.Linear.Sets = []string{"smell"}
	refused(t, a, s, `no feature set "smell"`)
	s.Linear.Sets = []string{"force"}
	for i := range a.Kin {
		a.Kin[i].Force = nil
	}
	refused(t, a, s, "has no handle force")
}

// A silent unit has EV 1 by definition and no ceiling, and the table says both.
func TestBadSilentUnit(t *testing.T) {
	a, s := badSession(t)
	for i := range a.Rates {
		for j := 1; j < len(a.Rates[i]); j += 3 {
			a.Rates[i][j] = 0
		}
	}
	tab, err := s.Run(context.Background(), a)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range tab.Rows {
		switch {
		case r.Unit == 1 && r.Task == probe.Ceiling:
			if !math.IsNaN(r.EVTest) {
				t.Errorf("a silent unit has a ceiling of %g", r.EVTest)
			}
		case r.Unit == 1 && (r.EVTrain != 1 || r.EVTest != 1):
			t.Errorf("%s %s: EV %g and %g of a silent unit", r.Task, r.Model, r.EVTrain, r.EVTest)
		case math.IsNaN(r.EVTrain) || math.IsNaN(r.EVTest):
			t.Errorf("%s %s, unit %d: EV %g and %g", r.Task, r.Model, r.Unit, r.EVTrain, r.EVTest)
		}
	}
	for _, want := range []string{"units [1] are silent", "units [1] do not vary"} {
		if !slices.ContainsFunc(tab.Warnings, func(w string) bool { return strings.Contains(w, want) }) {
			t.Errorf("no warning that says %q in %q", want, tab.Warnings)
		}
	}
}
