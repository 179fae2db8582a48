package osim

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/spindle-lab/spindle/lib/run"
)

// Markers holds the positions of markers over time, as a .trc file does.
type Markers struct {
	Rate       float64 // frames per second
	CameraRate float64 // frames per second
	Units      string  // of Positions, such as "mm"
	Names      []string
	Frames     []int          // number of each frame in the file
	Times      []float64      // s
	Positions  [][][3]float64 // [frame][marker], in Units, axes as in the file; NaN where a marker was not seen
}

// Scale returns the length of one of the file's units in m.
func (m *Markers) Scale() (float64, error) {
	switch strings.ToLower(m.Units) {
	case "m", "meters", "metres":
		return 1, nil
	case "cm", "centimeters", "centimetres":
		return 0.01, nil
	case "mm", "millimeters", "millimetres":
		return 0.001, nil
	case "in", "inches":
		return 0.0254, nil
	case "ft", "feet":
		return 0.3048, nil
	}
	return 0, fmt.Errorf("osim: unit of length %q: expected m, cm, mm, in or ft", m.Units)
}

// ReadTRC reads a .trc file.
func ReadTRC(path string) (*Markers, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return DecodeTRC(f, path)
}

// DecodeTRC reads a .trc file; name is what errors call it.
func DecodeTRC(r io.Reader, name string) (*Markers, error) {
	t := trcReader{lines: newLines(r, name), m: new(Markers)}
	if err := t.header(); err != nil {
		return nil, err
	}
	if err := t.rows(); err != nil {
		return nil, err
	}
	return t.m, nil
}

type trcReader struct {
	*lines
	m      *Markers
	cells  []cell
	frames int // as the header says, or -1
}

func (t *trcReader) header() error {
	first, err := t.expect("PathFileType")
	if err != nil {
		return err
	}
	if t.cells = split(first, t.cells); len(t.cells) == 0 || t.cells[0].text != "PathFileType" {
		return t.errorf(1, "not a .trc file: expected PathFileType")
	}
	keys, err := t.expect("the line from DataRate to OrigNumFrames")
	if err != nil {
		return err
	}
	values, err := t.expect("the values of DataRate to OrigNumFrames")
	if err != nil {
		return err
	}
	markers, err := t.facts(split(keys, nil), split(values, nil))
	if err != nil {
		return err
	}
	names, err := t.expect("the line of marker names")
	if err != nil {
		return err
	}
	t.cells = split(names, t.cells)
	if len(t.cells) < 2 || !strings.EqualFold(t.cells[1].text, "time") {
		return t.errorf(1, "expected Frame#, Time and the names of the markers")
	}
	for _, c := range t.cells[2:] {
		if c.text != "" {
			t.m.Names = append(t.m.Names, c.text)
		}
	}
	if len(t.m.Names) != markers {
		return t.errorf(1, "%d marker names, NumMarkers is %d", len(t.m.Names), markers)
	}
	if _, err = t.expect("the line X1 Y1 Z1 ..."); err != nil {
		return err
	}
	return nil
}

// facts reads lines 2 and 3: names and, below them, values.
func (t *trcReader) facts(keys, values []cell) (markers int, err error) {
	markers, t.frames = -1, -1
	for i, k := range keys {
		if i >= len(values) {
			break
		}
		v := values[i]
		switch k.text {
		case "Units":
			t.m.Units = v.text
			continue
		case "DataRate", "CameraRate", "NumFrames", "NumMarkers":
		default:
			continue
		}
		x, ok := value(v.text)
		if !ok || math.IsNaN(x) || math.IsInf(x, 0) {
			return 0, t.errorf(v.column, "%s is %q: expected a number", k.text, v.text)
		}
		switch k.text {
		case "DataRate":
			t.m.Rate = x
		case "CameraRate":
			t.m.CameraRate = x
		default:
			if x < 0 || x != math.Trunc(x) || x > maxValues {
				return 0, t.errorf(v.column, "%s is %s: expected a whole number up to %d", k.text, v.text, maxValues)
			}
			if k.text == "NumFrames" {
				t.frames = int(x)
			} else {
				markers = int(x)
			}
		}
	}
	if markers < 0 || t.frames < 0 || t.m.Units == "" {
		return 0, t.errorf(1, "NumFrames, NumMarkers and Units are needed")
	}
	return markers, nil
}

func (t *trcReader) rows() error {
	n := len(t.m.Names)
	for {
		line, err := t.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if strings.TrimSpace(line) == "" {
			continue
		}
		if len(t.m.Frames) >= t.frames {
			return t.errorf(1, "more frames than NumFrames, %d", t.frames)
		}
		if (len(t.m.Frames)+1)*(3*n+2+rowCost) > maxValues {
			return t.errorf(1, "more than %d numbers", maxValues)
		}
		if err := t.row(line, n); err != nil {
			return err
		}
	}
	if len(t.m.Frames) != t.frames {
		return fmt.Errorf("%s:%d: file ends after %d frames, NumFrames is %d", t.name, t.n, len(t.m.Frames), t.frames)
	}
	return nil
}

