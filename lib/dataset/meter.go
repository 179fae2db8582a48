package dataset

import (
	"fmt"
	"io"
	"sync"
	"time"

	"github.com/spindle-lab/spindle/lib/run"
)

// A meter reports progress with the rate and the time left. What was there
// before counts as done, not into the rate.
type meter struct {
	mu                   sync.Mutex
	total, done, skipped int
	begin, last          time.Time
	progress             run.Progress
}

func newMeter(total int, p run.Progress) *meter {
	return &meter{total: total, begin: time.Now(), progress: p}
}

func (m *meter) step(n int) { m.add(n, 0) }
func (m *meter) skip(n int) { m.add(0, n) }

func (m *meter) add(made, there int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.done += made
	m.skipped += there
	now := time.Now()
	all := m.done + m.skipped
	if m.progress == nil || (now.Sub(m.last) < 100*time.Millisecond && all < m.total) {
		return
	}
	m.last = now
	m.progress.Report(all, m.total, note(m.done, m.total-all, now.Sub(m.begin)))
}

func note(made, left int, took time.Duration) string {
	s := took.Seconds()
	if made == 0 || s <= 0 {
		return ""
	}
	rate := float64(made) / s
	if left == 0 {
		return fmt.Sprintf("%.1f movements/s", rate)
	}
	return fmt.Sprintf("%.1f movements/s, %s left", rate, time.Duration(float64(left)/rate*float64(time.Second)).Round(time.Second))
}

func writeBytes(path string, raw []byte) error {
	return run.WriteFile(path, func(w io.Writer) error {
		_, err := w.Write(raw)
		return err
	})
}
