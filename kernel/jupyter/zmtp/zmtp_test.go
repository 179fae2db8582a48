package zmtp

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if kind := os.Getenv("ZMTP_TEST_SERVER"); kind != "" {
		testServer(kind)
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// listen opens a socket for one test.
func listen(t testing.TB, kind string) *Socket {
	t.Helper()
	s, err := Listen(kind, "tcp://127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(0) })
	return s
}

// A peer is the connecting side, in the bytes of RFC 23.
type peer struct {
	conn net.Conn
	r    *bufio.Reader
}

// greeting is the 64 bytes that begin a connection: signature, version,
// mechanism, as-server.
func greeting(major byte, mechanism string) []byte {
	g := make([]byte, 64)
	g[0], g[8], g[9], g[10] = 0xFF, 1, 0x7F, major
	copy(g[12:32], mechanism)
	return g
}

func readyCommand(kind, id string) []byte {
	b := appendProperty([]byte("\x05READY"), "Socket-Type", kind)
	return appendProperty(b, "Identity", id)
}

// wait bounds each step of a test: a failure, never a measurement.
const wait = 2 * time.Minute

// dialPeer connects and shakes hands.
func dialPeer(addr, kind, id string, wait time.Duration) (*peer, error) {
	c, err := net.Dial("tcp", addr)
	if err != nil {
		return nil, err
	}
	p := &peer{c, bufio.NewReader(c)}
	c.SetDeadline(time.Now().Add(wait))
	defer c.SetDeadline(time.Time{})
	c.Write(greeting(3, "NULL"))
	writeFrame(c, flagCommand, readyCommand(kind, id))
	theirs := make([]byte, 64)
	if _, err := io.ReadFull(p.r, theirs); err != nil {
		return nil, err
	}
	flag, body, err := p.frame()
	if err != nil {
		return nil, err
	}
	if flag != flagCommand || !bytes.HasPrefix(body, []byte("\x05READY")) {
		return nil, fmt.Errorf("not READY: %#x %q", flag, body)
	}
	return p, nil
}

func connect(t testing.TB, s *Socket, kind, id string) *peer {
	t.Helper()
	before := s.Peers()
	p, err := dialPeer(s.Addr().String(), kind, id, wait)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.conn.Close() })
	until(t, "the peer is known", func() bool { return s.Peers() > before })
	return p
}

// frame reads what the socket sends.
func (p *peer) frame() (flag byte, body []byte, err error) {
	var head [9]byte
	if _, err := io.ReadFull(p.r, head[:1]); err != nil {
		return 0, nil, err
	}
	size := uint64(0)
	if head[0]&flagLong != 0 {
		if _, err := io.ReadFull(p.r, head[1:]); err != nil {
			return 0, nil, err
		}
		size = binary.BigEndian.Uint64(head[1:])
	} else {
		b, err := p.r.ReadByte()
		if err != nil {
			return 0, nil, err
		}
		size = uint64(b)
	}
	body = make([]byte, size)
	_, err = io.ReadFull(p.r, body)
	return head[0], body, err
}

func (p *peer) message(t testing.TB) [][]byte {
	t.Helper()
	p.conn.SetReadDeadline(time.Now().Add(wait))
	var frames [][]byte
	for {
		flag, body, err := p.frame()
		if err != nil {
			t.Fatal(err)
		}
		frames = append(frames, body)
		if flag&flagMore == 0 {
			return frames
		}
	}
}

func (p *peer) send(frames ...string) {
	for i, f := range frames {
		flag := byte(0)
		if i < len(frames)-1 {
			flag = flagMore
		}
		writeFrame(p.conn, flag, []byte(f))
	}
}

// gone tells that the socket has closed the connection.
func (p *peer) gone(t testing.TB) {
	t.Helper()
	p.conn.SetReadDeadline(time.Now().Add(wait))
	for {
		if _, err := p.r.ReadByte(); err != nil {
			var ne net.Error
			if errors.As(err, &ne) && ne.Timeout() {
				t.Error("the connection is still open")
			}
			return
		}
	}
}

func until(t testing.TB, what string, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(wait); !ok(); {
		if time.Now().After(end) {
			t.Fatalf("not within %v: %s", wait, what)
		}
		time.Sleep(time.Millisecond)
	}
}

func waitSubscribed(t testing.TB, s *Socket, topic string) {
	t.Helper()
	until(t, "subscribed to "+topic, func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, c := range s.conns {
			c.mu.Lock()
			n := c.subs[topic]
			c.mu.Unlock()
			if n > 0 {
				return true
			}
		}
		return false
	})
}

