package run

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"
)

func TestWriteFileIsWholeOrNothing(t *testing.T) {
	path := filepath.Join(t.TempDir(), "a", "b.txt")
	if err := WriteFile(path, func(w io.Writer) error { _, err := io.WriteString(w, "first"); return err }); err != nil {
		t.Fatal(err)
	}
	boom := errors.New("disk full")
	err := WriteFile(path, func(w io.Writer) error { io.WriteString(w, "sec"); return boom })
	if !errors.Is(err, boom) {
		t.Fatalf("error %v, want the writer's", err)
	}
	if got, _ := os.ReadFile(path); string(got) != "first" {
		t.Errorf("a failed write left %q, want the old content", got)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 1 {
		t.Errorf("a failed write left %d files, want one", len(left))
	}
}

func TestStreamsDifferAndRepeat(t *testing.T) {
	a, b := Stream(1, "movement", 3), Stream(1, "movement", 3)
	c, d := Stream(1, "movement", 4), Stream(2, "movement", 3)
	// "ab","c" and "a","bc" must not be one stream.
	e, f := Stream(1, "ab", "c"), Stream(1, "a", "bc")
	x := a.Uint64()
	if x != b.Uint64() {
		t.Error("the same names give different streams")
	}
	if x == c.Uint64() || x == d.Uint64() || e.Uint64() == f.Uint64() {
		t.Error("different names give the same stream")
	}
}

func TestDataDir(t *testing.T) {
	dir := t.TempDir()
	t.Setenv(DataEnv, dir)
	if got, ok := DataDir(); got != dir || !ok {
		t.Errorf("DataDir() = %q, %v", got, ok)
	}
	t.Setenv(DataEnv, filepath.Join(dir, "none"))
	if _, ok := DataDir(); ok {
		t.Error("a missing folder was found")
	}
}

func TestTier(t *testing.T) {
	if _, err := ParseTier("huge"); err == nil {
		t.Error("an unknown tier was accepted")
	}
	tier, err := ParseTier("laptop")
	if err != nil || tier.Pick(1, 2, 3) != 2 {
		t.Errorf("laptop picks %d, %v", tier.Pick(1, 2, 3), err)
	}
}

func TestRecord(t *testing.T) {
	dir := t.TempDir()
	in := filepath.Join(dir, "in")
	if err := os.WriteFile(in, []byte("abc"), 0o600); err != nil {
		t.Fatal(err)
	}
	r := NewRecord(7, Smoke)
	if err := r.AddInput(in); err != nil {
		t.Fatal(err)
	}
	if err := r.Write(filepath.Join(dir, "run.json")); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(filepath.Join(dir, "run.json"))
	if err != nil {
		t.Fatal(err)
	}
	var got Record
	if err := json.Unmarshal(raw, &got); err != nil {
		t.Fatal(err)
	}
	// SHA-256 of "abc": FIPS 180-2, appendix B.1.
	if got.Inputs[in] != "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" || got.Seed != 7 {
		t.Errorf("record %+v", got)
	}
}
