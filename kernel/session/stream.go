package session

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"os"
	"strconv"
	"sync"
	"time"
	"unicode/utf8"
)

// Output is put together into pieces: at most one each flushEvery or
// flushBytes, since front ends cut off what comes in too many messages.
const (
	flushEvery = 50 * time.Millisecond
	flushBytes = 64 << 10
	// maxOutput bounds what one cell prints; the rest is counted, not passed on.
	maxOutput = 8 << 20
	tailBytes = 256 << 10
)

func newNonce() string {
	var b [12]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// marker is what the worker writes into a stream to say: up to here.
func marker(nonce string, n int) []byte {
	return fmt.Appendf(nil, "\x00spindle-%s:%09d\x00", nonce, n)
}

// A stream reads one output of the worker and passes on its text, without the
// markers.
type stream struct {
	name   string
	prefix []byte // of a marker
	length int    // of a marker
	r      *os.File
	emit   func(string)
	ended  chan struct{}

	mu      sync.Mutex
	cond    *sync.Cond
	seen    int // number of the last marker
	sent    int // number of the last marker whose message has been passed on
	over    bool
	pending []byte // text not yet passed on
	last    []byte // the end of all text, for the epitaph
	passed  int    // bytes passed on since the cell began
	dropped bool   // the limit was passed and said
	timer   *time.Timer
	emitMu  sync.Mutex // keeps pieces in order
}

func newStream(name, nonce string, r *os.File, emit func(string)) *stream {
	m := marker(nonce, 0)
	s := &stream{name: name, r: r, emit: emit, ended: make(chan struct{}), length: len(m)}
	s.prefix = m[:bytes.IndexByte(m, ':')+1]
	s.cond = sync.NewCond(&s.mu)
	return s
}

// read runs until the pipe ends.
func (s *stream) read() {
	defer func() {
		s.flush(true)
		s.mu.Lock()
		s.over = true
		s.cond.Broadcast()
		s.mu.Unlock()
		close(s.ended)
	}()
	buf := make([]byte, 64<<10)
	var rest []byte // may be the beginning of a marker
	for {
		n, err := s.r.Read(buf)
		data := append(rest, buf[:n]...)
		for {
			i := bytes.Index(data, s.prefix)
			if i < 0 {
				keep := partial(data, s.prefix)
				s.text(data[:len(data)-keep])
				rest = append([]byte(nil), data[len(data)-keep:]...)
				break
			}
			if len(data) < i+s.length {
				s.text(data[:i])
				rest = append([]byte(nil), data[i:]...)
				break
			}
			s.text(data[:i])
			num, _ := strconv.Atoi(string(data[i+len(s.prefix) : i+s.length-1]))
			data = data[i+s.length:]
			s.flush(true)
			// What was printed after the message goes out after it.
			s.mu.Lock()
			s.seen = max(s.seen, num)
			s.cond.Broadcast()
			for s.sent < num {
				s.cond.Wait()
			}
			s.mu.Unlock()
		}
		if err != nil {
			s.text(rest)
			return
		}
	}
}

// partial returns how many bytes at the end of data may begin the prefix.
func partial(data, prefix []byte) int {
	for n := min(len(data), len(prefix)-1); n > 0; n-- {
		if bytes.Equal(data[len(data)-n:], prefix[:n]) {
			return n
		}
	}
	return 0
}

// text takes a piece of output.
func (s *stream) text(b []byte) {
	if len(b) == 0 {
		return
	}
	s.mu.Lock()
	s.last = append(s.last, b...)
	if len(s.last) > 2*tailBytes {
		s.last = append([]byte(nil), s.last[len(s.last)-tailBytes:]...)
	}
	room := max(0, maxOutput-s.passed)
	if len(b) > room {
		if !s.dropped {
			b = append(append([]byte(nil), b[:room]...), fmt.Sprintf("\n… more than %d MB printed by one cell; the rest is left out\n", maxOutput>>20)...)
			s.dropped = true
		} else {
			b = nil
		}
	}
	s.passed += len(b)
	s.pending = append(s.pending, b...)
	full := len(s.pending) >= flushBytes
	if !full && s.timer == nil && len(s.pending) > 0 {
		s.timer = time.AfterFunc(flushEvery, func() { s.flush(false) })
	}
	s.mu.Unlock()
	if full {
		s.flush(false)
	}
}

// flush passes on what is pending: whole characters only, unless all is asked
// for, at a marker or at the end.
func (s *stream) flush(all bool) {
	s.emitMu.Lock()
	defer s.emitMu.Unlock()
	s.mu.Lock()
	if s.timer != nil {
		s.timer.Stop()
		s.timer = nil
	}
	b := s.pending
	s.pending = nil
	if !all {
		cut := len(b)
		for i := 1; i <= 3 && i <= len(b); i++ {
			if c := b[len(b)-i]; utf8.RuneStart(c) {
				if !utf8.FullRune(b[len(b)-i:]) {
					cut = len(b) - i
				}
				break
			}
		}
		s.pending = append([]byte(nil), b[cut:]...)
		b = b[:cut]
	}
	s.mu.Unlock()
	for len(b) > 0 {
		n := min(len(b), flushBytes)
		for n < len(b) && n > flushBytes-4 && !utf8.RuneStart(b[n]) {
			n--
		}
		s.emit(string(bytes.ToValidUTF8(b[:n], []byte("\uFFFD"))))
		b = b[n:]
	}
}

// wait returns when marker n has been read, or the stream is over.
func (s *stream) wait(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.seen < n && !s.over {
		s.cond.Wait()
	}
}

// release lets text pass that was printed after marker n.
func (s *stream) release(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sent = max(s.sent, n)
	s.cond.Broadcast()
}

// reset begins to count for a new cell.
func (s *stream) reset() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.passed, s.dropped = 0, false
}

func (s *stream) tail() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return string(s.last)
}

func (s *stream) close() {
	s.r.Close()
	<-s.ended
}
