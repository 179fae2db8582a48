package movement

import (
	"fmt"
	"math"
	"strings"

	"github.com/spindle-lab/spindle/lib/display"
)

// A Report counts what became of the attempts of a generator. An attempt is
// tested for tracing, then joint jerk, then muscle jerk; it is counted under the
// first test that it fails.
type Report struct {
	Monkey   string
	Accepted int // movements
	Samples  int // their samples
	Attempts int

	Tracing    int // rejected: the hand does not follow the path (beyond reach, or outside the joint box)
	JointJerk  int // rejected: the joints jump
	MuscleJerk int // rejected: a muscle's length jumps
	NotANumber int // rejected: a value is not a number (no such value passes a test)

	Smooth        int     // accepted with a muscle jerk below 1 as they are
	Smoothed      int     // accepted with a muscle jerk below 1 after the median filter only
	JerkSum       float64 // of the muscle jerk over accepted movements, mm/sample³
	JerkWorst     float64 // largest muscle jerk of an accepted movement
	FilteredSum   float64 // as JerkSum, after the median filter
	FilteredWorst float64
}

// SmoothJerk is the muscle jerk, in mm/sample³, below which the data set takes a
// movement (spec/01, 2.9).
const SmoothJerk = 1

// Add adds the counts of another report.
func (r *Report) Add(o Report) {
	if r.Monkey == "" {
		r.Monkey = o.Monkey
	}
	r.Accepted += o.Accepted
	r.Samples += o.Samples
	r.Attempts += o.Attempts
	r.Tracing += o.Tracing
	r.JointJerk += o.JointJerk
	r.MuscleJerk += o.MuscleJerk
	r.NotANumber += o.NotANumber
	r.Smooth += o.Smooth
	r.Smoothed += o.Smoothed
	r.JerkSum += o.JerkSum
	r.JerkWorst = max(r.JerkWorst, o.JerkWorst)
	r.FilteredSum += o.FilteredSum
	r.FilteredWorst = max(r.FilteredWorst, o.FilteredWorst)
}

// try solves the planned movement and tells whether it passes the limits.
func (r *Report) try(c *Chain, m *Movement, lim Limits) bool {
	r.Attempts++
	m.Joints, m.TracingError = c.Trace(m.Pen, m.Rest, lim.TracingError)
	if math.IsNaN(m.TracingError) {
		r.NotANumber++
		return false
	}
	if m.Joints == nil {
		r.Tracing++
		return false
	}
	m.JointJerk = Jerk(m.Joints)
	if pass, nan := test(m.JointJerk, lim.JointJerk); !pass {
		r.reject(nan, &r.JointJerk)
		return false
	}
	m.Muscles, m.Hand, m.Elbow = c.Muscles(m.Joints, false)
	m.MuscleJerk = Jerk(m.Muscles)
	if pass, nan := test(m.MuscleJerk, lim.MuscleJerk); !pass || !allFinite(m.Hand, m.Elbow) {
		r.reject(nan || pass, &r.MuscleJerk)
		return false
	}
	return true
}

// test tells whether v is at most limit, and whether it is not a number: such a
// value passes no test.
func test(v, limit float64) (pass, nan bool) {
	return v <= limit, math.IsNaN(v)
}

func (r *Report) reject(nan bool, reason *int) {
	if nan {
		r.NotANumber++
	} else {
		*reason++
	}
}

func (r *Report) accept(m *Movement) {
	r.Accepted++
	r.Samples += m.Len()
	r.JerkSum += m.MuscleJerk
	r.JerkWorst = max(r.JerkWorst, m.MuscleJerk)
	filtered := FilteredJerk(m.Muscles)
	r.FilteredSum += filtered
	r.FilteredWorst = max(r.FilteredWorst, filtered)
	switch {
	case m.MuscleJerk < SmoothJerk:
		r.Smooth++
	case filtered < SmoothJerk:
		r.Smoothed++
	}
}

// FilteredJerk returns the jerk of the rows after the median filter.
func FilteredJerk(rows [][]float64) float64 {
	if len(rows) == 0 {
		return 0
	}
	filtered := Rows(len(rows), len(rows[0]))
	for i, r := range rows {
		Median(filtered[i], r)
	}
	return Jerk(filtered)
}

// Shares returns what part of the attempts passed the tracing test, and what
// part passed both the tracing and the joint-jerk test.
func (r Report) Shares() (tracing, both float64) {
	if r.Attempts == 0 {
		return math.NaN(), math.NaN()
	}
	n := float64(r.Attempts)
	return 1 - float64(r.Tracing)/n, 1 - float64(r.Tracing+r.JointJerk)/n
}

func (r Report) reasons() string {
	return fmt.Sprintf("rejected: tracing %d, joint jerk %d, muscle jerk %d, not a number %d",
		r.Tracing, r.JointJerk, r.MuscleJerk, r.NotANumber)
}

func (r Report) String() string {
	var b strings.Builder
	tracing, both := r.Shares()
	fmt.Fprintf(&b, "%s: %d movements accepted of %d attempts; %s; tracing passed %.1f %%, with joint jerk %.1f %%",
		r.Monkey, r.Accepted, r.Attempts, r.reasons(), 100*tracing, 100*both)
	if r.Accepted > 0 {
		n := float64(r.Accepted)
		fmt.Fprintf(&b, "; %.1f samples a movement; muscle jerk below 1: %.1f %%, after the median filter %.1f %%; mean %.2f, filtered %.2f mm/sample³",
			float64(r.Samples)/n, 100*float64(r.Smooth)/n, 100*float64(r.Smooth+r.Smoothed)/n, r.JerkSum/n, r.FilteredSum/n)
	}
	return b.String()
}

// Table returns the report as a table.
func (r Report) Table() display.Table {
	share := func(k, n int) any {
		if n == 0 {
			return "–"
		}
		return fmt.Sprintf("%.1f %%", 100*float64(k)/float64(n))
	}
	row := func(what string, k, n int) []any { return []any{what, k, share(k, n)} }
	return display.Table{
		Caption: "What became of the attempts (" + r.Monkey + ")",
		Columns: []string{"outcome", "count", "share"},
		Rows: [][]any{
			row("attempts", r.Attempts, r.Attempts),
			row("rejected: tracing error", r.Tracing, r.Attempts),
			row("rejected: joint jerk", r.JointJerk, r.Attempts),
			row("rejected: muscle jerk", r.MuscleJerk, r.Attempts),
			row("rejected: not a number", r.NotANumber, r.Attempts),
			row("accepted movements", r.Accepted, r.Attempts),
			row("… with muscle jerk below 1", r.Smooth, r.Accepted),
			row("… so after the median filter only", r.Smoothed, r.Accepted),
		},
	}
}
