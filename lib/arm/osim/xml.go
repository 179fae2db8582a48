package osim

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// Bounds of an XML document.
const (
	maxXMLBytes    = 64 << 20
	maxDepth       = 64
	maxElements    = 500000
	maxSequence    = 1 << 20 // numbers in one element
	maxName        = 256     // bytes
	maxBodies      = 1000
	maxCoordinates = 1000
	maxFrames      = 10000   // fixed in bodies
	maxWrapSlots   = 1 << 20 // over all muscles, wraps times the points that they join
)

// An element is one element of a document, without what is for display only.
type element struct {
	tag, name string // name: the attribute of that name
	file      string // the attribute of that name
	version   string // the attribute Version
	text      string
	line      int
	parent    *element
	kids      []*element
}

// display lists the elements that only tell how something looks. They are
// skipped with all they hold.
var display = map[string]bool{
	"VisibleObject": true, "Appearance": true, "FrameGeometry": true, "attached_geometry": true,
	"display": true, "DisplayGeometry": true, "SurfaceProperties": true, "ModelVisualPreferences": true,
	"credits": true, "publications": true, "groups": true,
}

// parseXML reads a document into elements.
func parseXML(r io.Reader, name string) (*element, error) {
	limited := &io.LimitedReader{R: r, N: maxXMLBytes + 1}
	d := xml.NewDecoder(limited)
	d.Entity = map[string]string{}
	d.CharsetReader = charset
	fail := func(format string, args ...any) error {
		line, _ := d.InputPos()
		return fmt.Errorf("%s:%d: %s", name, line, fmt.Sprintf(format, args...))
	}
	var root, at *element
	depth, count, skip := 0, 0, 0
	var text strings.Builder
	for {
		tok, err := d.RawToken()
		if limited.N <= 0 {
			return nil, fail("document is larger than %d bytes", maxXMLBytes)
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		switch t := tok.(type) {
		case xml.Directive:
			return nil, fail("document type and entity declarations are refused")
		case xml.StartElement:
			if depth++; depth > maxDepth {
				return nil, fail("elements nested deeper than %d", maxDepth)
			}
			if count++; count > maxElements {
				return nil, fail("more than %d elements", maxElements)
			}
			if at == nil && root != nil {
				return nil, fail("a second root element %s", t.Name.Local)
			}
			if len(t.Name.Local) > maxName {
				return nil, fail("an element whose name is longer than %d bytes", maxName)
			}
			e := &element{tag: t.Name.Local, parent: at}
			e.line, _ = d.InputPos()
			for _, a := range t.Attr {
				switch a.Name.Local {
				case "name":
					if e.name = strings.TrimSpace(a.Value); len(e.name) > maxName {
						return nil, fail("%s: a name longer than %d bytes", e.tag, maxName)
					}
				case "file":
					e.file = a.Value
				case "Version":
					e.version = a.Value
				}
			}
			if skip == 0 && display[e.tag] && root != nil {
				skip = depth
			}
			if root == nil {
				root = e
			} else if skip == 0 {
				at.kids = append(at.kids, e)
			}
			at = e
			text.Reset()
		case xml.EndElement:
			if at == nil && root != nil && t.Name.Local == "OpenSimDocument" {
				// Some of OpenSim's own files of tasks end so, without a start;
				// its reader looks no further than the root element.
				continue
			}
			if at == nil || at.tag != t.Name.Local {
				return nil, fail("end of element %s where that of %s was expected", t.Name.Local, at.path())
			}
			if len(at.kids) == 0 && skip == 0 {
				at.text = strings.TrimSpace(text.String())
			}
			text.Reset()
			if skip == depth {
				skip = 0
			}
			depth--
			at = at.parent
		case xml.CharData:
			switch {
			case at == nil && strings.TrimSpace(string(t)) != "":
				return nil, fail("text outside of the document")
			case at != nil && skip == 0 && len(at.kids) == 0:
				text.Write(t)
			}
		}
	}
	if root == nil || at != nil {
		return nil, fail("document ends within %s", at.path())
	}
	return root, nil
}

// charset reads the encodings that OpenSim's files are met in, besides UTF-8.
func charset(label string, input io.Reader) (io.Reader, error) {
	switch strings.ToLower(label) {
	case "us-ascii", "ascii":
		return input, nil
	case "iso-8859-1", "latin1", "windows-1252":
		return &latin{r: input}, nil
	}
	return nil, fmt.Errorf("encoding %q: expected UTF-8", label)
}

// latin turns ISO 8859-1 into UTF-8.
type latin struct{ r io.Reader }

func (l *latin) Read(p []byte) (int, error) {
	if len(p) < 2 {
		return 0, io.ErrShortBuffer
	}
	half := make([]byte, min(len(p)/2, 4096))
	n, err := l.r.Read(half)
	k := 0
	for _, b := range half[:n] {
		k += copy(p[k:], string(rune(b)))
	}
	return k, err
}

// path tells where in the document an element stands.
func (e *element) path() string {
	if e == nil {
		return "the document"
	}
	s := e.tag
	if e.name != "" {
		s += "[" + e.name + "]"
	}
	for p := e.parent; p != nil; p = p.parent {
		switch {
		case p.tag == "objects" || p.tag == "OpenSimDocument":
		case p.name != "":
			s = p.tag + "[" + p.name + "]/" + s
		default:
			s = p.tag + "/" + s
		}
	}
	return s
}

// child returns the first child of one of the given tags, or nil.
func (e *element) child(tags ...string) *element {
	if e == nil {
		return nil
	}
	for _, tag := range tags {
		for _, k := range e.kids {
			if k.tag == tag {
				return k
			}
		}
	}
	return nil
}

// objects returns the members of a set, or of a list of components.
func (e *element) objects() []*element {
	if e == nil {
		return nil
	}
	if o := e.child("objects"); o != nil {
		return o.kids
	}
	return e.kids
}

// A doc is an open document: it turns elements into values and knows what the
// document's defaults say of those that an element leaves out.
type doc struct {
	file     string
	defaults map[string]*element
}

func (d *doc) errorf(e *element, format string, args ...any) error {
	line := 0
	if e != nil {
		line = e.line
	}
	return fmt.Errorf("%s:%d: %s: %s", d.file, line, e.path(), fmt.Sprintf(format, args...))
}

// property returns a property of an object, or what the document's defaults
// have for it, or nil.
func (d *doc) property(e *element, tags ...string) *element {
	if p := e.child(tags...); p != nil {
		return p
	}
	if def := d.defaults[e.tag]; def != nil && def != e {
		return def.child(tags...)
	}
	return nil
}

// word returns the text of a property, or "".
func (d *doc) word(e *element, tags ...string) string {
	if p := d.property(e, tags...); p != nil {
		return p.text
	}
	return ""
}

// sequence reads all numbers of an element.
func (d *doc) sequence(p *element) ([]float64, error) {
	var v []float64
	between := func(r rune) bool { return unicode.IsSpace(r) || r == '(' || r == ')' || r == ',' }
	for f := range strings.FieldsFuncSeq(p.text, between) {
		if len(v) == maxSequence {
			return nil, d.errorf(p, "more than %d numbers", maxSequence)
		}
		x, err := strconv.ParseFloat(f, 64)
		if err != nil && !math.IsInf(x, 0) || math.IsNaN(x) {
			return nil, d.errorf(p, "%.40q is not a number", f)
		}
		v = append(v, x)
	}
	return v, nil
}

// numbers fills dst from a property; where it is absent dst stays.
func (d *doc) numbers(e *element, dst []float64, tags ...string) error {
	p := d.property(e, tags...)
	if p == nil {
		return nil
	}
	v, err := d.sequence(p)
	if err != nil {
		return err
	}
	if len(v) != len(dst) {
		return d.errorf(p, "%d numbers, expected %d", len(v), len(dst))
	}
	for _, x := range v {
		if math.IsInf(x, 0) {
			return d.errorf(p, "%v is not finite", x)
		}
	}
	copy(dst, v)
	return nil
}

// number reads a property that must be there.
func (d *doc) number(e *element, tag string) (float64, error) {
	if d.property(e, tag) == nil {
		return 0, d.errorf(e, "%s is missing", tag)
	}
	var v [1]float64
	err := d.numbers(e, v[:], tag)
	return v[0], err
}

// flag reads a truth value; where it is absent it is def.
func (d *doc) flag(e *element, def bool, tag string) (bool, error) {
	p := d.property(e, tag)
	if p == nil || p.text == "" {
		return def, nil
	}
	switch strings.ToLower(p.text) {
	case "true", "1":
		return true, nil
	case "false", "0":
		return false, nil
	}
	return false, d.errorf(p, "%.40q: expected true or false", p.text)
}
