package movement

import (
	"bufio"
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"math"
	"sort"
	"strconv"
	"strings"
	"sync"

	"github.com/spindle-lab/spindle/lib/arm"
)

//go:generate go run ./packstarts

//go:embed startpoints.txt
var startTables []byte

// A Table is a table of start points.
type Table struct {
	Name   string // the monkey, or a variant such as "chips_1"
	Plane  Plane
	Points [][3]float64 // centres of letter boxes, cm, W axes, in the published order
}

// Tables returns the published start-point tables, all that are embedded: one
// for each of the six arms and planes, and chips_1, which was made with a larger
// search box than chips and is used by no published script. They are shared: do
// not change them.
func Tables() []Table { return tables() }

var tables = sync.OnceValue(func() []Table {
	t, err := ParseTables(bytes.NewReader(startTables))
	if err != nil {
		panic("movement: the embedded start points: " + err.Error())
	}
	return t
})

// StartPoints returns the published start points of a monkey's arm in a plane,
// in cm. The slice is shared: do not change it.
func StartPoints(monkey string, p Plane) ([][3]float64, error) {
	for _, t := range Tables() {
		if t.Name == monkey && t.Plane == p {
			return t.Points, nil
		}
	}
	return nil, fmt.Errorf("movement: no start points for arm %q in plane %s; there are %s",
		monkey, p, strings.Join(arm.Names(), ", "))
}

// The tables are stored as runs on their 2 cm grid. A line "snap horizontal"
// begins a table; each line after it is one level of the plane (z of a
// horizontal, x of a vertical one), then for each value of the first in-plane
// axis its runs along the second: "-34 2:-12/-10,-6 4:0" holds at level -34 the
// points (2, -12), (2, -10), (2, -6) and (4, 0). This is the published order.
const (
	gridStep  = 2
	gridBound = 60 // cm: far beyond any arm
)

// axes returns which coordinates are the level and the two in-plane axes.
func (p Plane) axes() (level, first, second int) {
	if p == Horizontal {
		return 2, 0, 1
	}
	return 0, 1, 2
}

// ParseTables reads tables as WriteTables writes them.
func ParseTables(r io.Reader) ([]Table, error) {
	var out []Table
	sc := bufio.NewScanner(r)
	sc.Buffer(nil, 1<<20)
	for n := 1; sc.Scan(); n++ {
		f := strings.Fields(sc.Text())
		switch {
		case len(f) == 0 || strings.HasPrefix(f[0], "#"):
		case len(f) == 2 && !strings.Contains(f[1], ":"):
			p, err := ParsePlane(f[1])
			if err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
			out = append(out, Table{Name: f[0], Plane: p})
		case len(out) == 0:
			return nil, fmt.Errorf("line %d: points before any table", n)
		default:
			if err := out[len(out)-1].parseLevel(f); err != nil {
				return nil, fmt.Errorf("line %d: %w", n, err)
			}
		}
	}
	return out, sc.Err()
}

func (t *Table) parseLevel(f []string) error {
	l, a, b := t.Plane.axes()
	level, err := gridNumber(f[0])
	if err != nil {
		return err
	}
	for _, word := range f[1:] {
		head, runs, ok := strings.Cut(word, ":")
		if !ok {
			return fmt.Errorf("%q: want axis:run,run", word)
		}
		first, err := gridNumber(head)
		if err != nil {
			return err
		}
		for _, run := range strings.Split(runs, ",") {
			lo, hi, long := strings.Cut(run, "/")
			if !long {
				hi = lo
			}
			from, err := gridNumber(lo)
			if err != nil {
				return err
			}
			to, err := gridNumber(hi)
			if err != nil {
				return err
			}
			for v := from; v <= to; v += gridStep {
				var p [3]float64
				p[l], p[a], p[b] = float64(level), float64(first), float64(v)
				t.Points = append(t.Points, p)
			}
		}
	}
	return nil
}

func gridNumber(s string) (int, error) {
	v, err := strconv.Atoi(s)
	if err != nil || v%gridStep != 0 || v < -gridBound || v > gridBound {
		return 0, fmt.Errorf("%q: want a multiple of %d cm within ±%d", s, gridStep, gridBound)
	}
	return v, nil
}

// WriteTables writes tables compactly. The points must lie on the 2 cm grid and
// in the published order: by level, then along the first in-plane axis, then
// along the second.
func WriteTables(w io.Writer, tables []Table) error {
	b := bufio.NewWriter(w)
	for _, t := range tables {
		fmt.Fprintf(b, "%s %s", t.Name, t.Plane)
		l, a, c := t.Plane.axes()
		key := func(p [3]float64) [3]float64 { return [3]float64{p[l], p[a], p[c]} }
		for i := 0; i < len(t.Points); {
			p := key(t.Points[i])
			for _, v := range p {
				if _, err := gridNumber(strconv.FormatFloat(v, 'f', -1, 64)); err != nil {
					return fmt.Errorf("movement: table %s %s, point %d: %w", t.Name, t.Plane, i, err)
				}
			}
			j := i + 1
			for j < len(t.Points) && key(t.Points[j]) == [3]float64{p[0], p[1], p[2] + float64(gridStep*(j-i))} {
				j++
			}
			switch prev := key(t.Points[max(i-1, 0)]); {
			case i == 0 || prev[0] < p[0]:
				fmt.Fprintf(b, "\n%v %v:", p[0], p[1])
			case prev[0] == p[0] && prev[1] < p[1]:
				fmt.Fprintf(b, " %v:", p[1])
			case prev[0] == p[0] && prev[1] == p[1] && prev[2] < p[2]:
				b.WriteByte(',')
			default:
				return fmt.Errorf("movement: table %s %s: point %d is not in order", t.Name, t.Plane, i)
			}
			fmt.Fprintf(b, "%v", p[2])
			if j > i+1 {
				fmt.Fprintf(b, "/%v", p[2]+float64(gridStep*(j-i-1)))
			}
			i = j
		}
		b.WriteByte('\n')
	}
	return b.Flush()
}

// SortPoints puts points into the published order of a plane.
func SortPoints(points [][3]float64, p Plane) {
	l, a, b := p.axes()
	sort.Slice(points, func(i, j int) bool {
		u, v := points[i], points[j]
		for _, k := range [3]int{l, a, b} {
			if u[k] != v[k] {
				return u[k] < v[k]
			}
		}
		return false
	})
}

// ReadPoints reads a table of one "x,y,z" line per point, in cm.
func ReadPoints(r io.Reader) ([][3]float64, error) {
	var out [][3]float64
	sc := bufio.NewScanner(r)
	for n := 1; sc.Scan(); n++ {
		line := strings.TrimSpace(sc.Text())
		if line == "" {
			continue
		}
		f := strings.Split(line, ",")
		if len(f) != 3 {
			return nil, fmt.Errorf("line %d: %d values, want x,y,z", n, len(f))
		}
		var p [3]float64
		for k := range p {
			v, err := strconv.ParseFloat(strings.TrimSpace(f[k]), 64)
			if err != nil || !(math.Abs(v) < 1000) {
				return nil, fmt.Errorf("line %d: %q: want a position in cm", n, f[k])
			}
			p[k] = v
		}
		out = append(out, p)
	}
	return out, sc.Err()
}
