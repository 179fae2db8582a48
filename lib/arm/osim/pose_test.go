package osim

import (
	"math"
	"testing"
)

// pose is a 4×4 matrix of a rigid motion, for expected values.
type pose [4][4]float64

func shift(x, y, z float64) pose {
	return pose{{1, 0, 0, x}, {0, 1, 0, y}, {0, 0, 1, z}, {0, 0, 0, 1}}
}

func turnX(a float64) pose {
	s, c := math.Sincos(a)
	return pose{{1, 0, 0, 0}, {0, c, -s, 0}, {0, s, c, 0}, {0, 0, 0, 1}}
}

func turnY(a float64) pose {
	s, c := math.Sincos(a)
	return pose{{c, 0, s, 0}, {0, 1, 0, 0}, {-s, 0, c, 0}, {0, 0, 0, 1}}
}

func turnZ(a float64) pose {
	s, c := math.Sincos(a)
	return pose{{c, -s, 0, 0}, {s, c, 0, 0}, {0, 0, 1, 0}, {0, 0, 0, 1}}
}

func (a pose) times(b pose) (p pose) {
	for i := range p {
		for j := range p {
			for k := range p {
				p[i][j] += a[i][k] * b[k][j]
			}
		}
	}
	return p
}

func (a pose) at(x, y, z float64) (v [3]float64) {
	for i := range v {
		v[i] = a[i][0]*x + a[i][1]*y + a[i][2]*z + a[i][3]
	}
	return v
}

func (a pose) inverse() (p pose) {
	p[3][3] = 1
	for i := range 3 {
		for j := range 3 {
			p[i][j] = a[j][i]
			p[i][3] -= a[j][i] * a[j][3]
		}
	}
	return p
}

// near fails unless two points agree to rounding.
func near(t *testing.T, what string, got, want [3]float64) {
	t.Helper()
	for i := range got {
		if !(math.Abs(got[i]-want[i]) <= 1e-12) {
			t.Errorf("%s is %v, want %v", what, got, want)
			return
		}
	}
}
