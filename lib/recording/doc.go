// Package recording holds recorded sessions of reaching monkeys: spike counts,
// kinematics of hand, joints and muscles, and trials, whatever file they come
// from; a simulator whose units have known tuning; and the way from a session
// to what a probe compares, windows of muscle input and rates aligned to the
// movement.
//
// Time: spike counts come in bins of Session.Bin seconds (10 ms in the paper's
// files, 50 ms in spykesML's), kinematics in samples of [Step] = 10 ms, a whole
// number of them to a bin. Positions are in cm, velocities in cm/s, joint
// angles in the unit of the file (deg where we compute them), muscle lengths in
// mm. Session arrays are [row][bin] and [row][sample]; rows are units, axes,
// joints or muscles. Aligned tensors are flat: input [trial][muscle][sample]
// [length, velocity], rates [bin][unit].
//
// Where only the hand was recorded, [Session.AddMuscles] finds arm postures by
// inverse kinematics of a monkey's two-link arm, the shoulder placed by a
// stated rule ([FitPlacement]), and from them muscle lengths.
//
// Source: Marin Vargas et al., Cell 2024, methods; spec/03, section 1. The
// published code's defects are switches of [AlignOptions].
package recording
