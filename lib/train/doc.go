// Package train trains the networks of lib/net on the tasks of lib/task.
//
// [Run] is the published loop (spec/02, 1.5): Adam on batches, a validation
// every 200 steps beginning with step 0, a plateau after so many validations
// without a new best, at which the learning rate is divided by four and the
// best weights come back with the state of the optimiser, an end at the second
// plateau but not before 20 epochs, and a test of the best weights. What a
// [Config] leaves open has the published value of the task; the one exception
// is that samples, not blocks of a batch, are shuffled.
//
// Every random number comes from the seed, a name and the step, so a run has
// no hidden state: it can be cut into micro-batches, stopped and resumed, and
// gives the same weights to the last bit on any number of cores.
//
// Arrays and units are those of lib/task: inputs [muscle][time][channel] in mm
// and mm/s, targets in cm, deg and their rates; test metrics under their own
// names: accuracy, mean Euclidean distance (the paper's "test MSE"), Barlow
// loss, explained variance.
//
// # A run to check against
//
// Two networks on two tasks, on 4,096 training movements of Snap from real pen
// strokes (the Character Trajectories in the data folder), three seeds each:
//
//	spindle generate -monkey snap -folders 2 -seed 1 -only-kept -out letters
//	spindle train -task action_recognition,hand_pos -data letters -samples 4096 -out run
//	    -arch spatiotemporal_4_8-8-32-64_7272,spatial_temporal_4_8-16-16-32_32-32-64-64_7293
//	    -seeds 1-3 -batch 64 -steps 1000 -lr 5e-4
//
// (the second command is one line). Measured with these settings, test accuracy
// and the mean Euclidean distance of the hand from its place, seeds 1, 2, 3:
//
//	spatiotemporal_4_8-8-32-64_7272                     0.210 0.075 0.139    1.55 1.45 2.59 cm
//	spatial_temporal_4_8-16-16-32_32-32-64-64_7293      0.051 0.055 0.077    2.62 2.04 2.14 cm
//
// Chance is 0.05; an untrained network is off by 27 cm, the constant predictor
// by 22 cm. The twelve runs took 950 s of CPU in all. A thousand steps of 64 see
// a hundred-and-sixtieth of the samples of the paper's schedule: action
// recognition has only begun, and when a network leaves its first plateau is a
// matter of the seed.
package train
