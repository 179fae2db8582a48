package movement

import (
	"math"
	"reflect"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/arm"
)

// A synthetic movement given back as recorded, adduction in OpenSim's sign, has
// the same muscles and markers; markers computed from it lead back to its joints.
func TestRecordedIsTheSameArm(t *testing.T) {
	for _, name := range arm.Names() {
		c, err := NewChain(name, Fixes{})
		if err != nil {
			t.Fatal(err)
		}
		const n = 30
		joints := Rows(NumJoints, n)
		for k := range n {
			s := float64(k) / n
			joints[0][k], joints[1][k], joints[2][k], joints[3][k] = 20+30*s, -5+8*s, 3-6*s, 30+40*s*s
		}
		m, err := c.Recorded(joints)
		if err != nil {
			t.Fatal(err)
		}
		mirror := Rows(NumJoints, n)
		for i := range mirror {
			for k, v := range joints[i] {
				if mirror[i][k] = v; i == Adduction {
					mirror[i][k] = -v
				}
			}
		}
		muscles, hand, elbow := c.Muscles(mirror, false)
		if !reflect.DeepEqual(m.Muscles, muscles) || !reflect.DeepEqual(m.Hand, hand) || !reflect.DeepEqual(m.Elbow, elbow) || !m.OpenSimSign {
			t.Errorf("%s: the sign of adduction changes more than itself", name)
		}

		names := []string{"not there"}
		for _, k := range c.Model.Markers {
			names = append(names, k.Name)
		}
		s := arm.NewSolver(c.Model, arm.OpenSim40)
		frames := make([][][3]float64, n)
		for k := range frames {
			s.SetPose(c.Model.Posture(joints[0][k]*degree, joints[1][k]*degree, joints[2][k]*degree, joints[3][k]*degree))
			frames[k] = make([][3]float64, len(names))
			for i := range c.Model.Markers {
				frames[k][i+1] = s.Marker(i)
			}
			frames[k][1+k%3] = [3]float64{math.NaN(), math.NaN(), math.NaN()}
		}
		back, fit, err := c.FromMarkers(names, frames)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(fit.Ignored, []string{"not there"}) || len(fit.Markers) != len(names)-1 || fit.Max > 1e-6 {
			t.Errorf("%s: fit %+v", name, fit)
		}
		for i := range joints {
			// A residual of 1e-9 m over a lever of 1 cm is about 1e-5 deg.
			compare(t, name, arm.PostureNames[i], back.Joints[i], joints[i], 1e-4)
		}
	}
}

func TestRecordedRefuses(t *testing.T) {
	c, err := NewChain("snap", Fixes{})
	if err != nil {
		t.Fatal(err)
	}
	for what, joints := range map[string][][]float64{
		"three rows": Rows(3, 5), "no samples": Rows(4, 0), "ragged": {{1}, {1}, {1, 2}, {1}}, "NaN": {{1}, {math.NaN()}, {1}, {1}},
	} {
		if _, err := c.Recorded(joints); err == nil || !strings.HasPrefix(err.Error(), "movement: ") {
			t.Errorf("%s: %v", what, err)
		}
	}
	gone := [3]float64{math.NaN(), 0, 0}
	for what, f := range map[string]func() error{
		"unknown markers": func() error { _, _, err := c.FromMarkers([]string{"a"}, [][][3]float64{{{}}}); return err },
		"no frames":       func() error { _, _, err := c.FromMarkers([]string{"Marker_3"}, nil); return err },
		"short frame":     func() error { _, _, err := c.FromMarkers([]string{"Marker_3"}, [][][3]float64{{}}); return err },
		"never seen":      func() error { _, _, err := c.FromMarkers([]string{"Marker_3"}, [][][3]float64{{gone}}); return err },
	} {
		if err := f(); err == nil {
			t.Errorf("%s: no error", what)
		}
	}
}

// The shipped tables of Butter, the smallest arm, were made with the lengths and
// box that are published: every shipped point is found again, and what the exact
// test adds is little (spec/01, 2.7, found the same of Snap).
func TestComputeStarts(t *testing.T) {
	r, err := arm.ReachFor("butter")
	if err != nil {
		t.Fatal(err)
	}
	got, err := ComputeStarts(t.Context(), r, StartOptions{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range Planes {
		d, err := CompareStarts("butter", p, got[p])
		if err != nil {
			t.Fatal(err)
		}
		if len(d.Missing) > 0 || len(d.Extra) > d.Shipped/10 {
			t.Errorf("plane %s: %d of %d shipped points missing, %d extra", p, len(d.Missing), d.Shipped, len(d.Extra))
		}
		if s := StartTable([]StartDifference{d}).String(); !strings.Contains(s, "butter") {
			t.Errorf("table %q", s)
		}
	}
}