// The greeting: what is taken and what is not.
func TestGreeting(t *testing.T) {
	s := listen(t, "ROUTER")
	for _, c := range []struct {
		name  string
		greet []byte
		ok    bool
	}{
		{"3.0", greeting(3, "NULL"), true},
		{"3.1", func() []byte { g := greeting(3, "NULL"); g[11] = 1; return g }(), true},
		{"a later version", greeting(4, "NULL"), true},
		{"any padding", func() []byte { g := greeting(3, "NULL"); copy(g[1:9], "garbage!"); return g }(), true},
		{"ZMTP 2", greeting(1, "NULL"), false},
		{"another mechanism", greeting(3, "PLAIN"), false},
		{"a longer name", greeting(3, "NULLS"), false},
		{"no signature", append([]byte("GET / HTTP/1.1\r\n"), make([]byte, 64)...), false},
	} {
		conn, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		p := &peer{conn, bufio.NewReader(conn)}
		conn.Write(c.greet)
		writeFrame(conn, flagCommand, readyCommand("DEALER", ""))
		if c.ok {
			p.r.Discard(64)
			if flag, body, err := p.frame(); err != nil || flag != flagCommand || !bytes.HasPrefix(body, []byte("\x05READY")) {
				t.Errorf("%s: %#x %q %v", c.name, flag, body, err)
			}
		} else {
			p.gone(t)
		}
		conn.Close()
	}
}

// What begins well and goes on badly costs the peer its connection, and
// nobody else anything.
func TestMalformed(t *testing.T) {
	good := func(frames ...string) string {
		var b bytes.Buffer
		for _, f := range frames {
			writeFrame(&b, flagCommand, []byte(f))
		}
		return b.String()
	}
	hello := string(greeting(3, "NULL"))
	ready := good(string(readyCommand("DEALER", "")))
	s := listen(t, "ROUTER")
	alive := connect(t, s, "DEALER", "alive")
	for name, bytes := range map[string]string{
		"READY is a message":           hello + "\x00\x05hello",
		"another command than READY":   hello + good("\x05HELLO"),
		"READY too short":              hello + good("\x05REA"),
		"a property without a value":   hello + good("\x05READY\x04abcd"),
		"a property longer than there": hello + good("\x05READY\x01a\xff\xff\xff\xff"),
		"a nameless property":          hello + good("\x05READY\x00\x00\x00\x00\x00"),
		"a socket that does not go":    hello + good(string(readyCommand("PULL", ""))),
		"no socket type":               hello + good("\x05READY"),
		"READY of 2^40 bytes":          hello + "\x06\x00\x00\x01\x00\x00\x00\x00\x00",
		"reserved flag bits":           hello + ready + "\x80\x00",
		"a frame of 2^64-1 bytes":      hello + ready + "\x02\xff\xff\xff\xff\xff\xff\xff\xff",
		"a frame above the limit":      hello + ready + "\x02\x00\x00\x00\x00\x04\x00\x00\x01",
		"a command above its limit":    hello + ready + "\x06\x00\x00\x00\x00\x00\x01\x00\x01",
		"an empty command":             hello + ready + "\x04\x00",
		"a command shorter than named": hello + ready + "\x04\x02\x09X",
		"too many frames":              hello + ready + strings.Repeat("\x01\x00", MaxFrames+1),
	} {
		conn, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		conn.Write([]byte(bytes))
		t.Run(name, func(t *testing.T) { (&peer{conn, bufio.NewReader(conn)}).gone(t) })
		conn.Close()
	}
	alive.send("still", "here")
	m, err := s.Recv()
	if err != nil || m.From != "alive" || len(m.Frames) != 2 {
		t.Errorf("%+v %v", m, err)
	}
	until(t, "only one peer is left", func() bool { return s.Peers() == 1 })
}

// A size alone allocates nothing: what has not come is not there.
func TestSizesAllocateNothing(t *testing.T) {
	s := listen(t, "ROUTER")
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var peers [50]*peer
	for i := range peers {
		peers[i] = connect(t, s, "DEALER", "")
	}
	for _, p := range peers {
		p.conn.Write([]byte{flagLong, 0, 0, 0, 0, MaxMessage >> 24, 0, 0, 0}) // 64 MiB, never sent
		p.conn.(*net.TCPConn).CloseWrite()
	}
	until(t, "all have been read to their end", func() bool { return s.Peers() == 0 })
	runtime.ReadMemStats(&after)
	// 50 peers with their buffers and a step of a MiB each, twice that under the
	// race detector; 3.2 GiB were announced.
	if grown := int64(after.TotalAlloc - before.TotalAlloc); grown > 400<<20 {
		t.Errorf("%d MB allocated for frames that never came", grown>>20)
	}
}

