package dataset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/movement"
	"github.com/spindle-lab/spindle/lib/stroke"
)

// fewStrokes is a small set: n strokes of each of the first letters.
func fewStrokes(letters, n int) *stroke.Set {
	full := stroke.Embedded().DrawSet(n, 9)
	full.Strokes = full.Strokes[:letters*n]
	return full
}

func small(dir string) GenerateOptions {
	return GenerateOptions{Dir: dir, Strokes: fewStrokes(3, 3), Folders: 2, Seed: 5}
}

// contents returns every file of a folder by its relative name.
func contents(t *testing.T, dir string) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	err := filepath.WalkDir(dir, func(p string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		rel, err := filepath.Rel(dir, p)
		if err != nil {
			return err
		}
		out[rel], err = os.ReadFile(p)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func sameContents(t *testing.T, what string, got, want map[string][]byte) {
	t.Helper()
	for name := range got {
		if _, ok := want[name]; !ok {
			t.Errorf("%s: %s is one file too many", what, name)
		}
	}
	for name, w := range want {
		if g, ok := got[name]; !ok || !bytes.Equal(g, w) {
			t.Errorf("%s: %s differs (there: %v)", what, name, ok)
		}
	}
}

func allSets(d *Dataset) []*Set { return []*Set{d.Train, d.Val, d.Test} }

// The set on disk equals the set in memory, sample by sample, and its bytes do
// not depend on the number of workers.
func TestGenerateEqualsMemory(t *testing.T) {
	dir := t.TempDir()
	opt := small(dir)
	opt.Workers = 1
	var last string
	opt.Progress = func(done, total int, note string) { last = fmt.Sprintf("%d of %d: %s", done, total, note) }
	m, err := Generate(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(last, "36 of 36: ") || !strings.HasSuffix(last, "movements/s") {
		t.Errorf("last progress %q", last)
	}
	if m.Report.Accepted != 36 || m.Counts[0]+m.Counts[1]+m.Counts[2]+m.Refused != 36 || len(m.Shards) != 12 {
		t.Errorf("manifest: %+v", m)
	}
	var ms []movement.Movement
	for folder := 1; folder <= 2; folder++ {
		g, err := movement.NewGenerator("snap", movement.Options{Folder: folder})
		if err != nil {
			t.Fatal(err)
		}
		more, _, err := g.Generate(context.Background(), opt.Strokes.Strokes, opt.Seed, nil)
		if err != nil {
			t.Fatal(err)
		}
		ms = append(ms, more...)
	}
	mem, err := FromMovements(ms, Options{Seed: opt.Seed})
	if err != nil {
		t.Fatal(err)
	}
	disk, err := Open(dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for k, s := range allSets(disk) {
		compareSets(t, s, allSets(mem)[k])
	}
	if !strings.Contains(disk.Source, "CC BY 4.0") || !strings.Contains(disk.Source, "snap") {
		t.Errorf("source %q", disk.Source)
	}
	if err := Verify(context.Background(), dir, nil); err != nil {
		t.Error(err)
	}

	other := small(t.TempDir())
	other.Workers, other.Command = 3, "another command"
	if _, err := Generate(context.Background(), other); err != nil {
		t.Fatal(err)
	}
	sameContents(t, "three workers", contents(t, other.Dir), contents(t, dir))

	// Again: nothing changes, and it is quick to see.
	before := contents(t, dir)
	if _, err := Generate(context.Background(), small(dir)); err != nil {
		t.Fatal(err)
	}
	sameContents(t, "once more", contents(t, dir), before)
}

func compareSets(t *testing.T, a, b *Set) {
	t.Helper()
	if a.Len() != b.Len() || !reflect.DeepEqual(a.Keys(), b.Keys()) {
		t.Fatalf("%d samples with %v, want %d with %v", a.Len(), a.Keys(), b.Len(), b.Keys())
	}
	x, y := make([]float32, InputLen), make([]float32, InputLen)
	for i := range a.Len() {
		if err := errors.Join(a.Input(i, x), b.Input(i, y)); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(x, y) || a.Label(i) != b.Label(i) || a.Offset(i) != b.Offset(i) {
			t.Fatalf("sample %d: %s, want %s", i, a.Record(i), b.Record(i))
		}
		for _, k := range a.Keys() {
			u, v := x[:k.Rows()*Window], y[:k.Rows()*Window]
			if err := errors.Join(a.Target(i, k, u), b.Target(i, k, v)); err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(u, v) {
				t.Fatalf("sample %d: target %s differs", i, k)
			}
		}
		p, err := a.Info(i)
		if err != nil {
			t.Fatal(err)
		}
		q, err := b.Info(i)
		if err != nil || p != q {
			t.Fatalf("sample %d: %+v, want %+v (%v)", i, p, q, err)
		}
	}
}

// OnlyKept makes fewer movements and keeps the same samples.
func TestOnlyKept(t *testing.T) {
	opt := small(t.TempDir())
	opt.Folders, opt.PerGroup = 1, 1
	full, err := Generate(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	a, err := Open(opt.Dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	opt.Dir, opt.OnlyKept = t.TempDir(), true
	less, err := Generate(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	if less.Report.Accepted >= full.Report.Accepted {
		t.Errorf("%d movements made, %d without OnlyKept", less.Report.Accepted, full.Report.Accepted)
	}
	b, err := Open(opt.Dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for k := range allSets(a) {
		compareSets(t, allSets(b)[k], allSets(a)[k])
	}
}

// More folders are added to those that are there.
func TestMoreFolders(t *testing.T) {
	want := small(t.TempDir())
	if _, err := Generate(context.Background(), want); err != nil {
		t.Fatal(err)
	}
	opt := small(t.TempDir())
	opt.Folders = 1
	if _, err := Generate(context.Background(), opt); err != nil {
		t.Fatal(err)
	}
	opt.Folders = 2
	if _, err := Generate(context.Background(), opt); err != nil {
		t.Fatal(err)
	}
	sameContents(t, "one folder, then two", contents(t, opt.Dir), contents(t, want.Dir))
}

// Torque data on disk equal those in memory, too.
func TestGenerateReaches(t *testing.T) {
	opt := GenerateOptions{Dir: t.TempDir(), Seed: 3, Reaches: &movement.ReachOptions{Count: 6}}
	m, err := Generate(context.Background(), opt)
	if err != nil {
		t.Fatal(err)
	}
	if m.Command != "spindle generate -monkey snap -folders 1 -seed 3 -reaches 6" {
		t.Errorf("command %q", m.Command)
	}
	if m.Counts != [3]int{3, 1, 2} {
		t.Errorf("counts %v, want 3, 1, 2", m.Counts)
	}
	r, err := movement.NewReacher("snap", *opt.Reaches, movement.Fixes{})
	if err != nil {
		t.Fatal(err)
	}
	var ms []movement.Movement
	for k := range 6 {
		mv, _, err := r.One(1, k, 3)
		if err != nil {
			t.Fatal(err)
		}
		ms = append(ms, mv)
	}
	mem, err := FromReaches(ms, Options{Seed: 3})
	if err != nil {
		t.Fatal(err)
	}
	disk, err := Open(opt.Dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for k, s := range allSets(disk) {
		compareSets(t, s, allSets(mem)[k])
	}
	tau, target := make([]float32, 4*Window), make([]float32, 3*Window)
	for i := range disk.Train.Len() {
		if err := errors.Join(disk.Train.Target(i, Torque, tau), disk.Train.Target(i, Target, target)); err != nil {
			t.Fatal(err)
		}
		at := disk.Train.Offset(i)
		for k := range Window {
			inside := k >= at && k < at+movement.ReachSamples
			for row := range 4 {
				if v := tau[row*Window+k]; !inside && v != 0 {
					t.Fatalf("torque %v outside the movement", v)
				}
			}
			if target[k] != target[0] {
				t.Fatal("the target moves")
			}
		}
	}
	if disk.Train.Label(0) != 0 {
		t.Error("a reach has a letter")
	}
}

func TestGenerateRefuses(t *testing.T) {
	ctx := context.Background()
	if _, err := Generate(ctx, GenerateOptions{}); err == nil {
		t.Error("no folder given")
	}
	if _, err := Generate(ctx, GenerateOptions{Dir: t.TempDir(), Monkey: "rex"}); err == nil || !strings.Contains(err.Error(), "rex") {
		t.Errorf("unknown monkey: %v", err)
	}
	dir := t.TempDir()
	opt := small(dir)
	opt.Folders = 1
	if _, err := Generate(ctx, opt); err != nil {
		t.Fatal(err)
	}
	opt.Seed++
	if _, err := Generate(ctx, opt); err == nil || !strings.Contains(err.Error(), "Seed") || !strings.Contains(err.Error(), dir) {
		t.Errorf("another seed in one folder: %v", err)
	}
	opt = small(dir)
	opt.Strokes = fewStrokes(2, 3)
	if _, err := Generate(ctx, opt); err == nil || !strings.Contains(err.Error(), "Strokes") {
		t.Errorf("other strokes in one folder: %v", err)
	}
	unlock, err := lockDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Generate(ctx, small(dir)); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("two writers: %v", err)
	}
	unlock()
	blocked := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(blocked, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Generate(ctx, small(blocked)); err == nil || !strings.Contains(err.Error(), blocked) {
		t.Errorf("a file in the way: %v", err)
	}
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	half := small(t.TempDir())
	if _, err := Generate(stopped, half); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if _, err := Open(half.Dir, Options{}); err == nil || !strings.Contains(err.Error(), "not finished") {
		t.Errorf("unfinished: %v", err)
	}
	if _, err := Open(t.TempDir(), Options{}); err == nil || !strings.Contains(err.Error(), "no data set") {
		t.Errorf("an empty folder: %v", err)
	}
}
