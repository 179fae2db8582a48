package display

import (
	"fmt"
	"os"
	"strings"
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
	flush()
	for _, v := range values {
		show(Of(v))
	}
}

// show shows a bundle, and its caption beneath.
func show(b Bundle) {
	current().Display(b, "", false)
	if b.Caption != "" {
		current().Display(b.captionBundle(), "", false)
	}
}

// Last shows the values of a cell's last expression as its result; the kernel
// calls it. Several values of one call come as one text, each on its line;
// those with a richer form are shown by themselves, in their order.
func Last(values ...any) {
	if len(values) == 1 {
		flush()
		b := Of(values[0])
		current().Result(b)
		if b.Caption != "" {
			current().Display(b.captionBundle(), "", false)
		}
		return
	}
	var lines []string
	give := func(last bool) {
		if len(lines) == 0 {
			return
		}
		b := text(strings.Join(lines, "\n"))
		lines = nil
		if last {
			current().Result(b)
			return
		}
		current().Display(b, "", false)
	}
	flush()
	for _, v := range values {
		b := Of(v)
		if _, isErr := v.(error); !isErr && len(b.Data) > 1 {
			give(false)
			show(b)
			continue
		}
		lines = append(lines, fmt.Sprint(b.Data[MIMEText]))
	}
	give(true)
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
// moves it: the hook that long library calls take. It changes in place, a few
// times a second at most, and its last state stays, also that of a task which
// ends early.
func Progress(task string) func(done, total int, note string) {
	t := &progress{bar: bar{Task: task}, start: time.Now()}
	return t.move
}

// A progress is a progress bar that moves.
type progress struct {
	mu      sync.Mutex
	bar     bar
	h       *Handle
	start   time.Time
	last    time.Time
	pending *time.Timer // shows the newest state, which came too soon after the last
}

// unshown are the tasks with a state that is not shown yet.
var unshown sync.Map

func (t *progress) move(done, total int, note string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	t.bar.Done, t.bar.Total, t.bar.Note, t.bar.Elapsed = done, total, note, now.Sub(t.start)
	if wait := refresh - now.Sub(t.last); t.h != nil && wait > 0 && (total <= 0 || done < total) {
		if t.pending == nil {
			unshown.Store(t, true)
			t.pending = time.AfterFunc(wait, t.flush)
		}
		return
	}
	t.show()
}

// show shows the bar; t.mu is held.
func (t *progress) show() {
	if t.pending != nil {
		t.pending.Stop()
		t.pending = nil
		unshown.Delete(t)
	}
	t.last = time.Now()
	if t.h == nil {
		t.h = Live(t.bar)
		return
	}
	t.h.Update(t.bar)
}

func (t *progress) flush() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.pending != nil {
		t.show()
	}
}

// flush shows the newest state of all tasks, before something comes behind them.
func flush() {
	unshown.Range(func(t, _ any) bool {
		t.(*progress).flush()
		return true
	})
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
	if b.Total <= 0 {
		s := fmt.Sprintf("%s: %d", b.Task, b.Done)
		if b.Note != "" {
			s += ", " + b.Note
		}
		return s
	}
	s := fmt.Sprintf("%s: %d of %d (%.0f %%)%s", b.Task, b.Done, b.Total, 100*b.fraction(), b.timing())
	if b.Note != "" {
		s += ", " + b.Note
	}
	return s
}

// Display implements [Displayer].
func (b bar) Display() Bundle {
	value := fmt.Sprintf(` value="%.3f"`, b.fraction())
	if b.Total <= 0 {
		value = "" // how much there is to do is not known
	}
	h := fmt.Sprintf(`<div><progress max="1"%s style="width:20em"></progress> %s</div>`, value, escape(b.line()))
	return Bundle{Data: map[string]any{MIMEText: b.line(), MIMEHTML: h}, Metadata: map[string]any{}}
}
