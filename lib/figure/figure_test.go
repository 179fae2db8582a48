package figure

import (
	"bytes"
	"encoding/csv"
	"flag"
	"image/png"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gonum.org/v1/plot/cmpimg"

	"github.com/spindle-lab/spindle/lib/probe"
	"github.com/spindle-lab/spindle/lib/stats"
	"github.com/spindle-lab/spindle/lib/stroke"
	"github.com/spindle-lab/spindle/lib/task"
	"github.com/spindle-lab/spindle/lib/train"
)

var update = flag.Bool("update", false, "write the golden images and numbers anew")

// bow is a stroke that needs no data: half a turn of a spiral.
func bow(label, n int, phase float64) stroke.Stroke {
	s := stroke.Stroke{Label: label}
	for i := 0; i < n; i++ {
		a := phase + math.Pi*float64(i)/float64(n)
		s.X, s.Y = append(s.X, 2.5*math.Cos(a)), append(s.Y, 2.5*math.Sin(a)*float64(i)/float64(n))
	}
	return s
}

func wave(rows, n int) [][]float64 {
	out := make([][]float64, rows)
	for r := range out {
		for t := 0; t < n; t++ {
			out[r] = append(out[r], float64(r)*10+3*math.Sin(float64(t)/8+float64(r)))
		}
	}
	return out
}

func normal(n int, mean, sd float64) []float64 {
	rng := rand.New(rand.NewPCG(1, 2))
	out := make([]float64, n)
	for i := range out {
		out[i] = mean + sd*rng.NormFloat64()
	}
	return out
}

func cloud(n int, r float64) [][3]float64 {
	var at [][3]float64
	for i := 0; i < n; i++ {
		a := float64(i)
		at = append(at, [3]float64{20 + r*math.Cos(a), r * math.Sin(a), r * math.Sin(a*0.37)})
	}
	return at
}

// panels are all panel functions on small inputs made here. Each is drawn,
// compared with its golden image, and its numbers with the golden CSV.
func panels() map[string]*Panel {
	strokes := []stroke.Stroke{bow(1, 60, 0), bow(1, 70, 0.1), bow(2, 80, 0.5), bow(2, 64, 0.6)}
	path := [][]float64{index(40), wave(1, 40)[0], make([]float64, 40)}
	return map[string]*Panel{
		"letters":      Letters(strokes, "ab", 10),
		"time_courses": TimeCourses(strokes, "ab", 10),
		"augmentation": Augmentation(strokes[0], 1.3, 0.8),
		"trace":        Trace("a letter on its plane", path, true),
		"poses":        ArmPoses("arm poses", [][]float64{wave(1, 40)[0], index(40), wave(1, 40)[0]}, path, 5),
		"joints":       Joints("joint angles", wave(4, 60)),
		"muscles":      Muscles("muscle lengths", "muscle length [mm]", wave(39, 60)),
		"parallel":     ParallelCoordinates("recorded", wave(4, 100), 2, Vermillion),
		"hands":        Hands("hand positions", Cloud{Name: "synthetic", At: cloud(200, 12), Color: Blue}, Cloud{Name: "recorded", At: cloud(50, 4), Color: Vermillion}),
		"loss":         LossCurves("training", "cm²", []Curve{{Name: "train", Family: "spatial_temporal", Step: index(20), Loss: wave(1, 20)[0]}, {Name: "validation", Family: "spatiotemporal", Step: index(20), Loss: normal(20, 2, 0.3), Dashed: true}}),
		"performance":  TaskPerformance("Hand position", "mean distance [cm]", []Score{{"regression", "spatiotemporal", 2, 1.2}, {"regression", "spatiotemporal", 2, 1.4}, {"regression", "spatial_temporal", 4, 0.8}, {"regression", "lstm", 2, 0.3}}),
		"ev":           ExplainedVariance("52 units", []Model{{"trained", "hand state", normal(52, 0.2, 0.1)}, {"untrained", "untrained", normal(52, 0.1, 0.1)}, {"linear", "linear", normal(52, 0.05, 0.2)}}),
		"by_layer":     ByLayer("explained variance by layer", []LayerCurve{{Name: "trained", Group: "hand state", EV: []float64{0.1, 0.2, 0.25, 0.2}}, {Name: "untrained", EV: []float64{0.1, 0.12, 0.13, 0.1}, Dashed: true}}),
		"correlation":  PerformanceAgainstEV("Action recognition", "test accuracy", []Correlated{{Name: "Han", Performance: []float64{0.5, 0.7, 0.9}, EV: []float64{0.05, 0.08, 0.09}, R: 0.96, P: 0.18, Slope: 0.1, Icpt: 0.003}}),
		"best_layers":  BestLayers("Action recognition", []string{"trained", "untrained"}, [][]int{{1, 2, 2, 3}, {1, 1, 4}}),
		"task_space":   TaskSpace("task space", "PC", []TaskPoint{{"regression", "hand state", 0, 0, 1}, {"bt", "efficient coding", 1, 1, -1}, {"classification", "action recognition", 1, 0, 0}}),
		"by_mean":      TaskSpaceByMean("task space", "PC", []TaskPoint{{"regression", "hand state", 0, 0, 1}, {"bt", "efficient coding", 1, 1, -1}}),
		"paired":       Paired("trained against untrained", "untrained EV", "trained EV", []Pairs{{"hand state", "hand state", normal(20, 0.1, 0.02), normal(20, 0.12, 0.03)}, {"few", "", []float64{0.1, 0.2}, []float64{0.15, 0.2}}}),
		"twins":        TrainedAgainstUntrained("trained against untrained", layerScores()),
		"conditions":   ActiveAgainstPassive("active against passive", layerScores()),
		"rivals":       Rivals("units", layerScores()),
		"against":      UnitsAgainst("units", layerScores()),
		"by_task":      PerformanceByTask("16 tasks", allTasks()),
		"correlations": CorrelationByTask("performance and prediction", layerScores()),
		"animals":      BestLayersByAnimal("best layers", "regression", layerScores(), 3),
		"lines":        Lines("lines", "time [s]", "rate [1/s]", Series{Name: "one", X: index(20), Y: wave(1, 20)[0]}, Series{Name: "two", X: index(20), Y: normal(20, 2, 1), Dashed: true}, Series{Name: "three", X: index(20), Y: normal(20, 4, 1), Points: true}),
		"ranking":      Ranking("mean gain", "mean z", "the paper", []Bar{{"hand", "hand state", 0.5, 0.7}, {"joint", "joint state", -0.4, -0.2}, {"none", "", math.NaN(), math.NaN()}, {"letters", "action recognition", 0.9, math.NaN()}}),
		"pipeline":     Pipeline("the pipeline", writing(60)),
		"velocities":   MuscleVelocities("muscle velocities", wave(39, 60)),
		"training":     Training("action recognition", trainedNetworks([]float64{3, 2.5, 2.8})),
		"accuracy":     Performance("action recognition", trainedNetworks([]float64{0.5, 0.4, 0.7})),
		"units":        Units("units", []probe.Group{{Task: "regression", Family: "spatiotemporal", Scores: layerScores()[:3]}, {Task: "linear", Family: "pos_vel", Scores: layerScores()[3:6]}}),
		"layers":       Layers("by layer", tableOf(layerScores())),
		"layers_of":    LayersOf("by layer", layerScores()[:9]),
		"one_task":     Correlation("regression", tableOf(layerScores())),
		"best_of":      BestLayersOf("best layers", tableOf(layerScores())),
		"task_means":   TaskMeans("mean gain", &stats.TaskSpace{Means: []float64{-1, 0.2, 0.8, 0.5, -0.7, 0.2}}, []string{"regression", "classification", "torque"}),
		"heatmap":      Heatmap("mean EV", []string{"hand", "joint"}, []string{"n1", "n2", "n3"}, [][]float64{{0.1, 0.2, 0.3}, {0.3, math.NaN(), 0.1}}, "EV"),
	}
}

