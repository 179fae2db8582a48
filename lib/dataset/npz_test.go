package dataset

import (
	"context"
	"path/filepath"
	"reflect"
	"testing"

	"github.com/spindle-lab/spindle/lib/internal/golden"
)

// What NumPy's format says of the file is what the set gives. (The files load in
// NumPy 2 with the same values; this reads them with npyio.)
func TestWriteNPZ(t *testing.T) {
	d, err := FromMovements(toys(10), Options{})
	if err != nil {
		t.Fatal(err)
	}
	for _, compress := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "train.npz")
		calls := 0
		if err := WriteNPZ(context.Background(), path, d.Train, []Key{Joint, MuscleAcc}, compress, func(done, total int, _ string) { calls++ }); err != nil {
			t.Fatal(err)
		}
		n := d.Train.Len()
		if calls != 3*n {
			t.Errorf("%d calls of progress, want %d", calls, 3*n)
		}
		arrays, err := golden.ReadNPZ(path)
		if err != nil {
			t.Fatal(err)
		}
		for name, shape := range map[string][]int{InputName: {n, 39, 400, 2}, "joint_coords": {n, 4, 400}, "muscle_acc": {n, 39, 400}, "label": {n}} {
			if a := arrays[name]; a == nil || !reflect.DeepEqual(a.Shape, shape) {
				t.Fatalf("%s: %+v, want shape %v", name, a, shape)
			}
		}
		in, acc := make([]float32, InputLen), make([]float32, 39*Window)
		for i := range n {
			if err := d.Train.Read(i, in, []Key{MuscleAcc}, [][]float32{acc}); err != nil {
				t.Fatal(err)
			}
			for k, v := range in {
				if arrays[InputName].Data[i*InputLen+k] != float64(v) {
					t.Fatalf("sample %d: input %d differs", i, k)
				}
			}
			for k, v := range acc {
				if arrays["muscle_acc"].Data[i*len(acc)+k] != float64(v) {
					t.Fatalf("sample %d: acceleration %d differs", i, k)
				}
			}
			if int(arrays["label"].Data[i]) != d.Train.Label(i) {
				t.Fatalf("sample %d: label %v", i, arrays["label"].Data[i])
			}
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := WriteNPZ(ctx, filepath.Join(t.TempDir(), "x.npz"), d.Train, nil, false, nil); err == nil {
		t.Error("cancelled, and no error")
	}
}

// Batch gives what Read gives, one by one.
func TestBatch(t *testing.T) {
	d, err := FromMovements(toys(20), Options{})
	if err != nil {
		t.Fatal(err)
	}
	idx := []int{7, 3, 3, 11, 0}
	in, vel := make([]float32, len(idx)*InputLen), make([]float32, len(idx)*3*Window)
	if err := d.Train.Batch(context.Background(), idx, in, []Key{HandVel}, [][]float32{vel}); err != nil {
		t.Fatal(err)
	}
	a, b := make([]float32, InputLen), make([]float32, 3*Window)
	for k, i := range idx {
		if err := d.Train.Read(i, a, []Key{HandVel}, [][]float32{b}); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(in[k*InputLen:(k+1)*InputLen], a) || !reflect.DeepEqual(vel[k*len(b):(k+1)*len(b)], b) {
			t.Errorf("sample %d of the batch differs", k)
		}
	}
	if err := d.Train.Batch(context.Background(), idx, nil, []Key{Torque}, [][]float32{make([]float32, len(idx)*4*Window)}); err == nil {
		t.Error("letters have no torques")
	}
}
