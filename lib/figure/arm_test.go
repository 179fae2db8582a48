package figure

import (
	"bytes"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"testing"

	"gonum.org/v1/plot/cmpimg"

	"github.com/spindle-lab/spindle/lib/arm"
)

const deg = math.Pi / 180

// flexed is Snap's arm with the elbow at a right angle.
func flexed(t *testing.T, name string) *arm.Solver {
	t.Helper()
	m, err := arm.Load(name)
	if err != nil {
		t.Fatal(err)
	}
	s := arm.NewSolver(m, arm.OpenSim40)
	s.Set(m.Posture(50*deg, -20*deg, 10*deg, 90*deg))
	return s
}

// The three kinds of picture against their golden images, as in TestGolden.
func TestArmGolden(t *testing.T) {
	for name, p := range armPanels(t) {
		t.Run(name, func(t *testing.T) {
			img := Compose(name, SingleColumn, 75, 1, p).PNG()
			var numbers bytes.Buffer
			if err := p.Data.WriteCSV(&numbers); err != nil {
				t.Fatal(err)
			}
			base := filepath.Join("testdata", name+"_golden")
			if *update {
				for ext, raw := range map[string][]byte{".png": img, ".csv": numbers.Bytes()} {
					if err := os.WriteFile(base+ext, raw, 0o644); err != nil {
						t.Fatal(err)
					}
				}
				return
			}
			want, err := os.ReadFile(base + ".png")
			if err != nil {
				t.Fatal(err)
			}
			if ok, err := cmpimg.EqualApprox("png", img, want, imageTolerance); err != nil || !ok {
				t.Errorf("image differs from %s.png (%v); look at it, then run go test ./lib/figure -update", base, err)
			}
			if want, err = os.ReadFile(base + ".csv"); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(numbers.Bytes(), want) {
				t.Errorf("plotted numbers differ from %s.csv", base)
			}
		})
	}
}

// armPanels are the panels of the arm, as panels are the others.
func armPanels(t *testing.T) map[string]*Panel {
	s := flexed(t, "snap")
	m := s.Model()
	groups, change, detail := Oblique, RightSide, ArmView{Azimuth: -60, Elevation: 10}
	groups.Names = []string{"bicep_lh", "tricep_lat", "lat_dorsi_inf", "flex_carpi_radialis"}
	change.Reference, change.Names = m.Defaults(), []string{"brachialis", "tricep_lon"}
	detail.Only = []string{"bicep_lh", "tricep_lat", "brachialis", "anconeus"}
	detail.Names = detail.Only
	ulna, _ := m.BodyIndex("ulna")
	for d, x := range inWorld(s.BodyPose(ulna).P) {
		detail.Lo[d], detail.Hi[d] = x-3, x+3
	}
	angle := []float64{20, 60, 100, 140}
	return map[string]*Panel{
		"arm_curves": AgainstAngle("elbow", "elbow flexion", "path length [mm]", angle, []AngleCurve{
			{Name: "one", Value: []float64{1, 2, math.NaN(), 3}}, {Name: "one, otherwise", Value: []float64{1, 2.2, 2.6, 3.2}, Dashed: true}, {Value: []float64{3, 2, 1, 0}}}),
		"arm_groups": Arm("by joints", s, groups),
		"arm_change": Arm("against rest", s, change),
		"arm_detail": Arm("elbow", s, detail),
	}
}

// Of two crossing lines the nearer is seen, from either side.
func TestArmDepthOrder(t *testing.T) {
	for azimuth, want := range map[float64]color.RGBA{0: Blue, 180: Orange} {
		s := armScene{view: ArmView{Azimuth: azimuth}, groups: []armGroup{{"near", Blue, true}, {"far", Orange, true}},
			muscles: []muscleLine{
				{group: 0, at: [][3]float64{{1, -3, 0}, {1, 3, 0}}, on: make([]bool, 2)},
				{group: 1, at: [][3]float64{{-1, 0, -3}, {-1, 0, 3}}, on: make([]bool, 2)},
			}}
		if !s.frame() {
			t.Fatal("nothing to see")
		}
		s.groups[0].shown, s.groups[1].shown = false, false // no legend: the crossing is in the middle above the footer
		f := Compose("depth", 60, 60, 1, &Panel{draw: s.draw})
		img, err := png.Decode(bytes.NewReader(f.PNG()))
		if err != nil {
			t.Fatal(err)
		}
		b := img.Bounds()
		y := b.Dy()/2 - int(math.Round(float64(footer)/2/72*2*screenDPI))
		found := false
		for dy := -2; dy <= 2; dy++ {
			for dx := -2; dx <= 2; dx++ {
				r, g, bl, _ := img.At(b.Dx()/2+dx, y+dy).RGBA()
				got := color.RGBA{uint8(r >> 8), uint8(g >> 8), uint8(bl >> 8), 255}
				found = found || got == want
				if got == (color.RGBA{Blue.R + Orange.R - want.R, Blue.G + Orange.G - want.G, Blue.B + Orange.B - want.B, 255}) {
					t.Errorf("azimuth %v: the far line is seen at the crossing", azimuth)
				}
			}
		}
		if !found {
			t.Errorf("azimuth %v: the near line is not seen at the crossing", azimuth)
		}
	}
}