func TestRouterIdentities(t *testing.T) {
	s := listen(t, "ROUTER")
	named := connect(t, s, "DEALER", "one")
	second := connect(t, s, "DEALER", "one")
	unnamed := connect(t, s, "DEALER", "")
	zero := connect(t, s, "DEALER", "\x00sly") // a leading zero is the socket's own to give
	seen := map[string]bool{}
	for _, p := range []*peer{named, second, unnamed, zero} {
		p.send("", "hello")
		m, err := s.Recv()
		if err != nil {
			t.Fatal(err)
		}
		if p == named && m.From != "one" {
			t.Errorf("the named peer is %q", m.From)
		}
		if p != named && (m.From[0] != 0 || m.From == "\x00sly") {
			t.Errorf("a peer that may not choose is %q", m.From)
		}
		if seen[m.From] {
			t.Errorf("%q twice", m.From)
		}
		seen[m.From] = true
		if !s.Send(m.From, [][]byte{nil, []byte("you")}) {
			t.Errorf("%q is not known", m.From)
		}
		if got := p.message(t); len(got) != 2 || len(got[0]) != 0 || string(got[1]) != "you" {
			t.Errorf("%q", got)
		}
	}
	if s.Send("nobody", [][]byte{[]byte("x")}) {
		t.Error("sent to nobody")
	}
	// An identity is free again when its peer has gone.
	named.conn.Close()
	until(t, "the peer is gone", func() bool { return s.Peers() == 3 })
	again := connect(t, s, "REQ", "one")
	again.send("", "back")
	if m, _ := s.Recv(); m.From != "one" {
		t.Errorf("after it left: %q", m.From)
	}
}

func TestSubscriptions(t *testing.T) {
	s := listen(t, "XPUB")
	all, some, none := connect(t, s, "SUB", ""), connect(t, s, "SUB", ""), connect(t, s, "XSUB", "")
	all.send("\x01")
	writeFrame(some.conn, flagCommand, []byte("\x09SUBSCRIBEa.")) // as ZMTP 3.1 has it
	none.send("\x01b")
	none.send("\x01b")
	waitSubscribed(t, s, "")
	waitSubscribed(t, s, "a.")
	waitSubscribed(t, s, "b")
	none.send("\x00b")
	writeFrame(none.conn, flagCommand, []byte("\x06CANCELb"))
	none.send("\x00never had it")
	none.send("\x01end")
	waitSubscribed(t, s, "end")
	for _, topic := range []string{"a", "a.1", "b", "end"} {
		s.Publish([][]byte{[]byte(topic), []byte("x")})
	}
	read := func(p *peer, n int) string {
		var got []string
		for range n {
			got = append(got, string(p.message(t)[0]))
		}
		return strings.Join(got, " ")
	}
	if got := read(all, 4); got != "a a.1 b end" {
		t.Errorf("a subscriber to all got %s", got)
	}
	if got := read(some, 1); got != "a.1" {
		t.Errorf("a subscriber to a. got %s", got)
	}
	if got := read(none, 1); got != "end" {
		t.Errorf("one that cancelled got %s", got)
	}
	// What a peer can make us remember is bounded.
	for i := range 3 * maxTopics {
		some.send(fmt.Sprintf("\x01topic %d", i))
	}
	some.send("\x01" + strings.Repeat("x", 1<<16))
	some.send("\x00a.")
	until(t, "a. is cancelled", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, c := range s.conns {
			c.mu.Lock()
			n, had := len(c.subs), c.subs["a."]
			c.mu.Unlock()
			if n > maxTopics || had > 0 {
				return false
			}
		}
		return true
	})
}

func TestHeartbeatAndPing(t *testing.T) {
	s := listen(t, "REP")
	req, dealer := connect(t, s, "REQ", ""), connect(t, s, "DEALER", "")
	req.send("", "one")
	dealer.send("", "two")
	if got := req.message(t); len(got) != 2 || string(got[1]) != "one" {
		t.Errorf("%q", got)
	}
	if got := dealer.message(t); string(got[1]) != "two" {
		t.Errorf("%q", got)
	}
	// ZMTP 3.1: PING is a time to live and a context, which PONG repeats.
	writeFrame(req.conn, flagCommand, []byte("\x04PING\x00\x0acontext"))
	if flag, body, err := req.frame(); err != nil || flag != flagCommand || string(body) != "\x04PONGcontext" {
		t.Errorf("%#x %q %v", flag, body, err)
	}
}

