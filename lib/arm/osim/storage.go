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

// Storage is a table of values over time, as a .mot or .sto file holds.
type Storage struct {
	Name      string      // first line of the file, if it is a name
	InDegrees bool        // angles are in degrees, else in rad; a file that has neither this nor a version is in degrees
	Columns   []string    // names, without that of the time
	Times     []float64   // s
	Rows      [][]float64 // [time][column], in the file's units; NaN where there is none
}

// Column returns the index of a column, by its name, by the name of a
// coordinate in a column of states ("elbow" for "/jointset/j/elbow/value"), or
// by the name of a component in a column of outputs ("soleus" for
// "/forceset/soleus|length").
func (s *Storage) Column(name string) (int, bool) {
	for i, c := range s.Columns {
		if c == name {
			return i, true
		}
	}
	for i, c := range s.Columns {
		if base, ok := strings.CutSuffix(c, "/value"); ok && lastOf(base) == name {
			return i, true
		}
		if base, _, ok := strings.Cut(c, "|"); ok && lastOf(base) == name {
			return i, true
		}
	}
	return 0, false
}

// lastOf returns the last name of a path with slashes.
func lastOf(path string) string { return path[strings.LastIndexByte(path, '/')+1:] }

// ReadStorage reads a .mot or .sto file.
func ReadStorage(path string) (*Storage, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return DecodeStorage(f, path)
}

// DecodeStorage reads a .mot or .sto file; name is what errors call it.
func DecodeStorage(r io.Reader, name string) (*Storage, error) {
	t := storageReader{lines: newLines(r, name), s: new(Storage), wantRows: -1, wantColumns: -1}
	if err := t.header(); err != nil {
		return nil, err
	}
	if err := t.labels(); err != nil {
		return nil, err
	}
	if err := t.rows(); err != nil {
		return nil, err
	}
	return t.s, nil
}

type storageReader struct {
	*lines
	s                     *Storage
	cells                 []cell
	tabs                  bool
	wantRows, wantColumns int // as the header says, or -1
	units, versioned      bool
}

func (t *storageReader) header() error {
	for {
		line, err := t.expect("endheader")
		if err != nil {
			return err
		}
		if t.n > maxHeader {
			return t.errorf(1, "no endheader in %d lines", maxHeader)
		}
		line = strings.TrimSpace(line)
		if strings.EqualFold(line, "endheader") {
			// OpenSim takes angles of files from before versions to be in degrees.
			if !t.units && !t.versioned {
				t.s.InDegrees = true
			}
			return nil
		}
		key, val, ok := strings.Cut(line, "=")
		if !ok {
			// The form of SIMM: key, blank, value.
			if k, v, two := strings.Cut(line, " "); two && (k == "datacolumns" || k == "datarows") {
				key, val, ok = k, v, true
			}
		}
		if !ok {
			if t.n == 1 {
				t.s.Name = line
			}
			continue
		}
		if err := t.fact(strings.ToLower(strings.TrimSpace(key)), strings.TrimSpace(val)); err != nil {
			return err
		}
	}
}

func (t *storageReader) fact(key, val string) error {
	switch key {
	case "nrows", "datarows", "ncolumns", "datacolumns":
		n, err := strconv.Atoi(val)
		if err != nil || n < 0 || n > maxValues {
			return t.errorf(1, "%s is %q: expected a whole number up to %d", key, val, maxValues)
		}
		if strings.HasSuffix(key, "rows") {
			t.wantRows = n
		} else {
			t.wantColumns = n
		}
	case "indegrees":
		t.units = true
		switch strings.ToLower(val) {
		case "yes", "true", "1":
			t.s.InDegrees = true
		case "no", "false", "0":
			t.s.InDegrees = false
		default:
			return t.errorf(1, "inDegrees is %q: expected yes or no", val)
		}
	case "datatype":
		if !strings.EqualFold(val, "double") {
			return t.errorf(1, "DataType is %q: expected double", val)
		}
	case "version":
		t.versioned = true
		if v, err := strconv.ParseFloat(val, 64); err != nil || v < 0 || v > 3 {
			return t.errorf(1, "version is %q: expected 0 to 3", val)
		}
	}
	return nil
}

