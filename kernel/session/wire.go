package session

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"sync"
)

// A message goes between supervisor and worker: its length as uint32, little
// endian, then JSON.
type message struct {
	Op string `json:"op"`
	ID int    `json:"id,omitempty"`
	// eval: the cell's number and text; complete, inspect: text and position.
	Cell int    `json:"cell,omitempty"`
	Code string `json:"code,omitempty"`
	Pos  int    `json:"pos,omitempty"`
	// Sync is the number of the marker that the worker has put into its output
	// streams before it sent the message.
	Sync   int             `json:"sync,omitempty"`
	Event  *Event          `json:"event,omitempty"`
	Err    *Error          `json:"err,omitempty"`
	Result json.RawMessage `json:"result,omitempty"`
}

// maxMessage bounds what is read into memory for one message.
const maxMessage = 1 << 30

// A link sends messages over a pipe.
type link struct {
	mu sync.Mutex
	w  *bufio.Writer
	r  *bufio.Reader
}

func newLink(r io.Reader, w io.Writer) *link {
	return &link{w: bufio.NewWriterSize(w, 1<<16), r: bufio.NewReaderSize(r, 1<<16)}
}

func (l *link) send(m message) error {
	data, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if len(data) > maxMessage {
		return fmt.Errorf("session: a message of %d bytes is too long to be shown", len(data))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var head [4]byte
	binary.LittleEndian.PutUint32(head[:], uint32(len(data)))
	if _, err := l.w.Write(head[:]); err != nil {
		return err
	}
	if _, err := l.w.Write(data); err != nil {
		return err
	}
	return l.w.Flush()
}

func (l *link) receive() (message, error) {
	var m message
	var head [4]byte
	if _, err := io.ReadFull(l.r, head[:]); err != nil {
		return m, err
	}
	n := binary.LittleEndian.Uint32(head[:])
	if n > maxMessage {
		return m, fmt.Errorf("session: a message of %d bytes", n)
	}
	data := make([]byte, n)
	if _, err := io.ReadFull(l.r, data); err != nil {
		return m, err
	}
	err := json.Unmarshal(data, &m)
	return m, err
}
