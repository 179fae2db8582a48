// Package osim reads OpenSim's files: models (.osim) as [arm.Model], and the
// tables of OpenSim's tools, marker positions (.trc) and storages (.mot, .sto),
// which it also writes, as well as the set-up files of the inverse kinematics
// tool.
package osim
