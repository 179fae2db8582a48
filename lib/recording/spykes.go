package recording

import (
	"fmt"
	"math"
	"path/filepath"
	"strings"

	"github.com/spindle-lab/spindle/lib/format/matfile"
)

// spykesBin is the width of the bins in spykesML's files, s.
const spykesBin = 0.050

// spykesJump is the departure, in cm, of a step of position from what the
// velocity says beyond which two bins do not follow each other.
const spykesJump = 0.5

// ReadSpykes reads a recording in the layout of spykesML: a MAT file with
// spikes [bin][unit], pos and vel [bin][2], in bins of 50 ms (Benjamin et al.
// 2018). The file joins stretches of recording: it is cut into segments
// wherever |Δpos − 50 ms·vel| exceeds 0.5 cm in either axis. Within a segment
// kinematics are interpolated to 10 ms, by the cubic that has the file's
// positions and velocities in the middle of each bin; before the first and
// after the last they continue by a straight line.
//
// The file tells neither trials nor animal; [Session.CutReaches] finds reaches
// by speed.
func ReadSpykes(path string) (*Session, error) {
	f, err := matfile.Reader{MaxBytes: fileBytes}.Read(path)
	if err != nil {
		return nil, err
	}
	get := func(name string, cols int) (*matfile.Array, error) {
		a := f.Vars[name]
		if a == nil {
			return nil, fmt.Errorf("recording: %s: no variable %q: spikes, pos and vel expected", path, name)
		}
		if !a.Class.Numeric() || len(a.Dims) != 2 || a.Imag != nil {
			return nil, fmt.Errorf("recording: %s: %s is %v: a real matrix [bin][column] expected", path, name, a)
		}
		if cols > 0 && a.Dims[1] != cols {
			return nil, fmt.Errorf("recording: %s: %s has %d columns, %d expected", path, name, a.Dims[1], cols)
		}
		return a, nil
	}
	spikes, err := get("spikes", 0)
	if err != nil {
		return nil, err
	}
	pos, err := get("pos", 2)
	if err != nil {
		return nil, err
	}
	vel, err := get("vel", 2)
	if err != nil {
		return nil, err
	}
	n := spikes.Dims[0]
	for name, a := range map[string]*matfile.Array{"pos": pos, "vel": vel} {
		if a.Dims[0] != n {
			return nil, fmt.Errorf("recording: %s: %s has %d bins, spikes have %d", path, name, a.Dims[0], n)
		}
		for i, v := range a.Real {
			if math.IsNaN(v) || math.IsInf(v, 0) {
				return nil, fmt.Errorf("recording: %s: %s is %v in bin %d: finite values expected", path, name, v, i%n)
			}
		}
	}
	name := strings.TrimSuffix(filepath.Base(path), filepath.Ext(path))
	s := &Session{Name: name, Animal: "unknown", Area: "S1", Bin: spykesBin,
		Source: "recorded: somatosensory cortex of a reaching monkey, spykesML (Benjamin et al. 2018)"}
	for u := range spikes.Dims[1] {
		s.Units = append(s.Units, Unit{})
		s.Counts = append(s.Counts, spikes.Column(u))
	}
	px, vx := [2][]float64{pos.Column(0), pos.Column(1)}, [2][]float64{vel.Column(0), vel.Column(1)}
	s.Segments = cutAtJumps(px, vx, n)
	per := s.PerBin()
	for a := range 2 {
		p, v := make([]float64, n*per), make([]float64, n*per)
		for _, g := range s.Segments {
			fine(p[g.Start*per:g.End*per], v[g.Start*per:g.End*per], px[a][g.Start:g.End], vx[a][g.Start:g.End], s.Bin, per)
		}
		s.Hand, s.HandVel = append(s.Hand, p), append(s.HandVel, v)
	}
	return s, s.Check()
}

// cutAtJumps returns the stretches over which position follows from velocity.
func cutAtJumps(pos, vel [2][]float64, n int) []Segment {
	var out []Segment
	start := 0
	for t := 1; t <= n; t++ {
		jump := t == n
		for a := 0; a < 2 && !jump; a++ {
			jump = math.Abs(pos[a][t]-pos[a][t-1]-spykesBin*vel[a][t-1]) > spykesJump
		}
		if jump {
			out = append(out, Segment{start, t})
			start = t
		}
	}
	return out
}

// fine writes position and velocity at per samples to a bin, the given ones
// standing in the middle of their bins.
func fine(p, v, pos, vel []float64, bin float64, per int) {
	n := len(pos)
	for k := range p {
		x := (float64(k)+0.5)/float64(per) - 0.5 // in bins
		i := int(math.Floor(x))
		switch {
		case i < 0:
			p[k], v[k] = pos[0]+x*bin*vel[0], vel[0]
		case i >= n-1:
			p[k], v[k] = pos[n-1]+(x-float64(n-1))*bin*vel[n-1], vel[n-1]
		default:
			p[k], v[k] = hermite(x-float64(i), bin, pos[i], pos[i+1], vel[i], vel[i+1])
		}
	}
}

// hermite is the cubic through (0, p0) and (h, p1) with slopes v0 and v1, and
// its slope, at u·h.
func hermite(u, h, p0, p1, v0, v1 float64) (p, v float64) {
	u2, u3 := u*u, u*u*u
	p = (2*u3-3*u2+1)*p0 + (u3-2*u2+u)*h*v0 + (3*u2-2*u3)*p1 + (u3-u2)*h*v1
	v = (6*u2-6*u)*(p0-p1)/h + (3*u2-4*u+1)*v0 + (3*u2-2*u)*v1
	return p, v
}
