// Package dataset turns movements into what a network is trained on: windows of
// 400 samples at 10 ms with muscle lengths and velocities, their targets, and
// the split into training, validation and test sets.
//
// An input is [39 muscles][400 samples][2], length in mm and velocity in mm/s,
// float32, muscles in the order of arm.MuscleNames. A target is [rows][400] in
// cm, deg or mm and their rates per second. A movement lies at an offset within
// the window; outside it its first and last values are held.
//
// A [Set] keeps movements, in memory or in shards on disk, and makes windows,
// velocities and targets as they are read, in any order, by any number of
// goroutines. Velocities are gradients of the padded float32 window, as the
// published data have them.
//
// Source: Marin Vargas et al., Cell 2024, methods; spec/01, sections 2.9, 5, 6
// and 7.
package dataset
