package figure

import (
	"context"
	"math"
	"strings"

	"github.com/spindle-lab/spindle/lib/display"
	"github.com/spindle-lab/spindle/lib/train"
)

// Training draws the losses of trained networks: lines on the training
// batches, dashed on the validation set.
func Training(title string, results []*train.Result) *Panel {
	var curves []Curve
	for _, r := range results {
		family := string(r.Config.Arch.Family)
		c := Curve{Name: FamilyName(family), Family: family}
		v := Curve{Name: FamilyName(family) + ", validation", Family: family, Dashed: true}
		c.Step, c.Loss = binned(r.Losses, 40)
		for _, p := range r.History {
			v.Step, v.Loss = append(v.Step, float64(p.Step)), append(v.Loss, p.ValLoss)
		}
		curves = append(curves, c, v)
	}
	label := "loss"
	if len(results) > 0 {
		label = lossLabel(results[0].Model.LossName(), false)
	}
	return lossCurves(title, label, curves)
}

// lossLabel is the name of a loss in the length of an axis: shortened where the
// axis is small or the loss adds squares of several units.
func lossLabel(name string, small bool) string {
	switch {
	case name == "":
		return "loss"
	case small || strings.Contains(name, ","):
		return strings.Replace(name, "mean squared error", "MSE", 1)
	}
	return name
}

// LiveCurve returns a hook that shows the loss of the network in training, a
// curve that grows in place after each validation.
func LiveCurve(title string) train.Hook {
	var shown *display.Handle
	return train.Live(1, func(e train.Event) {
		f := Compose("live", SingleColumn, 45, 1, livePanel(title, e))
		if shown == nil {
			shown = display.Live(f)
			return
		}
		shown.Update(f)
	})
}

func livePanel(title string, e train.Event) *Panel {
	c, v := Curve{Name: "training"}, Curve{Name: "validation", Dashed: true}
	c.Step, c.Loss = binned(e.Losses, 60)
	for _, p := range e.History {
		v.Step, v.Loss = append(v.Step, float64(p.Step)), append(v.Loss, p.ValLoss)
	}
	return lossCurves(title+": "+e.Name, lossLabel(e.LossName, true), []Curve{c, v})
}

// binned averages the losses of single batches over at most n spans of steps.
func binned(losses []float32, n int) (step, loss []float64) {
	width := max(1, (len(losses)+n-1)/n)
	for i := 0; i < len(losses); i += width {
		j := min(i+width, len(losses))
		sum := 0.0
		for _, v := range losses[i:j] {
			sum += float64(v)
		}
		step, loss = append(step, float64(i+j-1)/2), append(loss, sum/float64(j-i))
	}
	return step, loss
}

// Performance draws the test metric of trained networks beside that of their
// untrained twins (grey), with chance as a dashed line.
func Performance(title string, results []*train.Result) *Panel {
	if len(results) == 0 {
		return emptyPanel("task_performance", title+": no network")
	}
	label := results[0].Metric
	if u := results[0].Unit; u != "" {
		label += " [" + u + "]"
	}
	var scores, twins []Score
	chance := math.NaN()
	for _, r := range results {
		a := r.Config.Arch
		scores = append(scores, Score{Task: r.Task.Name, Family: string(a.Family), Depth: a.Depth(), Value: r.Test})
		twins = append(twins, Score{Task: r.Task.Name, Family: string(a.Family), Depth: a.Depth(), Value: r.UntrainedTest})
		if c, err := r.Chance(context.Background()); err == nil {
			chance = c
		}
	}
	return taskPerformance(title, label, scores, twins, chance)
}
