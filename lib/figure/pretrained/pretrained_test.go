package pretrained

import (
	"io/fs"
	"testing"

	"github.com/spindle-lab/spindle/lib/probe"
	"github.com/spindle-lab/spindle/lib/task"
)

// What is embedded opens, is small, and is trained: it does better on its task
// than its untrained twin, which is embedded with it.
func TestEmbeddedNetworks(t *testing.T) {
	folders, err := Folders()
	if err != nil {
		t.Fatal(err)
	}
	rows, err := Results()
	if err != nil {
		t.Fatal(err)
	}
	if len(folders) == 0 || len(rows) != len(folders) {
		t.Fatalf("%d networks, %d rows of results", len(folders), len(rows))
	}
	for _, f := range folders {
		if f.Network == nil || f.Untrained == nil || f.Task.Name == "" {
			t.Errorf("%s: network %v, untrained %v, task %q", f.Name, f.Network != nil, f.Untrained != nil, f.Task.Name)
		}
		for _, n := range f.Notes {
			t.Errorf("%s: %s", f.Name, n)
		}
	}
	for _, r := range rows {
		k, err := task.Lookup(r.Task)
		if err != nil {
			t.Fatal(err)
		}
		if !r.Done() || !k.Metric.Better(r.Test, r.Untrained) {
			t.Errorf("%s on %s: %g after training, %g before", r.Name, r.Task, r.Test, r.Untrained)
		}
	}
	networks, err := Networks()
	if err != nil {
		t.Fatal(err)
	}
	trained, untrained := 0, 0
	for _, n := range networks {
		if n.Task == probe.Untrained {
			untrained++
		} else {
			trained++
		}
	}
	if trained != len(folders) || untrained == 0 {
		t.Errorf("%d trained and %d untrained networks to probe, want %d trained", trained, untrained, len(folders))
	}
	size := int64(0)
	err = fs.WalkDir(files, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		size += info.Size()
		return err
	})
	if err != nil || size > MaxBytes {
		t.Errorf("%d bytes embedded, at most %d wanted (%v)", size, MaxBytes, err)
	}
}
