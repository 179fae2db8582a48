package session

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
)

// A message goes between supervisor and worker: two lengths as uint32, little
// endian, then JSON and, behind it, the data of its event, which are JSON too.
// Apart, a picture of many megabytes is not parsed and written anew on its way.
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
	var bundle []byte
	if m.Event != nil {
		e := *m.Event
		bundle, e.Data = e.Data, nil
		m.Event = &e
	}
	data, err := json.Marshal(m)
	if err != nil {
		return err
	}
	if len(data)+len(bundle) > maxMessage {
		return fmt.Errorf("session: a message of %d bytes is too long to be shown", len(data)+len(bundle))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	var head [8]byte
	binary.LittleEndian.PutUint32(head[:], uint32(len(data)))
	binary.LittleEndian.PutUint32(head[4:], uint32(len(bundle)))
	for _, b := range [][]byte{head[:], data, bundle} {
		if _, err := l.w.Write(b); err != nil {
			return err
		}
	}
	return l.w.Flush()
}

func (l *link) receive() (message, error) {
	var m message
	var head [8]byte
	if _, err := io.ReadFull(l.r, head[:]); err != nil {
		return m, err
	}
	n, nb := binary.LittleEndian.Uint32(head[:]), binary.LittleEndian.Uint32(head[4:])
	if uint64(n)+uint64(nb) > maxMessage {
		return m, fmt.Errorf("session: a message of %d bytes", uint64(n)+uint64(nb))
	}
	data := make([]byte, n)
	if _, err := io.ReadFull(l.r, data); err != nil {
		return m, err
	}
	if err := json.Unmarshal(data, &m); err != nil || nb == 0 {
		return m, err
	}
	if m.Event == nil {
		return m, errors.New("session: a message with data of no event")
	}
	m.Event.Data = make([]byte, nb)
	_, err := io.ReadFull(l.r, m.Event.Data)
	return m, err
}
