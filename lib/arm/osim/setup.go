package osim

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/spindle-lab/spindle/lib/arm"
)

// MarkerTask is the weight of a marker in inverse kinematics.
type MarkerTask struct {
	Name   string
	Apply  bool
	Weight float64
}

// CoordinateTask pulls a coordinate towards a value in inverse kinematics.
type CoordinateTask struct {
	Name   string
	Apply  bool
	Weight float64
	Kind   string  // "default_value", "manual_value" or "from_file"
	Value  float64 // rad or m, for manual_value
}

// Tasks are the tasks of an IKTaskSet.
type Tasks struct {
	Markers     []MarkerTask
	Coordinates []CoordinateTask
}

// IKSetup is a set-up file of OpenSim's inverse kinematics tool. Its files are
// paths from the folder of the set-up file, "" where it names none.
type IKSetup struct {
	Name             string
	ModelFile        string
	MarkerFile       string
	CoordinateFile   string
	OutputFile       string
	Range            [2]float64 // s
	ConstraintWeight float64
	Accuracy         float64
	Tasks            Tasks
}

// ReadIKSetup reads a set-up file of the inverse kinematics tool, and the file
// of its tasks where that is another one, which must stand beside it.
func ReadIKSetup(path string) (*IKSetup, error) {
	root, err := parseFile(path)
	if err != nil {
		return nil, err
	}
	d := &doc{file: path}
	e := root
	if e.tag == "OpenSimDocument" {
		// The second spelling is that of OpenSim's own example.
		if e = root.child("InverseKinematicsTool", "InverseKinemtaticsTool"); e == nil {
			return nil, d.errorf(root, "no InverseKinematicsTool")
		}
	} else if e.tag != "InverseKinematicsTool" {
		return nil, d.errorf(e, "expected an InverseKinematicsTool")
	}
	s := &IKSetup{Name: e.name, ConstraintWeight: math.Inf(1), Accuracy: 1e-5, Range: [2]float64{math.Inf(-1), math.Inf(1)}}
	for tag, dst := range map[string]*string{
		"model_file": &s.ModelFile, "marker_file": &s.MarkerFile, "coordinate_file": &s.CoordinateFile, "output_motion_file": &s.OutputFile,
	} {
		if name := d.word(e, tag); name != "" && name != "Unassigned" {
			*dst = filepath.Join(filepath.Dir(path), filepath.FromSlash(name))
		}
	}
	weight, accuracy := []float64{s.ConstraintWeight}, []float64{s.Accuracy}
	for tag, dst := range map[string][]float64{"time_range": s.Range[:], "constraint_weight": weight, "accuracy": accuracy} {
		p := e.child(tag)
		if p == nil {
			continue
		}
		v, err := d.sequence(p)
		if err != nil {
			return nil, err
		}
		if len(v) != len(dst) {
			return nil, d.errorf(p, "%d numbers, expected %d", len(v), len(dst))
		}
		copy(dst, v)
	}
	s.ConstraintWeight, s.Accuracy = weight[0], accuracy[0]
	set := e.child("IKTaskSet")
	switch {
	case set == nil:
		return nil, d.errorf(e, "no IKTaskSet")
	case set.file != "":
		if !filepath.IsLocal(set.file) {
			return nil, d.errorf(set, "file %.80q does not stand beside the set-up file", set.file)
		}
		s.Tasks, err = ReadTasks(filepath.Join(filepath.Dir(path), filepath.FromSlash(set.file)))
	default:
		s.Tasks, err = d.tasks(set)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// ReadTasks reads a file with an IKTaskSet.
func ReadTasks(path string) (Tasks, error) {
	root, err := parseFile(path)
	if err != nil {
		return Tasks{}, err
	}
	d := &doc{file: path}
	e := root
	if e.tag == "OpenSimDocument" {
		e = root.child("IKTaskSet")
	}
	if e == nil || e.tag != "IKTaskSet" {
		return Tasks{}, d.errorf(root, "expected an IKTaskSet")
	}
	return d.tasks(e)
}

func parseFile(path string) (*element, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return parseXML(f, path)
}

func (d *doc) tasks(set *element) (t Tasks, err error) {
	for _, e := range set.objects() {
		if e.tag != "IKMarkerTask" && e.tag != "IKCoordinateTask" {
			return t, d.errorf(e, "a task of class %s is not supported", e.tag)
		}
		apply, err := d.flag(e, true, "apply")
		if err != nil {
			return t, err
		}
		weight := [1]float64{1}
		if err := d.numbers(e, weight[:], "weight"); err != nil {
			return t, err
		}
		if weight[0] < 0 {
			return t, d.errorf(e, "weight %v is negative", weight[0])
		}
		if e.tag == "IKMarkerTask" {
			t.Markers = append(t.Markers, MarkerTask{e.name, apply, weight[0]})
			continue
		}
		c := CoordinateTask{Name: e.name, Apply: apply, Weight: weight[0], Kind: d.word(e, "value_type")}
		switch c.Kind {
		case "":
			c.Kind = "default_value"
		case "default_value", "manual_value", "from_file":
		default:
			return t, d.errorf(e, "value_type %.40q: expected default_value, manual_value or from_file", c.Kind)
		}
		var v [1]float64
		if err := d.numbers(e, v[:], "value"); err != nil {
			return t, err
		}
		c.Value = v[0]
		t.Coordinates = append(t.Coordinates, c)
	}
	return t, nil
}

// IK prepares the inverse kinematics of a model for these tasks: over the
// markers that have a task and that the model knows among names, those of the
// file of observations. Frames of the result take the observations at columns,
// in this order. Targets are the defaults of the model and the values of the
// tasks; one whose values come from a file is an error, unless it has no
// weight.
func (t *Tasks) IK(m *arm.Model, quirks arm.Quirks, names []string) (k *arm.IK, columns []int, err error) {
	var used []string
	var weights []float64
	for _, task := range t.Markers {
		if _, ok := m.MarkerIndex(task.Name); !ok || !task.Apply {
			continue
		}
		for i, n := range names {
			if n == task.Name {
				used, weights, columns = append(used, n), append(weights, task.Weight), append(columns, i)
				break
			}
		}
	}
	if len(used) == 0 {
		return nil, nil, fmt.Errorf("osim: no marker has a task, a place in model %s and observations", m.Name)
	}
	if k, err = arm.NewIK(m, quirks, used, weights); err != nil {
		return nil, nil, err
	}
	for _, task := range t.Coordinates {
		if !task.Apply || task.Weight == 0 {
			continue
		}
		i, ok := m.CoordinateIndex(task.Name)
		if !ok {
			return nil, nil, fmt.Errorf("osim: task for coordinate %q: model %s has none (it has %s)", task.Name, m.Name, coordinateNames(m))
		}
		switch task.Kind {
		case "default_value":
			k.Target(i, m.Coordinates[i].Default, task.Weight)
		case "manual_value":
			k.Target(i, task.Value, task.Weight)
		default:
			return nil, nil, fmt.Errorf("osim: task for coordinate %q takes its values from a file: not supported", task.Name)
		}
	}
	return k, columns, nil
}

func coordinateNames(m *arm.Model) string {
	var names []string
	for i := range m.Coordinates {
		names = append(names, m.Coordinates[i].Name)
	}
	return strings.Join(names, ", ")
}
