package run

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"time"
)

// A Record says how an artefact came to be. It is written as JSON beside it.
type Record struct {
	Command  []string          `json:"command"`
	Version  string            `json:"version"`
	Go       string            `json:"go"`
	System   string            `json:"system"`
	Cores    int               `json:"cores"`
	Seed     uint64            `json:"seed"`
	Tier     Tier              `json:"tier,omitempty"`
	Config   map[string]any    `json:"config,omitempty"`
	Inputs   map[string]string `json:"inputs,omitempty"` // path: SHA-256
	Modules  map[string]string `json:"modules,omitempty"`
	Started  time.Time         `json:"started"`
	Seconds  float64           `json:"seconds"`
	Timings  []Timing          `json:"timings,omitempty"`
	Finished bool              `json:"finished"`
}

// A Timing is the wall time of one part of a run.
type Timing struct {
	Name    string  `json:"name"`
	Seconds float64 `json:"seconds"`
}

// NewRecord starts a record of the running program.
func NewRecord(seed uint64, tier Tier) *Record {
	r := &Record{
		Command: os.Args, Version: Version(), Go: runtime.Version(),
		System: runtime.GOOS + "/" + runtime.GOARCH, Cores: runtime.GOMAXPROCS(0),
		Seed: seed, Tier: tier, Started: time.Now().UTC().Truncate(time.Second),
		Config: map[string]any{}, Inputs: map[string]string{}, Modules: map[string]string{},
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, d := range info.Deps {
			r.Modules[d.Path] = d.Version
		}
	}
	return r
}

// AddInput notes the hash of an input file.
func (r *Record) AddInput(path string) error {
	sum, err := HashFile(path)
	if err != nil {
		return err
	}
	r.Inputs[path] = sum
	return nil
}

// Write closes the record and writes it.
func (r *Record) Write(path string) error {
	r.Seconds = time.Since(r.Started).Seconds()
	return WriteFile(path, func(w io.Writer) error {
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		return e.Encode(r)
	})
}

// HashFile returns the SHA-256 of a file in hex.
func HashFile(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("%s: %w", path, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Release is the version of this source tree.
const Release = "0.1.0"

// Version returns the release and, where the build knows it, the commit.
func Version() string {
	v := Release
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, s := range info.Settings {
			switch {
			case s.Key == "vcs.revision" && len(s.Value) >= 12:
				v += " (" + s.Value[:12]
			case s.Key == "vcs.modified" && s.Value == "true":
				v += ", changed"
			}
		}
		if v != Release {
			v += ")"
		}
	}
	return v
}
