package train

import (
	"time"

	"github.com/spindle-lab/spindle/lib/run"
)

// A Point of a run's history is made at each validation.
type Point struct {
	Step      int     // steps done before this one; the first is 0
	Epoch     float64 // Step in passes over the training samples
	TrainLoss float64 // mean over the steps since the last point
	ValLoss   float64
	Metric    float64 // on the validation set, in the task's unit
	LR        float64 // of the steps that follow
	Best      bool    // a new lowest ValLoss
	Seconds   float64 // since the start of the run, over all its sessions
}

// An Event is what a hook is told.
type Event struct {
	Step, Total int     // steps done and to do
	Loss        float64 // of the last step's batch
	Point       *Point  // set after a validation
	// History are all points so far, and Losses the loss of every step so far.
	// They belong to the run and must not be changed.
	History  []Point
	Losses   []float32
	Task     string
	Metric   string // name and unit of the metric
	LossName string // name and unit of the loss
	Name     string // of the network
}

// A Hook is called after every step, on the goroutine of the run. If it returns
// false the run ends early: it is saved, tested and returned as if it had been
// that long.
type Hook func(e Event) bool

// Report returns a hook that reports steps and losses to p, at most five times
// a second.
func Report(p run.Progress) Hook {
	var last time.Time
	return func(e Event) bool {
		if now := time.Now(); e.Step == e.Total || e.Point != nil || now.Sub(last) > 200*time.Millisecond {
			last = now
			p.Report(e.Step, e.Total, note(e))
		}
		return true
	}
}

// Live returns a hook that calls draw with the run so far after a validation
// and at the end, but not more often than every so many seconds: for a curve
// that grows in a notebook.
func Live(seconds float64, draw func(e Event)) Hook {
	var last time.Time
	return func(e Event) bool {
		due := time.Since(last).Seconds() >= seconds
		if e.Step == e.Total || (e.Point != nil && due) {
			last = time.Now()
			draw(e)
		}
		return true
	}
}

// StopAt returns a hook that ends a run once the metric on the validation
// set is as good as goal: at least goal where less is worse, at most goal
// otherwise.
func StopAt(goal float64, moreIsBetter bool) Hook {
	return func(e Event) bool {
		if e.Point == nil {
			return true
		}
		if moreIsBetter {
			return e.Point.Metric < goal
		}
		return e.Point.Metric > goal
	}
}
