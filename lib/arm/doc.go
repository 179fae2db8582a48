// Package arm is a musculoskeletal model engine: it computes what OpenSim 4.0
// computes of the monkey arms of Marin Vargas et al. (Cell 2024), without
// OpenSim. In a posture a [Solver] gives the pose of every body, the markers,
// the length of every muscle path with wrapping, and the lengths of fibre and
// tendon in static equilibrium. [Reach] is the two-link arm on which the
// published movements are planned, with an exact inverse kinematics.
//
// Units are m, rad, kg and N throughout. Model coordinates are in OpenSim's
// ground axes O (x forward, y up, z right) and signs; the two-link arm is in
// the world axes W (x forward, y left, z up) and has the opposite sign of
// adduction. Postures of a Model are vectors with one value per coordinate, in
// the order of Model.Coordinates; muscles are in the order of Model.Muscles.
//
// The method is that of spec/01, sections 2.3, 2.4 and 3: the numbers of the
// six models come from the published .osim files, and the results agree with
// tables computed with the OpenSim 4.0 libraries. [OpenSim40] reproduces that
// version's peculiarities, [Ideal] leaves them out.
package arm
