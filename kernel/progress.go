package main

import (
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spindle-lab/spindle/lib/run"
)

// progressLine reports long work on one line of a terminal, or in a file by a
// line every few seconds.
func progressLine(w io.Writer) run.Progress {
	every, end, start := 10*time.Second, "\n", ""
	if f, ok := w.(*os.File); ok {
		if st, err := f.Stat(); err == nil && st.Mode()&os.ModeCharDevice != 0 {
			every, end, start = 200*time.Millisecond, "", "\r\x1b[K"
		}
	}
	var last time.Time
	return func(done, total int, note string) {
		if done < total && time.Since(last) < every {
			return
		}
		last = time.Now()
		if done == total {
			end = "\n"
		}
		fmt.Fprintf(w, "%s%d of %d  %s%s", start, done, total, note, end)
	}
}
