package dataset

import (
	"math"
	"reflect"
	"strings"
	"testing"
)

func recordedTrials(n int) []Trial {
	var out []Trial
	for i := range n {
		m := toy(0, 0, 150+i, false)
		m.OpenSimSign = true
		out = append(out, Trial{ID: 10 + i, Move: &m, On: 20, End: 100 + i, Bump: 5})
	}
	return out
}

// spec/01, 7.2: the movement at samples 100…, 100 samples of the first value
// before, the last value after; muscle velocity the gradient of the padded
// window, joint velocity that of the unpadded segment, then held.
func TestAligned(t *testing.T) {
	for _, passive := range []bool{false, true} {
		trials := recordedTrials(4)
		s, skipped, err := Aligned(trials, AlignOptions{Passive: passive})
		if err != nil || len(skipped) > 0 || s.Len() != 4 {
			t.Fatal(s, skipped, err)
		}
		in, joint := make([]float32, InputLen), make([]float32, 4*Window)
		for i, tr := range trials {
			from, to := tr.On, tr.End
			if passive {
				from, to = tr.Bump, tr.Bump+13
			}
			if err := s.Input(i, in); err != nil {
				t.Fatal(err)
			}
			for mu := range Muscles {
				var length, vel [Window]float32
				for k := range length {
					length[k] = float32(tr.Move.Muscles[mu][min(max(from+k-100, from), to-1)])
				}
				gradient(vel[:], length[:])
				for k := range length {
					if got := in[(mu*Window+k)*2:]; got[0] != length[k] || got[1] != vel[k] {
						t.Fatalf("trial %d muscle %d time %d: (%v, %v), want (%v, %v)", i, mu, k, got[0], got[1], length[k], vel[k])
					}
				}
			}
			if err := s.Target(i, JointVel, joint); err != nil {
				t.Fatal(err)
			}
			for r := range 4 {
				var row []float32
				for _, v := range tr.Move.Joints[r][from:to] {
					row = append(row, float32(v))
				}
				vel := make([]float32, len(row))
				gradient(vel, row)
				for k := range Window {
					if want := vel[min(max(k-100, 0), len(vel)-1)]; joint[r*Window+k] != want {
						t.Fatalf("trial %d joint %d time %d: velocity %v, want %v", i, r, k, joint[r*Window+k], want)
					}
				}
			}
			if s.Offset(i) != 100 || !strings.Contains(s.Record(i), "trial 1") {
				t.Errorf("%s at %d", s.Record(i), s.Offset(i))
			}
		}
	}
}

func TestAlignedSkips(t *testing.T) {
	trials := recordedTrials(6)
	trials[0].Bump = -1
	trials[1].Bump = trials[1].Move.Len() - 12
	trials[2].Move.Muscles[7][9] = math.NaN()
	s, skipped, err := Aligned(trials, AlignOptions{Passive: true})
	if err != nil || s.Len() != 3 || len(skipped) != 3 || skipped[0].ID != 10 || !strings.Contains(skipped[2].Why, "muscle row 7") {
		t.Errorf("%v, %v", skipped, err)
	}
	long := recordedTrials(2)
	m := toy(0, 0, 700, false)
	long[0].Move, long[0].On, long[0].End = &m, 30, 330
	if s, skipped, err = Aligned(long, AlignOptions{}); err != nil || s.Len() != 1 || len(skipped) != 1 {
		t.Errorf("a long trial: %v, %v", skipped, err)
	}
	if s, skipped, err = Aligned(long, AlignOptions{CutLong: true}); err != nil || s.Len() != 2 || len(skipped) != 0 {
		t.Errorf("cut: %v, %v", skipped, err)
	}
	in := make([]float32, InputLen)
	if err := s.Input(0, in); err != nil || in[(Window-1)*2] != float32(m.Muscles[0][329]) {
		t.Errorf("the cut window ends with %v, want %v (%v)", in[(Window-1)*2], float32(m.Muscles[0][329]), err)
	}
	if _, _, err := Aligned(nil, AlignOptions{}); err == nil {
		t.Error("no trials")
	}
	ragged := recordedTrials(2)
	ragged[1].Move.Joints = ragged[1].Move.Joints[:3]
	if _, _, err := Aligned(ragged, AlignOptions{}); err == nil || !strings.Contains(err.Error(), "trial 11") {
		t.Errorf("three joints: %v", err)
	}
}

// spec/01, 7.3: 80/20, no validation set, the first and last velocity held.
func TestDataDriven(t *testing.T) {
	trials := recordedTrials(11)
	full := toy(0, 0, 400, false) // fills the window: published code fails (B21)
	trials[3].Move, trials[3].On, trials[3].End = &full, 0, 400
	d, skipped, err := DataDriven(trials, 4)
	if err != nil || len(skipped) > 0 || d.Train.Len() != 8 || d.Val.Len() != 0 || d.Test.Len() != 3 {
		t.Fatalf("%d, %d, %d, %v, %v", d.Train.Len(), d.Val.Len(), d.Test.Len(), skipped, err)
	}
	in := make([]float32, InputLen)
	offsets := map[int]bool{}
	for i := range d.Train.Len() {
		offsets[d.Train.Offset(i)] = true
		if err := d.Train.Input(i, in); err != nil {
			t.Fatal(err)
		}
		if v := in[1]; d.Train.Offset(i) > 0 && (v == 0 || v != in[2*d.Train.Offset(i)+1]) {
			t.Errorf("velocity %v before the movement, %v at its start", v, in[2*d.Train.Offset(i)+1])
		}
	}
	if len(offsets) < 4 {
		t.Errorf("offsets %v", offsets)
	}
	again, _, err := DataDriven(recordedTrials(11), 4)
	if err != nil {
		t.Fatal(err)
	}
	other, _, err := DataDriven(recordedTrials(11), 4)
	if err != nil || !reflect.DeepEqual(again.Train.items, other.Train.items) {
		t.Error("one seed gave two sets")
	}
	if _, _, err := DataDriven(trials[:1], 4); err == nil {
		t.Error("a split of one trial")
	}
}
