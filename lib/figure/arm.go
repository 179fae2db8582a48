package figure

import (
	"cmp"
	"fmt"
	"image/color"
	"math"
	"slices"

	"github.com/spindle-lab/spindle/lib/arm"
	"github.com/spindle-lab/spindle/lib/display"
)

// ArmView says from where Arm looks, what it draws, and what colour means. The
// zero value looks from in front at all muscles, coloured by the joints that
// they cross.
type ArmView struct {
	// Azimuth and Elevation are the direction from which one looks, in degrees:
	// azimuth 0 from in front, 90 from the left, -90 from the right, which is
	// the side of the modelled arm; elevation 90 from above.
	Azimuth, Elevation float64
	// Reference is a posture, in rad, one value per coordinate: muscles are
	// coloured by how much longer than in it their muscle length is, in mm, or
	// their path length if some muscle of the model has no curves. Nil: muscles
	// are coloured by the joints that they cross.
	Reference []float64
	// Change is the change at either end of the colour bar, in mm; 0: the
	// largest change of the muscles drawn.
	Change float64
	// Names are the muscles to be named, Only those to be drawn; Only nil: all.
	Names, Only []string
	// NoWraps leaves out the surfaces that the drawn muscles may wrap over.
	NoWraps bool
	// Lo and Hi bound what is seen, W axes, cm; both zero: what is drawn fits.
	Lo, Hi [3]float64
}

// RightSide and Front are the views of a drawing board: the arm from its own
// side, and from in front; Oblique is between them and from above.
var (
	RightSide = ArmView{Azimuth: -90}
	Front     = ArmView{}
	Oblique   = ArmView{Azimuth: -50, Elevation: 20}
)

// Arm draws a musculoskeletal model in the posture in which its solver stands:
// the line of the skeleton from joint to joint, each muscle's path with its
// wraps, and the surfaces that the drawn muscles may wrap over as light meshes,
// of a surface of which only a half is active the other half as a bare mesh.
// What is nearer hides what is farther. Of a change of length colour tells the
// sign and the size, and line width too: muscles are drawn thicker as they
// shorten. Positions are in W axes (x forward, y left, z up), cm.
//
// The published code has no picture of the model and gives muscles no groups:
// the groups here are the joints a muscle crosses, counting those that the
// data sets move (shoulder and elbow) if the model has them, else those that
// are not locked.
func Arm(title string, s *arm.Solver, v ArmView) *Panel {
	m := s.Model()
	if v.Reference != nil && len(v.Reference) != len(m.Coordinates) {
		panic(fmt.Sprintf("figure: reference posture of %d values for a model of %d coordinates", len(v.Reference), len(m.Coordinates)))
	}
	for _, n := range slices.Concat(v.Names, v.Only) {
		if _, ok := m.MuscleIndex(n); !ok {
			return emptyPanel("arm", fmt.Sprintf("%s: model %s has no muscle %s", title, m.Name, n))
		}
	}
	if slices.ContainsFunc(s.Coordinates(), bad) {
		return emptyPanel("arm", title+": the posture is not finite")
	}
	sc := armScene{view: v, title: title, what: muscleLength}
	for i := range m.Muscles {
		if math.IsNaN(s.MuscleLength(i)) {
			sc.what = pathLength
		}
	}
	change := make([]float64, len(m.Muscles)) // mm
	if v.Reference != nil {
		change = lengthChange(s, v.Reference, sc.what)
	}
	names, group := crossings(m)
	data := display.Table{Columns: []string{"muscle", "group", "length_change_mm", "vertex", "x_cm", "y_cm", "z_cm", "surface"}}
	used := make([]bool, len(m.Wraps))
	shown := make([]bool, len(names))
	for i := range m.Muscles {
		u := &m.Muscles[i]
		if v.Only != nil && !slices.Contains(v.Only, u.Name) {
			continue
		}
		line := muscleLine{name: u.Name, group: group[i], change: change[i], named: slices.Contains(v.Names, u.Name)}
		for k, q := range s.Path(nil, i) {
			at, surface := inWorld(q.Ground), ""
			if q.Object >= 0 {
				surface = m.Wraps[q.Object].Name
			}
			line.at, line.on = append(line.at, at), append(line.on, q.Object >= 0)
			data.Rows = append(data.Rows, []any{u.Name, names[group[i]], micro(change[i]), k, micro(at[0]), micro(at[1]), micro(at[2]), surface})
		}
		for _, w := range u.Wraps {
			used[w.Object] = true
		}
		shown[group[i]] = true
		sc.muscles = append(sc.muscles, line)
		sc.most = math.Max(sc.most, math.Abs(change[i]))
	}
	if v.Change > 0 {
		sc.most = v.Change
	}
	if v.Reference == nil {
		data.Columns, data.Rows = dropColumn(data.Columns, data.Rows, 2)
	}
	for k, name := range names {
		sc.groups = append(sc.groups, armGroup{name: name, color: groupColor(k, name), shown: shown[k]})
	}
	if !v.NoWraps {
		for i := range m.Wraps {
			if used[i] && !m.Wraps[i].Inactive {
				sc.meshes = append(sc.meshes, wrapMesh(&m.Wraps[i], s.WrapPose(i))...)
			}
		}
	}
	sc.bones = skeleton(s)
	if !sc.frame() {
		return emptyPanel("arm", title+": the posture has no finite position")
	}
	return &Panel{Name: "arm", Data: data, draw: sc.draw}
}

func dropColumn(columns []string, rows [][]any, k int) ([]string, [][]any) {
	for i := range rows {
		rows[i] = slices.Delete(rows[i], k, k+1)
	}
	return slices.Delete(columns, k, k+1), rows
}

