package probe

import (
	"fmt"

	"github.com/spindle-lab/spindle/lib/recording"
)

// Components are what a layer is reduced to, over all trials of a session and
// the whole input window.
type Components struct {
	Trials, Time, K int
	Data            []float32 // [trial][time][component]
}

// LayerOptions says how components become regressors. The zero value is the
// published way.
type LayerOptions struct {
	Ridge   RidgeOptions
	Outlier OutlierBound

	// Strides takes sample j of a layer at its own time, stride·j, where the
	// published resampling stretches the layer over the whole window.
	Strides bool
	// Stride is the layer's total stride over time, for Strides; 0 means the
	// window's samples over the layer's, rounded up.
	Stride int
	// Shuffle permutes the regressors of each trial in time, the published control.
	Shuffle bool
	// KeepPredictions fills Predicted.
	KeepPredictions bool
}

// A LayerFit is the outcome for one layer.
type LayerFit struct {
	*Ridge
	EVTest    []float64 // EV on the test rows, [unit]
	Predicted []float64 // rates of the test rows, [row][unit], if asked for
	Outliers  int       // values repaired
	TrainRows int
	TestRows  int
}

// FitLayer regresses the rates of a on the components of one layer.
func FitLayer(c *Components, a *recording.Aligned, opt LayerOptions) (*LayerFit, error) {
	if c.Trials != a.Trials() || len(c.Data) != c.Trials*c.Time*c.K || c.Time < 1 || c.K < 1 {
		panic(fmt.Sprintf("probe: %d components of %d trials of %d samples for %d trials", c.K, c.Trials, c.Time, a.Trials()))
	}
	train, test, outliers := regressors(c, a, opt)
	if opt.Shuffle {
		shuffleRows(train, c.K, durations(a, a.Train))
		shuffleRows(test, c.K, durations(a, a.Test))
	}
	f, err := FitRegressors(train, test, c.K, a, opt)
	if err != nil {
		return nil, err
	}
	f.Outliers = outliers
	return f, nil
}

// FitRegressors regresses the rates of a on any regressors [row][feature], the
// rows those of the training and the test trials of a, in the split's order.
func FitRegressors(train, test []float64, features int, a *recording.Aligned, opt LayerOptions) (*LayerFit, error) {
	return fitRows(train, test, features, a, durations(a, a.Train), opt)
}

// fitRows is FitRegressors with the training rows in pieces of their own.
func fitRows(train, test []float64, features int, a *recording.Aligned, rows []int, opt LayerOptions) (*LayerFit, error) {
	units := len(a.Units)
	if len(a.Train) == 0 || len(a.Test) == 0 {
		return nil, fmt.Errorf("probe: %s: %d training and %d test trials: both expected", a.Name, len(a.Train), len(a.Test))
	}
	yTrain, yTest := Stack(a.Rates, a.Train), Stack(a.Rates, a.Test)
	r, err := FitRidge(train, features, yTrain, units, rows, opt.Ridge)
	if err != nil {
		return nil, named(a.Name, err)
	}
	for i, v := range test {
		if v-v != 0 {
			return nil, fmt.Errorf("probe: %s: regressor %d is %v in test row %d: finite values expected", a.Name, i%features, v, i/features)
		}
	}
	pred := r.Predict(test)
	f := &LayerFit{Ridge: r, EVTest: ExplainedVariances(yTest, pred, units),
		TrainRows: len(train) / features, TestRows: len(test) / features}
	if opt.KeepPredictions {
		f.Predicted = pred
	}
	return f, nil
}

// Stack joins the trials' values, in the order of ids.
func Stack(perTrial [][]float64, ids []int) []float64 {
	n := 0
	for _, i := range ids {
		n += len(perTrial[i])
	}
	out := make([]float64, 0, n)
	for _, i := range ids {
		out = append(out, perTrial[i]...)
	}
	return out
}

// durations returns the rows of each of the trials.
func durations(a *recording.Aligned, ids []int) []int {
	out := make([]int, len(ids))
	for k, i := range ids {
		out[k] = a.Durations[i] / a.PerBin
	}
	return out
}

// regressors repairs, resamples, cuts and bins the components, one at a time.
func regressors(c *Components, a *recording.Aligned, opt LayerOptions) (train, test []float64, outliers int) {
	rows := func(ids []int) (start []int, n int) {
		for _, d := range durations(a, ids) {
			start = append(start, n)
			n += d
		}
		return start, n
	}
	startTrain, nTrain := rows(a.Train)
	startTest, nTest := rows(a.Test)
	train, test = make([]float64, nTrain*c.K), make([]float64, nTest*c.K)
	type buffer struct{ x, cut []float64 }
	bufs := make([]buffer, workers())
	found := make([]int, c.K)
	forEach(c.K, func(w, k int) {
		b := &bufs[w]
		if b.x == nil {
			b.x, b.cut = make([]float64, c.Trials*c.Time), make([]float64, recording.Window)
		}
		for i := range b.x {
			b.x[i] = float64(c.Data[i*c.K+k])
		}
		found[k] = RepairOutliers(b.x, c.Trials, c.Time, opt.Outlier)
		put := func(dst []float64, ids, start []int) {
			for at, i := range ids {
				d := a.Durations[i]
				cut := b.cut[:d]
				trace := b.x[i*c.Time : (i+1)*c.Time]
				from := recording.Onset
				if a.Starts != nil {
					from = a.Starts[i]
				}
				for t := range cut {
					if opt.Strides {
						cut[t] = strided(trace, from+t, opt.Stride)
					} else if c.Time == recording.Window {
						cut[t] = trace[from+t]
					} else {
						cut[t] = at400(trace, from+t)
					}
				}
				for r := range d / a.PerBin {
					var s float64
					for _, v := range cut[r*a.PerBin : (r+1)*a.PerBin] {
						s += v
					}
					dst[(start[at]+r)*c.K+k] = s / float64(a.PerBin)
				}
			}
		}
		put(train, a.Train, startTrain)
		put(test, a.Test, startTest)
	})
	for _, n := range found {
		outliers += n
	}
	return train, test, outliers
}

func at400(trace []float64, t int) float64 { return at(trace, t, recording.Window) }

// strided is the trace, sample j of which stands at window sample stride·j, at
// window sample t.
func strided(trace []float64, t, stride int) float64 {
	if stride <= 0 {
		stride = (recording.Window + len(trace) - 1) / len(trace)
	}
	j := t / stride
	if j >= len(trace)-1 {
		return trace[len(trace)-1]
	}
	f := float64(t%stride) / float64(stride)
	return trace[j] + (trace[j+1]-trace[j])*f
}
