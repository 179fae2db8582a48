package recording

import (
	"archive/zip"
	"encoding/binary"
	"fmt"
	"io"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// A MuscleTrial is one entry of a muscle dictionary: what OpenSim gave for one
// trial.
type MuscleTrial struct {
	Name   string      // such as "trial_12"
	Length [][]float64 // mm, [39][sample]
	Joints [][]float64 // deg, [4][sample]; nil where the export has none
	Hand   [][]float64 // cm, W axes, [3][sample]; nil where the export has none
}

// ReadMuscles reads the paper's pickled muscle dictionaries once exported to
// .npz: arrays named trial/quantity, in the order of the dictionary. No pickle
// is executed here; the export is a few lines of Python:
//
//	import pickle, numpy as np
//	d = pickle.load(open("Snap_20190829_mod.pkl", "rb"))
//	np.savez_compressed("Snap_20190829_mod.npz",
//	    **{f"{t}/{k}": v for t, q in d.items() for k, v in q.items()})
//
// Quantities read are muscle_len [39][T] mm, joint_coords [4][T] deg and
// endeffector_coords [3][T] cm. drop names entries to leave out: the published
// code drops trial_71, trial_412 and trial_725 of Lando.
func ReadMuscles(path string, drop ...string) ([]MuscleTrial, error) {
	z, err := zip.OpenReader(path)
	if err != nil {
		return nil, fmt.Errorf("recording: %s: an .npz file expected: %w", path, err)
	}
	defer z.Close()
	var out []MuscleTrial
	at := map[string]int{}
	budget := fileBytes
	for _, f := range z.File {
		name, quantity, ok := strings.Cut(strings.TrimSuffix(f.Name, ".npy"), "/")
		if !ok {
			return nil, fmt.Errorf("recording: %s: array %q: a name trial/quantity expected", path, f.Name)
		}
		var rows int
		switch quantity {
		case "muscle_len":
			rows = NumMuscles
		case "joint_coords":
			rows = 4
		case "endeffector_coords":
			rows = 3
		default:
			continue
		}
		m, err := readNPY(f, rows, &budget)
		if err != nil {
			return nil, fmt.Errorf("recording: %s: %s: %w", path, f.Name, err)
		}
		i, seen := at[name]
		if !seen {
			i = len(out)
			at[name] = i
			out = append(out, MuscleTrial{Name: name})
		}
		switch quantity {
		case "muscle_len":
			out[i].Length = m
		case "joint_coords":
			out[i].Joints = m
		default:
			out[i].Hand = m
		}
	}
	kept := out[:0]
	for _, t := range out {
		if t.Length == nil {
			return nil, fmt.Errorf("recording: %s: %s has no muscle_len", path, t.Name)
		}
		gone := false
		for _, d := range drop {
			gone = gone || d == t.Name
		}
		if !gone {
			kept = append(kept, t)
		}
	}
	if len(kept) == 0 {
		return nil, fmt.Errorf("recording: %s: no trials: arrays named trial/muscle_len expected", path)
	}
	return kept, nil
}

var npyHeader = regexp.MustCompile(`^\s*\{\s*'descr':\s*'([<|=]?[fiu][1248])',\s*'fortran_order':\s*(True|False),\s*'shape':\s*\((\d+),\s*(\d+),?\s*\),?\s*\}\s*$`)

// readNPY reads a matrix of so many rows from an archive's .npy file. Nothing is
// taken on trust: the size in the header must be that of the file.
func readNPY(f *zip.File, rows int, budget *int64) ([][]float64, error) {
	r, err := f.Open()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	var head [10]byte
	if _, err := io.ReadFull(r, head[:]); err != nil || string(head[:6]) != "\x93NUMPY" {
		return nil, fmt.Errorf("no .npy header")
	}
	n, lead := int64(binary.LittleEndian.Uint16(head[8:])), int64(10)
	if head[6] > 1 {
		var more [2]byte
		if _, err := io.ReadFull(r, more[:]); err != nil {
			return nil, fmt.Errorf("no .npy header")
		}
		n |= int64(binary.LittleEndian.Uint16(more[:])) << 16
		lead = 12
	}
	if n > 1<<14 {
		return nil, fmt.Errorf("a header of %d bytes, at most %d expected", n, 1<<14)
	}
	text := make([]byte, n)
	if _, err := io.ReadFull(r, text); err != nil {
		return nil, fmt.Errorf("header cut short: %w", err)
	}
	m := npyHeader.FindStringSubmatch(string(text))
	if m == nil {
		return nil, fmt.Errorf("header %.80q: a little-endian matrix of numbers expected", text)
	}
	kind, size := m[1][len(m[1])-2], int64(m[1][len(m[1])-1]-'0')
	h, err1 := strconv.ParseInt(m[3], 10, 32)
	w, err2 := strconv.ParseInt(m[4], 10, 32)
	if err1 != nil || err2 != nil || h != int64(rows) || kind == 'f' && size < 4 {
		return nil, fmt.Errorf("%s of shape (%s, %s): %d rows of numbers expected", m[1], m[3], m[4], rows)
	}
	if int64(f.UncompressedSize64) != lead+n+h*w*size {
		return nil, fmt.Errorf("%d bytes for shape (%d, %d) of %s", f.UncompressedSize64, h, w, m[1])
	}
	if *budget -= 8 * h * w; *budget < 0 {
		return nil, fmt.Errorf("the arrays take more memory than %d bytes", fileBytes)
	}
	out := make([][]float64, h)
	fortran := m[2] == "True"
	// Memory grows with what is there to read, not with what the header says.
	buf := make([]byte, size*4096)
	for i := range out {
		out[i] = make([]float64, 0, min(w, 4096))
	}
	for at, total := int64(0), h*w; at < total; {
		k := min(4096, total-at)
		if _, err := io.ReadFull(r, buf[:k*size]); err != nil {
			return nil, fmt.Errorf("values cut short: %w", err)
		}
		for j := range k {
			v := number(buf[j*size:(j+1)*size], kind)
			row := (at + j) / w
			if fortran {
				row = (at + j) % h
			}
			out[row] = append(out[row], v)
		}
		at += k
	}
	return out, nil
}

func number(b []byte, kind byte) float64 {
	var u uint64
	for i, x := range b {
		u |= uint64(x) << (8 * i)
	}
	switch {
	case kind == 'f' && len(b) == 8:
		return math.Float64frombits(u)
	case kind == 'f':
		return float64(math.Float32frombits(uint32(u)))
	case kind == 'i':
		shift := 64 - 8*len(b)
		return float64(int64(u<<shift) >> shift)
	}
	return float64(u)
}

// replaceMuscles takes the muscle lengths of a dictionary: its k-th entry is that
// of the k-th rewarded trial, as in the published code. Unrewarded trials get NaN.
func (s *Session) replaceMuscles(trials []MuscleTrial) error {
	n := s.Bins() * s.PerBin()
	s.Muscles = make([][]float64, NumMuscles)
	for m := range s.Muscles {
		s.Muscles[m] = make([]float64, n)
		for t := range s.Muscles[m] {
			s.Muscles[m][t] = math.NaN()
		}
	}
	k := 0
	for i := range s.Trials {
		t := &s.Trials[i]
		if !t.Rewarded {
			continue
		}
		if k == len(trials) {
			return fmt.Errorf("%d muscle trials for more rewarded ones", len(trials))
		}
		lo, hi := t.Start*s.PerBin(), t.End*s.PerBin()
		if got := len(trials[k].Length[0]); got != hi-lo {
			return fmt.Errorf("muscles of %s have %d samples, rewarded trial %d (id %d) has %d", trials[k].Name, got, k, t.ID, hi-lo)
		}
		for m, row := range trials[k].Length {
			copy(s.Muscles[m][lo:hi], row)
		}
		k++
	}
	if k != len(trials) {
		return fmt.Errorf("%d muscle trials for %d rewarded ones", len(trials), k)
	}
	return nil
}