// micro rounds to six decimals, beyond which there is only rounding error.
func micro(x float64) float64 { return math.Round(x*1e6)/1e6 + 0 }

// inWorld gives a place in the ground (m, OpenSim's axes) in W axes, cm.
func inWorld(p [3]float64) [3]float64 {
	w := arm.ToWorld(p)
	return [3]float64{100 * w[0], 100 * w[1], 100 * w[2]}
}

// What the lengths of a model are: fibre plus tendon where its muscles have
// curves to find them from.
const muscleLength, pathLength = "muscle length", "path length"

// lengthChange returns by how many mm each muscle is longer than in a
// reference posture, and leaves the solver where it was.
func lengthChange(s *arm.Solver, reference []float64, what string) []float64 {
	here := slices.Clone(s.Coordinates())
	length := s.MuscleLength
	if what == pathLength {
		length = s.PathLength
	}
	d := make([]float64, len(s.Model().Muscles))
	for i := range d {
		d[i] = length(i)
	}
	s.Set(reference)
	for i := range d {
		d[i] = 1000 * (d[i] - length(i))
	}
	s.Set(here)
	return d
}

// noJoint names the muscles that no moving joint stretches.
const noJoint = "no moving joint"

// crossings groups muscles by the moving joints that they cross: names of the
// groups in order of first appearance along the arm, and each muscle's group.
func crossings(m *arm.Model) (names []string, group []int) {
	moving := make([]bool, len(m.Coordinates))
	all := true
	for _, n := range arm.PostureNames {
		c, ok := m.CoordinateIndex(n)
		if ok {
			moving[c] = true
		}
		all = all && ok
	}
	if !all {
		for i, c := range m.Coordinates {
			moving[i] = !c.Locked
		}
	}
	joints := jointsOf(m)
	keys := make([]string, len(m.Muscles))
	rank := map[string][2]int{} // the first joint of the group, and their number
	for i := range m.Muscles {
		var cross []int
		for _, c := range m.Spans(i) {
			if b := joints[c]; b > 0 && moving[c] && !slices.Contains(cross, b) {
				cross = append(cross, b)
			}
		}
		slices.Sort(cross)
		first := len(m.Bodies)
		keys[i] = noJoint
		for k, b := range cross {
			if k == 0 {
				first, keys[i] = b, m.Bodies[b].Joint.Name
			} else {
				keys[i] += " and " + m.Bodies[b].Joint.Name
			}
		}
		rank[keys[i]] = [2]int{first, len(cross)}
	}
	for _, k := range keys {
		if !slices.Contains(names, k) {
			names = append(names, k)
		}
	}
	slices.SortStableFunc(names, func(a, b string) int {
		return cmp.Or(rank[a][0]-rank[b][0], rank[a][1]-rank[b][1])
	})
	named := slices.Index(names, noJoint) // the last, if there are such muscles
	if named < 0 {
		named = len(names)
	}
	if n := len(groupColors); named > n {
		names = append(append(names[:n:n], otherJoints), names[named:]...)
	}
	for _, k := range keys {
		g := slices.Index(names, k)
		if g < 0 {
			g = slices.Index(names, otherJoints)
		}
		group = append(group, g)
	}
	return names, group
}

// jointsOf returns, for each coordinate, the body whose joint it moves, or -1.
func jointsOf(m *arm.Model) []int {
	of := make([]int, len(m.Coordinates))
	for c := range of {
		of[c] = -1
	}
	for b := range m.Bodies {
		j := &m.Bodies[b].Joint
		for _, a := range slices.Concat(j.Turns, j.Shifts) {
			if b > 0 && a.Coordinate >= 0 {
				of[a.Coordinate] = b
			}
		}
	}
	return of
}

// groupColors are as many as can be told apart; further groups share a colour.
var groupColors = []color.RGBA{Blue, Purple, Orange, Green, Vermillion, SkyBlue, Brown}

const otherJoints = "other joints"

func groupColor(k int, name string) color.RGBA {
	switch name {
	case noJoint:
		return Black
	case otherJoints:
		return Grey
	}
	return groupColors[k]
}

// skeleton returns the lines from each joint to the next, and at the end of
// the chain to the middle of the markers there, or else to the mass centre.
func skeleton(s *arm.Solver) [][2][3]float64 {
	m := s.Model()
	var bones [][2][3]float64
	leaf := make([]bool, len(m.Bodies))
	for b := 1; b < len(m.Bodies); b++ {
		parent := m.Bodies[b].Joint.Parent
		leaf[b], leaf[parent] = true, false
		if parent == 0 && len(m.Bodies[b].Joint.Shifts) > 0 {
			continue // free in space: no bone holds it
		}
		bones = appendBone(bones, s.BodyPose(parent).P, s.BodyPose(b).P)
	}
	for b := range leaf {
		if !leaf[b] {
			continue
		}
		end, n := s.BodyPose(b).Apply(m.Bodies[b].Center), 0.0
		for k, marker := range m.Markers {
			if marker.Body != b {
				continue
			}
			n++
			for d, x := range s.Marker(k) {
				if n == 1 {
					end[d] = 0
				}
				end[d] += (x - end[d]) / n
			}
		}
		bones = appendBone(bones, s.BodyPose(b).P, end)
	}
	return bones
}

func appendBone(bones [][2][3]float64, from, to [3]float64) [][2][3]float64 {
	if from == to {
		return bones
	}
	return append(bones, [2][3]float64{inWorld(from), inWorld(to)})
}
