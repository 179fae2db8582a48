package jupyter

import (
	"bufio"
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"sync"
)

// Bounds of what is kept: cells, and bytes of their text.
const (
	maxHistory = 20000
	maxText    = 32 << 20
)

// A History keeps the cells that were run, in a file over restarts.
type History struct {
	mu      sync.Mutex
	path    string
	f       *os.File
	session int
	entries []entry
	size    int // bytes of their text
}

type entry struct {
	Session int    `json:"s"`
	Line    int    `json:"n"`
	Source  string `json:"c"`
}

// NewHistory opens the history in a file; with no path, or where the file
// cannot be used, it lasts as long as the kernel.
func NewHistory(file string) *History {
	h := &History{path: file, session: 1}
	if file == "" {
		return h
	}
	rewrite := false
	if f, err := os.Open(file); err == nil {
		sc := bufio.NewScanner(f)
		sc.Buffer(make([]byte, 1<<16), 8<<20)
		for sc.Scan() {
			var e entry
			if json.Unmarshal(sc.Bytes(), &e) == nil && e.Source != "" {
				rewrite = h.keep(e) || rewrite
				h.session = max(h.session, e.Session+1)
			}
		}
		f.Close()
	}
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return h
	}
	if rewrite {
		h.rewrite()
	}
	if f, err := os.OpenFile(file, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err == nil {
		h.f = f
	}
	return h
}

// rewrite replaces the file by the entries that are kept.
func (h *History) rewrite() {
	f, err := os.CreateTemp(filepath.Dir(h.path), ".history.*")
	if err != nil {
		return
	}
	w := bufio.NewWriter(f)
	for _, e := range h.entries {
		data, _ := json.Marshal(e)
		w.Write(append(data, '\n'))
	}
	if w.Flush() != nil || f.Close() != nil || os.Rename(f.Name(), h.path) != nil {
		os.Remove(f.Name())
	}
}

// keep appends an entry, and forgets the older half when there is too much.
func (h *History) keep(e entry) (forgot bool) {
	h.entries = append(h.entries, e)
	h.size += len(e.Source)
	for len(h.entries) > maxHistory || h.size > maxText && len(h.entries) > 1 {
		h.entries = append([]entry(nil), h.entries[(len(h.entries)+1)/2:]...)
		h.size = 0
		for _, e := range h.entries {
			h.size += len(e.Source)
		}
		forgot = true
	}
	return forgot
}

// Add appends a cell.
func (h *History) Add(line int, source string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	e := entry{h.session, line, source}
	h.keep(e)
	if h.f != nil {
		if data, err := json.Marshal(e); err == nil {
			h.f.Write(append(data, '\n'))
		}
	}
}

// Close closes the file.
func (h *History) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.f != nil {
		h.f.Close()
		h.f = nil
	}
}

type historyRequest struct {
	Access  string `json:"hist_access_type"`
	Output  bool   `json:"output"`
	Session int    `json:"session"`
	Start   int    `json:"start"`
	Stop    *int   `json:"stop"`
	N       *int   `json:"n"`
	Pattern string `json:"pattern"`
	Unique  bool   `json:"unique"`
}

// find returns the entries that a request asks for, oldest first.
func (h *History) find(q historyRequest) []entry {
	h.mu.Lock()
	defer h.mu.Unlock()
	var out []entry
	switch q.Access {
	case "range":
		s := q.Session
		if s <= 0 {
			s += h.session
		}
		for _, e := range h.entries {
			if e.Session == s && e.Line >= q.Start && (q.Stop == nil || e.Line < *q.Stop) {
				out = append(out, e)
			}
		}
		return out
	case "search":
		pattern := q.Pattern
		if pattern == "" {
			pattern = "*"
		}
		for _, e := range h.entries {
			if glob(pattern, e.Source) {
				out = append(out, e)
			}
		}
		if q.Unique {
			out = unique(out)
		}
	default:
		out = append(out, h.entries...)
	}
	if q.N != nil && *q.N >= 0 && len(out) > *q.N {
		out = out[len(out)-*q.N:]
	}
	return out
}

// unique keeps the newest entry of each text.
func unique(list []entry) []entry {
	seen := map[string]bool{}
	var rev []entry
	for i := len(list) - 1; i >= 0; i-- {
		if !seen[list[i].Source] {
			seen[list[i].Source] = true
			rev = append(rev, list[i])
		}
	}
	for i, j := 0, len(rev)-1; i < j; i, j = i+1, j-1 {
		rev[i], rev[j] = rev[j], rev[i]
	}
	return rev
}

// glob matches * and ? over any text, as SQLite's GLOB does, which clients expect.
func glob(pattern, s string) bool {
	p, t := []rune(pattern), []rune(s)
	star, mark, i, j := -1, 0, 0, 0
	for j < len(t) {
		switch {
		case i < len(p) && p[i] == '*':
			star, mark = i, j
			i++
		case i < len(p) && (p[i] == '?' || p[i] == t[j]):
			i++
			j++
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}

func (k *Kernel) history(m *Message) (string, any) {
	var q historyRequest
	_ = json.Unmarshal(m.Content, &q)
	rows := []any{}
	for _, e := range k.hist.find(q) {
		if q.Output {
			rows = append(rows, []any{e.Session, e.Line, []any{e.Source, nil}})
		} else {
			rows = append(rows, []any{e.Session, e.Line, e.Source})
		}
	}
	return "history_reply", map[string]any{"status": "ok", "history": rows}
}

// DefaultHistory returns the path of the user's history file.
func DefaultHistory() string {
	dir := os.Getenv("XDG_STATE_HOME")
	if dir == "" {
		home, err := os.UserHomeDir()
		if err != nil {
			return ""
		}
		dir = path.Join(home, ".local", "state")
	}
	return filepath.Join(dir, "spindle", "history.jsonl")
}
