// Package notebook reads, runs and writes notebooks (.ipynb, nbformat 4.5)
// without Jupyter. Cells are run by an [Evaluator], such as a session of the
// kernel; outputs are stored as Jupyter would store them.
package notebook

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"
)

// Cell types.
const (
	Code     = "code"
	Markdown = "markdown"
	Raw      = "raw"
)

// A Notebook is a list of cells.
type Notebook struct {
	Cells    []*Cell
	Metadata map[string]any
}

// A Cell is one cell. Outputs and Count are those of code cells.
type Cell struct {
	ID          string
	Type        string
	Source      string
	Metadata    map[string]any
	Attachments map[string]any // of Markdown and raw cells
	Outputs     []*Output
	Count       int // execution count, 0 if the cell has not run
}

// An Output is one output of a code cell.
type Output struct {
	Type     string // stream, display_data, execute_result, error
	Name     string // stream: stdout or stderr
	Text     string // stream
	Data     map[string]any
	Metadata map[string]any
	Count    int // execute_result
	EName    string
	EValue   string
	Trace    []string
}

// Tags returns the cell's tags.
func (c *Cell) Tags() []string {
	list, _ := c.Metadata["tags"].([]any)
	var tags []string
	for _, t := range list {
		if s, ok := t.(string); ok {
			tags = append(tags, s)
		}
	}
	return tags
}

// HasTag tells whether the cell has a tag.
func (c *Cell) HasTag(tag string) bool { return slices.Contains(c.Tags(), tag) }

// Language returns the notebook's language, "" if it names none.
func (nb *Notebook) Language() string {
	for _, path := range [][2]string{{"language_info", "name"}, {"kernelspec", "language"}} {
		if m, ok := nb.Metadata[path[0]].(map[string]any); ok {
			if s, ok := m[path[1]].(string); ok && s != "" {
				return s
			}
		}
	}
	return ""
}

// Read reads a notebook file.
func Read(path string) (*Notebook, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if st, err := f.Stat(); err == nil && st.IsDir() {
		return nil, fmt.Errorf("%s is a folder; expected a notebook", path)
	}
	return Decode(f, path)
}

// Decode reads a notebook; name is for messages.
func Decode(r io.Reader, name string) (*Notebook, error) {
	data, err := io.ReadAll(io.LimitReader(r, MaxBytes+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(data) > MaxBytes {
		return nil, fmt.Errorf("%s: larger than %d MB; expected a notebook", name, MaxBytes>>20)
	}
	nb, err := decode(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return nb, nil
}

type rawNotebook struct {
	Format   *int              `json:"nbformat"`
	Minor    int               `json:"nbformat_minor"`
	Metadata map[string]any    `json:"metadata"`
	Cells    []json.RawMessage `json:"cells"`
}

type rawCell struct {
	ID          string            `json:"id"`
	Type        string            `json:"cell_type"`
	Source      lines             `json:"source"`
	Metadata    map[string]any    `json:"metadata"`
	Attachments map[string]any    `json:"attachments"`
	Outputs     []json.RawMessage `json:"outputs"`
	Count       *int              `json:"execution_count"`
}

type rawOutput struct {
	Type     string         `json:"output_type"`
	Name     string         `json:"name"`
	Text     lines          `json:"text"`
	Data     map[string]any `json:"data"`
	Metadata map[string]any `json:"metadata"`
	Count    *int           `json:"execution_count"`
	EName    string         `json:"ename"`
	EValue   string         `json:"evalue"`
	Trace    []string       `json:"traceback"`
}

// lines is a text, in a file either one string or a list of lines.
type lines string

var errLines = errors.New("expected a string or a list of strings")

// UnmarshalJSON implements [json.Unmarshaler].
func (l *lines) UnmarshalJSON(b []byte) error {
	var s string
	if json.Unmarshal(b, &s) == nil {
		*l = lines(s)
		return nil
	}
	var list []string
	if err := json.Unmarshal(b, &list); err != nil {
		return errLines
	}
	*l = lines(strings.Join(list, ""))
	return nil
}

func decode(data []byte) (*Notebook, error) {
	if !utf8.Valid(data) {
		return nil, errors.New("not UTF-8; expected a notebook")
	}
	if err := tooMany(data); err != nil {
		return nil, fmt.Errorf("not a notebook: %w", err)
	}
	var raw rawNotebook
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, fmt.Errorf("not a notebook: %w", clear(err, data, ""))
	}
	if raw.Format == nil {
		return nil, errors.New("not a notebook: nbformat is missing")
	}
	if *raw.Format != 4 {
		return nil, fmt.Errorf("nbformat is %d; expected 4", *raw.Format)
	}
	if len(raw.Cells) > MaxCells {
		return nil, fmt.Errorf("%d cells; at most %d are read", len(raw.Cells), MaxCells)
	}
	nb := &Notebook{Metadata: raw.Metadata}
	if nb.Metadata == nil {
		nb.Metadata = map[string]any{}
	}
	ids := map[string]bool{}
	outputs := 0
	for i, rc := range raw.Cells {
		c, err := decodeCell(rc)
		if err != nil {
			return nil, fmt.Errorf("cell %d: %w", i+1, err)
		}
		if outputs += len(c.Outputs); outputs > MaxOutputs {
			return nil, fmt.Errorf("cell %d: more than %d outputs up to here", i+1, MaxOutputs)
		}
		if !validID(c.ID) || ids[c.ID] {
			c.ID = newID(i, c.Source, ids)
		}
		ids[c.ID] = true
		nb.Cells = append(nb.Cells, c)
	}
	return nb, nil
}

func decodeCell(data []byte) (*Cell, error) {
	var raw rawCell
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, clear(err, data, "source")
	}
	switch raw.Type {
	case Code, Markdown, Raw:
	default:
		return nil, fmt.Errorf("cell_type is %q; expected code, markdown or raw", raw.Type)
	}
	c := &Cell{ID: raw.ID, Type: raw.Type, Source: string(raw.Source), Metadata: raw.Metadata, Attachments: raw.Attachments}
	if c.Metadata == nil {
		c.Metadata = map[string]any{}
	}
	if raw.Count != nil {
		c.Count = *raw.Count
	}
	for i, ro := range raw.Outputs {
		o, err := decodeOutput(ro)
		if err != nil {
			return nil, fmt.Errorf("output %d: %w", i+1, err)
		}
		c.Outputs = append(c.Outputs, o)
	}
	return c, nil
}

func decodeOutput(data []byte) (*Output, error) {
	var raw rawOutput
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, clear(err, data, "text")
	}
	o := &Output{Type: raw.Type, Name: raw.Name, Text: string(raw.Text), Metadata: raw.Metadata, EName: raw.EName, EValue: raw.EValue, Trace: raw.Trace}
	switch raw.Type {
	case "stream", "error":
	case "display_data", "execute_result":
		o.Data = map[string]any{}
		for k, v := range raw.Data {
			o.Data[k] = joinLines(k, v)
		}
	default:
		return nil, fmt.Errorf("output_type is %q; expected stream, display_data, execute_result or error", raw.Type)
	}
	if raw.Count != nil {
		o.Count = *raw.Count
	}
	return o, nil
}

