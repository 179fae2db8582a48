package dataset

import (
	"fmt"

	"github.com/spindle-lab/spindle/lib/movement"
)

// The shape of an input window.
const (
	Muscles  = movement.NumMuscles
	Window   = 400   // samples
	Channels = 2     // length in mm, velocity in mm/s
	Step     = 0.010 // s
	// InputLen is the number of values of one input.
	InputLen = Muscles * Window * Channels
)

// A Key names a target by its name in the published HDF5 files.
type Key string

// The targets. Rates are per second.
const (
	Hand      Key = "endeffector_coords" // cm, [3]: W axes
	HandVel   Key = "endeffector_vel"    // cm/s
	HandAcc   Key = "endeffector_acc"    // cm/s²
	Elbow     Key = "elbow_coords"       // cm, [3]
	ElbowVel  Key = "elbow_vel"
	ElbowAcc  Key = "elbow_acc"
	Joint     Key = "joint_coords" // deg, [4]: flexion, adduction, rotation, elbow
	JointVel  Key = "joint_vel"    // deg/s
	JointAcc  Key = "joint_acc"    // deg/s²
	MuscleAcc Key = "muscle_acc"   // mm/s², [39]
	Torque    Key = "torque_coords"
	Target    Key = "target_coords" // where a reach goes, cm, [3]
)

// quantity is what a key is derived from: rows of a movement, and how many
// times they are differentiated.
type quantity struct {
	rows  int
	of    field
	order int
	unit  string
}

type field int

const (
	fieldMuscles field = iota
	fieldJoints
	fieldHand
	fieldElbow
	fieldTorques
	fieldTarget
	numFields
)

var fieldRows = [numFields]int{Muscles, movement.NumJoints, 3, 3, 4, 3}

var fieldNames = [numFields]string{"muscle", "joint", "hand", "elbow", "torque", "target"}

var quantities = map[Key]quantity{
	Hand:      {3, fieldHand, 0, "cm"},
	HandVel:   {3, fieldHand, 1, "cm/s"},
	HandAcc:   {3, fieldHand, 2, "cm/s²"},
	Elbow:     {3, fieldElbow, 0, "cm"},
	ElbowVel:  {3, fieldElbow, 1, "cm/s"},
	ElbowAcc:  {3, fieldElbow, 2, "cm/s²"},
	Joint:     {4, fieldJoints, 0, "deg"},
	JointVel:  {4, fieldJoints, 1, "deg/s"},
	JointAcc:  {4, fieldJoints, 2, "deg/s²"},
	MuscleAcc: {Muscles, fieldMuscles, 2, "mm/s²"},
	Torque:    {4, fieldTorques, 0, "N·m"},
	Target:    {3, fieldTarget, 0, "cm"},
}

// Keys lists all targets in the order of the published files.
var Keys = []Key{Hand, HandVel, HandAcc, Elbow, ElbowVel, ElbowAcc, Joint, JointVel, JointAcc, MuscleAcc, Torque, Target}

// Unit returns the unit of a target.
func (k Key) Unit() string { return quantities[k].unit }

// Rows returns the number of rows of a target, 0 for a name that is none.
func (k Key) Rows() int { return quantities[k].rows }

// ParseKey returns the target of a name.
func ParseKey(name string) (Key, error) {
	if _, ok := quantities[Key(name)]; ok {
		return Key(name), nil
	}
	return "", fmt.Errorf("dataset: no target %q; there are %v", name, Keys)
}
