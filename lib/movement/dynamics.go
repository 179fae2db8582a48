package movement

import (
	"fmt"
	"math"

	"github.com/spindle-lab/spindle/lib/arm"
)

// ArmMass is the mass of the moving arm, in kg, that joint torques are computed
// for. The scaling of the published models gave each of them 0.53 kg and left
// nearly all of it on the sternum, 31 g on the arm; here the arm has it all, in
// the proportions of the models: upper arm 50 %, ulna 23 %, radius 15 %, hand
// 12 %. That is about 6 % of the weight of a macaque of 8 to 9 kg.
const ArmMass = 0.53

// Gravity points down, m/s², in OpenSim's ground axes.
var Gravity = [3]float64{0, -9.80665, 0}

// A Dynamics computes the joint torques of a movement by the recursive
// Newton-Euler method: bodies outward for velocities and accelerations, inward
// for forces. Muscles have no mass. Units are rad, s, kg, m, N·m. It allocates
// nothing after NewDynamics; use one for each goroutine.
type Dynamics struct {
	model   *arm.Model
	bodies  []link
	gravity vec3
	scale   float64 // of masses and inertias
}

// A link is a body with its state in the ground frame.
type link struct {
	parent  int
	body    *arm.Body
	toJoint pose // joint frame in the parent
	child   vec3 // from the joint to the body's origin, in the body
	turns   []turn
	r       mat3
	p       vec3 // origin
	joint   vec3 // place of the joint
	w, dw   vec3 // angular velocity and acceleration
	a       vec3 // acceleration of the origin, less gravity
	axes    [3]vec3
	force   vec3 // that the joint exerts, with all that the body carries
	moment  vec3 // likewise, about the joint
	mass    float64
	inertia mat3 // in the body frame
	center  vec3
	v       vec3 // velocity of the origin
}

type turn struct {
	axis  vec3 // unit, in the frame reached so far
	coord int
	gain  float64
}

// NewDynamics prepares a model whose moving bodies shall weigh armMass kg in
// all. The joints must be turns by coordinates, as those of the monkeys are:
// shifts, couplers and curved functions are an error.
func NewDynamics(m *arm.Model, armMass float64) (*Dynamics, error) {
	if err := m.Check(); err != nil {
		return nil, fmt.Errorf("movement: %w", err)
	}
	if !(armMass > 0) || math.IsInf(armMass, 0) {
		return nil, fmt.Errorf("movement: arm mass %v kg", armMass)
	}
	if len(m.Couplers) > 0 {
		return nil, fmt.Errorf("movement: model %s has coupled coordinates, which the torques leave out", m.Name)
	}
	d := &Dynamics{model: m, bodies: make([]link, len(m.Bodies)), gravity: vec3(Gravity)}
	moves := make([]bool, len(m.Bodies))
	mass := 0.0
	for i := range m.Bodies {
		b := &m.Bodies[i]
		l := &d.bodies[i]
		*l = link{parent: b.Joint.Parent, body: b, mass: b.Mass, center: vec3(b.Center), inertia: symmetric(b.Inertia), r: identity}
		if i == 0 {
			continue
		}
		if len(b.Joint.Shifts) > 0 {
			return nil, fmt.Errorf("movement: joint %s of model %s shifts, which the torques leave out", b.Joint.Name, m.Name)
		}
		l.toJoint = pose{euler(b.Joint.Orientation), vec3(b.Joint.Location)}
		if b.Joint.ChildOrientation != [3]float64{} {
			return nil, fmt.Errorf("movement: joint %s of model %s is turned in its child, which the torques leave out", b.Joint.Name, m.Name)
		}
		l.child = vec3(b.Joint.ChildLocation).scale(-1)
		moves[i] = moves[l.parent]
		for _, t := range b.Joint.Turns {
			k := turn{axis: vec3(t.Direction).unit(), coord: t.Coordinate, gain: 1}
			switch f := t.Function.(type) {
			case nil:
			case arm.Linear:
				if f.Offset != 0 {
					return nil, fmt.Errorf("movement: joint %s of model %s turns with an offset, which the torques leave out", b.Joint.Name, m.Name)
				}
				k.gain = f.Gain
			case arm.Constant:
				if f != 0 {
					return nil, fmt.Errorf("movement: joint %s of model %s has a constant turn, which the torques leave out", b.Joint.Name, m.Name)
				}
				k.coord = -1
			default:
				return nil, fmt.Errorf("movement: joint %s of model %s turns by a curve, which the torques leave out", b.Joint.Name, m.Name)
			}
			if k.coord >= 0 {
				moves[i] = true
			}
			l.turns = append(l.turns, k)
		}
		if moves[i] {
			mass += b.Mass
		}
	}
	if !(mass > 0) {
		return nil, fmt.Errorf("movement: the moving bodies of model %s weigh %v kg", m.Name, mass)
	}
	d.scale = armMass / mass
	for i := range d.bodies {
		d.bodies[i].mass *= d.scale
		d.bodies[i].inertia = d.bodies[i].inertia.scale(d.scale)
	}
	return d, nil
}

