package recording

import (
	"errors"
	"io/fs"

	"github.com/spindle-lab/spindle/lib/run"
)

// Load returns the recording of the data folder, recordings/s1_data.mat, cut
// into reaches, or a simulated session where that file is not there.
func Load() (*Session, error) {
	path, ok := run.DataPath("recordings", "s1_data.mat")
	if ok {
		s, err := ReadSpykes(path)
		if err == nil {
			return s, s.CutReaches(ReachOptions{})
		}
		if !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
	}
	return Simulate(SimOptions{Seed: 1})
}
