package run

import (
	"os"
	"path/filepath"
	"testing"
)

func TestCacheGivesBackWhatItWasGiven(t *testing.T) {
	dir, out := t.TempDir(), t.TempDir()
	c := Cache{filepath.Join(dir, "cache")}
	src := filepath.Join(dir, "src")
	for name, text := range map[string]string{"a.txt": "A", "sub/b.txt": "B"} {
		p := filepath.Join(src, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var k Key
	k.Add("cell", "x := 1")
	if err := k.AddFolder("data", src, 1<<20); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := c.Restore(&k, out); ok || err != nil {
		t.Fatalf("an empty cache gave %v, %v", ok, err)
	}
	if err := c.Store(&k, src, []string{"a.txt", "sub/b.txt"}); err != nil {
		t.Fatal(err)
	}
	files, ok, err := c.Restore(&k, out)
	if err != nil || !ok || len(files) != 2 {
		t.Fatalf("%v, %v, %v", files, ok, err)
	}
	if got, _ := os.ReadFile(filepath.Join(out, "sub", "b.txt")); string(got) != "B" {
		t.Errorf("got %q back", got)
	}

	// Another cell, another file's content: another key.
	same := Key{}
	same.Add("cell", "x := 1")
	if err := same.AddFolder("data", src, 1<<20); err != nil || same.Sum() != k.Sum() {
		t.Errorf("the same parts give another key (%v)", err)
	}
	other := Key{}
	other.Add("cell", "x := 2")
	if err := os.WriteFile(filepath.Join(src, "a.txt"), []byte("Z"), 0o644); err != nil {
		t.Fatal(err)
	}
	changed := Key{}
	changed.Add("cell", "x := 1")
	if err := changed.AddFolder("data", src, 1<<20); err != nil || changed.Sum() == k.Sum() || other.Sum() == k.Sum() {
		t.Errorf("a change keeps the key (%v)", err)
	}

	// A result that was damaged on the disk is none.
	if err := os.WriteFile(filepath.Join(c.folder(&k), "files", "a.txt"), []byte("?"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, ok, err := c.Restore(&k, out); ok || err != nil {
		t.Errorf("a damaged result was used: %v, %v", ok, err)
	}
}
