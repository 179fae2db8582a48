package dataset

import (
	"fmt"
	"math"

	"github.com/spindle-lab/spindle/lib/movement"
	"github.com/spindle-lab/spindle/lib/run"
)

// A Trial is a recorded movement with its events, in samples of 10 ms.
type Trial struct {
	ID      int
	Move    *movement.Movement // the whole trial
	On, End int                // the active movement is [On, End)
	Bump    int                // onset of the passive perturbation, -1 for none
}

// Onset is the window sample at which an aligned movement begins, and BumpLen
// the length of a passive one (spec/01, 7.2).
const (
	Onset   = 100
	BumpLen = 13
)

// AlignOptions say how recorded trials are aligned.
type AlignOptions struct {
	Passive bool // the BumpLen samples from Bump in place of [On, End)
	// CutLong (B20) cuts a movement that does not end before the window. As
	// published, such a row is longer than the others and breaks the array;
	// without the switch the trial is left out and listed.
	CutLong bool
}

// A Skipped trial was left out.
type Skipped struct {
	ID  int
	Why string
}

// Aligned makes a set of recorded movements, all of them beginning at window
// sample 100: muscle velocities are gradients of the padded window, those of
// joints, hand and elbow gradients of the movement, held outside. Samples are in
// the order of the trials; trials that cannot be used are listed. Lengths are in
// mm for passive movements, too; the published script stored those in another
// unit than the active ones (B5).
func Aligned(trials []Trial, opt AlignOptions) (*Set, []Skipped, error) {
	st := &memory{}
	var items []item
	var skipped []Skipped
	for _, tr := range trials {
		from, to, why := tr.segment(opt.Passive)
		if why == "" && Onset+to-from >= Window {
			if !opt.CutLong {
				why = fmt.Sprintf("%d samples do not end before the window of %d", to-from, Window)
			}
			to = min(to, from+Window-Onset)
		}
		if why == "" {
			var err error
			if why, err = st.add(tr, from, to, &items, Onset); err != nil {
				return nil, nil, err
			}
		}
		if why != "" {
			skipped = append(skipped, Skipped{tr.ID, why})
		}
	}
	if len(items) == 0 {
		return nil, skipped, fmt.Errorf("dataset: none of %d trials could be used%s", len(trials), firstReason(skipped))
	}
	return newSet(items, st, PadThenDifferentiate, DifferentiateThenPad), skipped, nil
}

func firstReason(s []Skipped) string {
	if len(s) == 0 {
		return ""
	}
	return fmt.Sprintf(": trial %d: %s", s[0].ID, s[0].Why)
}

// DataDriven makes a data set of recorded active movements for training: each at
// a random offset, velocities held outside the movement, a fifth of the trials
// for the test and no validation set (spec/01, 7.3). It depends on the trials
// and the seed alone. Trials of other animals that go beyond the given bounds
// are the caller's to leave out.
func DataDriven(trials []Trial, seed uint64) (*Dataset, []Skipped, error) {
	st := &memory{}
	var items []item
	var skipped []Skipped
	rng := run.Stream(seed, "datadriven")
	for _, tr := range trials {
		from, to, why := tr.segment(false)
		if why == "" && to-from > Window {
			why = fmt.Sprintf("%d samples are more than the window of %d", to-from, Window)
		}
		if why == "" {
			var err error
			if why, err = st.add(tr, from, to, &items, drawStart(rng, to-from)); err != nil {
				return nil, nil, err
			}
		}
		if why != "" {
			skipped = append(skipped, Skipped{tr.ID, why})
		}
	}
	if len(items) < 2 {
		return nil, skipped, fmt.Errorf("dataset: %d of %d trials could be used, want at least 2%s", len(items), len(trials), firstReason(skipped))
	}
	var sets [numSplits][]item
	nt := (len(items) + 4) / 5
	for i, k := range rng.Perm(len(items)) {
		if i < nt {
			sets[test] = append(sets[test], items[k])
		} else {
			sets[train] = append(sets[train], items[k])
		}
	}
	pad := DifferentiateThenPad
	return &Dataset{
		Train: newSet(sets[train], st, pad, pad), Val: newSet(nil, st, pad, pad), Test: newSet(sets[test], st, pad, pad),
		Source: fmt.Sprintf("%d recorded movements of %s", len(items), trials[0].Move.Monkey),
	}, skipped, nil
}

// segment returns the samples [from, to) of a trial, or why there are none.
func (tr *Trial) segment(passive bool) (from, to int, why string) {
	from, to = tr.On, tr.End
	if passive {
		if tr.Bump < 0 {
			return 0, 0, "no bump"
		}
		from, to = tr.Bump, tr.Bump+BumpLen
	}
	if n := tr.Move.Len(); from < 0 || to > n || to-from < 2 {
		return 0, 0, fmt.Sprintf("samples %d to %d of a trial of %d", from, to, n)
	}
	return from, to, ""
}

// add takes samples [from, to) of a trial into the store. A value that is not
// finite leaves the trial out, and says where.
func (m *memory) add(tr Trial, from, to int, items *[]item, start int) (why string, err error) {
	s := sample{t: to - from}
	for f, rows := range movementRows(tr.Move) {
		if rows == nil {
			continue
		}
		if len(rows) != fieldRows[f] {
			return "", fmt.Errorf("dataset: trial %d has %d %s rows, want %d", tr.ID, len(rows), fieldNames[f], fieldRows[f])
		}
		v := make([]float32, 0, len(rows)*s.t)
		for i, r := range rows {
			if len(r) != tr.Move.Len() {
				return "", fmt.Errorf("dataset: trial %d has a %s row of %d samples, want %d", tr.ID, fieldNames[f], len(r), tr.Move.Len())
			}
			for t, x := range r[from:to] {
				if math.IsNaN(x) || math.IsInf(x, 0) {
					return fmt.Sprintf("%s row %d is %v at sample %d", fieldNames[f], i, x, from+t), nil
				}
				v = append(v, float32(x))
			}
		}
		s.fields[f] = v
	}
	fields := fieldsOf(tr.Move)
	if len(m.samples) == 0 {
		m.fields = fields
	} else if fields != m.fields {
		return "", fmt.Errorf("dataset: trial %d has other arrays than the first", tr.ID)
	}
	*items = append(*items, item{at: int32(len(m.samples)), start: int16(start), label: int8(tr.Move.Label)})
	m.samples = append(m.samples, s)
	m.names = append(m.names, fmt.Sprintf("%s, trial %d", tr.Move.Monkey, tr.ID))
	info := infoOf(tr.Move, start, Options{keepAll: true})
	info.Stroke, info.Len = tr.ID, s.t
	m.infos = append(m.infos, info)
	return "", nil
}
