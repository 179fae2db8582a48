package recording_test

import (
	"context"
	"math"
	"path/filepath"
	"slices"
	"testing"

	"github.com/spindle-lab/spindle/lib/recording"
)

func sample(name string) string { return filepath.Join("testdata", name) }

func near(t *testing.T, what string, got, want, tol float64) {
	t.Helper()
	if !(math.Abs(got-want) <= tol) {
		t.Errorf("%s is %v, want %v", what, got, want)
	}
}

// The formulas of testdata/make_samples.py.
func TestReadTrialData(t *testing.T) {
	bins := []int{20, 18, 22, 19}
	for _, file := range []string{"trialdata_v5.mat", "trialdata_v73.mat"} {
		t.Run(file, func(t *testing.T) {
			s, err := recording.ReadTrialData(sample(file), recording.TrialDataOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if s.Animal != "Test" || s.Area != "S1" || len(s.Units) != 3 || len(s.Trials) != 4 || s.Bins() != 79 {
				t.Fatalf("animal %q, area %q, %d units, %d trials, %d bins", s.Animal, s.Area, len(s.Units), len(s.Trials), s.Bins())
			}
			// Channels 1 and 3 have a 0 in the unit guide.
			for k, want := range []recording.Unit{{Electrode: 1, ID: 1}, {Electrode: 2, ID: 1}, {Electrode: 3, ID: 2}} {
				if s.Units[k] != want {
					t.Errorf("unit %d is %+v, want %+v", k, s.Units[k], want)
				}
			}
			start := 0
			for i, tr := range s.Trials {
				if tr.ID != 100+i || tr.Start != start || tr.End != start+bins[i] || tr.Onset != start+4+i || tr.Stop != start+bins[i]-2 || tr.Rewarded != (i != 2) {
					t.Errorf("trial %d: %+v", i, tr)
				}
				near(t, "target", tr.Target, math.Pi/2*float64(i), 1e-12)
				if i%2 == 1 {
					near(t, "bump direction", tr.BumpDir, float64(i)*math.Pi/2, 1e-12) // 90° · i in the file
					if tr.Bump != start+3 {
						t.Errorf("trial %d: bump at %d", i, tr.Bump-start)
					}
				} else if tr.Bump != recording.None || !math.IsNaN(tr.BumpDir) {
					t.Errorf("trial %d has a bump: %+v", i, tr)
				}
				for _, b := range []int{0, 7, bins[i] - 1} {
					at, x := start+b, float64(b)
					for k, c := range []int{0, 2, 4} {
						near(t, "count", s.Counts[k][at], float64((b+2*c+i)%3), 0)
					}
					near(t, "x", s.Hand[0][at], float64(i)+.1*x, 1e-12)
					near(t, "vy", s.HandVel[1][at], -20, 0)
					near(t, "ay", s.HandAcc[1][at], .25*x, 0)
					near(t, "force", s.Force[0][at], x+1, 0)
					near(t, "joint", s.Joints[6][at], .06+.001*x, 1e-12)
					near(t, "joint velocity", s.JointVel[0][at], .07+.001*x, 1e-12)
					near(t, "muscle, mm", s.Muscles[38][at], 520+x, 1e-9)
					near(t, "marker forward, cm", s.Marker[0][at], 60+x, 1e-9)
					near(t, "marker left, cm", s.Marker[1][at], -(80 + x), 1e-9)
				}
				start += bins[i]
			}
			a, err := s.Align(context.Background(), recording.AlignOptions{})
			if err != nil {
				t.Fatal(err)
			}
			if a.Trials() != 3 || len(a.Excluded) != 1 || a.Durations[0] != 14 || a.Durations[1] != 11 {
				t.Errorf("%d trials of %v samples, excluded %v", a.Trials(), a.Durations, a.Excluded)
			}
			late, err := recording.ReadTrialData(sample(file), recording.TrialDataOptions{OneBased: true})
			if err != nil {
				t.Fatal(err)
			}
			if late.Trials[0].Onset != 3 {
				t.Errorf("counted from 1, onset is %d, want 3", late.Trials[0].Onset)
			}
			if b, err := late.Align(context.Background(), recording.AlignOptions{}); err != nil || !slices.Equal(b.Switches, []string{"events counted from 1"}) {
				t.Errorf("switches %v, error %v", b.Switches, err)
			}
		})
	}
}

func TestReadMuscles(t *testing.T) {
	m, err := recording.ReadMuscles(sample("muscles.npz"))
	if err != nil {
		t.Fatal(err)
	}
	if len(m) != 3 || m[2].Name != "trial_2" || len(m[2].Length) != 39 || len(m[2].Length[0]) != 19 {
		t.Fatalf("%d trials", len(m))
	}
	near(t, "length", m[2].Length[5][10], 50+5+1+2, 1e-12)
	near(t, "hand", m[2].Hand[2][18], 1, 0)
	s, err := recording.ReadTrialData(sample("trialdata_v5.mat"), recording.TrialDataOptions{Muscles: m})
	if err != nil {
		t.Fatal(err)
	}
	// The third entry belongs to the third rewarded trial, number 3.
	near(t, "replaced length", s.Muscles[5][s.Trials[3].Start+10], 58, 1e-12)
	if !math.IsNaN(s.Muscles[5][s.Trials[2].Start]) {
		t.Error("an unrewarded trial has muscles")
	}
	if m, err = recording.ReadMuscles(sample("muscles.npz"), "trial_1"); err != nil || len(m) != 2 {
		t.Errorf("%d trials without trial_1, error %v", len(m), err)
	}
	if _, err := recording.ReadTrialData(sample("trialdata_v5.mat"), recording.TrialDataOptions{Muscles: m}); err == nil {
		t.Error("two muscle trials for three rewarded ones accepted")
	}
}

func TestReadAligned(t *testing.T) {
	train, test, err := recording.ReadSplit(sample("dataset_train_Test_20200101_center_out_spikes_datadriven.hdf5"),
		sample("dataset_test_Test_20200101_center_out_spikes_datadriven.hdf5"))
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(train, []int{5, 0, 3, 2}) || !slices.Equal(test, []int{4, 1}) {
		t.Fatalf("split %v, %v", train, test)
	}
	a, err := recording.ReadAligned(sample("Test_20200101_active_mvt_end_at100.hdf5"), recording.AlignedOptions{Train: train, Test: test})
	if err != nil {
		t.Fatal(err)
	}
	if a.Animal != "Test" || a.Condition != recording.Reaching || !slices.Equal(a.Durations, []int{50, 60, 70, 40, 55, 65}) || a.IDs[2] != 12 {
		t.Errorf("%s, %s, durations %v, ids %v", a.Animal, a.Condition, a.Durations, a.IDs)
	}
	at := func(a *recording.Aligned, i, m, s, c int) float64 {
		return float64(a.Input[((i*39+m)*400+s)*2+c])
	}
	near(t, "length, mm", at(a, 2, 7, 120, 0), 100+7+2+10, 1e-4)
	near(t, "velocity, mm/s", at(a, 2, 7, 120, 1), 50, 1e-3)
	near(t, "rate", a.Rates[1][7*4+3], float64(7%5)/5, 0)
	near(t, "hand", a.Kin[3].Pos[2*9+1], 18, 0)
	near(t, "joint velocity", a.Kin[3].JointVel[4*9+2], 2, 0)

	p, err := recording.ReadAligned(sample("Test_20200101_passive_at100.hdf5"), recording.AlignedOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if p.Condition != recording.Bumped || p.Trials() != 5 || p.Durations[4] != 13 || len(p.Test) != 1 {
		t.Errorf("%s, %d trials, durations %v, test %v", p.Condition, p.Trials(), p.Durations, p.Test)
	}
	near(t, "passive length, m as published", at(p, 2, 7, 105, 0), (100+7+2+2.5)/1000, 1e-6)
	near(t, "passive muscle, mm", p.Kin[2].Muscles[5*39+7], 100+7+2+2.5, 1e-3)
	if p, err = recording.ReadAligned(sample("Test_20200101_passive_at100.hdf5"), recording.AlignedOptions{Millimetres: true}); err != nil {
		t.Fatal(err)
	}
	near(t, "passive length, mm", at(p, 2, 7, 105, 0), 100+7+2+2.5, 1e-4)
	if len(p.Switches) != 1 {
		t.Errorf("switches %v", p.Switches)
	}
}

func TestReadNWB(t *testing.T) {
	s, err := recording.ReadNWB(sample("area2_bump_sample.nwb"))
	if err != nil {
		t.Fatal(err)
	}
	if s.Animal != "Test" || len(s.Units) != 3 || s.Bins() != 99 || len(s.Trials) != 3 {
		t.Fatalf("animal %q, %d units, %d bins, %d trials", s.Animal, len(s.Units), s.Bins(), len(s.Trials))
	}
	// Bin 20 holds samples 200 to 209, whose mean is 204.5.
	near(t, "x", s.Hand[0][20], 2.045, 1e-5)
	near(t, "vx", s.HandVel[0][20], 10, 0)
	near(t, "joint", s.Joints[3][20], 3.020, 1e-9)
	// The file's columns stand in the reverse of the network's order.
	near(t, "muscle, mm", s.Muscles[0][20], 100+.01*20, 1e-4)
	near(t, "muscle, mm", s.Muscles[38][20], 138+.01*20, 1e-4)
	// Unit u fires every u+1 bins from 5 ms on.
	for u := range 3 {
		for b := range 90 {
			want := 0.0
			if b%(u+1) == 0 {
				want = 1
			}
			near(t, "count", s.Counts[u][b], want, 0)
		}
	}
	tr := s.Trials
	if tr[0].Start != 0 || tr[0].End != 40 || tr[0].Onset != 10 || tr[0].Bump != recording.None || tr[1].Bump != 50 || tr[1].Onset != recording.None || tr[2].Rewarded {
		t.Errorf("trials %+v", tr)
	}
	near(t, "bump direction", tr[1].BumpDir, math.Pi, 1e-12)
	near(t, "target", tr[0].Target, math.Pi/2, 1e-12)
}

func TestReadersRefuse(t *testing.T) {
	for name, read := range map[string]func() error{
		"no file":    func() error { _, err := recording.ReadSpykes(sample("absent.mat")); return err },
		"not spykes": func() error { _, err := recording.ReadSpykes(sample("trialdata_v5.mat")); return err },
		"no trial data": func() error {
			_, err := recording.ReadTrialData(sample("muscles.npz"), recording.TrialDataOptions{})
			return err
		},
		"wrong array": func() error {
			_, err := recording.ReadTrialData(sample("trialdata_v5.mat"), recording.TrialDataOptions{Array: "cuneate"})
			return err
		},
		"not NWB": func() error { _, err := recording.ReadNWB(sample("Test_20200101_passive_at100.hdf5")); return err },
		"not aligned": func() error {
			_, err := recording.ReadAligned(sample("area2_bump_sample.nwb"), recording.AlignedOptions{})
			return err
		},
		"not npz": func() error { _, err := recording.ReadMuscles(sample("trialdata_v5.mat")); return err },
		"split outside": func() error {
			_, err := recording.ReadAligned(sample("Test_20200101_active_mvt_end_at100.hdf5"), recording.AlignedOptions{Train: []int{0, 6}, Test: []int{1}})
			return err
		},
	} {
		if err := read(); err == nil {
			t.Errorf("%s: no error", name)
		} else {
			t.Logf("%s: %v", name, err)
		}
	}
}
