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
package train
