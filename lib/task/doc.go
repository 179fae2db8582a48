// Package task holds the sixteen tasks of the paper, and data-driven training,
// in one table: what a network is asked to predict, with which head and loss,
// and what is reported of it. A new task is one entry of the table and its
// target function, here or by [Add] in a program or a notebook.
//
// Inputs are [muscle][time][channel] float32, length in mm and velocity in mm/s,
// 39 muscles and 400 samples of 10 ms. Targets are [output][time] in cm, deg and
// their rates per second; on a network's output they are sub-sampled to one per
// frame, see [TargetGrid]. Nothing is scaled unless a switch says so.
//
// What the published code does is the default wherever it can run; see
// [Switches] for what it should have been. Source: paper, Table of tasks and
// STAR Methods as far as legends and code tell; spec/02, sections 1, 3 and 4.
package task
