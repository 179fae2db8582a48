package display

import (
	"fmt"
	"os"
	"sync"
	"time"
)

// A Sink takes what is shown: the kernel's worker in a notebook, the terminal otherwise.
type Sink interface {
	// Display shows a bundle; with an id it can be updated in place later.
	Display(b Bundle, id string, update bool)
	// Result shows the value of a cell's last expression.
	Result(b Bundle)
	// Clear empties the cell's output, with wait only once something new comes.
	Clear(wait bool)
}

var (
	mu   sync.Mutex
	sink Sink = terminal{}
	next int
)

// SetSink installs the receiver of all that is shown, the terminal if nil.
func SetSink(s Sink) {
	mu.Lock()
	defer mu.Unlock()
	if s == nil {
		s = terminal{}
	}
	sink = s
}

func current() Sink {
	mu.Lock()
	defer mu.Unlock()
	return sink
}

// Show shows each value, in order.
func Show(values ...any) {
	for _, v := range values {
		current().Display(Of(v), "", false)
	}
}

// Last shows the values of a cell's last expression as its result; the kernel
// calls it. Several values of one call come as one text, each on its line,
// unless one of them has a richer form.
func Last(values ...any) {
	switch len(values) {
	case 0:
		return
	case 1:
		current().Result(Of(values[0]))
		return
	}
	lines := ""
	for i, v := range values {
		b := Of(v)
		if len(b.Data) > 1 {
			current().Display(b, "", false)
			continue
		}
		if i > 0 && lines != "" {
			lines += "\n"
		}
		lines += fmt.Sprint(b.Data[MIMEText])
	}
	if lines != "" {
		current().Result(text(lines))
	}
}

// Clear empties the output of the cell that runs.
func Clear(wait bool) { current().Clear(wait) }

// A Handle is something shown that can be replaced in place.
type Handle struct{ id string }

// Live shows a value and returns the handle to replace it.
func Live(v any) *Handle {
	mu.Lock()
	next++
	h := &Handle{id: fmt.Sprintf("spindle-%d-%d", os.Getpid(), next)}
	mu.Unlock()
	current().Display(Of(v), h.id, false)
	return h
}

// Update replaces what the handle shows.
func (h *Handle) Update(v any) { current().Display(Of(v), h.id, true) }

// refresh is how often a progress display changes at most: a front end that
// is sent more cuts the output.
const refresh = 200 * time.Millisecond

// Progress shows one progress bar for a task and returns the function that
// moves it: the hook that long library calls take. Its last state stays.
func Progress(task string) func(done, total int, note string) {
	var (
		lock  sync.Mutex
		h     *Handle
		start = time.Now()
		last  time.Time
	)
	return func(done, total int, note string) {
		lock.Lock()
		defer lock.Unlock()
		now := time.Now()
		if h != nil && done < total && now.Sub(last) < refresh {
			return
		}
		last = now
		b := bar{Task: task, Done: done, Total: total, Note: note, Elapsed: now.Sub(start)}
		if h == nil {
			h = Live(b)
			return
		}
		h.Update(b)
	}
}

type bar struct {
	Task        string
	Done, Total int
	Note        string
	Elapsed     time.Duration
}

func (b bar) fraction() float64 {
	if b.Total <= 0 {
		return 0
	}
	return min(1, float64(b.Done)/float64(b.Total))
}

// timing gives the time left while the work runs. A finished bar carries none:
// a notebook run twice with one seed should save the same bytes.
func (b bar) timing() string {
	f := b.fraction()
	if f >= 1 || f == 0 || b.Elapsed < time.Second {
		return ""
	}
	left := time.Duration(float64(b.Elapsed) * (1 - f) / f)
	return ", " + left.Round(time.Second).String() + " left"
}

func (b bar) line() string {
	s := fmt.Sprintf("%s: %d of %d (%.0f %%)%s", b.Task, b.Done, b.Total, 100*b.fraction(), b.timing())
	if b.Note != "" {
		s += ", " + b.Note
	}
	return s
}

// Display implements [Displayer].
func (b bar) Display() Bundle {
	h := fmt.Sprintf(`<div><progress max="1" value="%.3f" style="width:20em"></progress> %s</div>`, b.fraction(), escape(b.line()))
	return Bundle{Data: map[string]any{MIMEText: b.line(), MIMEHTML: h}, Metadata: map[string]any{}}
}
