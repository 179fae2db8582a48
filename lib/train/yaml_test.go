package train

import (
	"math"
	"reflect"
	"testing"
)

// Styles in which PyYAML writes the published files: lists in block or flow
// style, whole numbers as floats, null, a NumPy float64 as a Python object
// (made with PyYAML 6.0 and NumPy 1.24: yaml.dump({"a": numpy.float64(0.75)})).
const yamlSample = `arch_type: spatial_temporal
experiment_id: 4015
n_skernels:
- 8
- 16
n_tkernels: [32, 64]
model_path: '/media/data_cifs/a: b/models'
nlayers: 2.0
seed: null
s_stride: 2
test_accuracy: !!python/object/apply:numpy.core.multiarray.scalar
- !!python/object/apply:numpy.dtype
  args:
  - f8
  - false
  - true
  state: !!python/tuple
  - 3
  - <
  - null
- !!binary |
  AAAAAAAA6D8=
train_mean: 0  # not used
validation_loss: 1.0e+10
nested:
  a: 1
`

func TestYAML(t *testing.T) {
	m, err := parseYAML([]byte(yamlSample))
	if err != nil {
		t.Fatal(err)
	}
	for key, want := range map[string][]int{"n_skernels": {8, 16}, "n_tkernels": {32, 64}, "nlayers": {2}, "s_stride": {2}} {
		if v, err := m.ints(key); err != nil || !reflect.DeepEqual(v, want) {
			t.Errorf("%s: %v, %v, want %v", key, v, err, want)
		}
	}
	for key, want := range map[string]float64{"test_accuracy": 0.75, "validation_loss": 1e10, "train_mean": 0, "experiment_id": 4015} {
		if v, err := m.float(key); err != nil || v != want {
			t.Errorf("%s: %v, %v, want %v", key, v, err, want)
		}
	}
	if s, err := m.str("model_path"); err != nil || s != "/media/data_cifs/a: b/models" {
		t.Errorf("model_path: %q, %v", s, err)
	}
	if m.has("seed") || !m.has("nested") {
		t.Error("null is there, or the nested key is not")
	}
	for _, key := range []string{"nested", "seed", "none", "arch_type"} {
		if _, err := m.ints(key); err == nil {
			t.Errorf("%s is read as numbers", key)
		}
	}
	for _, bad := range []string{"- 1\n", " a: 1\n", "a\n", "a: 1\na: 2\n", "a: [1, 2\n", "a:b\n"} {
		if _, err := parseYAML([]byte(bad)); err == nil {
			t.Errorf("%q is accepted", bad)
		}
	}
}

func TestYAMLWriter(t *testing.T) {
	var w yamlWriter
	w.put("list", []int{1, 2})
	w.put("none", nil)
	w.put("empty", []int{})
	w.put("f", 1e10)
	w.put("g", 0.5)
	w.put("h", 4.0)
	w.put("nan", math.NaN())
	w.put("s", "it's: a path")
	w.put("n", 7)
	m, err := parseYAML([]byte(w.String()))
	if err != nil {
		t.Fatal(err)
	}
	if v, err := m.ints("list"); err != nil || !reflect.DeepEqual(v, []int{1, 2}) {
		t.Errorf("list %v, %v", v, err)
	}
	if v, err := m.ints("empty"); err != nil || len(v) != 0 {
		t.Errorf("empty %v, %v", v, err)
	}
	for key, want := range map[string]float64{"f": 1e10, "g": 0.5, "h": 4, "n": 7} {
		if v, err := m.float(key); err != nil || v != want {
			t.Errorf("%s: %v, %v", key, v, err)
		}
	}
	if v, err := m.float("nan"); err != nil || !math.IsNaN(v) {
		t.Errorf("nan: %v, %v", v, err)
	}
	if s, _ := m.str("s"); s != "it's: a path" {
		t.Errorf("string %q", s)
	}
}

func FuzzYAML(f *testing.F) {
	f.Add([]byte(yamlSample))
	f.Add([]byte("a: [1, 2\n]\nb: {}\n"))
	f.Fuzz(func(t *testing.T, raw []byte) {
		m, err := parseYAML(raw)
		if err != nil {
			return
		}
		for k := range m {
			m.ints(k)
			m.float(k)
			m.str(k)
		}
		if a, err := archOf(m); err == nil {
			if err := a.Validate(); err != nil {
				t.Errorf("an architecture that is not valid: %v", err)
			}
		}
	})
}
