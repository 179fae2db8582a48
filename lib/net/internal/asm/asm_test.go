package asm

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// The assembly in the tree is what this package writes.
func TestFresh(t *testing.T) {
	files, err := Files()
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range files {
		got, err := os.ReadFile(filepath.Join("..", "kernel", name))
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s is stale: run go generate ./lib/net/...", name)
		}
	}
	have, err := filepath.Glob(filepath.Join("..", "kernel", "*.s"))
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range have {
		if files[filepath.Base(path)] == nil {
			t.Errorf("%s is not written by this package", path)
		}
	}
}
