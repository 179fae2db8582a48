package osim

import (
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/spindle-lab/spindle/lib/arm"
)

// Options says what of a file is wanted.
type Options struct {
	// Skeleton leaves out the muscles and wrap objects, for the kinematics of
	// a model some of whose muscle paths cannot be computed.
	Skeleton bool
}

// Read reads an .osim file.
func Read(path string) (*arm.Model, *Report, error) {
	return Options{}.Read(path)
}

// Read reads an .osim file.
func (o Options) Read(path string) (*arm.Model, *Report, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	return o.Decode(f, path)
}

// Decode reads an .osim file; name is what errors call it.
func (o Options) Decode(r io.Reader, name string) (*arm.Model, *Report, error) {
	root, err := parseXML(r, name)
	if err != nil {
		return nil, nil, err
	}
	b := builder{doc: &doc{file: name, defaults: map[string]*element{}}, options: o, m: new(arm.Model), report: new(Report)}
	if err := b.read(root); err != nil {
		return nil, nil, err
	}
	if err := b.m.Check(); err != nil {
		return nil, nil, b.errorf(root, "%v", err)
	}
	return b.m, b.report, nil
}

// A builder makes a model from a document, set after set.
type builder struct {
	*doc
	options Options
	model   *element
	m       *arm.Model
	report  *Report

	elements []*element        // of m.Bodies
	bodyset  string            // path of the set of bodies
	frames   map[string]*place // offset frames by absolute path
	bodies   map[string]int    // index into m.Bodies by name
	coords   map[string]int    // index into m.Coordinates by name
	wraps    map[string][]*wrapEntry
}

func (b *builder) read(root *element) error {
	if root.tag != "OpenSimDocument" {
		return b.errorf(root, "expected OpenSimDocument")
	}
	v, err := strconv.Atoi(strings.TrimSpace(root.version))
	if err != nil {
		return b.errorf(root, "version is %.40q: expected a whole number", root.version)
	}
	if v < 20000 || v >= 50000 {
		return b.errorf(root, "documents of version %d are not supported, only 20000 to 49999", v)
	}
	if b.model = root.child("Model"); b.model == nil {
		return b.errorf(root, "no Model")
	}
	b.m.Name, b.m.Version, b.m.Source = b.model.name, v, lastOf(strings.ReplaceAll(b.file, `\`, "/"))
	b.report.Version = v
	for _, e := range []*element{root, b.model} {
		for _, k := range e.child("defaults").objects() {
			b.defaults[k.tag] = k
		}
	}
	if u := b.model.child("length_units"); u != nil {
		switch strings.ToLower(u.text) {
		case "", "m", "meters", "metres", "meter", "metre":
		default:
			return b.errorf(u, "unit %.40q: expected meters", u.text)
		}
	}
	if err := b.whole(b.model); err != nil {
		return err
	}
	steps := []func() error{b.skeleton, b.readMarkers, b.constraints}
	if !b.options.Skeleton {
		steps = append(steps, b.readWraps, b.muscles)
	}
	for _, step := range append(steps, b.rest) {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

// whole reports an element whose contents stand in another file.
func (b *builder) whole(e *element) error {
	if e.file != "" {
		return b.errorf(e, "contents in another file, %.80q, are not supported", e.file)
	}
	for _, k := range e.kids {
		if err := b.whole(k); err != nil {
			return err
		}
	}
	return nil
}

// known are the parts of a model that the steps of read look into.
var known = map[string]bool{
	"Ground": true, "BodySet": true, "JointSet": true, "ForceSet": true, "MarkerSet": true, "ConstraintSet": true,
	"defaults": true, "length_units": true, "force_units": true, "gravity": true, "components": true, "ComponentSet": true,
	"assembly_accuracy": true,
}

// rest reports what else the model holds. Controllers, probes, contact
// geometry and the like act on forces or only watch.
func (b *builder) rest() error {
	for _, k := range b.model.kids {
		if known[k.tag] {
			continue
		}
		for _, o := range k.objects() {
			b.report.leave(o, "not read")
		}
	}
	for _, tag := range []string{"components", "ComponentSet"} {
		for _, o := range b.model.child(tag).objects() {
			switch {
			case o.tag == "PhysicalOffsetFrame":
			case strings.HasSuffix(o.tag, "Joint"), strings.HasSuffix(o.tag, "Constraint"), o.tag == "Body":
				return b.errorf(o, "a %s outside of its set is not supported", o.tag)
			default:
				b.report.leave(o, "not read")
			}
		}
	}
	return nil
}
