package dataset

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
)

// Read writes the input of sample i and any targets of it, reading the movement
// once. input may be nil; targets[k] is for keys[k].
func (s *Set) Read(i int, input []float32, keys []Key, targets [][]float32) error {
	if input != nil && len(input) != InputLen {
		panic(fmt.Sprintf("dataset: input into %d values, want %d", len(input), InputLen))
	}
	if len(keys) != len(targets) {
		panic(fmt.Sprintf("dataset: %d keys for %d targets", len(keys), len(targets)))
	}
	for k, key := range keys {
		if q, ok := quantities[key]; !ok || len(targets[k]) != q.rows*Window {
			panic(fmt.Sprintf("dataset: target %q into %d values, want %d", key, len(targets[k]), q.rows*Window))
		}
		if !s.Has(key) {
			return fmt.Errorf("dataset: no target %s in this set; it has %v", key, s.Keys())
		}
	}
	it := s.items[i]
	if w, ok := s.store.(windowStore); ok {
		return w.read(int(it.at), input, keys, targets)
	}
	buf := s.pool.Get().(*buffer)
	defer s.pool.Put(buf)
	m, err := s.store.fetch(int(it.at), buf)
	if err != nil {
		return err
	}
	if input != nil {
		buf.scratch.input(input, m.fields[fieldMuscles], m.t, int(it.start), s.input)
	}
	for k, key := range keys {
		s.target1(quantities[key], m, int(it.start), &buf.scratch, targets[k])
	}
	return nil
}

func (s *Set) target1(q quantity, m *sample, start int, sc *scratch, dst []float32) {
	pad := s.target
	if q.of == fieldMuscles {
		pad = s.input
	}
	for r := range q.rows {
		out := dst[r*Window : (r+1)*Window]
		if q.of == fieldTorques {
			// No torque acts outside the movement.
			clear(out)
			copy(out[start:], m.row(q.of, r))
			continue
		}
		sc.row(out, m.row(q.of, r), start, q.order, pad)
	}
}

// Batch reads the samples with the given indexes on all cores. inputs has
// len(idx)·InputLen values, or is nil; targets[k] has len(idx)·Rows·Window
// values for keys[k].
func (s *Set) Batch(ctx context.Context, idx []int, inputs []float32, keys []Key, targets [][]float32) error {
	if inputs != nil && len(inputs) != len(idx)*InputLen {
		panic(fmt.Sprintf("dataset: %d inputs into %d values, want %d", len(idx), len(inputs), len(idx)*InputLen))
	}
	if len(keys) != len(targets) {
		panic(fmt.Sprintf("dataset: %d keys for %d targets", len(keys), len(targets)))
	}
	for k, key := range keys {
		if n := key.Rows() * Window; len(targets[k]) != len(idx)*n {
			panic(fmt.Sprintf("dataset: %d targets %s into %d values, want %d", len(idx), key, len(targets[k]), len(idx)*n))
		}
	}
	var next atomic.Int64
	var mu sync.Mutex
	var first error
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(idx)) {
		wg.Go(func() {
			parts := make([][]float32, len(keys))
			for {
				b := int(next.Add(1)) - 1
				if b >= len(idx) {
					return
				}
				var input []float32
				if inputs != nil {
					input = inputs[b*InputLen : (b+1)*InputLen]
				}
				for k, key := range keys {
					n := key.Rows() * Window
					parts[k] = targets[k][b*n : (b+1)*n]
				}
				err := ctx.Err()
				if err == nil {
					err = s.Read(idx[b], input, keys, parts)
				}
				if err != nil {
					mu.Lock()
					if first == nil {
						first = err
					}
					mu.Unlock()
					next.Store(int64(len(idx)))
					return
				}
			}
		})
	}
	wg.Wait()
	return first
}
