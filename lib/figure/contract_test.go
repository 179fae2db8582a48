package figure

import (
	"go/ast"
	"go/parser"
	"go/token"
	"math"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/arm"
	"github.com/spindle-lab/spindle/lib/movement"
	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/probe"
	"github.com/spindle-lab/spindle/lib/stats"
	"github.com/spindle-lab/spindle/lib/stroke"
	"github.com/spindle-lab/spindle/lib/task"
	"github.com/spindle-lab/spindle/lib/train"
)

// bad inputs: the values that a panel is given, and layer scores of that kind.
type badInput struct {
	v      []float64
	scores []probe.Score
}

// tableOf is a table of units with the scores of layers.
func tableOf(scores []probe.Score) *probe.Table {
	t := &probe.Table{}
	for i := range scores {
		s := &scores[i]
		for j, u := range s.UnitIDs {
			t.Rows = append(t.Rows, probe.Row{Unit: u, Task: s.Task, Model: s.Name, Family: s.Family, TestMetric: s.TestMetric, Monkey: s.Monkey,
				Session: s.Session, Condition: s.Condition, Layer: s.Layer, LayerType: s.LayerType, MaxLayer: s.MaxLayer, EVTrain: s.EVTrain[j], EVTest: s.EVTest[j]})
		}
	}
	return t
}

// trainedNetworks are results with the given test metrics and losses.
func trainedNetworks(v []float64) []*train.Result {
	k, err := task.Lookup("classification")
	if err != nil {
		panic(err)
	}
	var out []*train.Result
	for i, x := range v {
		r := &train.Result{Task: k, Model: &task.Model{Task: k, Outputs: 20}, Test: x, UntrainedTest: x / 2, Metric: "accuracy"}
		r.Config.Arch = net.Arch{Family: net.Family(families[i%3])}
		for step := range 50 {
			r.Losses = append(r.Losses, float32(x*math.Exp(-float64(step)/20)))
		}
		r.History = []train.Point{{Step: 0, ValLoss: x}, {Step: 49, ValLoss: x / 4}}
		out = append(out, r)
	}
	return out
}

func rowsOf(v []float64, n int) [][]float64 { return slices.Repeat([][]float64{v}, n) }

func scoresOf(v []float64) (s []Score) {
	for _, x := range v {
		s = append(s, Score{Task: "regression", Family: "lstm", Depth: 2, Value: x})
	}
	return s
}

func pointsOf(v []float64) (p []TaskPoint) {
	for _, x := range v {
		p = append(p, TaskPoint{Task: "regression", Group: "hand state", X: x, Y: x, Mean: x})
	}
	return p
}