// One that asks and never reads is cut off, and holds no memory: what it may
// have asked before that is what the sockets' own buffers take.
func TestNeverReads(t *testing.T) {
	frame := func(flag byte, body []byte) []byte {
		var b bytes.Buffer
		writeFrame(&b, flag, body)
		return b.Bytes()
	}
	for name, ask := range map[string][]byte{
		"heartbeat": frame(0, make([]byte, 60000)),
		"PING":      bytes.Repeat(frame(flagCommand, append([]byte("\x04PING\x00\x00"), make([]byte, 16)...)), 2000),
	} {
		s := listen(t, "REP")
		p := connect(t, s, "REQ", "")
		p.conn.(*net.TCPConn).SetReadBuffer(4096)
		// A peer that is neither read nor cut off ends the test here.
		p.conn.SetWriteDeadline(time.Now().Add(wait))
		var err error
		for sent := 0; sent < 1<<30 && err == nil; sent += len(ask) {
			_, err = p.conn.Write(ask)
		}
		var ne net.Error
		if err == nil || errors.As(err, &ne) && ne.Timeout() {
			t.Errorf("%s: it was not cut off: %v", name, err)
		}
	}
}

// A subscriber that reads nothing costs the others nothing, and is cut off
// when its queue is full.
func TestSlowReader(t *testing.T) {
	s := listen(t, "XPUB")
	slow, fast := connect(t, s, "SUB", ""), connect(t, s, "SUB", "")
	slow.send("\x01")
	fast.send("\x01")
	until(t, "both subscribe", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		n := 0
		for _, c := range s.conns {
			c.mu.Lock()
			n += len(c.subs)
			c.mu.Unlock()
		}
		return n == 2
	})
	piece := make([]byte, 4<<20)
	n := maxQueue/len(piece) + 20
	go func() {
		for i := range n {
			s.Publish([][]byte{fmt.Append(nil, i), piece})
			for fastQueue(s) > 32<<20 { // the publisher here is no faster than the reader
				time.Sleep(time.Millisecond)
			}
		}
	}()
	for i := range n {
		if got := fast.message(t); string(got[0]) != fmt.Sprint(i) {
			t.Fatalf("message %d is %q", i, got[0])
		}
	}
	until(t, "the slow one is cut off", func() bool { return s.Peers() == 1 })
}

// fastQueue is the shortest queue of a socket's peers, in bytes.
func fastQueue(s *Socket) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	least := 1 << 62
	for _, c := range s.conns {
		least = min(least, c.waiting())
	}
	return least
}

// A dead peer is forgotten, whether it leaves in a message or in silence.
func TestDeadPeer(t *testing.T) {
	s := listen(t, "ROUTER")
	before := runtime.NumGoroutine()
	for i := range 20 {
		p := connect(t, s, "DEALER", "")
		if i%2 == 0 {
			p.conn.Write([]byte{flagMore | flagLong, 0, 0, 0, 0, 0, 1, 0, 0, 'x'})
		}
		p.conn.Close()
		until(t, "it is forgotten", func() bool { return s.Peers() == 0 })
	}
	until(t, "its goroutines have ended", func() bool { return runtime.NumGoroutine() <= before+1 })
}

// Frames of messages written at once are not mixed.
func TestConcurrentWrites(t *testing.T) {
	s := listen(t, "XPUB")
	p := connect(t, s, "SUB", "")
	p.send("\x01")
	waitSubscribed(t, s, "")
	const writers, each = 8, 500
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range each {
				s.Publish([][]byte{fmt.Append(nil, w), fmt.Append(nil, i), fmt.Append(nil, w, i)})
			}
		})
	}
	next := [writers]int{}
	for range writers * each {
		m := p.message(t)
		var w, i int
		fmt.Sscan(string(m[0]), &w)
		fmt.Sscan(string(m[1]), &i)
		if len(m) != 3 || string(m[2]) != string(fmt.Append(nil, w, i)) || next[w] != i {
			t.Fatalf("writer %d: %q, expected its number %d", w, m, next[w])
		}
		next[w]++
	}
	wg.Wait()
}

// Closing sends what is queued, once, and ends all that waits.
func TestClose(t *testing.T) {
	s := listen(t, "ROUTER")
	p := connect(t, s, "DEALER", "p")
	s.Send("p", [][]byte{make([]byte, 1<<20)})
	s.Send("p", [][]byte{[]byte("last")})
	got := make(chan string)
	go func() {
		p.message(t)
		got <- string(p.message(t)[0])
		p.gone(t)
		close(got)
	}()
	s.Close(wait)
	s.Close(wait)
	if last := <-got; last != "last" {
		t.Errorf("%q", last)
	}
	<-got
	if _, err := s.Recv(); err != ErrClosed {
		t.Error(err)
	}
	if _, err := net.Dial("tcp", s.Addr().String()); err == nil {
		t.Error("it still listens")
	}
}

