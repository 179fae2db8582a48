package figure

import (
	"context"
	"math"

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
		for i, p := range r.History {
			if i > 0 { // before the first step there is no training loss
				c.Step, c.Loss = append(c.Step, float64(p.Step)), append(c.Loss, p.TrainLoss)
			}
			v.Step, v.Loss = append(v.Step, float64(p.Step)), append(v.Loss, p.ValLoss)
		}
		curves = append(curves, c, v)
	}
	return LossCurves(title, "as trained", curves)
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
