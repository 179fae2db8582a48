package arm

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/internal/golden"
)

// refFile is one entry of opensim40/index.json, tables computed with the
// OpenSim 4.0 libraries (spec/01, 3.11).
type refFile struct {
	File, Kind, Model, Option, Role, Case string
	Tolerance                             float64 `json:"tolerance_m"`
	path                                  string
}

// refFiles returns the files of a kind, at least one, or skips the test.
func refFiles(t testing.TB, kind string) []refFile {
	t.Helper()
	index := golden.Path(t, "arm", "opensim40", "index.json")
	raw, err := os.ReadFile(index)
	if err != nil {
		t.Fatal(err)
	}
	var x struct{ Files []refFile }
	if err := json.Unmarshal(raw, &x); err != nil {
		t.Fatalf("%s: %v", index, err)
	}
	var out []refFile
	for _, f := range x.Files {
		if f.Kind == kind {
			f.path = filepath.Join(filepath.Dir(index), f.File)
			out = append(out, f)
		}
	}
	if len(out) == 0 {
		golden.Missing(t, kind+" files in "+index)
	}
	return out
}

func (f refFile) solver(t testing.TB) *Solver {
	t.Helper()
	m, err := Load(f.Model)
	if err != nil {
		t.Fatal(err)
	}
	return NewSolver(m, OpenSim40)
}

// refTable is a CSV file with a head line, its cells as text.
type refTable struct {
	name string
	note string // the lines before the head that begin with #
	head map[string]int
	rows [][]string
}

func readTable(t testing.TB, path string) *refTable {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	tab := &refTable{name: filepath.Base(path)}
	sc := bufio.NewScanner(f)
	sc.Buffer(nil, 1<<20)
	for sc.Scan() {
		line := sc.Text()
		switch {
		case strings.HasPrefix(line, "#"):
			tab.note += line + "\n"
		case tab.head == nil:
			tab.head = map[string]int{}
			for i, c := range strings.Split(line, ",") {
				tab.head[c] = i
			}
		default:
			tab.rows = append(tab.rows, strings.Split(line, ","))
		}
	}
	if err := sc.Err(); err != nil {
		t.Fatal(err)
	}
	return tab
}

func (tab *refTable) text(t testing.TB, row int, column string) string {
	t.Helper()
	k, ok := tab.head[column]
	if !ok || k >= len(tab.rows[row]) {
		t.Fatalf("%s row %d: no column %q", tab.name, row, column)
	}
	return tab.rows[row][k]
}

func (tab *refTable) num(t testing.TB, row int, column string) float64 {
	t.Helper()
	v, err := strconv.ParseFloat(tab.text(t, row, column), 64)
	if err != nil {
		t.Fatalf("%s row %d, %s: %v", tab.name, row, column, err)
	}
	return v
}

const degree = 0.017453292519943295

// posture reads the four angles of a row, which are in degrees and OpenSim's signs.
func (tab *refTable) posture(t testing.TB, m *Model, row int) []float64 {
	var a [4]float64
	for i, n := range PostureNames {
		a[i] = tab.num(t, row, n+"_deg") * degree
	}
	return m.Posture(a[0], a[1], a[2], a[3])
}
