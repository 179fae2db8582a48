package arm

import (
	"bufio"
	"bytes"
	"embed"
	"fmt"
	"strconv"
	"strings"
)

//go:embed models/*.txt
var models embed.FS

// NumMuscles is the number of muscles of each monkey's arm.
const NumMuscles = 39

// MuscleNames are the muscles of each monkey's arm in the order of the
// network's input.
var MuscleNames = [NumMuscles]string{
	"abd_poll_longus", "anconeus", "bicep_lh", "bicep_sh", "brachialis",
	"brachioradialis", "coracobrachialis", "deltoid_ant", "deltoid_med", "deltoid_pos",
	"dorsoepitrochlearis", "ext_carpi_rad_longus", "ext_carp_rad_brevis", "ext_carpi_ulnaris", "ext_digitorum",
	"ext_digiti", "ext_indicis", "flex_carpi_radialis", "flex_carpi_ulnaris", "flex_digit_profundus",
	"flex_digit_superficialis", "flex_poll_longus", "infraspinatus", "lat_dorsi_sup", "lat_dorsi_cen",
	"lat_dorsi_inf", "palmaris_longus", "pectoralis_sup", "pectoralis_inf", "pronator_quad",
	"pronator_teres", "subscapularis", "supinator", "supraspinatus", "teres_major",
	"teres_minor", "tricep_lat", "tricep_lon", "tricep_sho",
}

// Names returns the names of the embedded models.
func Names() []string {
	return []string{"snap", "butter", "lando", "han_01_05", "han_11_22", "chips"}
}

// Load returns one of the embedded models. Each call returns a new one.
func Load(name string) (*Model, error) {
	for _, n := range Names() {
		if n == name {
			text, err := models.ReadFile("models/" + name + ".txt")
			if err != nil {
				return nil, err
			}
			m, err := parseTable(text)
			if err != nil {
				return nil, fmt.Errorf("arm: models/%s.txt: %w", name, err)
			}
			return m, nil
		}
	}
	return nil, fmt.Errorf("arm: no model %q; there are %s", name, strings.Join(Names(), ", "))
}

// parseTable reads the format that the head of each table describes.
func parseTable(text []byte) (*Model, error) {
	t := tableReader{m: &Model{Version: 30000, Bodies: []Body{{Name: "ground"}}}, curves: SchutteCurves()}
	sc := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimSpace(sc.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		t.fields = strings.Fields(strings.ReplaceAll(line, "|", " "))
		t.err = nil
		t.record()
		if t.err == nil && len(t.fields) > 0 {
			t.err = fmt.Errorf("%q is left over", t.fields)
		}
		if t.err != nil {
			return nil, fmt.Errorf("line %d: %w", n, t.err)
		}
	}
	if err := sc.Err(); err != nil {
		return nil, err
	}
	t.resolve()
	if t.err != nil {
		return nil, t.err
	}
	return t.m, t.m.Check()
}

type tableReader struct {
	m      *Model
	curves *Curves
	fields []string
	turns  [][]string // of each body, the coordinates of its turns by name
	err    error
}

func (t *tableReader) word() string {
	if len(t.fields) == 0 {
		if t.err == nil {
			t.err = fmt.Errorf("line ends early")
		}
		return ""
	}
	w := t.fields[0]
	t.fields = t.fields[1:]
	return w
}

func (t *tableReader) expect(word string) {
	if w := t.word(); w != word && t.err == nil {
		t.err = fmt.Errorf("%q where %q was expected", w, word)
	}
}

func (t *tableReader) number() float64 {
	w := t.word()
	v, err := strconv.ParseFloat(w, 64)
	if err != nil && t.err == nil {
		t.err = fmt.Errorf("%q is not a number", w)
	}
	return v
}

func (t *tableReader) numbers(dst []float64) {
	for i := range dst {
		dst[i] = t.number()
	}
}

func (t *tableReader) body() int {
	w := t.word()
	i, ok := t.m.BodyIndex(w)
	if !ok && t.err == nil {
		t.err = fmt.Errorf("no body %q", w)
	}
	return i
}

func (t *tableReader) muscle() *Muscle {
	if len(t.m.Muscles) == 0 {
		t.err = fmt.Errorf("no muscle before")
		return new(Muscle)
	}
	return &t.m.Muscles[len(t.m.Muscles)-1]
}

