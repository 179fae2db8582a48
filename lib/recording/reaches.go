package recording

import (
	"fmt"
	"math"
)

// ReachOptions says how continuous recordings are cut into reaches.
type ReachOptions struct {
	Peak   float64 // cm/s, least peak speed of a reach; default 10
	Onset  float64 // cm/s, a reach begins and ends where speed rises above and falls below; default 4
	Pad    float64 // s, added before onset and after the end where the segment allows; default 0.1
	MinDur float64 // s; default 0.3
	MaxDur float64 // s, longer reaches are split at their slowest moment; default 3, the room of a window
	Limit  int     // keep at most so many reaches, evenly spread; 0 keeps all
}

// CutReaches replaces the session's trials by reaches found by hand speed: each
// stretch of a segment above the onset speed that somewhere exceeds the peak
// speed. Target is the direction from first to last position; Group is the
// segment, so that a split keeps neighbours together.
func (s *Session) CutReaches(o ReachOptions) error {
	if len(s.HandVel) < 2 {
		return fmt.Errorf("recording: %s: no hand velocity to find reaches by", s.Name)
	}
	def := func(v *float64, d float64) {
		if *v == 0 {
			*v = d
		}
	}
	def(&o.Peak, 10)
	def(&o.Onset, 4)
	def(&o.Pad, 0.1)
	def(&o.MinDur, 0.3)
	def(&o.MaxDur, 3)
	per := s.PerBin()
	speed := make([]float64, s.Bins())
	for b := range speed {
		for t := b * per; t < (b+1)*per; t++ {
			var v2 float64
			for _, row := range s.HandVel {
				v2 += row[t] * row[t]
			}
			speed[b] += math.Sqrt(v2) / float64(per)
		}
	}
	bins := func(sec float64) int { return max(1, int(math.Round(sec/s.Bin))) }
	var trials []Trial
	for g, seg := range s.Segments {
		for b := seg.Start; b < seg.End; {
			if !(speed[b] > o.Onset) {
				b++
				continue
			}
			end := b
			peak := b
			for end < seg.End && speed[end] > o.Onset {
				if speed[end] > speed[peak] {
					peak = end
				}
				end++
			}
			if speed[peak] >= o.Peak {
				on, off := max(seg.Start, b-bins(o.Pad)), min(seg.End, end+bins(o.Pad))
				for _, r := range splitLong(speed, on, off, bins(o.MinDur), bins(o.MaxDur)) {
					trials = append(trials, s.reach(g, seg, r[0], r[1], speed))
				}
			}
			b = end
		}
	}
	if o.Limit > 0 && len(trials) > o.Limit {
		kept := trials[:0]
		for i := range o.Limit {
			kept = append(kept, trials[i*len(trials)/o.Limit])
		}
		trials = kept
	}
	if len(trials) == 0 {
		return fmt.Errorf("recording: %s: no reach of %g cm/s and %g s found", s.Name, o.Peak, o.MinDur)
	}
	for i := range trials {
		trials[i].ID = i
	}
	s.Trials = trials
	return nil
}

// splitLong cuts [on, off) at its slowest inner bins until no part is longer
// than most; parts shorter than least are left out.
func splitLong(speed []float64, on, off, least, most int) [][2]int {
	if off-on < least {
		return nil
	}
	if off-on <= most {
		return [][2]int{{on, off}}
	}
	slow := newSlowest(speed[on:off])
	var out [][2]int
	var split func(on, off int)
	base := on
	split = func(on, off int) {
		if off-on < least {
			return
		}
		if off-on <= most {
			out = append(out, [2]int{on, off})
			return
		}
		cut := (on + off) / 2
		if b := slow.in(on+least-base, off-least+1-base); b >= 0 && speed[base+b] < speed[cut] {
			cut = base + b
		}
		split(on, cut)
		split(cut, off)
	}
	split(on, off)
	return out
}

// slowest finds the first slowest bin of any range in logarithmic time: a
// recording that only slows down would take the square of its length otherwise.
// It is a tree of bins, node i above 2i and 2i+1, its leaves in the second half.
type slowest struct {
	speed []float64
	tree  []int // -1: no bin with a number
}

func newSlowest(speed []float64) *slowest {
	n := len(speed)
	s := &slowest{speed, make([]int, 2*n)}
	for i := range speed {
		s.tree[n+i] = i
		if math.IsNaN(speed[i]) {
			s.tree[n+i] = -1
		}
	}
	for i := n - 1; i > 0; i-- {
		s.tree[i] = s.of(s.tree[2*i], s.tree[2*i+1])
	}
	return s
}

// of returns the slower of two bins, the first where they are equal.
func (s *slowest) of(a, b int) int {
	switch {
	case a < 0:
		return b
	case b < 0:
		return a
	case s.speed[a] < s.speed[b] || s.speed[a] == s.speed[b] && a < b:
		return a
	}
	return b
}

// in returns the slowest bin of [from, to), -1 if there is none.
func (s *slowest) in(from, to int) int {
	best, n := -1, len(s.speed)
	for from, to = from+n, to+n; from < to; from, to = from/2, to/2 {
		if from&1 == 1 {
			best = s.of(best, s.tree[from])
			from++
		}
		if to&1 == 1 {
			to--
			best = s.of(best, s.tree[to])
		}
	}
	return best
}

func (s *Session) reach(group int, seg Segment, on, off int, speed []float64) Trial {
	per := s.PerBin()
	peak := on
	for b := on; b < off; b++ {
		if speed[b] > speed[peak] {
			peak = b
		}
	}
	dir := math.NaN()
	if len(s.Hand) >= 2 {
		i, j := on*per, off*per-1
		dir = math.Atan2(s.Hand[1][j]-s.Hand[1][i], s.Hand[0][j]-s.Hand[0][i])
	}
	return Trial{Start: on, End: off, Onset: on, Stop: off, Bump: None, TargetOn: None, GoCue: None,
		PeakSpeed: peak, Target: dir, BumpDir: math.NaN(), Rewarded: true, Group: group}
}
