package jupyter

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/spindle-lab/spindle/kernel/jupyter/zmtp"
)

// A Channel is one of the sockets on which messages go.
type Channel int

// The channels of a client. The heartbeat carries no messages; see [Client.Beat].
const (
	Shell Channel = iota
	Control
	Stdin
	IOPub
)

// A Client is a front end of any kernel: what tests and measurements drive
// kernels with. It is for one goroutine, or one on each channel.
type Client struct {
	sign    *signer
	session string
	ch      [4]*zmtp.Client
	heart   *zmtp.Client
}

// Dial connects to a kernel's five sockets.
func Dial(c *Connection) (*Client, error) {
	if err := c.check(); err != nil {
		return nil, err
	}
	cl := &Client{sign: &signer{[]byte(c.Key)}, session: newID()}
	for _, s := range []struct {
		to   **zmtp.Client
		kind string
		port int
	}{
		{&cl.ch[IOPub], "SUB", c.IOPub}, {&cl.ch[Shell], "DEALER", c.Shell}, {&cl.ch[Control], "DEALER", c.Control},
		{&cl.ch[Stdin], "DEALER", c.Stdin}, {&cl.heart, "REQ", c.Heartbeat},
	} {
		var err error
		if *s.to, err = zmtp.Dial(s.kind, c.endpoint(s.port), cl.session); err != nil {
			cl.Close()
			return nil, err
		}
	}
	cl.ch[IOPub].Subscribe("")
	return cl, nil
}

// Close closes the connections; the kernel lives on.
func (cl *Client) Close() {
	for _, c := range append(cl.ch[:], cl.heart) {
		if c != nil {
			c.Close()
		}
	}
}

// Send sends a message and returns its number.
func (cl *Client) Send(ch Channel, typ string, content any) (id string, err error) {
	data, err := json.Marshal(content)
	if err != nil {
		return "", err
	}
	m := &Message{
		Header:  Header{ID: newID(), Type: typ, Username: "user", Session: cl.session, Date: now(), Version: ProtocolVersion},
		Content: data,
	}
	frames, err := cl.sign.encode(m)
	if err != nil {
		return "", err
	}
	cl.ch[ch].Send(frames)
	return m.Header.ID, nil
}

// Recv returns the next message on a channel, or an [os.ErrDeadlineExceeded].
func (cl *Client) Recv(ch Channel, wait time.Duration) (*Message, error) {
	frames, err := cl.ch[ch].Recv(wait)
	if err != nil {
		return nil, err
	}
	return cl.sign.decode(frames)
}

// Beat asks the heartbeat for an echo.
func (cl *Client) Beat(wait time.Duration) error {
	cl.heart.Send([][]byte{nil, []byte("ping")})
	m, err := cl.heart.Recv(wait)
	if err == nil && (len(m) != 2 || string(m[1]) != "ping") {
		err = fmt.Errorf("jupyter: the heartbeat answers %q", m)
	}
	return err
}

// Ready returns when the kernel answers and its publications arrive.
func (cl *Client) Ready(wait time.Duration) error {
	end := time.Now().Add(wait)
	for pause := 20 * time.Millisecond; time.Now().Before(end); pause *= 2 {
		id, err := cl.Send(Shell, "kernel_info_request", struct{}{})
		if err != nil {
			return err
		}
		if _, err := cl.reply(Shell, id, time.Until(end)); err != nil {
			return err
		}
		for {
			m, err := cl.Recv(IOPub, min(pause, time.Until(end)))
			if errors.Is(err, os.ErrDeadlineExceeded) {
				break // published before we were heard of, or a slow machine: ask again
			}
			if err != nil {
				return err
			}
			if m.ParentID() == id && m.idle() {
				return nil
			}
		}
	}
	return fmt.Errorf("jupyter: the kernel was not ready within %v", wait)
}

// reply returns the answer to a request and drops others.
func (cl *Client) reply(ch Channel, id string, wait time.Duration) (*Message, error) {
	for end := time.Now().Add(wait); ; {
		m, err := cl.Recv(ch, max(time.Until(end), 0))
		if err != nil {
			return nil, err
		}
		if m.ParentID() == id {
			return m, nil
		}
	}
}

// Do sends a request and returns its reply and all that is published for it,
// from busy to idle; wait bounds each step.
func (cl *Client) Do(ch Channel, typ string, content any, wait time.Duration) (reply *Message, published []*Message, err error) {
	id, err := cl.Send(ch, typ, content)
	if err != nil {
		return nil, nil, err
	}
	return cl.Collect(ch, id, wait)
}

// Collect waits for the reply to a request that was sent, and for its output.
func (cl *Client) Collect(ch Channel, id string, wait time.Duration) (reply *Message, published []*Message, err error) {
	if reply, err = cl.reply(ch, id, wait); err != nil {
		return nil, nil, err
	}
	for {
		m, err := cl.Recv(IOPub, wait)
		if err != nil {
			return reply, published, err
		}
		if m.ParentID() != id {
			continue
		}
		published = append(published, m)
		if m.idle() {
			return reply, published, nil
		}
	}
}

// ParentID returns the number of the message that this one answers, or "".
func (m *Message) ParentID() string {
	var h Header
	_ = json.Unmarshal(m.Parent, &h)
	return h.ID
}

// Get decodes the content into v; what does not fit stays as it was.
func (m *Message) Get(v any) { _ = json.Unmarshal(m.Content, v) }

func (m *Message) idle() bool {
	var c struct {
		State string `json:"execution_state"`
	}
	m.Get(&c)
	return m.Header.Type == "status" && c.State == "idle"
}

// NewConnection returns a connection at free ports of the loopback address,
// with a new key.
func NewConnection() (*Connection, error) {
	c := &Connection{Transport: "tcp", IP: "127.0.0.1", Key: newID(), Scheme: scheme}
	var held []net.Listener
	defer func() {
		for _, l := range held {
			l.Close()
		}
	}()
	for _, port := range []*int{&c.Shell, &c.Control, &c.Stdin, &c.IOPub, &c.Heartbeat} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		held = append(held, l)
		*port = l.Addr().(*net.TCPAddr).Port
	}
	return c, nil
}

// Write writes the connection file.
func (c *Connection) Write(path string) error {
	data, err := json.Marshal(c)
	if err != nil {
		return err
	}
	return os.WriteFile(path, data, 0o600)
}
