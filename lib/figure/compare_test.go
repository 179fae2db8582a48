package figure

import (
	"math"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/movement"
	"github.com/spindle-lab/spindle/lib/probe"
	"github.com/spindle-lab/spindle/lib/stats"
	"github.com/spindle-lab/spindle/lib/task"
)

// wide are the panels that need a page's width, with their height in mm.
var wide = map[string]float64{"by_task": 170, "pipeline": 55, "correlations": 80}

// layerScores is a small table of all kinds of models, made here: 6 networks of
// 3 layers on 2 tasks with their untrained twins, a data-driven network and a
// linear model, 2 animals, 2 conditions, 8 units.
func layerScores() []probe.Score {
	var out []probe.Score
	add := func(taskName, name, family, monkey, condition string, layers int, metric, ev float64) {
		for l := 0; l < layers; l++ {
			s := probe.Score{Model: probe.Model{Task: taskName, Name: name, Family: family, Monkey: monkey, Session: monkey, Condition: condition},
				Layer: l, LayerType: family, MaxLayer: layers, TestMetric: metric, Units: 8}
			for u := 0; u < 8; u++ {
				v := ev + 0.02*math.Sin(float64(3*u+l)) - 0.01*math.Abs(float64(l-1))
				s.UnitIDs = append(s.UnitIDs, u)
				s.EVTrain, s.EVTest = append(s.EVTrain, v+0.01), append(s.EVTest, v)
			}
			s.MeanTrain, s.MeanTest, s.MedianTest = mean(s.EVTrain), mean(s.EVTest), probe.Median(s.EVTest)
			out = append(out, s)
		}
	}
	for m, monkey := range []string{"Han", "Chips"} {
		for c, condition := range []string{"active", "passive"} {
			base := 0.1 + 0.05*float64(m) - 0.03*float64(c)
			for n := 0; n < 6; n++ {
				name := "net" + string(rune('a'+n))
				wobble := 0.01 * math.Sin(float64(5*n+m+c))
				add("regression", name, "spatiotemporal", monkey, condition, 3, 1+0.2*float64(n), base+0.03-0.004*float64(n)+wobble)
				add("classification", name, "spatiotemporal", monkey, condition, 3, 0.3+0.1*float64(n), base+0.01+0.004*float64(n)+wobble)
				add(probe.Untrained, name, "spatiotemporal", monkey, condition, 3, math.NaN(), base+wobble/2)
			}
			add(probe.DataDriven, "driven", "lstm", monkey, condition, 3, math.NaN(), base+0.02)
			add("linear", "pos_vel", "pos_vel", monkey, condition, 1, math.NaN(), base-0.05)
			out[len(out)-1].LayerType = "linear"
		}
	}
	return out
}

// allTasks gives every task of the table some networks of every family.
func allTasks() []Score {
	var out []Score
	for i, t := range task.All() {
		for f, family := range families {
			for d := 1; d <= 12; d += 1 + f {
				out = append(out, Score{Task: t.Name, Family: family, Depth: d, Value: 1 + float64(i) + math.Sin(float64(d*(f+1)))/float64(d)})
			}
		}
	}
	return out
}

func writing(n int) movement.Movement {
	m := movement.Movement{Plane: movement.Horizontal}
	for d := 0; d < 3; d++ {
		m.Pen, m.Elbow, m.Hand = append(m.Pen, nil), append(m.Elbow, nil), append(m.Hand, nil)
	}
	for t := 0; t < n; t++ {
		a := 2 * math.Pi * float64(t) / float64(n)
		for d, x := range []float64{24 + 3*math.Cos(a), -4 + 3*math.Sin(2*a), -10} {
			m.Pen[d], m.Hand[d] = append(m.Pen[d], x), append(m.Hand[d], x)
			m.Elbow[d] = append(m.Elbow[d], x*0.4+float64(d))
		}
	}
	m.Joints, m.Muscles = wave(4, n), wave(39, n)
	return m
}

// drawn fails the test unless the panel can be drawn in all three forms and has
// ink enough for a word.
func drawn(t *testing.T, name string, p *Panel) {
	t.Helper()
	defer func() {
		if e := recover(); e != nil {
			t.Errorf("%s: panic: %v", name, e)
		}
	}()
	f := Compose("f", 60, 40, 1, p)
	img := f.image()
	ink := 0
	for y := 0; y < img.Bounds().Dy(); y++ {
		for x := 0; x < img.Bounds().Dx(); x++ {
			if r, _, _, _ := img.At(x, y).RGBA(); r < 0xc000 {
				ink++
			}
		}
	}
	if ink < 50 {
		t.Errorf("%s: the box is empty", name)
	}
	if svg := f.SVG(); strings.Contains(svg, "NaN") {
		t.Errorf("%s: NaN in the drawing", name)
	}
}

// Correlations are those of the best layers: r against stats.Pearson on values
// picked by hand from the table above.
func TestCorrelations(t *testing.T) {
	scores := layerScores()
	var x, y []float64
	for _, s := range Best(scores) {
		if s.Task == "classification" && s.Monkey == "Chips" && s.Condition == "active" {
			x, y = append(x, s.TestMetric), append(y, s.MeanTest)
		}
	}
	want, err := stats.Pearson(x, y)
	if err != nil || want.N != 6 {
		t.Fatalf("%+v, %v", want, err)
	}
	found := 0
	for _, c := range Correlations(scores) {
		if c.Task == "classification" && c.Monkey == "Chips" && c.Condition == "active" {
			found++
			if c.Correlation != want {
				t.Errorf("correlation %+v, want %+v", c.Correlation, want)
			}
		}
		if c.Task == probe.Untrained || c.Task == "linear" {
			t.Errorf("a correlation over %s", c.Task)
		}
	}
	if found != 1 {
		t.Errorf("found %d times", found)
	}
	if n := len(Correlations(scores)); n != 8 { // 2 tasks, 2 animals, 2 conditions
		t.Errorf("%d correlations, want 8", n)
	}
}

// A recording whose file names no animal, as that of spykesML, is not drawn as
// that of one called unknown; the numbers keep what the table of scores has.
func TestAnimalNotNamed(t *testing.T) {
	for _, monkey := range []string{"unknown", ""} {
		scores := layerScores()
		for i := range scores {
			scores[i].Monkey = monkey
		}
		for name, p := range map[string]*Panel{
			"Correlation":          Correlation("regression", tableOf(scores)),
			"CorrelationByTask":    CorrelationByTask("t", scores),
			"BestLayersByAnimal":   BestLayersByAnimal("t", "regression", scores, 0),
			"ActiveAgainstPassive": ActiveAgainstPassive("t", scores),
		} {
			svg := Compose("f", DoubleColumn, 80, 1, p).SVG()
			if !strings.Contains(svg, "animal not named") || strings.Contains(svg, ">unknown") {
				t.Errorf("%s of animal %q: the picture does not say that it is not named", name, monkey)
			}
			if name == "Correlation" && p.Data.Rows[0][0] != monkey {
				t.Errorf("%s: %v among the numbers, want %q as in the scores", name, p.Data.Rows[0][0], monkey)
			}
		}
		for _, row := range CorrelationTable(Correlations(scores)).Rows {
			if row[1] != "animal not named" {
				t.Errorf("CorrelationTable: animal %v", row[1])
			}
		}
	}
	if got := animalName("Han"); got != "Han" {
		t.Errorf("Han is called %q", got)
	}
}
