package task

// A Key names a target series of a data set, as in the published HDF5 files.
type Key string

// Keys of the published files (spec/01, 2.9).
const (
	HandPos  Key = "endeffector_coords" // cm, [3][time]
	HandVel  Key = "endeffector_vel"    // cm/s
	HandAcc  Key = "endeffector_acc"    // cm/s²
	ElbowPos Key = "elbow_coords"       // cm, [3][time]
	ElbowVel Key = "elbow_vel"          // cm/s
	ElbowAcc Key = "elbow_acc"          // cm/s²
	JointPos Key = "joint_coords"       // deg, [4][time]
	JointVel Key = "joint_vel"          // deg/s
	JointAcc Key = "joint_acc"          // deg/s²
	Torque   Key = "torque_coords"      // N·m, [4][time]
	Goal     Key = "target_coords"      // cm, [3][time], the goal of a reach
	Rates    Key = "spike_rates"        // smoothed spike counts per 10 ms, [unit][time]
)
