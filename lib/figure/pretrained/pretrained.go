// Package pretrained carries a few small trained networks, so that a newcomer
// can probe one without training it.
//
// They are embedded in the published form (spec/02, section 5): a folder each
// with config.yaml, model.ckpt and model_0.ckpt, the network before training.
// How they were trained, and for how long, is in README.md; what they
// score on their own tasks, in the units of the task, in networks/results.csv.
package pretrained

import (
	"bytes"
	"embed"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sort"

	"github.com/spindle-lab/spindle/lib/probe"
	"github.com/spindle-lab/spindle/lib/train"
)

//go:embed all:networks
var files embed.FS

// MaxBytes is the most that the embedded networks may take.
const MaxBytes = 2 << 20

// Folders returns the networks, trained and untrained, in the order of their
// tasks' published numbers.
func Folders() ([]*train.Folder, error) {
	dir, err := unpack()
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	found, err := filepath.Glob(filepath.Join(dir, "networks", "*", "*", "config.yaml"))
	if err != nil {
		return nil, err
	}
	sort.Strings(found)
	var out []*train.Folder
	for _, f := range found {
		n, err := train.OpenFolder(filepath.Dir(f))
		if err != nil {
			return nil, fmt.Errorf("pretrained: %w", err)
		}
		n.Dir = "" // it is gone when this returns
		out = append(out, n)
	}
	return out, nil
}

// Networks returns them for probe.Run, each followed by its untrained twin.
func Networks() ([]probe.Network, error) {
	dir, err := unpack()
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	networks, _, err := probe.OpenNetworks(filepath.Join(dir, "networks"), true)
	if err != nil {
		return nil, fmt.Errorf("pretrained: %w", err)
	}
	return networks, nil
}

// Results is the table of what the networks score on their own tasks.
func Results() ([]train.Row, error) {
	raw, err := files.ReadFile("networks/results.csv")
	if err != nil {
		return nil, err
	}
	return train.ReadTable(bytes.NewReader(raw))
}

// unpack writes the embedded files into a folder: the readers of bundles take
// files by their paths.
func unpack() (dir string, err error) {
	dir, err = os.MkdirTemp("", "spindle-pretrained-")
	if err != nil {
		return "", err
	}
	err = fs.WalkDir(files, "networks", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		to := filepath.Join(dir, filepath.FromSlash(path))
		if d.IsDir() {
			return os.MkdirAll(to, 0o755)
		}
		raw, err := files.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(to, raw, 0o644)
	})
	if err != nil {
		os.RemoveAll(dir)
		return "", err
	}
	return dir, nil
}
