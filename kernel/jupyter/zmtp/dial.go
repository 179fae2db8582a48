package zmtp

import (
	"fmt"
	"net"
	"time"
)

// A Client is the connecting side: DEALER, REQ or SUB. It is for one goroutine
// that sends and one that receives.
type Client struct{ c *Conn }

// Dial connects to an endpoint as a socket of a kind; a ROUTER knows the client
// by its identity, which may be empty.
func Dial(kind, endpoint, identity string) (*Client, error) {
	if compatible[kind] == nil {
		panic("zmtp: no socket type " + kind)
	}
	network, addr, err := split(endpoint)
	if err != nil {
		return nil, err
	}
	rw, err := net.DialTimeout(network, addr, handshake)
	if err != nil {
		return nil, err
	}
	c := newConn(rw)
	if err := c.shake(kind, identity); err != nil {
		rw.Close()
		return nil, err
	}
	go c.write()
	return &Client{c}, nil
}

// Send queues a message.
func (cl *Client) Send(frames [][]byte) { cl.c.send(frames, false) }

// Subscribe asks for what begins with topic.
func (cl *Client) Subscribe(topic string) { cl.Send([][]byte{append([]byte{1}, topic...)}) }

// Recv returns the next message. It waits for its beginning as long as wait;
// running out of that is an [os.ErrDeadlineExceeded] that does no harm.
func (cl *Client) Recv(wait time.Duration) ([][]byte, error) {
	cl.c.rw.SetReadDeadline(time.Now().Add(wait))
	if _, err := cl.c.r.Peek(1); err != nil {
		return nil, fmt.Errorf("zmtp: no message within %v: %w", wait, err)
	}
	cl.c.rw.SetReadDeadline(time.Now().Add(wait + time.Minute))
	return cl.c.receive(nil)
}

// Close sends what is queued, or gives up after a second.
func (cl *Client) Close() {
	cl.c.finish()
	select {
	case <-cl.c.done:
	case <-time.After(time.Second):
	}
	cl.c.close()
}