// Images may differ in anti-aliasing between processors: 2 % of the colour
// range per pixel is cmpimg's measure for that. Numbers may not differ at all.
const imageTolerance = 0.02

func TestGolden(t *testing.T) {
	for name, p := range panels() {
		t.Run(name, func(t *testing.T) {
			width, height := SingleColumn, 60.0
			if h := wide[name]; h > 0 {
				width, height = DoubleColumn, h
			}
			f := Compose(name, width, height, 1, p)
			img := f.PNG()
			var numbers bytes.Buffer
			if err := p.Data.WriteCSV(&numbers); err != nil {
				t.Fatal(err)
			}
			base := filepath.Join("testdata", name+"_golden")
			if *update {
				if err := os.WriteFile(base+".png", img, 0o644); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(base+".csv", numbers.Bytes(), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			want, err := os.ReadFile(base + ".png")
			if err != nil {
				t.Fatal(err)
			}
			if ok, err := cmpimg.EqualApprox("png", img, want, imageTolerance); err != nil || !ok {
				t.Errorf("image differs from %s.png (%v); look at it, then run go test ./lib/figure -update", base, err)
			}
			wantCSV, err := os.ReadFile(base + ".csv")
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(numbers.Bytes(), wantCSV) {
				t.Errorf("plotted numbers differ from %s.csv", base)
			}
		})
	}
}

// The axis of a loss names its unit, or says that there is none, in training as
// after it.
func TestUnitOfTheLoss(t *testing.T) {
	for name, label := range map[string][2]string{
		"action_recognition":   {"cross-entropy [nats]", "cross-entropy [nats]"},
		"hand_pos":             {"mean squared error [cm²]", "MSE [cm²]"},
		"hand_pos_vel":         {"MSE [cm², (cm/s)²]", "MSE [cm², (cm/s)²]"},
		"redundancy_reduction": {"Barlow loss (no unit)", "Barlow loss (no unit)"},
	} {
		k, err := task.Lookup(name)
		if err != nil {
			t.Fatal(err)
		}
		losses, points := []float32{3, 2, 1}, []train.Point{{Step: 0, ValLoss: 3}, {Step: 2, ValLoss: 1}}
		m := &task.Model{Task: k}
		for i, p := range [2]*Panel{
			Training(name, []*train.Result{{Task: k, Model: m, Losses: losses, History: points}}),
			livePanel(name, train.Event{Losses: losses, History: points, LossName: m.LossName()}),
		} {
			if svg := Compose("loss", SingleColumn, 60, 1, p).SVG(); !strings.Contains(svg, ">"+label[i]+"<") {
				t.Errorf("%s, panel %d: no axis %q", name, i, label[i])
			}
		}
	}
}

// A panel without data says so; it neither panics nor leaves an empty box.
func TestEmptyInput(t *testing.T) {
	none := []float64{math.NaN(), math.NaN()}
	for name, p := range map[string]*Panel{
		"letters":      Letters(nil, "a", 5),
		"augmentation": Augmentation(stroke.Stroke{Label: 1, X: []float64{0, 1}, Y: []float64{0, 1}}, 1, 1),
		"trace":        Trace("t", nil, true),
		"poses":        ArmPoses("t", nil, nil, 0),
		"joints":       Joints("t", nil),
		"muscles":      Muscles("t", "mm", [][]float64{none}),
		"parallel":     ParallelCoordinates("t", nil, 0, Blue),
		"hands":        Hands("t"),
		"loss":         LossCurves("t", "", []Curve{{Step: none, Loss: none}}),
		"performance":  TaskPerformance("t", "", []Score{{Value: math.NaN()}}),
		"ev":           ExplainedVariance("t", []Model{{Name: "m", EV: none}}),
		"one unit":     ExplainedVariance("t", []Model{{Name: "m", EV: []float64{0.1}}}),
		"by layer":     ByLayer("t", nil),
		"correlation":  PerformanceAgainstEV("t", "", []Correlated{{Name: "m", Performance: none, EV: none}}),
		"one network":  PerformanceAgainstEV("t", "", []Correlated{{Name: "m", Performance: []float64{1}, EV: []float64{1}, R: math.NaN(), Slope: math.NaN()}}),
		"best layers":  BestLayers("t", []string{"m"}, [][]int{nil}),
		"task space":   TaskSpace("t", "PC", nil),
		"all equal":    TaskSpaceByMean("t", "PC", []TaskPoint{{Task: "a"}, {Task: "b"}}),
		"heatmap":      Heatmap("t", nil, nil, nil, ""),
	} {
		img, err := png.Decode(bytes.NewReader(Compose(name, 60, 40, 1, p).PNG()))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		dark := 0
		for y := 0; y < img.Bounds().Dy(); y++ {
			for x := 0; x < img.Bounds().Dx(); x++ {
				if r, _, _, _ := img.At(x, y).RGBA(); r < 0xc000 {
					dark++
				}
			}
		}
		if dark < 50 {
			t.Errorf("%s: the box is empty", name)
		}
	}
}

func TestSaveWritesAllForms(t *testing.T) {
	dir := t.TempDir()
	f := Compose("fig", 80, 50, 2, panels()["loss"], panels()["ev"]).WithCaption("n = %d", 52)
	f.Provenance = map[string]string{"Seed": "7"}
	if _, err := f.Save(dir); err != nil {
		t.Fatal(err)
	}
	svg, err := os.ReadFile(filepath.Join(dir, "fig.svg"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"<title>fig</title>", "n = 52", "Seed: 7", "training step", "Arial"} {
		if !strings.Contains(string(svg), want) {
			t.Errorf("the SVG lacks %q", want)
		}
	}
	pic, err := os.ReadFile(filepath.Join(dir, "fig.png"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := png.Decode(bytes.NewReader(pic)); err != nil {
		t.Errorf("the PNG with its metadata does not decode: %v", err)
	}
	if !bytes.Contains(pic, []byte("Seed\x00")) {
		t.Error("the PNG lacks its provenance")
	}
	if pdf, err := os.ReadFile(filepath.Join(dir, "fig.pdf")); err != nil || !bytes.HasPrefix(pdf, []byte("%PDF")) {
		t.Errorf("PDF: %v", err)
	}
	for _, c := range []string{"fig_a.csv", "fig_b.csv"} {
		raw, err := os.Open(filepath.Join(dir, c))
		if err != nil {
			t.Fatal(err)
		}
		rows, err := csv.NewReader(raw).ReadAll()
		raw.Close()
		if err != nil || len(rows) < 10 {
			t.Errorf("%s: %d rows, %v", c, len(rows), err)
		}
	}
	if _, err := f.Save(filepath.Join(dir, "fig.csv\x00")); err == nil {
		t.Error("an impossible folder gave no error")
	}
}
