package stroke

import (
	"fmt"
	"path/filepath"

	"github.com/spindle-lab/spindle/lib/format/matfile"
)

// Credit is the citation that the licence of the UCI strokes (CC BY 4.0) asks for.
const Credit = "Character Trajectories, B. H. Williams (2008), UCI Machine Learning Repository, CC BY 4.0"

const (
	maxStrokes = 1 << 20 // bounds on what a file may ask us to hold
	maxSamples = 1 << 16
)

// ReadUCI reads the UCI Character Trajectories: a MAT v5 file with the cell
// array mixout, each cell [3, time] (x velocity, y velocity, pen force; the
// force is not used), and the labels 1 to 20, either in a variable charlabels or
// in a struct consts, as the original mixoutALL_shifted.mat has them (a field
// charlabels, else the fifth).
func ReadUCI(path string) (*Set, error) {
	f, err := matfile.Read(path)
	if err != nil {
		return nil, fmt.Errorf("stroke: %w", err)
	}
	s, err := fromMAT(f)
	if err != nil {
		return nil, fmt.Errorf("stroke: %s: %w", path, err)
	}
	s.Source = fmt.Sprintf("%d pen strokes of %s (%s)", len(s.Strokes), Credit, filepath.Base(path))
	return s, nil
}

func fromMAT(f *matfile.File) (*Set, error) {
	mixout := f.Vars["mixout"]
	if mixout == nil || mixout.Cells == nil {
		return nil, fmt.Errorf("no cell array mixout: want the UCI Character Trajectories; the file holds %v", f.Names)
	}
	if len(mixout.Cells) > maxStrokes {
		return nil, fmt.Errorf("mixout has %d cells, want at most %d", len(mixout.Cells), maxStrokes)
	}
	labels, err := findLabels(f)
	if err != nil {
		return nil, err
	}
	if len(labels) != len(mixout.Cells) {
		return nil, fmt.Errorf("%d labels for the %d cells of mixout", len(labels), len(mixout.Cells))
	}
	set := &Set{Strokes: make([]Stroke, 0, len(mixout.Cells))}
	for i, cell := range mixout.Cells {
		vx, vy, err := velocities(cell)
		if err != nil {
			return nil, fmt.Errorf("mixout{%d}: %w", i+1, err)
		}
		s, err := FromVelocity(labels[i], vx, vy)
		if err != nil {
			return nil, fmt.Errorf("mixout{%d}: %w", i+1, err)
		}
		set.Strokes = append(set.Strokes, s)
	}
	if len(set.Strokes) == 0 {
		return nil, fmt.Errorf("mixout is empty")
	}
	return set, nil
}

// velocities takes the first two rows of a [3, time] array (column-major).
func velocities(a *matfile.Array) (vx, vy []float64, err error) {
	if a == nil || len(a.Dims) != 2 || a.Dims[0] != 3 {
		return nil, nil, fmt.Errorf("shape %v, want [3, time] (x velocity, y velocity, force)", dims(a))
	}
	n := a.Dims[1]
	if n > maxSamples {
		return nil, nil, fmt.Errorf("%d samples, want at most %d", n, maxSamples)
	}
	if len(a.Real) != 3*n {
		return nil, nil, fmt.Errorf("%d numbers for shape %v", len(a.Real), a.Dims)
	}
	vx, vy = make([]float64, n), make([]float64, n)
	for i := range n {
		vx[i], vy[i] = a.Real[3*i], a.Real[3*i+1]
	}
	return vx, vy, nil
}

func dims(a *matfile.Array) []int {
	if a == nil {
		return nil
	}
	return a.Dims
}

func findLabels(f *matfile.File) ([]int, error) {
	const want = "want the labels 1 to 20 in charlabels, or in a struct consts as its field charlabels or its fifth field"
	a, where := f.Vars["charlabels"], "charlabels"
	if a == nil {
		consts := f.Vars["consts"]
		if consts == nil || consts.Struct == nil {
			return nil, fmt.Errorf("neither charlabels nor a struct consts: %s; the file holds %v", want, f.Names)
		}
		field := "charlabels"
		if consts.Struct[field] == nil {
			if len(consts.Fields) < 5 {
				return nil, fmt.Errorf("consts has the fields %v: %s", consts.Fields, want)
			}
			field = consts.Fields[4]
		}
		if len(consts.Struct[field]) != 1 {
			return nil, fmt.Errorf("consts.%s has %d elements, want 1", field, len(consts.Struct[field]))
		}
		a, where = consts.Struct[field][0], "consts."+field
	}
	if a == nil {
		return nil, fmt.Errorf("%s is empty: %s", where, want)
	}
	labels := make([]int, len(a.Real))
	for i, v := range a.Real {
		l := int(v)
		if float64(l) != v || l < 1 || l > len(Letters) {
			return nil, fmt.Errorf("%s(%d) is %v, want a label from 1 to %d", where, i+1, v, len(Letters))
		}
		labels[i] = l
	}
	return labels, nil
}
