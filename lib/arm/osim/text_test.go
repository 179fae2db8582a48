package osim

import (
	"bytes"
	"encoding/json"
	"math"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/internal/golden"
)

// contents returns the texts that a case of files/text lists: labels or names
// and, for markers, the unit.
func contents(t *testing.T, c *golden.Case) (names []string, units string) {
	t.Helper()
	var list []struct {
		Path  string
		Value json.RawMessage
	}
	if err := json.Unmarshal(c.Contents, &list); err != nil {
		t.Fatalf("%s: contents: %v", c.Name, err)
	}
	for _, e := range list {
		var err error
		switch e.Path {
		case "names", "labels":
			err = json.Unmarshal(e.Value, &names)
		case "units":
			err = json.Unmarshal(e.Value, &units)
		}
		if err != nil {
			t.Fatalf("%s: contents %s: %v", c.Name, e.Path, err)
		}
	}
	return names, units
}

// Every sample of the golden group files/text, whose arrays were written
// together with the files: equal to the last bit, and again after writing.
func TestGoldenText(t *testing.T) {
	for _, c := range golden.Cases(t, "files/text") {
		t.Run(c.Name, func(t *testing.T) {
			if strings.EqualFold(filepath.Ext(c.File), ".trc") {
				goldenTRC(t, c)
			} else {
				goldenStorage(t, c)
			}
		})
	}
}

func goldenTRC(t *testing.T, c *golden.Case) {
	var params struct {
		DataRate float64 `json:"data_rate"`
	}
	c.Decode(t, &params)
	names, units := contents(t, c)
	m, err := ReadTRC(c.Path())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if !slices.Equal(m.Names, names) || m.Units != units || m.Rate != params.DataRate {
			t.Errorf("names %q in %q at %v per second, want %q in %q at %v", m.Names, m.Units, m.Rate, names, units, params.DataRate)
		}
		c.Compare(t, "float64", "time", m.Times)
		if want := c.Array(t, "frame").Ints(); !slices.Equal(m.Frames, want) {
			t.Errorf("frames %v, want %v", m.Frames, want)
		}
		var xyz []float64
		for _, row := range m.Positions {
			for _, p := range row {
				xyz = append(xyz, p[:]...)
			}
		}
		c.Compare(t, "float64", "xyz", xyz)
		var b bytes.Buffer
		if err := EncodeTRC(&b, m); err != nil {
			t.Fatal(err)
		}
		if m, err = DecodeTRC(&b, "again"); err != nil {
			t.Fatal(err)
		}
	}
}

func goldenStorage(t *testing.T, c *golden.Case) {
	var params struct {
		InDegrees bool `json:"in_degrees"`
	}
	c.Decode(t, &params)
	labels, _ := contents(t, c)
	s, err := ReadStorage(c.Path())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if !slices.Equal(s.Columns, labels[1:]) || s.InDegrees != params.InDegrees {
			t.Errorf("columns %q in degrees %v, want %q, %v", s.Columns, s.InDegrees, labels[1:], params.InDegrees)
		}
		c.Compare(t, "float64", "time", s.Times)
		c.Compare(t, "float64", "data", slices.Concat(s.Rows...))
		var b bytes.Buffer
		if err := EncodeStorage(&b, s); err != nil {
			t.Fatal(err)
		}
		if s, err = DecodeStorage(&b, "again"); err != nil {
			t.Fatal(err)
		}
	}
}

// Every table of OpenSim in the data folder must be read.
func TestReadsTables(t *testing.T) {
	for _, folder := range []string{"opensim/*", "arm/opensim40"} {
		for _, ext := range []string{"*.trc", "*.mot", "*.sto"} {
			elem := append(strings.Split(folder, "/"), ext)
			files, err := filepath.Glob(filepath.Join(append([]string{golden.Dir(t)}, elem...)...))
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range files {
				if ext == "*.trc" {
					m, err := ReadTRC(f)
					if err != nil {
						t.Error(err)
					} else if _, err := m.Scale(); err != nil || len(m.Times) == 0 {
						t.Errorf("%s: %d frames, %v", f, len(m.Times), err)
					}
				} else if s, err := ReadStorage(f); err != nil || len(s.Times) == 0 {
					t.Errorf("%s: %v", f, err)
				}
			}
		}
	}
}

const smallTRC = "PathFileType\t4\t(X/Y/Z)\tx.trc\r\n" +
	"DataRate\tCameraRate\tNumFrames\tNumMarkers\tUnits\r\n" +
	"100\t100\t2\t2\tmm\r\n" +
	"Frame#\tTime\tHand\t\t\tElbow 2\t\t\r\n" +
	"\t\tX1\tY1\tZ1\tX2\tY2\tZ2\r\n" +
	"\r\n" +
	"1\t0.00\t1\t2\t3\t-4.5\t1e2\t6\r\n" +
	"2\t0.01\t\t\t\t7\tnan\t9\r\n"