// The faces of a wrap surface have their corners on it and look outward.
func TestWrapMesh(t *testing.T) {
	s := flexed(t, "chips")
	here := arm.Pose{R: [3][3]float64{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}}}
	for i := range s.Model().Wraps {
		w := &s.Model().Wraps[i]
		active := 0
		faces := wrapMesh(w, here)
		for _, f := range faces {
			if f.active {
				active++
			}
			for _, p := range f.at {
				// Back from W in cm to the object's axes in m.
				x, y, z := p[0]/100, p[2]/100, -p[1]/100
				out := [3]float64{x, y, z} // outward
				var off float64
				switch w.Kind {
				case arm.Cylinder:
					off, out[2] = math.Hypot(x, y)-w.Radius, 0
					if math.Abs(z) > w.Length/2+1e-12 {
						t.Fatalf("%s: face at %v", w.Name, p)
					}
				case arm.Torus:
					r := math.Hypot(x, y)
					off = math.Hypot(r-w.Outer, z) - w.Inner
					out[0], out[1] = x*(1-w.Outer/r), y*(1-w.Outer/r)
				default:
					off = math.Sqrt(x*x/w.Radii[0]/w.Radii[0]+y*y/w.Radii[1]/w.Radii[1]+z*z/w.Radii[2]/w.Radii[2]) - 1
				}
				if math.Abs(off) > 1e-12 {
					t.Fatalf("%s: corner %g off the surface", w.Name, off)
				}
				if dot(f.normal, [3]float64{out[0], -out[2], out[1]}) < 0 {
					t.Fatalf("%s: a face looks inward at %v", w.Name, p)
				}
			}
		}
		if want := len(faces) / 2 * (2 - w.Side*w.Side); active != want {
			t.Errorf("%s: %d faces are active, want %d", w.Name, active, want)
		}
	}
}

// Colours tell what they say: the change is that of the muscle length, the
// solver stays where it was, and six muscles of each monkey cross no moving
// joint, whether the wrist is locked in its file or not.
func TestArmColours(t *testing.T) {
	for _, name := range arm.Names() {
		s := flexed(t, name)
		m := s.Model()
		v := ArmView{Reference: m.Defaults()}
		before := make([]float64, len(m.Muscles))
		for i := range before {
			before[i] = s.MuscleLength(i)
		}
		p := Arm("t", s, v)
		ref := arm.NewSolver(m, arm.OpenSim40)
		ref.Set(m.Defaults())
		fixed := map[any]bool{}
		for _, row := range p.Data.Rows {
			i, _ := m.MuscleIndex(row[0].(string))
			if s.MuscleLength(i) != before[i] {
				t.Fatalf("%s: the solver moved", name)
			}
			if want := 1000 * (before[i] - ref.MuscleLength(i)); math.Abs(row[2].(float64)-want) > 1e-6 {
				t.Fatalf("%s: %s changes by %v mm, want %g", name, row[0], row[2], want)
			}
			if row[1] == noJoint {
				fixed[row[0]] = true
				if row[2] != 0.0 {
					t.Errorf("%s: %s crosses no moving joint and changes by %v mm", name, row[0], row[2])
				}
			}
		}
		if len(fixed) != 6 {
			t.Errorf("%s: %d muscles cross no moving joint, want 6 (spec/01, 3.4)", name, len(fixed))
		}
	}
	for x, want := range map[float64]color.RGBA{-1: Blue, 1: Vermillion} {
		if got := diverging(x).(both); got.light != fade(want, 1) {
			t.Errorf("diverging(%v) is %v", x, got)
		}
	}
}

// What cannot be drawn is said in the panel.
func TestArmWithout(t *testing.T) {
	s := flexed(t, "snap")
	for _, p := range []*Panel{
		Arm("t", s, ArmView{Names: []string{"gluteus"}}),
		Arm("t", s, ArmView{Only: []string{"bicep_lh", "gluteus"}}),
		AgainstAngle("t", "elbow", "mm", []float64{1}, []AngleCurve{{Value: []float64{math.NaN()}}}),
		AgainstAngle("t", "elbow", "mm", nil, nil),
	} {
		if len(p.Data.Rows) != 0 {
			t.Error("drew a muscle that the model does not have")
		}
	}
	bare := &arm.Model{Bodies: []arm.Body{{Name: "ground"}}}
	Compose("bare", 60, 60, 1, Arm("t", arm.NewSolver(bare, arm.Ideal), ArmView{})).PNG()
	s.Set([]float64{math.NaN(), 0, 0, 0, 0, 0, 0})
	Compose("nan", 60, 60, 1, Arm("t", s, ArmView{Reference: s.Model().Defaults()})).PNG()
	// A frame beside the arm, and a panel too small for its names.
	far := ArmView{Lo: [3]float64{500, 500, 500}, Hi: [3]float64{510, 510, 510}, Names: []string{"bicep_lh"}}
	s.Set(s.Model().Defaults())
	Compose("far", 12, 12, 1, Arm("t", s, far)).PNG()
	defer func() {
		if recover() == nil {
			t.Error("took a reference posture of the wrong length")
		}
	}()
	Arm("t", s, ArmView{Reference: []float64{1}})
}