func (t *storageReader) labels() error {
	line, err := t.expect("the line of column names")
	for err == nil && strings.TrimSpace(line) == "" {
		line, err = t.expect("the line of column names")
	}
	if err != nil {
		return err
	}
	t.tabs = strings.Contains(line, "\t")
	t.cells = split(line, t.cells)
	if len(t.cells) == 0 || !strings.EqualFold(t.cells[0].text, "time") {
		return t.errorf(1, "the first column must be time")
	}
	for _, c := range t.cells[1:] {
		if c.text == "" {
			return t.errorf(c.column, "a column without a name")
		}
		t.s.Columns = append(t.s.Columns, c.text)
	}
	if n := len(t.s.Columns) + 1; t.wantColumns >= 0 && n != t.wantColumns {
		return t.errorf(1, "%d column names, the header says %d", n, t.wantColumns)
	}
	return nil
}

func (t *storageReader) rows() error {
	n := len(t.s.Columns) + 1
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
		if t.wantRows >= 0 && len(t.s.Times) >= t.wantRows {
			return t.errorf(1, "more rows than the %d of the header", t.wantRows)
		}
		if (len(t.s.Times)+1)*(n+rowCost) > maxValues {
			return t.errorf(1, "more than %d numbers", maxValues)
		}
		if err := t.row(line, n); err != nil {
			return err
		}
	}
	if t.wantRows >= 0 && len(t.s.Times) != t.wantRows {
		return fmt.Errorf("%s:%d: file ends after %d rows, the header says %d", t.name, t.n, len(t.s.Times), t.wantRows)
	}
	return nil
}

func (t *storageReader) row(line string, n int) error {
	t.cells = split(line, t.cells)
	c := t.cells
	if len(c) > n || len(c) < n && !(t.tabs && strings.Contains(line, "\t")) {
		return t.errorf(1, "%d fields: expected %d", len(c), n)
	}
	row := make([]float64, n)
	for i := range row {
		if i >= len(c) {
			row[i] = math.NaN()
			continue
		}
		v, ok := value(c[i].text)
		if !ok || i == 0 && (math.IsNaN(v) || math.IsInf(v, 0)) {
			name := "time"
			if i > 0 {
				name = t.s.Columns[i-1]
			}
			return t.errorf(c[i].column, "%s is %q: expected a number", name, c[i].text)
		}
		row[i] = v
	}
	if math.IsNaN(row[0]) {
		return t.errorf(1, "a row without a time")
	}
	t.s.Times = append(t.s.Times, row[0])
	t.s.Rows = append(t.s.Rows, row[1:])
	return nil
}

// WriteStorage writes a .mot or .sto file, as EncodeStorage does.
func WriteStorage(path string, s *Storage) error {
	return run.WriteFile(path, func(w io.Writer) error { return EncodeStorage(w, s) })
}

// EncodeStorage writes a storage of version 1, which every OpenSim reads.
// Every number keeps its value.
func EncodeStorage(w io.Writer, s *Storage) error {
	if err := s.check(); err != nil {
		return err
	}
	b := bufio.NewWriter(w)
	name, degrees := s.Name, "no"
	if name == "" {
		name = "table"
	}
	if s.InDegrees {
		degrees = "yes"
	}
	fmt.Fprintf(b, "%s\nversion=1\nnRows=%d\nnColumns=%d\ninDegrees=%s\nendheader\ntime", name, len(s.Times), len(s.Columns)+1, degrees)
	for _, c := range s.Columns {
		b.WriteString("\t" + c)
	}
	b.WriteByte('\n')
	for i, t := range s.Times {
		b.WriteString(number(t))
		for _, x := range s.Rows[i] {
			b.WriteString("\t" + number(x))
		}
		b.WriteByte('\n')
	}
	return b.Flush()
}

func (s *Storage) check() error {
	if s.Name != "" {
		if err := checkName("name", s.Name); err != nil {
			return err
		}
		if strings.Contains(s.Name, "=") || strings.EqualFold(s.Name, "endheader") || strings.HasPrefix(s.Name, "datarows ") || strings.HasPrefix(s.Name, "datacolumns ") {
			return fmt.Errorf("osim: name %q would be read as a field of the header", s.Name)
		}
	}
	for _, c := range s.Columns {
		if err := checkName("column", c); err != nil {
			return err
		}
	}
	if len(s.Times) != len(s.Rows) {
		return fmt.Errorf("osim: %d times and %d rows", len(s.Times), len(s.Rows))
	}
	for i, row := range s.Rows {
		if len(row) != len(s.Columns) {
			return fmt.Errorf("osim: row %d has %d values for %d columns", i, len(row), len(s.Columns))
		}
		if math.IsNaN(s.Times[i]) || math.IsInf(s.Times[i], 0) {
			return fmt.Errorf("osim: time %d is %v", i, s.Times[i])
		}
	}
	return nil
}
