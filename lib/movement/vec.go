package movement

import "math"

type vec3 [3]float64

func (a vec3) add(b vec3) vec3      { return vec3{a[0] + b[0], a[1] + b[1], a[2] + b[2]} }
func (a vec3) sub(b vec3) vec3      { return vec3{a[0] - b[0], a[1] - b[1], a[2] - b[2]} }
func (a vec3) scale(s float64) vec3 { return vec3{a[0] * s, a[1] * s, a[2] * s} }
func (a vec3) dot(b vec3) float64   { return a[0]*b[0] + a[1]*b[1] + a[2]*b[2] }
func (a vec3) norm() float64        { return math.Sqrt(a.dot(a)) }
func (a vec3) unit() vec3           { return a.scale(1 / a.norm()) }
func (a vec3) cross(b vec3) vec3 {
	return vec3{a[1]*b[2] - a[2]*b[1], a[2]*b[0] - a[0]*b[2], a[0]*b[1] - a[1]*b[0]}
}

// mat3 is a 3×3 matrix by rows.
type mat3 [9]float64

var identity = mat3{1, 0, 0, 0, 1, 0, 0, 0, 1}

// A pose is a frame in another: p = r·x + p.
type pose struct {
	r mat3
	p vec3
}

func (m mat3) apply(v vec3) vec3 {
	return vec3{m[0]*v[0] + m[1]*v[1] + m[2]*v[2], m[3]*v[0] + m[4]*v[1] + m[5]*v[2], m[6]*v[0] + m[7]*v[1] + m[8]*v[2]}
}

func (m mat3) mul(o mat3) (out mat3) {
	for i := range 3 {
		for j := range 3 {
			out[3*i+j] = m[3*i]*o[j] + m[3*i+1]*o[3+j] + m[3*i+2]*o[6+j]
		}
	}
	return out
}

func (m mat3) transpose() mat3 {
	return mat3{m[0], m[3], m[6], m[1], m[4], m[7], m[2], m[5], m[8]}
}

func (m mat3) scale(s float64) (out mat3) {
	for i, v := range m {
		out[i] = v * s
	}
	return out
}

// symmetric makes the matrix of xx, yy, zz, xy, xz, yz.
func symmetric(v [6]float64) mat3 {
	return mat3{v[0], v[3], v[4], v[3], v[1], v[5], v[4], v[5], v[2]}
}

// rotation turns by angle (rad) about a unit axis.
func rotation(u vec3, angle float64) mat3 {
	s, c := math.Sincos(angle)
	x, y, z, k := u[0], u[1], u[2], 1-c
	return mat3{
		c + x*x*k, x*y*k - z*s, x*z*k + y*s,
		x*y*k + z*s, c + y*y*k, y*z*k - x*s,
		x*z*k - y*s, y*z*k + x*s, c + z*z*k,
	}
}

// euler is Rx·Ry·Rz of body-fixed angles, rad.
func euler(xyz [3]float64) mat3 {
	return rotation(vec3{1, 0, 0}, xyz[0]).mul(rotation(vec3{0, 1, 0}, xyz[1])).mul(rotation(vec3{0, 0, 1}, xyz[2]))
}
