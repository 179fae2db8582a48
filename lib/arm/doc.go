// Package arm is a musculoskeletal model engine: it computes what OpenSim 4.0
// computes of the monkey arms of Marin Vargas et al. (Cell 2024), without
// OpenSim. In a posture a [Solver] gives the pose of every body, the markers,
// the length of every muscle path with wrapping, moment arms, and the lengths
// of fibre and tendon in static equilibrium. An [IK] finds postures from
// observed markers. [Reach] is the two-link arm on which the published
// movements are planned, with an exact inverse kinematics.
//
// Units are m, rad, kg and N throughout. Model coordinates are in OpenSim's
// ground axes O (x forward, y up, z right) and signs; the two-link arm is in
// the world axes W (x forward, y left, z up; see [ToWorld]) and has the
// opposite sign of adduction. Postures of a [Model] are vectors with one value
// per coordinate, in the order of Model.Coordinates; muscles are in the order
// of Model.Muscles, which for the monkeys is that of the network's input.
//
// The method is that of spec/01, sections 2.3, 2.4, 3 and 4.2; the numbers of
// the six models come from the published .osim files. [OpenSim40] reproduces
// the peculiarities of that version, [Ideal] leaves them out. With the former,
// path, fibre and tendon lengths agree with tables computed by the OpenSim 4.0
// libraries to 1e-12 m. Lengths are continuous in the posture except where
// OpenSim's method jumps; the test of continuity lists those places.
//
// "Path length" is the line from origin to insertion. What the pipeline stores
// as the muscle's length, [Solver.MuscleLength], is fibre plus tendon, which is
// longer for a pennate muscle.
//
// Where each formula of spec/01 stands:
//
//	2.3        the two-link arm                 Reach.Hand, Reach.Elbow (reach.go)
//	2.4        its inverse kinematics           Reach.Solve (reach_solve.go)
//	3.2        joints, Euler angles             Joint (model.go), Solver.placeBody (solver.go), frame (vec.go)
//	3.2-3.5    the numbers of the six models    models/*.txt (table.go reads them)
//	3.7.1      assembly of a path               Solver.wrap, bestWay, cost (path.go)
//	3.7.2      cylinders                        wrapCylinder (wrap_cylinder.go), step by step
//	3.7.3      ellipsoids                       ellipsoid.wrap (wrap_ellipsoid.go), step by step;
//	                                            closest (ellipsoid_closest.go), fan (fan.go), tangent (ellipsoid_tangent.go)
//	3.7.4      tori                             wrapTorus (wrap_torus.go)
//	3.8        equilibrium of fibre and tendon  belly.balance (muscle.go), Solver.MuscleLength (solver.go)
//	3.8.1      SIMM's spline                    Spline (function.go)
//	3.9        markers, axes W                  Solver.Marker (solver.go), ToWorld (vec.go)
//	3.10       path speed and moment arms       Solver.PathSpeed, Solver.MomentArm (motion.go)
//	3.11       quirks Q1, Q2, Q3                Quirks: newJointFrames (solver.go), where, phantom (path.go)
//	4.2        marker inverse kinematics        IK (ik.go)
//
// For pictures, [Solver.Path], [Solver.Contacts] and [Solver.WrapPose] tell
// where paths and surfaces are, and [Model.Spans] which joints a muscle crosses;
// package figure draws them.
//
// Not here, and refused by [Model.Check]: ellipsoids and tori of which only a
// half is active. Spheres, obstacle sets and muscle dynamics have no type. The
// midpoint method for ellipsoids is as OpenSim's source has it, without a
// reference to compare with.
package arm
