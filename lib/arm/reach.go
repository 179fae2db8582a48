package arm

import (
	"fmt"
	"math"
	"strings"
)

// A Reach is the two-link arm on which movements are planned (spec/01, 2.3):
// shoulder at the origin, upper arm and forearm with hand, lengths in m. A
// posture is (flexion, adduction, rotation, elbow) in rad; its adduction has
// the opposite sign of OpenSim's. Positions are in the world axes W (x
// forward, y left, z up), m. Lo and Hi are the joint box, rad.
type Reach struct {
	Upper, Fore float64
	Lo, Hi      [4]float64
}

// reachLengths are the segment lengths of the published code, in m.
//
// Lando's are not published. His forearm and hand should be about the distance
// from the elbow joint to Marker_3 with the wrist straight, 21.2 cm in his
// model, and his upper arm about 1.05 times the distance from shoulder to
// elbow joint, 15.1 cm: these rules give the published values of the other
// arms to a few millimetres. The shipped table of his start points tells the
// rest. The hand must reach every point of the 5 cm squares around them; those
// lie between 13.75 and 36.50 cm from the shoulder, and in the tables of the
// other arms these extremes are, to 0.1 cm, the arm's own: with the elbow bent
// by 140 degrees and straight. Of all lengths in whole millimetres near the
// model's only 15.2 and 21.3 cm (13.74 and 36.5 cm) fit.
var reachLengths = map[string][2]float64{
	"snap":      {0.161, 0.186},
	"butter":    {0.1258, 0.160},
	"lando":     {0.152, 0.213},
	"han_01_05": {0.166, 0.195},
	"han_11_22": {0.150, 0.185},
	"chips":     {0.172, 0.221},
}

// ReachFor returns the arm of a monkey with the joint box of the published code.
func ReachFor(name string) (Reach, error) {
	l, ok := reachLengths[name]
	if !ok {
		return Reach{}, fmt.Errorf("arm: no arm of a monkey %q; there are %s", name, strings.Join(Names(), ", "))
	}
	const d = math.Pi / 180
	return Reach{
		Upper: l[0], Fore: l[1],
		Lo: [4]float64{-50 * d, -45 * d, -90 * d, 0},
		Hi: [4]float64{180 * d, 150 * d, 90 * d, 140 * d},
	}, nil
}

// Elbow returns the position of the elbow, m, W axes.
func (r Reach) Elbow(q [4]float64) [3]float64 { return r.point(q, -r.Upper, 0) }

// Hand returns the position of the hand, m, W axes.
func (r Reach) Hand(q [4]float64) [3]float64 {
	s, c := math.Sincos(q[3])
	return r.point(q, -r.Upper-r.Fore*c, -r.Fore*s)
}

// point maps the point (0, y, z) of the arm's plane, given in the axes S of
// the upper arm, to W.
func (r Reach) point(q [4]float64, y, z float64) [3]float64 {
	sf, cf := math.Sincos(q[0])
	sa, ca := math.Sincos(q[1])
	sr, cr := math.Sincos(q[2])
	y, z = y*cf-z*sf, y*sf+z*cf
	x, z := z*sr, z*cr
	x, y = x*ca-y*sa, x*sa+y*ca
	return [3]float64{-z, -x, y}
}

// Clamp returns q held inside the joint box.
func (r Reach) Clamp(q [4]float64) [4]float64 {
	for i := range q {
		q[i] = math.Min(math.Max(q[i], r.Lo[i]), r.Hi[i])
	}
	return q
}

// Inside tells whether q is in the joint box, to within tol rad.
func (r Reach) Inside(q [4]float64, tol float64) bool {
	for i := range q {
		if !(q[i] >= r.Lo[i]-tol && q[i] <= r.Hi[i]+tol) {
			return false
		}
	}
	return true
}

// ReachResult tells how a posture was found.
type ReachResult struct {
	Residual  float64 // distance from hand to target, m
	Distance  float64 // Euclidean distance of the posture from the reference, rad
	Converged bool    // the target is reached, and the posture is the closest
	Steps     int     // evaluations of the family of postures
}
