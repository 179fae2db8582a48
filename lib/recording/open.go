package recording

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"github.com/spindle-lab/spindle/lib/format/matfile"
	"github.com/spindle-lab/spindle/lib/run"
)

// OpenOptions says how a session is made ready to be probed.
type OpenOptions struct {
	Monkey    string // whose arm hand positions get; default "snap"
	Reaches   ReachOptions
	TrialData TrialDataOptions
	Aligned   AlignedOptions
	Align     AlignOptions
	Progress  run.Progress
}

// Open reads a session of any kind and makes windows of it. What names it is
// "" for the recording of the data folder, or a simulated session if there is
// none; "simulated" or "simulated:7", with a seed; or the path of a file: .nwb,
// the paper's aligned .hdf5 or .h5, a TrialData or a spykesML .mat. Continuous
// recordings are cut into reaches; sessions that hold only the hand get an arm.
func Open(ctx context.Context, what string, o OpenOptions) (*Aligned, error) {
	if ext := strings.ToLower(filepath.Ext(what)); ext == ".hdf5" || ext == ".h5" {
		a := o.Aligned
		if a.Condition == "" {
			a.Condition = o.Align.Condition
		}
		if a.SplitSeed == 0 {
			a.SplitSeed = o.Align.SplitSeed
		}
		return ReadAligned(what, a)
	}
	s, err := OpenSession(ctx, what, o)
	if err != nil {
		return nil, err
	}
	align := o.Align
	align.Progress = o.Progress
	if s.Muscles == nil {
		if err := s.AddArm(ctx, ArmOptions{Monkey: o.Monkey, Progress: o.Progress}); err != nil {
			return nil, err
		}
	}
	return s.Align(ctx, align)
}

// OpenSession reads a session of any kind but the aligned ones, cut into trials
// but without the arm; see [Open].
func OpenSession(ctx context.Context, what string, o OpenOptions) (*Session, error) {
	kind, arg, _ := strings.Cut(what, ":")
	switch {
	case what == "":
		path, ok := run.DataPath("recordings", "s1_data.mat")
		if !ok {
			return SimulateContext(ctx, SimOptions{Seed: 1, Monkey: o.Monkey, Progress: o.Progress})
		}
		what = path
	case kind == "simulated":
		seed := uint64(1)
		if arg != "" {
			var err error
			if seed, err = strconv.ParseUint(arg, 10, 64); err != nil {
				return nil, fmt.Errorf("recording: session %q: simulated:SEED expected, the seed a whole number", what)
			}
		}
		return SimulateContext(ctx, SimOptions{Seed: seed, Monkey: o.Monkey, Progress: o.Progress})
	}
	if st, err := os.Stat(what); err != nil {
		return nil, fmt.Errorf("recording: session %q: a file, or simulated, expected: %w", what, err)
	} else if st.IsDir() {
		return nil, fmt.Errorf("recording: session %q is a folder: a .mat, .nwb or .hdf5 file expected", what)
	}
	switch strings.ToLower(filepath.Ext(what)) {
	case ".nwb":
		return ReadNWB(what)
	case ".mat":
		late, err := isHDF5(what)
		if err != nil {
			return nil, err
		}
		if !late {
			f, err := matfile.Reader{MaxBytes: fileBytes}.Read(what)
			if err != nil {
				return nil, err
			}
			if f.Vars["spikes"] != nil && f.Vars["vel"] != nil {
				s, err := ReadSpykes(what)
				if err != nil {
					return nil, err
				}
				return s, s.CutReaches(o.Reaches)
			}
		}
		return ReadTrialData(what, o.TrialData)
	}
	return nil, fmt.Errorf("recording: session %q: a .mat, .nwb or .hdf5 file expected", what)
}