const smallStorage = "a table\nversion=1\nnRows=2\nnColumns=3\ninDegrees=yes\nendheader\ntime\telbow\twrist angle\n0\t1\t2\n1\t3\tnan\n"

func TestMarkersSmall(t *testing.T) {
	m, err := DecodeTRC(strings.NewReader(smallTRC), "small.trc")
	if err != nil {
		t.Fatal(err)
	}
	if want := []string{"Hand", "Elbow 2"}; !slices.Equal(m.Names, want) {
		t.Errorf("names %q, want %q", m.Names, want)
	}
	if got := m.Positions[0]; got[0] != [3]float64{1, 2, 3} || got[1] != [3]float64{-4.5, 100, 6} {
		t.Errorf("first frame %v", got)
	}
	p := m.Positions[1]
	if !math.IsNaN(p[0][0]) || !math.IsNaN(p[0][2]) || p[1][0] != 7 || !math.IsNaN(p[1][1]) || p[1][2] != 9 {
		t.Errorf("second frame %v", p)
	}
}

// A damaged table is refused with file, line and column.
func TestTextErrors(t *testing.T) {
	trc := func(s string) error { _, err := DecodeTRC(strings.NewReader(s), "bad"); return err }
	sto := func(s string) error { _, err := DecodeStorage(strings.NewReader(s), "bad"); return err }
	with := strings.Replace
	for _, c := range []struct {
		name string
		err  error
		want string
	}{
		{"empty trc", trc(""), "bad:1: file ends"},
		{"not a trc", trc("time\n"), "bad:1:1: not a .trc file"},
		{"trc number", trc(with(smallTRC, "-4.5", "4,5", 1)), `bad:7:14: x of marker Elbow 2 is "4,5"`},
		{"trc frame", trc(with(smallTRC, "\r\n2\t", "\r\n2.5\t", 1)), "bad:8:1: frame"},
		{"trc time", trc(with(smallTRC, "\t0.01\t", "\tnan\t", 1)), "bad:8:3: time"},
		{"trc cut", trc(smallTRC[:len(smallTRC)-20]), "file ends after 1 frames, NumFrames is 2"},
		{"trc names", trc(with(smallTRC, "Elbow 2", "", 1)), "1 marker names, NumMarkers is 2"},
		{"trc long row", trc(with(smallTRC, "\t6\r", "\t6\t7\r", 1)), "bad:7:25: 9 fields"},
		{"trc count", trc(with(smallTRC, "100\t2\t2", "100\t1e99\t2", 1)), "bad:3:9: NumFrames"},
		{"trc one line", trc("PathFileType\n"), "bad:2: file ends where the line from DataRate"},
		{"trc two lines", trc(smallTRC[:strings.Index(smallTRC, "100\t")]), "bad:3: file ends where the values"},
		{"trc no names", trc(smallTRC[:strings.Index(smallTRC, "Frame#")]), "bad:4: file ends where the line of marker names"},
		{"trc no axes", trc(smallTRC[:strings.Index(smallTRC, "\t\tX1")]), "bad:5: file ends where the line X1"},
		{"trc head", trc(with(smallTRC, "Time", "Hour", 1)), "bad:4:1: expected Frame#, Time"},
		{"trc units", trc(with(smallTRC, "Units", "Unity", 1)), "bad:3:1: NumFrames, NumMarkers and Units are needed"},
		{"trc rate", trc(with(smallTRC, "100\t", "fast\t", 1)), `bad:3:1: DataRate is "fast"`},
		{"trc frames", trc(with(smallTRC, "100\t2\t2", "100\t1\t2", 1)), "bad:8:1: more frames than NumFrames, 1"},
		{"trc short row", trc(with(smallTRC, "1\t0.00\t1\t2\t3\t-4.5\t1e2\t6", "1 0.00 1 2", 1)), "bad:7:1: 4 fields"},
		{"trc many markers", trc("PathFileType\nNumFrames NumMarkers Units\n1e9 2 m\n"), "bad:3:1: NumFrames is 1e9"},
		{"sto header", sto(strings.Repeat("x\n", maxHeader+1)), "no endheader in"},
		{"sto count", sto("nRows=1000000000\nendheader\ntime\n"), "bad:1:1: nrows is"},
		{"sto version", sto("version=9\nendheader\ntime\n"), "bad:1:1: version is"},
		{"sto no labels", sto("endheader\n\n"), "bad:3: file ends where the line of column names"},
		{"sto nameless", sto("endheader\ntime\ta\t\tb\n"), "bad:2:8: a column without a name"},
		{"sto timeless", sto("endheader\ntime\ta\n\t1\n"), "bad:3:1: time is"},
		{"sto NaN time", sto("endheader\ntime\ta\nnan\t1\n"), "bad:3:1: time is"},
		{"sto blank row", sto("endheader\ntime a\n0\n"), "bad:3:1: 1 fields: expected 2"},
		{"sto no end", sto("x\n1\n"), "expected"},
		{"sto number", sto(with(smallStorage, "\t3\t", "\tthree\t", 1)), `bad:9:3: elbow is "three"`},
		{"sto rows", sto(with(smallStorage, "nRows=2", "nRows=3", 1)), "file ends after 2 rows"},
		{"sto more rows", sto(with(smallStorage, "nRows=2", "nRows=1", 1)), "bad:9:1: more rows"},
		{"sto columns", sto(with(smallStorage, "nColumns=3", "nColumns=4", 1)), "bad:7:1: 3 column names"},
		{"sto wide", sto(with(smallStorage, "\t2\n", "\t2\t3\n", 1)), "bad:8:1: 4 fields"},
		{"sto type", sto("DataType=Vec3\nendheader\ntime\n"), "bad:1:1: DataType"},
		{"sto degrees", sto(with(smallStorage, "=yes", "=perhaps", 1)), "bad:5:1: inDegrees"},
		{"sto time", sto(with(smallStorage, "time\t", "frame\t", 1)), "bad:7:1: the first column"},
	} {
		if c.err == nil || !strings.Contains(c.err.Error(), c.want) {
			t.Errorf("%s: error %v, want one with %q", c.name, c.err, c.want)
		}
	}
}

