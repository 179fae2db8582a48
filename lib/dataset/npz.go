package dataset

import (
	"context"
	"fmt"

	"github.com/spindle-lab/spindle/lib/format/npy"
	"github.com/spindle-lab/spindle/lib/run"
)

// InputName is the name of the network input in the published files.
const InputName = "spindle_info"

// WriteNPZ writes a set as a NumPy .npz: spindle_info [N,39,400,2], the given
// targets [N,rows,400] (all that the set has if keys is nil), float32, and label
// [N], int64. Samples are streamed: memory does not grow with the set. The file
// appears whole or not at all.
func WriteNPZ(ctx context.Context, path string, s *Set, keys []Key, compress bool, progress run.Progress) error {
	if keys == nil {
		keys = s.Keys()
	}
	w, err := npy.Create(path, compress)
	if err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	defer w.Abort()
	done, total := 0, s.Len()*(len(keys)+1)
	rows := func(name string, shape []int, read func(i int, dst []float32) error) error {
		return w.WriteRows(name, s.Len(), shape, func(i int, dst []float32) error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := read(i, dst); err != nil {
				return err
			}
			done++
			progress.Report(done, total, name)
			return nil
		})
	}
	err = rows(InputName, []int{Muscles, Window, Channels}, s.Input)
	for _, k := range keys {
		if err == nil {
			err = rows(string(k), []int{k.Rows(), Window}, func(i int, dst []float32) error { return s.Target(i, k, dst) })
		}
	}
	if err == nil {
		labels := make([]int, s.Len())
		for i := range labels {
			labels[i] = s.Label(i)
		}
		err = w.Write("label", labels)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return fmt.Errorf("dataset: %w", err)
	}
	return nil
}
