package osim

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
)

// Bounds of the tables: a file beyond them is an error before memory is used.
const (
	maxTextBytes = 1 << 30
	maxLine      = 1 << 24
	maxHeader    = 10000   // lines before the data
	maxValues    = 1 << 25 // numbers in a table
	rowCost      = 8       // a row takes as much as so many numbers besides its own
)

// lines reads a text line by line, without line ends of either kind, and
// knows where it stands.
type lines struct {
	r    *bufio.Reader
	name string
	n    int // number of the line last read, from 1
}

func newLines(r io.Reader, name string) *lines {
	return &lines{r: bufio.NewReaderSize(io.LimitReader(r, maxTextBytes+1), 1<<16), name: name}
}

// next returns the next line, or io.EOF.
func (l *lines) next() (string, error) {
	var buf []byte
	for {
		part, err := l.r.ReadSlice('\n')
		buf = append(buf, part...)
		if len(buf) > maxLine {
			l.n++
			return "", l.errorf(1, "line is longer than %d bytes", maxLine)
		}
		if err == nil {
			break
		}
		if errors.Is(err, bufio.ErrBufferFull) {
			continue
		}
		if errors.Is(err, io.EOF) && len(buf) > 0 {
			break
		}
		if !errors.Is(err, io.EOF) {
			err = fmt.Errorf("%s:%d: %w", l.name, l.n+1, err)
		}
		return "", err
	}
	l.n++
	if l.n == 1 {
		buf = bytes.TrimPrefix(buf, []byte("\xef\xbb\xbf"))
	}
	return strings.TrimRight(string(buf), "\r\n"), nil
}

// expect is next for a line that must be there.
func (l *lines) expect(what string) (string, error) {
	s, err := l.next()
	if errors.Is(err, io.EOF) {
		return "", fmt.Errorf("%s:%d: file ends where %s was expected", l.name, l.n+1, what)
	}
	return s, err
}

func (l *lines) errorf(column int, format string, args ...any) error {
	return fmt.Errorf("%s:%d:%d: %s", l.name, l.n, column, fmt.Sprintf(format, args...))
}

// A cell is a field of a line with the column, in bytes from 1, at which it
// stands.
type cell struct {
	text   string
	column int
}

// split takes a line apart: at tabs, where empty cells count, if it has any,
// else at blanks. Empty cells at the end of the line are dropped.
func split(line string, dst []cell) []cell {
	dst = dst[:0]
	if !strings.Contains(line, "\t") {
		for i := 0; i < len(line); {
			if line[i] == ' ' {
				i++
				continue
			}
			j := i
			for j < len(line) && line[j] != ' ' {
				j++
			}
			dst = append(dst, cell{line[i:j], i + 1})
			i = j
		}
		return dst
	}
	for at := 0; ; {
		end := strings.IndexByte(line[at:], '\t')
		if end < 0 {
			end = len(line) - at
		}
		text := line[at : at+end]
		lead := len(text) - len(strings.TrimLeft(text, " "))
		dst = append(dst, cell{strings.TrimSpace(text), at + lead + 1})
		at += end + 1
		if at > len(line) {
			break
		}
	}
	for len(dst) > 0 && dst[len(dst)-1].text == "" {
		dst = dst[:len(dst)-1]
	}
	return dst
}

// value reads a number; an empty cell and every spelling of NaN is NaN.
func value(s string) (float64, bool) {
	if s == "" {
		return math.NaN(), true
	}
	v, err := strconv.ParseFloat(s, 64)
	if err == nil {
		return v, true
	}
	low := strings.TrimLeft(strings.ToLower(s), "+-")
	if strings.HasPrefix(low, "nan") || strings.HasPrefix(low, "1.#qnan") || strings.HasPrefix(low, "1.#ind") {
		return math.NaN(), true
	}
	return 0, false
}

// checkName reports a name that a table of cells cannot hold.
func checkName(what, s string) error {
	if strings.TrimSpace(s) != s || s == "" || strings.ContainsAny(s, "\t\r\n") {
		return fmt.Errorf("osim: %s %q: must not be empty, start or end with a blank, or hold a tab or a line end", what, s)
	}
	return nil
}