// A line without end is refused before it fills the memory.
func TestEndlessLine(t *testing.T) {
	for _, head := range []string{"PathFileType\n", "endheader\ntime\n"} {
		_, err := DecodeTRC(&endless{head: []byte(head)}, "endless")
		if strings.HasPrefix(head, "end") {
			_, err = DecodeStorage(&endless{head: []byte(head)}, "endless")
		}
		if err == nil || !strings.HasPrefix(err.Error(), "endless:") || !strings.Contains(err.Error(), "line is longer than") {
			t.Errorf("error %v", err)
		}
	}
}

// What the writers would not be able to read back, they refuse.
func TestWritersRefuse(t *testing.T) {
	var b bytes.Buffer
	for _, m := range []*Markers{
		{Units: "mm", Names: []string{"a\tb"}},
		{Units: "", Names: []string{"a"}},
		{Units: "m", Names: []string{"a"}, Times: []float64{0}},
		{Units: "m", Names: []string{"a"}, Times: []float64{0}, Positions: [][][3]float64{{}}},
		{Units: "m", Times: []float64{math.NaN()}, Positions: [][][3]float64{{}}},
	} {
		if EncodeTRC(&b, m) == nil {
			t.Errorf("wrote %+v", m)
		}
	}
	for _, s := range []*Storage{
		{Columns: []string{"a\n"}},
		{Name: "endheader"},
		{Name: "datarows 3"},
		{Columns: []string{"a"}, Times: []float64{0}, Rows: [][]float64{{}}},
		{Times: []float64{math.Inf(1)}, Rows: [][]float64{{}}},
	} {
		if EncodeStorage(&b, s) == nil {
			t.Errorf("wrote %+v", s)
		}
	}
}

func TestStorageColumn(t *testing.T) {
	s := &Storage{Columns: []string{"knee", "/jointset/j/elbow/value", "/forceset/soleus|length", "elbow_x"}}
	for name, want := range map[string]int{"knee": 0, "elbow": 1, "soleus": 2, "/jointset/j/elbow/value": 1, "elbow_x": 3} {
		if got, ok := s.Column(name); !ok || got != want {
			t.Errorf("column %s is %d, %v, want %d", name, got, ok, want)
		}
	}
	if _, ok := s.Column("value"); ok {
		t.Error("found a column that is not there")
	}
}

func FuzzTRC(f *testing.F) {
	f.Add([]byte(smallTRC))
	f.Add([]byte("PathFileType\nNumFrames NumMarkers Units\n1 1 m\nF Time a\n\n1 2 3 4 5\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := DecodeTRC(bytes.NewReader(data), "fuzz")
		if err != nil {
			return
		}
		var b bytes.Buffer
		if EncodeTRC(&b, m) != nil {
			return
		}
		again, err := DecodeTRC(&b, "again")
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(again.Names, m.Names) || len(again.Times) != len(m.Times) {
			t.Fatalf("%+v came back as %+v", m, again)
		}
	})
}

func FuzzStorage(f *testing.F) {
	f.Add([]byte(smallStorage))
	f.Add([]byte("DataType=double\nversion=3\nendheader\ntime a|length\n0 1\n"))
	f.Add([]byte("name x\ndatacolumns 2\ndatarows 1\nendheader\ntime\tb\n0\t1.#IND\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		s, err := DecodeStorage(bytes.NewReader(data), "fuzz")
		if err != nil {
			return
		}
		var b bytes.Buffer
		if EncodeStorage(&b, s) != nil {
			return
		}
		again, err := DecodeStorage(&b, "again")
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(again.Columns, s.Columns) || !reflect.DeepEqual(again.Times, s.Times) {
			t.Fatalf("%+v came back as %+v", s, again)
		}
	})
}
