package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
)

// The committed tables must be what the generator writes now: a name that they
// lack cannot be used in a cell. The standard library's depend on the Go
// release, and are compared where that is the one that they were made by.
func TestFresh(t *testing.T) {
	t.Chdir("..")
	dir := t.TempDir()
	if err := generate(dir, false, nil); err != nil {
		t.Fatal(err)
	}
	rooms := []string{"lib", "mod"}
	if text, err := os.ReadFile("std/register.go"); err != nil {
		t.Fatal(err)
	} else if strings.Contains(string(text), "those of "+runtime.Version()+".\n") {
		rooms = append(rooms, "std")
	}
	for _, room := range rooms {
		made, err := filepath.Glob(filepath.Join(dir, room, "*"))
		if err != nil {
			t.Fatal(err)
		}
		there, err := filepath.Glob(filepath.Join(room, "*"))
		if err != nil {
			t.Fatal(err)
		}
		if len(made) == 0 || len(made) != len(there) {
			t.Errorf("%s holds %d files, the generator writes %d; run go generate ./kernel/symbols", room, len(there), len(made))
		}
		for _, f := range made {
			want, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			got, err := os.ReadFile(filepath.Join(room, filepath.Base(f)))
			if err != nil || !bytes.Equal(got, want) {
				t.Errorf("%s/%s is stale (%v); run go generate ./kernel/symbols", room, filepath.Base(f), err)
			}
		}
	}
}