// onBadInput calls every function that makes a panel. [TestEveryPanel] fails
// for one that is not here.
var onBadInput = map[string]func(in badInput) *Panel{
	"Letters":             func(in badInput) *Panel { return Letters([]stroke.Stroke{{Label: 1, X: in.v, Y: in.v}}, "a", 1) },
	"TimeCourses":         func(in badInput) *Panel { return TimeCourses([]stroke.Stroke{{Label: 1, X: in.v, Y: in.v}}, "a", 1) },
	"Augmentation":        func(in badInput) *Panel { return Augmentation(stroke.Stroke{Label: 1, X: in.v, Y: in.v}, 1.3, 0.8) },
	"Trace":               func(in badInput) *Panel { return Trace("t", rowsOf(in.v, 3), true) },
	"ArmPoses":            func(in badInput) *Panel { return ArmPoses("t", rowsOf(in.v, 3), rowsOf(in.v, 3), 1) },
	"Joints":              func(in badInput) *Panel { return Joints("t", rowsOf(in.v, 4)) },
	"Muscles":             func(in badInput) *Panel { return Muscles("t", "mm", rowsOf(in.v, 5)) },
	"MuscleVelocities":    func(in badInput) *Panel { return MuscleVelocities("t", rowsOf(in.v, 5)) },
	"ParallelCoordinates": func(in badInput) *Panel { return ParallelCoordinates("t", rowsOf(in.v, 4), 1, Blue) },
	"Hands": func(in badInput) *Panel {
		c := Cloud{Name: "c"}
		for _, x := range in.v {
			c.At = append(c.At, [3]float64{x, x, x})
		}
		return Hands("t", c)
	},
	"LossCurves":      func(in badInput) *Panel { return LossCurves("t", "u", []Curve{{Name: "c", Step: in.v, Loss: in.v}}) },
	"Training":        func(in badInput) *Panel { return Training("t", trainedNetworks(in.v)) },
	"Performance":     func(in badInput) *Panel { return Performance("t", trainedNetworks(in.v)) },
	"TaskPerformance": func(in badInput) *Panel { return TaskPerformance("t", "u", scoresOf(in.v)) },
	"PerformanceByTask": func(in badInput) *Panel {
		return PerformanceByTask("t", append(scoresOf(in.v), PerformancesOf(in.scores)...))
	},
	"ExplainedVariance": func(in badInput) *Panel { return ExplainedVariance("t", []Model{{Name: "m", EV: in.v}}) },
	"Units": func(in badInput) *Panel {
		return Units("t", []probe.Group{{Task: "regression", Family: "lstm", Scores: in.scores}})
	},
	"ByLayer":  func(in badInput) *Panel { return ByLayer("t", []LayerCurve{{Name: "m", EV: in.v}}) },
	"Layers":   func(in badInput) *Panel { return Layers("t", tableOf(in.scores)) },
	"LayersOf": func(in badInput) *Panel { return LayersOf("t", in.scores) },
	"PerformanceAgainstEV": func(in badInput) *Panel {
		return PerformanceAgainstEV("t", "u", []Correlated{{Name: "m", Performance: in.v, EV: in.v, R: nan, Slope: nan}})
	},
	"Correlation":        func(in badInput) *Panel { return Correlation("regression", tableOf(in.scores)) },
	"CorrelationByTask":  func(in badInput) *Panel { return CorrelationByTask("t", in.scores) },
	"BestLayers":         func(in badInput) *Panel { return BestLayers("t", []string{"m"}, [][]int{make([]int, len(in.v))}) },
	"BestLayersOf":       func(in badInput) *Panel { return BestLayersOf("t", tableOf(in.scores)) },
	"BestLayersByAnimal": func(in badInput) *Panel { return BestLayersByAnimal("t", "regression", in.scores, 0) },
	"TaskSpace":          func(in badInput) *Panel { return TaskSpace("t", "PC", pointsOf(in.v)) },
	"TaskSpaceByMean":    func(in badInput) *Panel { return TaskSpaceByMean("t", "PC", pointsOf(in.v)) },
	"TaskMeans":          func(in badInput) *Panel { return TaskMeans("t", &stats.TaskSpace{Means: in.v}, []string{"regression"}) },
	"Heatmap": func(in badInput) *Panel {
		return Heatmap("t", []string{"r"}, make([]string, len(in.v)), [][]float64{in.v}, "u")
	},
	"Paired":                  func(in badInput) *Panel { return Paired("t", "x", "y", []Pairs{{Name: "m", X: in.v, Y: in.v}}) },
	"TrainedAgainstUntrained": func(in badInput) *Panel { return TrainedAgainstUntrained("t", in.scores) },
	"ActiveAgainstPassive":    func(in badInput) *Panel { return ActiveAgainstPassive("t", in.scores) },
	"Rivals":                  func(in badInput) *Panel { return Rivals("t", in.scores) },
	"UnitsAgainst":            func(in badInput) *Panel { return UnitsAgainst("t", in.scores) },
	"Lines": func(in badInput) *Panel {
		return Lines("t", "x", "y", Series{Name: "s", X: in.v, Y: in.v}, Series{X: in.v, Y: in.v, Points: true})
	},
	"Ranking": func(in badInput) *Panel {
		var bars []Bar
		for _, x := range in.v {
			bars = append(bars, Bar{Name: "b", Value: x, Reference: x})
		}
		return Ranking("t", "x", "r", bars)
	},
	"Pipeline": func(in badInput) *Panel {
		return Pipeline("t", movement.Movement{Pen: rowsOf(in.v, 3), Hand: rowsOf(in.v, 3), Elbow: rowsOf(in.v, 3), Joints: rowsOf(in.v, 4), Muscles: rowsOf(in.v, 4)})
	},
	// A posture has a value for each coordinate: all of them the first of the
	// values, or the arm at rest if there is none.
	"Arm": func(in badInput) *Panel {
		m, err := arm.Load("snap")
		if err != nil {
			panic(err)
		}
		s := arm.NewSolver(m, arm.OpenSim40)
		if len(in.v) > 0 {
			s.Set(slices.Repeat(in.v[:1], len(m.Coordinates)))
		}
		return Arm("t", s, ArmView{Reference: m.Defaults()})
	},
	"AgainstAngle": func(in badInput) *Panel {
		return AgainstAngle("t", "elbow", "mm", in.v, []AngleCurve{{Name: "c", Value: in.v}, {Name: "d", Value: in.v, Dashed: true}})
	},
}