// Our own connecting side against our listening side.
func TestDial(t *testing.T) {
	router, pub, heart := listen(t, "ROUTER"), listen(t, "XPUB"), listen(t, "REP")
	dial := func(s *Socket, kind string) *Client {
		c, err := Dial(kind, "tcp://"+s.Addr().String(), "me")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(c.Close)
		return c
	}
	d, s, r := dial(router, "DEALER"), dial(pub, "SUB"), dial(heart, "REQ")
	if _, err := d.Recv(time.Millisecond); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Error(err)
	}
	d.Send([][]byte{[]byte("a"), nil})
	if m, err := router.Recv(); err != nil || m.From != "me" || len(m.Frames) != 2 {
		t.Errorf("%+v %v", m, err)
	}
	router.Send("me", [][]byte{nil, []byte("b")})
	if m, err := d.Recv(wait); err != nil || len(m) != 2 || string(m[1]) != "b" {
		t.Errorf("%q %v", m, err)
	}
	s.Subscribe("t")
	waitSubscribed(t, pub, "t")
	pub.Publish([][]byte{[]byte("topic")})
	if m, err := s.Recv(wait); err != nil || string(m[0]) != "topic" {
		t.Errorf("%q %v", m, err)
	}
	r.Send([][]byte{nil, []byte("beat")})
	if m, err := r.Recv(wait); err != nil || string(m[1]) != "beat" {
		t.Errorf("%q %v", m, err)
	}
	if _, err := Dial("SUB", "tcp://"+heart.Addr().String(), ""); err == nil {
		t.Error("a SUB does not go with a REP")
	}
}

func TestEndpoints(t *testing.T) {
	for _, e := range []string{"127.0.0.1:0", "udp://127.0.0.1:0", "tcp://", "tcp://nowhere:x"} {
		if s, err := Listen("ROUTER", e); err == nil && e != "tcp://" {
			s.Close(0)
			t.Errorf("%q is an endpoint", e)
		} else if s != nil {
			s.Close(0)
		}
	}
	path := t.TempDir() + "/sock"
	s, err := Listen("REP", "ipc://"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(0)
	if _, err := net.Dial("unix", path); err != nil {
		t.Error(err)
	}
}

// FuzzConn sends anything as a whole connection; the socket must live on.
func FuzzConn(f *testing.F) {
	hello := string(greeting(3, "NULL"))
	for kind, peer := range map[string]string{"ROUTER": "DEALER", "XPUB": "SUB", "REP": "REQ"} {
		var b bytes.Buffer
		b.WriteString(hello)
		writeFrame(&b, flagCommand, readyCommand(peer, "x"))
		writeFrame(&b, flagMore, nil)
		writeFrame(&b, 0, []byte("\x01hello"))
		writeFrame(&b, flagCommand, []byte("\x04PING\x00\x00abc"))
		writeFrame(&b, flagCommand, []byte("\x09SUBSCRIBEabc"))
		writeFrame(&b, 0, make([]byte, 300))
		f.Add(kind, b.Bytes())
	}
	f.Add("ROUTER", []byte(hello+"\x04\x06\x05READY"))
	f.Fuzz(func(t *testing.T, kind string, data []byte) {
		if kind != "ROUTER" && kind != "XPUB" && kind != "REP" || len(data) > 1<<20 {
			t.Skip()
		}
		s := &Socket{kind: kind, in: make(chan Message, 64), quit: make(chan struct{}), conns: map[string]*Conn{}}
		go func() {
			for {
				m, err := s.Recv()
				if err != nil {
					return
				}
				s.Send(m.From, m.Frames)
			}
		}()
		ours, theirs := net.Pipe()
		go io.Copy(io.Discard, theirs)
		ended := make(chan struct{})
		go func() {
			s.serve(newConn(ours))
			close(ended)
		}()
		theirs.SetWriteDeadline(time.Now().Add(wait))
		theirs.Write(data)
		if kind == "XPUB" {
			s.Publish([][]byte{[]byte("abcd"), data})
		}
		theirs.Close()
		select {
		case <-ended:
		case <-time.After(wait):
			t.Fatal("the connection does not end")
		}
		close(s.quit)
		if n := s.Peers(); n != 0 {
			t.Fatalf("%d peers are left", n)
		}
	})
}
