// Package zmtp is the part of ZeroMQ's wire protocol (ZMTP 3, NULL mechanism)
// that Jupyter needs, over TCP or Unix sockets: ROUTER, XPUB and REP sockets for
// a kernel, which listens; DEALER, SUB and REQ for a client, which dials.
//
// It is written for peers that misbehave: sizes are bounded and nothing is
// allocated before it has arrived, a handshake has a deadline and holds nobody
// up, and each peer has a queue of its own, so that one that reads nothing
// costs the others nothing.
//
// That is why it is not go-zeromq/zmq4 (v0.17.0, the newest release), which
// TestHostilePeers attacks beside it: nine bytes that announce a frame of 2^62
// bytes end the zmq4 process, before any signature could be checked, and a peer
// that connects and says nothing keeps all others out. Both lie in its reader
// and its accept loop, below any interface that a caller could wrap.
//
// Source: the ZeroMQ RFCs 23 (ZMTP 3.0), 37 (3.1: SUBSCRIBE and PING commands)
// and 28 (ROUTER).
package zmtp

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

// Limits for one peer.
const (
	MaxMessage = 64 << 20  // bytes of a message that is received
	MaxFrames  = 256       // frames of a message that is received
	maxCommand = 1 << 16   // bytes of a command
	maxEcho    = 1 << 20   // bytes of answers waiting for a peer that asks and does not read
	maxQueue   = 256 << 20 // bytes waiting to be sent to a peer that does not read
	maxConns   = 512
	handshake  = 10 * time.Second
)

const (
	flagMore    = 1
	flagLong    = 2
	flagCommand = 4
)

// A Conn is one peer.
type Conn struct {
	rw   net.Conn
	r    *bufio.Reader
	id   string // its identity, made up if it has none
	peer string // its socket type

	mu     sync.Mutex
	cond   *sync.Cond
	queue  []outgoing // messages to send
	queued int        // bytes in the queue
	closed bool
	linger bool // close when the queue is empty
	done   chan struct{}

	subs map[string]int // XPUB: prefixes the peer wants
}

// An outgoing message, or command, with its size in the queue.
type outgoing struct {
	frames  [][]byte
	command bool
	size    int
}

func newConn(rw net.Conn) *Conn {
	c := &Conn{rw: rw, r: bufio.NewReaderSize(rw, 1<<16), done: make(chan struct{}), subs: map[string]int{}}
	c.cond = sync.NewCond(&c.mu)
	return c
}

// shake does the handshake for a socket of type own.
func (c *Conn) shake(own, identity string) error {
	c.rw.SetDeadline(time.Now().Add(handshake))
	defer c.rw.SetDeadline(time.Time{})
	var greet [64]byte
	greet[0], greet[9], greet[10] = 0xFF, 0x7F, 3
	copy(greet[12:], "NULL")
	if _, err := c.rw.Write(greet[:]); err != nil {
		return err
	}
	var theirs [64]byte
	if _, err := io.ReadFull(c.r, theirs[:]); err != nil {
		return err
	}
	if theirs[0] != 0xFF || theirs[9] != 0x7F || theirs[10] < 3 {
		return errors.New("zmtp: the peer does not speak ZMTP 3")
	}
	if string(theirs[12:17]) != "NULL\x00" {
		return errors.New("zmtp: the peer wants another security mechanism than NULL")
	}
	ready := []byte("\x05READY")
	ready = appendProperty(ready, "Socket-Type", own)
	if own != "XPUB" && own != "SUB" {
		ready = appendProperty(ready, "Identity", identity)
	}
	if err := writeFrame(c.rw, flagCommand, ready); err != nil {
		return err
	}
	flag, body, err := c.frame(maxCommand)
	if err != nil {
		return err
	}
	if flag&flagCommand == 0 || len(body) < 6 || string(body[:6]) != "\x05READY" {
		return errors.New("zmtp: expected READY")
	}
	props, err := properties(body[6:])
	if err != nil {
		return err
	}
	c.peer, c.id = props["socket-type"], props["identity"]
	for _, t := range compatible[own] {
		if c.peer == t {
			return nil
		}
	}
	return fmt.Errorf("zmtp: a %.16q peer does not go with %s", c.peer, own)
}

var compatible = map[string][]string{
	"ROUTER": {"DEALER", "REQ", "ROUTER"},
	"XPUB":   {"SUB", "XSUB"},
	"REP":    {"REQ", "DEALER"},
	"DEALER": {"ROUTER", "REP"},
	"REQ":    {"REP", "ROUTER"},
	"SUB":    {"XPUB", "PUB"},
}

func appendProperty(b []byte, name, value string) []byte {
	b = append(b, byte(len(name)))
	b = append(b, name...)
	b = binary.BigEndian.AppendUint32(b, uint32(len(value)))
	return append(b, value...)
}

func properties(b []byte) (map[string]string, error) {
	m := map[string]string{}
	bad := errors.New("zmtp: damaged metadata")
	for len(b) > 0 {
		n := int(b[0])
		if n == 0 || len(b) < 1+n+4 {
			return nil, bad
		}
		name := make([]byte, n)
		for i, x := range b[1 : 1+n] {
			if x >= 'A' && x <= 'Z' {
				x += 'a' - 'A'
			}
			name[i] = x
		}
		size := binary.BigEndian.Uint32(b[1+n:])
		b = b[1+n+4:]
		if uint64(size) > uint64(len(b)) {
			return nil, bad
		}
		m[string(name)] = string(b[:size])
		b = b[size:]
	}
	return m, nil
}

