// Package osim reads OpenSim's files: models (.osim) as [arm.Model], the
// set-up files of the inverse kinematics tool, and the tables of OpenSim's
// tools, marker positions (.trc) and storages (.mot, .sto), which it also
// writes.
//
// A [arm.Model] is in m, rad, kg and N, in OpenSim's ground axes and signs,
// with coordinates in the order of the document and bodies so ordered that
// parents stand before their children. Tables keep the units of their files:
// [Markers.Scale] converts lengths to m; angles of a [Storage] are in degrees
// where InDegrees says so, translations in m. Markers are indexed
// [frame][marker], storages [row][column]; NaN stands for what is missing.
//
// Models of document versions 2 and 3 (the joint within the child body) and 4
// (joints with frames) are read: weld, pin, slider, universal, ball, gimbal,
// free, planar and custom joints; constant, linear, polynomial, multiplied,
// piecewise linear and SimmSpline functions; couplers of two coordinates;
// fixed, conditional and moving path points; cylinders, of which a half may be
// active, whole tori and whole ellipsoids; markers; the muscles' numbers, and
// for Schutte 1993 muscles their curves, so that fibre and tendon lengths can
// be computed. Joints of files before version 4 keep their full precision:
// the rounding that OpenSim 4 applies to them is a quirk of [arm.OpenSim40].
//
// Whatever else would change a length is an error that names file, line and
// element: spheres, ellipsoids or tori of which only a half is active (if a
// muscle wraps over them), other constraints in force, loops of joints,
// reversed joints, coordinates prescribed in time, functions of several
// coordinates, couplers of couplers, contents in other files, document
// versions before 2. What is harmless is in the [Report]. The kinematics of a
// model whose muscles are refused can still be had: see [Options].Skeleton.
// Default values of a document's section of defaults are used.
//
// Input is not trusted: sizes, names, depth and counts are bounded, document types
// and entities are refused, and no file is opened but the one that is named
// and the tasks beside a set-up file.
//
// The form of the models is that of spec/01, section 3; the inverse kinematics
// that the set-up files describe is that of section 4.2.
package osim
