package jupyter

import (
	"bytes"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"time"
	"unicode/utf8"
)

// ProtocolVersion is the version of Jupyter's message protocol that we speak.
const ProtocolVersion = "5.4"

// A Header identifies a message.
type Header struct {
	ID       string `json:"msg_id"`
	Type     string `json:"msg_type"`
	Username string `json:"username"`
	Session  string `json:"session"`
	Date     string `json:"date"`
	Version  string `json:"version"`
}

// A Message is one message of the protocol.
type Message struct {
	Identities [][]byte
	Header     Header
	Parent     json.RawMessage // the parent's header, {} if there is none
	Metadata   map[string]any
	Content    json.RawMessage
	Buffers    [][]byte

	rawHeader json.RawMessage // as received, to be echoed as a parent
	from      string          // identity of the peer on its socket
}

// maxHeader bounds what every answer repeats as its parent.
const maxHeader = 64 << 10

var delimiter = []byte("<IDS|MSG>")

var (
	errNoDelimiter = errors.New("jupyter: no delimiter in a message")
	errShort       = errors.New("jupyter: a message with fewer frames than the protocol has")
	errLong        = fmt.Errorf("jupyter: a header of more than %d bytes", maxHeader)
	errSignature   = errors.New("jupyter: a message with a wrong signature")
)

// A signer signs and checks messages.
type signer struct {
	key []byte // no signing if empty
}

// scheme is the only one in use.
const scheme = "hmac-sha256"

func (s *signer) sum(parts [][]byte) []byte {
	if len(s.key) == 0 {
		return nil
	}
	var h hash.Hash = hmac.New(sha256.New, s.key)
	for _, p := range parts {
		h.Write(p)
	}
	return []byte(hex.EncodeToString(h.Sum(nil)))
}

// decode reads a message from its frames and checks its signature.
func (s *signer) decode(frames [][]byte) (*Message, error) {
	at := -1
	for i, f := range frames {
		if bytes.Equal(f, delimiter) {
			at = i
			break
		}
	}
	if at < 0 {
		return nil, errNoDelimiter
	}
	rest := frames[at+1:]
	if len(rest) < 5 {
		return nil, errShort
	}
	if len(s.key) > 0 && !hmac.Equal(s.sum(rest[1:5]), rest[0]) {
		return nil, errSignature
	}
	if len(rest[1]) > maxHeader {
		return nil, errLong
	}
	m := &Message{Identities: frames[:at], Parent: json.RawMessage(rest[2]), Content: rest[4], Buffers: rest[5:], rawHeader: rest[1]}
	if err := json.Unmarshal(rest[1], &m.Header); err != nil {
		return nil, fmt.Errorf("jupyter: header: %w", err)
	}
	if m.Header.ID == "" || m.Header.Type == "" {
		return nil, errors.New("jupyter: a header without msg_id or msg_type")
	}
	if !isObject(rest[1]) || !isObject(rest[4]) {
		return nil, errors.New("jupyter: header or content is no object")
	}
	// What follows may be odd without harm.
	_ = json.Unmarshal(rest[3], &m.Metadata)
	return m, nil
}

func isObject(b []byte) bool {
	b = bytes.TrimSpace(b)
	return len(b) > 1 && b[0] == '{' && json.Valid(b) && utf8.Valid(b)
}

// encode writes the frames of a message.
func (s *signer) encode(m *Message) ([][]byte, error) {
	head, err := json.Marshal(m.Header)
	if err != nil {
		return nil, err
	}
	parent := m.Parent
	if len(parent) == 0 {
		parent = json.RawMessage("{}")
	}
	meta := []byte("{}")
	if len(m.Metadata) > 0 {
		if meta, err = json.Marshal(m.Metadata); err != nil {
			return nil, err
		}
	}
	parts := [][]byte{head, parent, meta, m.Content}
	sig := s.sum(parts)
	if sig == nil {
		sig = []byte{}
	}
	frames := append([][]byte{}, m.Identities...)
	frames = append(frames, delimiter, sig)
	frames = append(frames, parts...)
	return append(frames, m.Buffers...), nil
}

// newID returns a random identifier in the form of a UUID.
func newID() string {
	var b [16]byte
	rand.Read(b[:])
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func now() string { return time.Now().UTC().Format("2006-01-02T15:04:05.000000Z") }