// frame reads one frame of at most limit bytes.
func (c *Conn) frame(limit int) (flag byte, body []byte, err error) {
	flag, err = c.r.ReadByte()
	if err != nil {
		return 0, nil, err
	}
	var size uint64
	if flag&flagLong != 0 {
		var b [8]byte
		if _, err := io.ReadFull(c.r, b[:]); err != nil {
			return 0, nil, err
		}
		size = binary.BigEndian.Uint64(b[:])
	} else {
		n, err := c.r.ReadByte()
		if err != nil {
			return 0, nil, err
		}
		size = uint64(n)
	}
	if flag&^(flagMore|flagLong|flagCommand) != 0 {
		return 0, nil, errors.New("zmtp: damaged frame")
	}
	if flag&flagCommand != 0 {
		limit = min(limit, maxCommand)
	}
	if size > uint64(limit) {
		return 0, nil, fmt.Errorf("zmtp: a frame of %d bytes where at most %d are read", size, limit)
	}
	// Grow with what comes: a size alone allocates nothing.
	const step = 1 << 20
	for uint64(len(body)) < size {
		n := int(min(size-uint64(len(body)), step))
		have := len(body)
		body = append(body, make([]byte, n)...)
		if _, err := io.ReadFull(c.r, body[have:]); err != nil {
			return 0, nil, err
		}
	}
	return flag, body, nil
}

// receive reads the next message; commands are answered or given to cmd.
func (c *Conn) receive(cmd func(name string, body []byte)) ([][]byte, error) {
	var frames [][]byte
	total := 0
	for {
		flag, body, err := c.frame(MaxMessage - total)
		if err != nil {
			return nil, err
		}
		if flag&flagCommand != 0 {
			if len(body) == 0 || len(body) < 1+int(body[0]) {
				return nil, errors.New("zmtp: damaged command")
			}
			name, rest := string(body[1:1+body[0]]), body[1+body[0]:]
			if name == "PING" && len(rest) >= 2 {
				if c.waiting() > maxEcho {
					return nil, errors.New("zmtp: it asks and never reads")
				}
				c.send([][]byte{append([]byte("\x04PONG"), rest[2:min(len(rest), 18)]...)}, true)
			} else if cmd != nil {
				cmd(name, rest)
			}
			continue
		}
		frames = append(frames, body)
		total += len(body)
		if len(frames) > MaxFrames {
			return nil, errors.New("zmtp: a message of too many frames")
		}
		if flag&flagMore == 0 {
			return frames, nil
		}
	}
}

// send queues a message. A peer that lets its queue grow too long is cut off.
func (c *Conn) send(frames [][]byte, command bool) {
	size := 64
	for _, f := range frames {
		size += len(f)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed || c.linger {
		return
	}
	if c.queued > 0 && c.queued+size > maxQueue {
		c.closed = true
		c.rw.Close()
		c.cond.Broadcast()
		return
	}
	c.queue = append(c.queue, outgoing{frames, command, size})
	c.queued += size
	c.cond.Broadcast()
}

// waiting returns how many bytes are queued.
func (c *Conn) waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.queued
}

// write sends what is queued, until the connection is closed.
func (c *Conn) write() {
	defer close(c.done)
	defer c.rw.Close()
	w := bufio.NewWriterSize(c.rw, 1<<16)
	for {
		c.mu.Lock()
		for len(c.queue) == 0 && !c.closed && !c.linger {
			c.cond.Wait()
		}
		if c.closed || len(c.queue) == 0 {
			c.mu.Unlock()
			return
		}
		batch := c.queue
		c.queue = nil
		c.mu.Unlock()
		for _, m := range batch {
			err := writeMessage(w, m)
			c.mu.Lock()
			c.queued -= m.size
			c.mu.Unlock()
			if err != nil {
				c.close()
				return
			}
		}
		if err := w.Flush(); err != nil {
			c.close()
			return
		}
	}
}

func writeMessage(w io.Writer, m outgoing) error {
	for i, f := range m.frames {
		flag := byte(0)
		if m.command {
			flag = flagCommand
		} else if i < len(m.frames)-1 {
			flag = flagMore
		}
		if err := writeFrame(w, flag, f); err != nil {
			return err
		}
	}
	return nil
}

func writeFrame(w io.Writer, flag byte, body []byte) error {
	var head [9]byte
	n := 2
	if len(body) > 255 {
		flag |= flagLong
		binary.BigEndian.PutUint64(head[1:], uint64(len(body)))
		n = 9
	} else {
		head[1] = byte(len(body))
	}
	head[0] = flag
	if _, err := w.Write(head[:n]); err != nil {
		return err
	}
	_, err := w.Write(body)
	return err
}

// close drops the connection.
func (c *Conn) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.closed = true
	c.rw.Close()
	c.cond.Broadcast()
}

// finish closes the connection when all that is queued has been sent.
func (c *Conn) finish() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.linger = true
	c.cond.Broadcast()
}