// joinLines undoes the list of lines in which a file holds texts.
func joinLines(mime string, v any) any {
	list, ok := v.([]any)
	if !ok || isJSON(mime) {
		return v
	}
	var b strings.Builder
	for _, x := range list {
		s, ok := x.(string)
		if !ok {
			return v
		}
		b.WriteString(s)
	}
	return b.String()
}

func isJSON(mime string) bool {
	return mime == "application/json" || strings.HasSuffix(mime, "+json")
}

func validID(id string) bool {
	if len(id) < 1 || len(id) > 64 {
		return false
	}
	for _, r := range id {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '-' || r == '_') {
			return false
		}
	}
	return true
}

// newID makes a cell's id from its place and text, so that writing a notebook
// twice gives the same bytes.
func newID(i int, source string, taken map[string]bool) string {
	for n := 0; ; n++ {
		sum := sha256.Sum256(fmt.Appendf(nil, "%d %d %s", i, n, source))
		if id := hex.EncodeToString(sum[:4]); !taken[id] {
			return id
		}
	}
}

// Encode writes the notebook as Jupyter does: keys sorted, one blank of indent.
func (nb *Notebook) Encode(w io.Writer) error {
	cells := []any{}
	for _, c := range nb.Cells {
		cells = append(cells, c.encode())
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", " ")
	meta := nb.Metadata
	if meta == nil {
		meta = map[string]any{}
	}
	if err := enc.Encode(map[string]any{"cells": cells, "metadata": meta, "nbformat": 4, "nbformat_minor": 5}); err != nil {
		return err
	}
	_, err := w.Write(b.Bytes())
	return err
}

// Write writes the notebook to a file: beside it first, then renamed.
func (nb *Notebook) Write(path string) error { return writeFile(path, nb.Encode) }

func writeFile(path string, encode func(io.Writer) error) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			f.Close()
			os.Remove(f.Name())
		}
	}()
	if err = encode(f); err != nil {
		return err
	}
	if err = f.Chmod(0o644); err != nil {
		return err
	}
	if err = f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

func (c *Cell) encode() map[string]any {
	meta := c.Metadata
	if meta == nil {
		meta = map[string]any{}
	}
	m := map[string]any{"id": c.ID, "cell_type": c.Type, "metadata": meta, "source": splitLines(c.Source)}
	if len(c.Attachments) > 0 && c.Type != Code {
		m["attachments"] = c.Attachments
	}
	if c.Type != Code {
		return m
	}
	m["execution_count"] = count(c.Count)
	outs := []any{}
	for _, o := range c.Outputs {
		outs = append(outs, o.encode())
	}
	m["outputs"] = outs
	return m
}

func count(n int) any {
	if n == 0 {
		return nil
	}
	return n
}

func (o *Output) encode() map[string]any {
	switch o.Type {
	case "stream":
		return map[string]any{"output_type": "stream", "name": o.Name, "text": splitLines(o.Text)}
	case "error":
		trace := o.Trace
		if trace == nil {
			trace = []string{}
		}
		return map[string]any{"output_type": "error", "ename": o.EName, "evalue": o.EValue, "traceback": trace}
	}
	data := map[string]any{}
	for k, v := range o.Data {
		if s, ok := v.(string); ok && (strings.HasPrefix(k, "text/") || k == "image/svg+xml" || k == "application/javascript") {
			v = splitLines(s)
		}
		data[k] = v
	}
	meta := o.Metadata
	if meta == nil {
		meta = map[string]any{}
	}
	m := map[string]any{"output_type": o.Type, "data": data, "metadata": meta}
	if o.Type == "execute_result" {
		m["execution_count"] = count(o.Count)
	}
	return m
}

// splitLines cuts a text into lines that keep their ends.
func splitLines(s string) []string {
	out := []string{}
	for l := range strings.Lines(s) {
		out = append(out, l)
	}
	return out
}