// Empty tables, one point, all-equal values, NaN: whatever it is given, a panel
// has something to read; it neither panics nor leaves an empty box.
func TestBadInput(t *testing.T) {
	var same, unknown []probe.Score
	for _, s := range layerScores() {
		s.MeanTest, s.MeanTrain, s.TestMetric = 0.1, 0.1, 0.5
		s.EVTrain, s.EVTest = slices.Repeat([]float64{0.1}, len(s.EVTest)), slices.Repeat([]float64{0.1}, len(s.EVTest))
		same = append(same, s)
		s.MeanTest, s.MeanTrain, s.MedianTest, s.TestMetric = nan, nan, nan, nan
		s.EVTrain, s.EVTest = slices.Repeat([]float64{nan}, len(s.EVTest)), slices.Repeat([]float64{nan}, len(s.EVTest))
		unknown = append(unknown, s)
	}
	for what, in := range map[string]badInput{
		"empty": {},
		"one":   {[]float64{0.1}, layerScores()[:1]},
		"equal": {slices.Repeat([]float64{0.2}, 7), same},
		"NaN":   {[]float64{nan, math.Inf(1), math.Inf(-1)}, unknown},
	} {
		for name, of := range onBadInput {
			func() {
				defer func() {
					if e := recover(); e != nil {
						t.Errorf("%s of %s: panic: %v", name, what, e)
					}
				}()
				drawn(t, name+" of "+what, of(in))
			}()
		}
	}
	drawn(t, "a movement without anything", Pipeline("t", movement.Movement{}))
}

// Every exported function that makes a panel is tried on bad input, and drawn
// by a golden test.
func TestEveryPanel(t *testing.T) {
	files := token.NewFileSet()
	parse := func(keep func(name string) bool) (all []*ast.File) {
		names, err := filepath.Glob("*.go")
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range names {
			if !keep(name) {
				continue
			}
			f, err := parser.ParseFile(files, name, nil, 0)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, f)
		}
		return all
	}
	called := map[string]bool{}
	for _, f := range parse(func(name string) bool { return strings.HasSuffix(name, "_test.go") }) {
		for _, d := range f.Decls {
			if d, ok := d.(*ast.FuncDecl); ok && slices.Contains([]string{"panels", "armPanels"}, d.Name.Name) {
				ast.Inspect(d, func(n ast.Node) bool {
					if c, ok := n.(*ast.CallExpr); ok {
						if id, ok := c.Fun.(*ast.Ident); ok {
							called[id.Name] = true
						}
					}
					return true
				})
			}
		}
	}
	found := 0
	for _, f := range parse(func(name string) bool { return !strings.HasSuffix(name, "_test.go") }) {
		for _, d := range f.Decls {
			d, ok := d.(*ast.FuncDecl)
			if !ok || d.Recv != nil || !d.Name.IsExported() || !makesPanel(d.Type) {
				continue
			}
			found++
			if onBadInput[d.Name.Name] == nil {
				t.Errorf("%s is not tried on bad input", d.Name.Name)
			}
			if !called[d.Name.Name] {
				t.Errorf("%s has no golden test", d.Name.Name)
			}
		}
	}
	if found != len(onBadInput) {
		t.Errorf("%d functions make panels, %d are tried", found, len(onBadInput))
	}
}

func makesPanel(f *ast.FuncType) bool {
	if f.Results == nil {
		return false
	}
	for _, r := range f.Results.List {
		if s, ok := r.Type.(*ast.StarExpr); ok {
			if id, ok := s.X.(*ast.Ident); ok && id.Name == "Panel" {
				return true
			}
		}
	}
	return false
}