func (t *tableReader) record() {
	m := t.m
	last := &m.Bodies[len(m.Bodies)-1]
	switch kind := t.word(); kind {
	case "model":
		m.Name, m.Source = t.word(), t.word()
	case "body":
		b := Body{Name: t.word(), Mass: t.number()}
		t.numbers(b.Center[:])
		t.numbers(b.Inertia[:])
		m.Bodies = append(m.Bodies, b)
		t.turns = append(t.turns, nil)
	case "joint":
		j := Joint{Name: t.word(), Kind: t.word()}
		t.expect("of")
		t.expect(last.Name)
		t.expect("on")
		j.Parent = t.body()
		t.numbers(j.Location[:])
		t.numbers(j.Orientation[:])
		last.Joint = j
	case "turn":
		name := t.word()
		a := Axis{Coordinate: -1}
		t.numbers(a.Direction[:])
		last.Joint.Turns = append(last.Joint.Turns, a)
		if len(t.turns) > 0 {
			t.turns[len(t.turns)-1] = append(t.turns[len(t.turns)-1], name)
		}
	case "coordinate":
		c := Coordinate{Name: t.word(), Default: t.number()}
		t.numbers(c.Range[:])
		c.Locked = t.word() == "locked"
		m.Coordinates = append(m.Coordinates, c)
	case "wrap":
		t.wrapObject()
	case "muscle":
		u := Muscle{Name: t.word(), MaxForce: t.number(), OptimalFiber: t.number(), TendonSlack: t.number(), Pennation: t.number(), Curves: t.curves}
		m.Muscles = append(m.Muscles, u)
	case "point":
		u := t.muscle()
		p := PathPoint{Body: t.body()}
		t.numbers(p.Location[:])
		if len(t.fields) > 0 {
			t.expect("while")
			name := t.word()
			k, ok := m.CoordinateIndex(name)
			if !ok {
				t.err = fmt.Errorf("no coordinate %q", name)
			}
			p.While = &Condition{Coordinate: k, Lo: t.number(), Hi: t.number()}
		}
		u.Points = append(u.Points, p)
	case "over":
		t.pathWrap()
	case "marker":
		k := Marker{Name: t.word(), Body: t.body()}
		t.numbers(k.Location[:])
		m.Markers = append(m.Markers, k)
	default:
		t.err = fmt.Errorf("unknown record %q", kind)
	}
}

func (t *tableReader) wrapObject() {
	w := WrapObject{Name: t.word()}
	t.expect("on")
	w.Body = t.body()
	switch shape := t.word(); shape {
	case "ellipsoid":
		w.Kind = Ellipsoid
		t.numbers(w.Radii[:])
	case "cylinder":
		w.Kind, w.Radius, w.Length = Cylinder, t.number(), t.number()
	case "torus":
		w.Kind, w.Inner, w.Outer = Torus, t.number(), t.number()
	default:
		t.err = fmt.Errorf("unknown shape %q", shape)
	}
	t.numbers(w.Translation[:])
	t.numbers(w.Rotation[:])
	side := t.word()
	var ok bool
	if w.Side, w.Axis, ok = ParseQuadrant(side); !ok && t.err == nil {
		t.err = fmt.Errorf("unknown half %q", side)
	}
	t.m.Wraps = append(t.m.Wraps, w)
}

func (t *tableReader) pathWrap() {
	u, name := t.muscle(), t.word()
	for i := range t.m.Wraps {
		if t.m.Wraps[i].Name != name {
			continue
		}
		method := t.word()
		m, ok := ParseMethod(method)
		if !ok {
			t.err = fmt.Errorf("unknown method %q", method)
		}
		u.Wraps = append(u.Wraps, PathWrap{Object: i, Method: m, First: -1, Last: -1})
		return
	}
	t.err = fmt.Errorf("no wrap object %q", name)
}

// resolve finds the coordinates of the turns, which the tables name before
// they list them.
func (t *tableReader) resolve() {
	for b, names := range t.turns {
		for i, name := range names {
			if name == "-" {
				continue
			}
			k, ok := t.m.CoordinateIndex(name)
			if !ok {
				t.err = fmt.Errorf("body %s: no coordinate %q", t.m.Bodies[b+1].Name, name)
				return
			}
			t.m.Bodies[b+1].Joint.Turns[i].Coordinate = k
		}
	}
}

// ParseQuadrant reads OpenSim's name of the active half of a wrap object
// ("all", "x", "+x", "-x", ...) as the fields Side and Axis of a WrapObject.
func ParseQuadrant(s string) (side, axis int, ok bool) {
	if s == "all" || s == "" {
		return 0, 0, true
	}
	side = 1
	switch s[0] {
	case '-':
		side, s = -1, s[1:]
	case '+':
		s = s[1:]
	}
	if len(s) != 1 || s[0] < 'x' && s[0] < 'X' {
		return 0, 0, false
	}
	switch s[0] | 0x20 {
	case 'x':
		return side, 0, true
	case 'y':
		return side, 1, true
	case 'z':
		return side, 2, true
	}
	return 0, 0, false
}

// ParseMethod reads OpenSim's name of a wrap method; "Unassigned" and "" mean
// hybrid, as in OpenSim.
func ParseMethod(s string) (Method, bool) {
	switch s {
	case "hybrid", "Unassigned", "unassigned", "":
		return Hybrid, true
	case "midpoint":
		return Midpoint, true
	case "axial":
		return Axial, true
	}
	return 0, false
}
