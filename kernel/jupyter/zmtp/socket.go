package zmtp

import (
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"time"
)

// A Message is what a peer sent: its identity, then the frames.
type Message struct {
	From   string
	Frames [][]byte
}

// ErrClosed is returned by a closed socket.
var ErrClosed = errors.New("zmtp: the socket is closed")

// A Socket listens for peers.
type Socket struct {
	kind string
	l    net.Listener
	in   chan Message
	quit chan struct{}

	mu     sync.Mutex
	conns  map[string]*Conn
	closed bool
}

// Listen opens a ROUTER, XPUB or REP socket at an endpoint such as
// tcp://127.0.0.1:5555 or ipc:///path. A REP socket echoes by itself, each peer
// for itself: it is a heartbeat.
func Listen(kind, endpoint string) (*Socket, error) {
	switch kind {
	case "ROUTER", "XPUB", "REP":
	default:
		panic("zmtp: no socket that listens is a " + kind)
	}
	network, addr, err := split(endpoint)
	if err != nil {
		return nil, err
	}
	l, err := net.Listen(network, addr)
	if err != nil {
		return nil, err
	}
	s := &Socket{kind: kind, l: l, in: make(chan Message, 64), quit: make(chan struct{}), conns: map[string]*Conn{}}
	go s.accept()
	return s, nil
}

// split turns an endpoint into what package net calls it.
func split(endpoint string) (network, addr string, err error) {
	network, addr, ok := strings.Cut(endpoint, "://")
	switch {
	case ok && network == "tcp":
		return "tcp", addr, nil
	case ok && network == "ipc":
		return "unix", addr, nil
	}
	return "", "", fmt.Errorf("zmtp: endpoint %q; expected tcp://address:port or ipc://path", endpoint)
}

// Addr returns the address that the socket listens at.
func (s *Socket) Addr() net.Addr { return s.l.Addr() }

func (s *Socket) accept() {
	slots := make(chan struct{}, maxConns)
	for {
		rw, err := s.l.Accept()
		if err != nil {
			select {
			case <-s.quit:
				return
			case <-time.After(20 * time.Millisecond): // too many open files, say
				continue
			}
		}
		select {
		case slots <- struct{}{}:
		default:
			rw.Close()
			continue
		}
		go func() {
			defer func() { <-slots }()
			s.serve(newConn(rw))
		}()
	}
}

// serve is the life of one connection.
func (s *Socket) serve(c *Conn) {
	if err := c.shake(s.kind, ""); err != nil {
		c.rw.Close()
		return
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		c.rw.Close()
		return
	}
	if _, taken := s.conns[c.id]; taken || c.id == "" || c.id[0] == 0 {
		// As libzmq has it: a made-up identity begins with a zero byte, and a
		// second peer of one identity does not displace the first.
		c.id = newIdentity()
	}
	s.conns[c.id] = c
	s.mu.Unlock()
	go c.write()
	defer func() {
		s.mu.Lock()
		delete(s.conns, c.id)
		s.mu.Unlock()
		c.close()
		<-c.done
	}()
	for {
		frames, err := c.receive(func(name string, body []byte) {
			switch name {
			case "SUBSCRIBE":
				c.subscribe(string(body), true)
			case "CANCEL":
				c.subscribe(string(body), false)
			}
		})
		if err != nil {
			return
		}
		switch s.kind {
		case "XPUB":
			if len(frames) == 1 && len(frames[0]) > 0 && frames[0][0] <= 1 {
				c.subscribe(string(frames[0][1:]), frames[0][0] == 1)
			}
		case "REP":
			if c.waiting() > maxEcho {
				return // it asks and never reads
			}
			c.send(frames, false)
		default:
			select {
			case s.in <- Message{c.id, frames}:
			case <-s.quit:
				return
			}
		}
	}
}

// maxTopics bounds what one peer can make us remember.
const maxTopics = 1000

func (c *Conn) subscribe(topic string, on bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if on && len(c.subs) < maxTopics && len(topic) < 1024 {
		c.subs[topic]++
	} else if !on && c.subs[topic] > 1 {
		c.subs[topic]--
	} else if !on {
		delete(c.subs, topic)
	}
}

func newIdentity() string {
	var b [8]byte
	rand.Read(b[:])
	return "\x00" + hex.EncodeToString(b[:])
}

// Recv returns the next message of any peer of a ROUTER socket.
func (s *Socket) Recv() (Message, error) {
	select {
	case m := <-s.in:
		return m, nil
	case <-s.quit:
		return Message{}, ErrClosed
	}
}

// Send queues a message for the peer of an identity; it is dropped, and false
// returned, if there is none.
func (s *Socket) Send(to string, frames [][]byte) bool {
	s.mu.Lock()
	c := s.conns[to]
	s.mu.Unlock()
	if c == nil {
		return false
	}
	c.send(frames, false)
	return true
}

// Connected tells whether there is a peer of an identity.
func (s *Socket) Connected(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conns[id] != nil
}

// Publish queues a message for all peers that subscribe to its first frame.
func (s *Socket) Publish(frames [][]byte) {
	s.mu.Lock()
	conns := make([]*Conn, 0, len(s.conns))
	for _, c := range s.conns {
		conns = append(conns, c)
	}
	s.mu.Unlock()
	topic := string(frames[0])
	for _, c := range conns {
		c.mu.Lock()
		want := false
		for prefix := range c.subs {
			want = want || strings.HasPrefix(topic, prefix)
		}
		c.mu.Unlock()
		if want {
			c.send(frames, false)
		}
	}
}

// Peers returns the number of connected peers.
func (s *Socket) Peers() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// Close closes the socket after sending what is queued, or after wait. It may
// be called more than once.
func (s *Socket) Close(wait time.Duration) error {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return nil
	}
	s.closed = true
	var conns []*Conn
	for _, c := range s.conns {
		conns = append(conns, c)
	}
	s.mu.Unlock()
	close(s.quit)
	err := s.l.Close()
	timeout := time.After(wait)
	for _, c := range conns {
		c.finish()
	}
	for _, c := range conns {
		select {
		case <-c.done:
		case <-timeout:
			timeout = time.After(0)
		}
	}
	for _, c := range conns {
		c.close()
	}
	return err
}