// Torques writes the generalised force of each coordinate, in N·m, to dst: what
// the joints must exert so that the model in posture q (rad) with rates dq
// (rad/s) accelerates by ddq (rad/s²) under gravity.
func (d *Dynamics) Torques(dst, q, dq, ddq []float64) {
	d.outward(q, dq, ddq)
	for i := range d.bodies {
		l := &d.bodies[i]
		c := l.r.apply(l.center)
		a := l.a.add(l.dw.cross(c)).add(l.w.cross(l.w.cross(c)))
		l.force = a.scale(l.mass)
		inertia := l.r.mul(l.inertia).mul(l.r.transpose())
		n := inertia.apply(l.dw).add(l.w.cross(inertia.apply(l.w)))
		l.moment = n.add(l.p.add(c).sub(l.joint).cross(l.force))
	}
	clear(dst)
	for i := len(d.bodies) - 1; i > 0; i-- {
		l := &d.bodies[i]
		for k, t := range l.turns {
			if t.coord >= 0 {
				dst[t.coord] += t.gain * l.axes[k].dot(l.moment)
			}
		}
		up := &d.bodies[l.parent]
		up.force = up.force.add(l.force)
		up.moment = up.moment.add(l.moment).add(l.joint.sub(up.joint).cross(l.force))
	}
}

// Energy returns the kinetic and the potential energy in J; the latter is 0
// where all centres of mass are at the height of the ground's origin.
func (d *Dynamics) Energy(q, dq []float64) (kinetic, potential float64) {
	d.outward(q, dq, nil)
	for i := range d.bodies {
		l := &d.bodies[i]
		c := l.r.apply(l.center)
		v := l.v.add(l.w.cross(c))
		w := l.r.transpose().apply(l.w)
		kinetic += 0.5*l.mass*v.dot(v) + 0.5*w.dot(l.inertia.apply(w))
		potential -= l.mass * d.gravity.dot(l.p.add(c))
	}
	return kinetic, potential
}

// outward computes the motion of all bodies. A nil ddq stands for zeros.
func (d *Dynamics) outward(q, dq, ddq []float64) {
	if n := len(d.model.Coordinates); len(q) != n || len(dq) != n || (ddq != nil && len(ddq) != n) {
		panic(fmt.Sprintf("movement: %d, %d and %d values for a model of %d coordinates", len(q), len(dq), len(ddq), n))
	}
	d.bodies[0].a = d.gravity.scale(-1) // the ground accelerates upwards instead
	for i := 1; i < len(d.bodies); i++ {
		l, up := &d.bodies[i], &d.bodies[d.bodies[i].parent]
		arm := up.r.apply(l.toJoint.p)
		l.joint = up.p.add(arm)
		l.r = up.r.mul(l.toJoint.r)
		l.w, l.dw = up.w, up.dw
		v := up.v.add(up.w.cross(arm))
		a := up.a.add(up.dw.cross(arm)).add(up.w.cross(up.w.cross(arm)))
		for k, t := range l.turns {
			axis := l.r.apply(t.axis)
			l.axes[k] = axis
			if t.coord < 0 {
				continue
			}
			spin := axis.scale(t.gain * dq[t.coord])
			l.dw = l.dw.add(l.w.cross(spin))
			if ddq != nil {
				l.dw = l.dw.add(axis.scale(t.gain * ddq[t.coord]))
			}
			l.w = l.w.add(spin)
			l.r = l.r.mul(rotation(t.axis, t.gain*q[t.coord]))
		}
		c := l.r.apply(l.child)
		l.p = l.joint.add(c)
		l.v = v.add(l.w.cross(c))
		l.a = a.add(l.dw.cross(c)).add(l.w.cross(l.w.cross(c)))
	}
}