func (t *trcReader) row(line string, n int) error {
	t.cells = split(line, t.cells)
	c := t.cells
	switch {
	case len(c) < 2, len(c) < 3*n+2 && !strings.Contains(line, "\t"):
		return t.errorf(1, "%d fields: expected frame, time and 3 for each of %d markers", len(c), n)
	case len(c) > 3*n+2:
		return t.errorf(c[3*n+2].column, "%d fields: expected frame, time and 3 for each of %d markers", len(c), n)
	}
	// A row that ends early lacks its last markers.
	row := make([]float64, 3*n+2)
	for i := range row {
		if i >= len(c) {
			row[i] = math.NaN()
			continue
		}
		v, ok := value(c[i].text)
		if !ok {
			return t.errorf(c[i].column, "%s is %q: expected a number", t.field(i), c[i].text)
		}
		row[i] = v
	}
	if f := row[0]; f != math.Trunc(f) || math.Abs(f) > 1<<53 {
		return t.errorf(c[0].column, "frame is %q: expected a whole number", c[0].text)
	}
	if math.IsNaN(row[1]) || math.IsInf(row[1], 0) {
		return t.errorf(c[1].column, "time is %q: expected a number", c[1].text)
	}
	p := make([][3]float64, n)
	for i := range p {
		p[i] = [3]float64(row[2+3*i:])
	}
	t.m.Frames = append(t.m.Frames, int(row[0]))
	t.m.Times = append(t.m.Times, row[1])
	t.m.Positions = append(t.m.Positions, p)
	return nil
}

func (t *trcReader) field(i int) string {
	switch i {
	case 0:
		return "frame"
	case 1:
		return "time"
	}
	return string("xyz"[(i-2)%3]) + " of marker " + t.m.Names[(i-2)/3]
}

// WriteTRC writes a .trc file, as EncodeTRC does.
func WriteTRC(path string, m *Markers) error {
	return run.WriteFile(path, func(w io.Writer) error { return EncodeTRC(w, m) })
}

// EncodeTRC writes a .trc file. Every number keeps its value; unseen markers
// are written as nan. Frames nil numbers them from 1.
func EncodeTRC(w io.Writer, m *Markers) error {
	if err := m.check(); err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	rate, camera := number(m.Rate), number(m.CameraRate)
	start := 1
	if len(m.Frames) > 0 {
		start = m.Frames[0]
	}
	fmt.Fprintf(b, "PathFileType\t4\t(X/Y/Z)\tmarkers.trc\n")
	fmt.Fprintf(b, "DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\tOrigDataRate\tOrigDataStartFrame\tOrigNumFrames\n")
	fmt.Fprintf(b, "%s\t%s\t%d\t%d\t%s\t%s\t%d\t%d\n", rate, camera, len(m.Times), len(m.Names), m.Units, rate, start, len(m.Times))
	b.WriteString("Frame#\tTime")
	for _, n := range m.Names {
		b.WriteString("\t" + n + "\t\t")
	}
	b.WriteString("\n\t")
	for i := range m.Names {
		fmt.Fprintf(b, "\tX%d\tY%d\tZ%d", i+1, i+1, i+1)
	}
	b.WriteString("\n\n")
	for i, row := range m.Positions {
		frame := i + 1
		if m.Frames != nil {
			frame = m.Frames[i]
		}
		b.WriteString(strconv.Itoa(frame) + "\t" + number(m.Times[i]))
		for _, p := range row {
			for _, x := range p {
				b.WriteString("\t" + number(x))
			}
		}
		b.WriteByte('\n')
	}
	return b.Flush()
}

func (m *Markers) check() error {
	for _, n := range m.Names {
		if err := checkName("marker", n); err != nil {
			return err
		}
	}
	if err := checkName("unit", m.Units); err != nil {
		return err
	}
	if math.IsNaN(m.Rate+m.CameraRate) || math.IsInf(m.Rate, 0) || math.IsInf(m.CameraRate, 0) {
		return fmt.Errorf("osim: rates %v and %v must be finite", m.Rate, m.CameraRate)
	}
	if len(m.Times) != len(m.Positions) || m.Frames != nil && len(m.Frames) != len(m.Times) {
		return fmt.Errorf("osim: %d times, %d frame numbers and %d rows of positions", len(m.Times), len(m.Frames), len(m.Positions))
	}
	for i, row := range m.Positions {
		if len(row) != len(m.Names) {
			return fmt.Errorf("osim: row %d has %d positions for %d markers", i, len(row), len(m.Names))
		}
		if math.IsNaN(m.Times[i]) || math.IsInf(m.Times[i], 0) {
			return fmt.Errorf("osim: time %d is %v", i, m.Times[i])
		}
	}
	return nil
}

// number writes a value so that it is read back the same.
func number(x float64) string {
	if math.IsNaN(x) {
		return "nan"
	}
	return strconv.FormatFloat(x, 'g', -1, 64)
}
