package train

import (
	"context"
	"errors"
	"math"
	"reflect"
	"runtime"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/run"
	"github.com/spindle-lab/spindle/lib/task"
)

func tasks(t *testing.T) []task.Task {
	d, err := task.Lookup("data_driven")
	if err != nil {
		t.Fatal(err)
	}
	return append(task.All(), d)
}

// Every task trains on a small network at the paper's learning rate without
// divergence, ends better than its untrained twin, and regression and the
// autoencoder beat the constant predictor.
func TestEveryTaskLearns(t *testing.T) {
	ctx := context.Background()
	for i, k := range tasks(t) {
		a := small()[i%3]
		src := toys(160)
		cfg := Config{Task: k.Name, Arch: a, Seed: 1, Batch: 16, Steps: 150, ValidateEvery: 25}
		if k.Loss == task.LossResidual {
			src.Val = nil
		}
		switch k.Head {
		case task.Projector:
			cfg.Batch = 32
		case task.Decoder: // 78 outputs far from zero take their time at this rate
			cfg.Arch, cfg.Steps, cfg.ValidateEvery = small()[2], 600, 50
		}
		r, err := RunOn(ctx, cfg, src)
		if err != nil {
			t.Errorf("%s: %v", k.Name, err)
			continue
		}
		if !k.Metric.Better(r.Test, r.UntrainedTest) {
			t.Errorf("%s on %s: %s %.4g, untrained %.4g", k.Name, r.Name, r.Metric, r.Test, r.UntrainedTest)
		}
		if !k.Regression() && k.Head != task.Decoder {
			continue
		}
		c, err := r.Chance(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if !(r.Test < c) {
			t.Errorf("%s on %s: %s %.4g, the constant predictor %.4g", k.Name, r.Name, r.Metric, r.Test, c)
		}
	}
}

func TestEveryFamilyLearns(t *testing.T) {
	for _, a := range small() {
		for _, k := range []string{"classification", "hand_pos_vel"} {
			r, err := RunOn(context.Background(), Config{Task: k, Arch: a, Seed: 2, Batch: 16, Steps: 120, ValidateEvery: 20, LR: 2e-3}, toys(160))
			if err != nil {
				t.Fatal(err)
			}
			c, err := r.Chance(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if !r.Task.Metric.Better(r.Test, c) || !r.Task.Metric.Better(r.Test, r.UntrainedTest) {
				t.Errorf("%s on %s: %.4g, untrained %.4g, chance %.4g", k, r.Name, r.Test, r.UntrainedTest, c)
			}
			if reflect.DeepEqual(r.Network.Params, r.Untrained.Params) {
				t.Errorf("%s: the untrained twin has the trained weights", r.Name)
			}
		}
	}
}

func weights(n *net.Network) (w [][]float32) {
	for _, p := range n.Params {
		w = append(w, p.Data)
	}
	return
}

// The same numbers to the last bit on one core and on more.
func TestSameNumbersOnAnyCores(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(0))
	for _, k := range []string{"classification", "autoencoder", "bt", "torque"} {
		var ref *Result
		for _, cores := range []int{1, 2, 5} {
			runtime.GOMAXPROCS(cores)
			r, err := RunOn(context.Background(), Config{Task: k, Arch: small()[0], Seed: 3, Batch: 16, Steps: 12, ValidateEvery: 4}, toys(64))
			if err != nil {
				t.Fatal(err)
			}
			if ref == nil {
				ref = r
				continue
			}
			if !reflect.DeepEqual(r.Losses, ref.Losses) || !reflect.DeepEqual(weights(r.Network), weights(ref.Network)) || r.Test != ref.Test {
				t.Errorf("%s: other numbers on %d cores", k, cores)
			}
		}
	}
}

// All tasks start from the same encoder, as the published ones do.
func TestSameStartForAllTasks(t *testing.T) {
	var ref *net.Network
	for _, k := range []string{"classification", "hand_pos", "bt"} {
		r, err := RunOn(context.Background(), Config{Task: k, Arch: small()[1], Seed: 3, Batch: 16, Steps: 1}, toys(64))
		if err != nil {
			t.Fatal(err)
		}
		if ref == nil {
			ref = r.Untrained
		} else if !reflect.DeepEqual(weights(ref), weights(r.Untrained)) {
			t.Errorf("%s starts from other weights", k)
		}
	}
}

func TestHooks(t *testing.T) {
	var steps, points, curves int
	hook := func(e Event) bool {
		steps++
		if e.Step != steps || e.Total != 20 || len(e.Losses) != steps {
			t.Errorf("event %+v at call %d", e, steps)
		}
		if e.Point != nil {
			points++
		}
		return e.Step < 9
	}
	live := Live(0, func(e Event) { curves++ })
	r, err := RunOn(context.Background(), Config{Task: "hand_pos", Arch: small()[2], Batch: 16, Steps: 20, ValidateEvery: 4}, toys(64), hook, live)
	if err != nil {
		t.Fatal(err)
	}
	if !r.Early || r.Steps != 9 || steps != 9 || points != 3 || curves != 3 || len(r.History) != 3 {
		t.Errorf("early %v after %d steps, %d calls, %d points, %d curves", r.Early, r.Steps, steps, points, curves)
	}
}

func TestDivergenceNamesStepAndRecords(t *testing.T) {
	src := toys(64)
	s := src.Train.(toy)
	s.bad = map[int]bool{11: true}
	src.Train = s
	_, err := RunOn(context.Background(), Config{Task: "hand_pos", Arch: small()[2], Seed: 1, Batch: 16, Steps: 8, ValidateEvery: 100}, src)
	var d *DivergenceError
	if !errors.As(err, &d) {
		t.Fatalf("error is %v", err)
	}
	found := false
	for _, r := range d.Records {
		found = found || r == "toy 11"
	}
	if !found || len(d.Records) != 16 || d.Step > 3 {
		t.Errorf("step %d, records %v", d.Step, d.Records)
	}
}

func TestBadConfigurations(t *testing.T) {
	ok := Config{Task: "hand_pos", Arch: small()[2], Batch: 16, Steps: 2}
	for want, f := range map[string]func(*Config, *Sources){
		"no task":              func(c *Config, _ *Sources) { c.Task = "hand_force" },
		"fewer than one batch": func(c *Config, _ *Sources) { c.Batch = 500 },
		"SpatialKernel":        func(c *Config, _ *Sources) { c.Arch.SpatialKernel = -1 },
		"Shuffle":              func(c *Config, _ *Sources) { c.Shuffle = "rows" },
		"target grid":          func(c *Config, _ *Sources) { c.TargetGrid = "nearest" },
		"PatienceUnit":         func(c *Config, _ *Sources) { c.PatienceUnit = "steps" },
		"does not divide":      func(c *Config, _ *Sources) { c.MicroBatch = 5 },
		"LR":                   func(c *Config, _ *Sources) { c.LR = math.Inf(1) },
		"Batch":                func(c *Config, _ *Sources) { c.Batch = -1 },
		"no training samples":  func(_ *Config, s *Sources) { s.Train = nil },
		"no test samples":      func(_ *Config, s *Sources) { s.Test = nil },
		"windows":              func(_ *Config, s *Sources) { s.Test = toy{0, 40, 50, 4, nil} },
		"spike_rates":          func(c *Config, s *Sources) { c.Task = "data_driven"; s.Train = toy{0, 64, 48, 0, nil} },
	} {
		c, s := ok, toys(64)
		f(&c, &s)
		if _, err := RunOn(context.Background(), c, s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
	if _, err := Run(context.Background(), ok, nil); err == nil {
		t.Error("no data set is accepted")
	}
}

// spec/02, 1.4: patience in validations, as published and as it was meant.
func TestPublishedSettings(t *testing.T) {
	lstm := small()[3]
	for _, c := range []struct {
		task     string
		lstm     bool
		unit     string
		patience float64
		lr       float64
		batch    int
		epochs   int
	}{
		{"classification", false, "", 405, 5e-4, 512, 50},
		{"classification", false, PatienceFixed, 405. / 200, 5e-4, 512, 50},
		{"hand_pos", false, "", 5, 5e-4, 512, 50},
		{"hand_pos", true, "", 1, 1e-3, 512, 70},
		{"autoencoder", false, "", 5, 5e-4, 512, 50},
		{"torque", false, "", 4050, 5e-4, 512, 50},
		{"torque", false, PatienceFixed, 4050. / 200, 5e-4, 512, 50},
		{"bt", false, "", 405, 5e-3, 256, 25}, // half of 810 steps
		{"bt", true, "", 405, 1e-3, 256, 40},
		{"data_driven", false, "", 10 * 12960, 1e-3, 16, 60},
	} {
		cfg := Config{Task: c.task, Arch: small()[0], PatienceUnit: c.unit}
		if c.lstm {
			cfg.Arch = lstm
		}
		r, err := cfg.resolve(207360) // the size of spec/02, 4.2
		if err != nil {
			t.Fatal(err)
		}
		if r.Patience != c.patience || r.LR != c.lr || r.Batch != c.batch || r.Epochs != c.epochs || r.Shuffle != ShuffleSample {
			t.Errorf("%+v: patience %g, LR %g, batch %d, %d epochs, shuffle %s", c, r.Patience, r.LR, r.Batch, r.Epochs, r.Shuffle)
		}
	}
	r, err := Config{Task: "bt", Arch: small()[0], Tier: run.Paper}.resolve(207360)
	if err != nil || r.Shuffle != ShuffleBlock || r.Steps != 20250 {
		t.Errorf("%+v, %v", r, err)
	}
	off := Config{PatienceUnit: PatienceFixed, Switches: task.Switches{TargetGrid: task.GridCentre}}.Off()
	if len(off) != 2 {
		t.Errorf("off: %v", off)
	}
}

// The published shuffle keeps the members and the order of each block.
func TestOrder(t *testing.T) {
	for _, shuffle := range []string{ShuffleSample, ShuffleBlock} {
		r, err := Config{Task: "hand_pos", Arch: small()[0], Batch: 8, Epochs: 3, Seed: 4, Shuffle: shuffle}.resolve(67)
		if err != nil {
			t.Fatal(err)
		}
		o := newOrder(r, 67)
		idx := make([]int, 8)
		seen := map[int]int{}
		for step := range r.Steps {
			o.at(step, idx)
			for i, v := range idx {
				seen[v]++
				if shuffle == ShuffleBlock && v != idx[0]+i || shuffle == ShuffleBlock && idx[0]%8 != 0 {
					t.Fatalf("block %v", idx)
				}
			}
		}
		if r.Steps != 24 || shuffle == ShuffleBlock && len(seen) != 64 || shuffle == ShuffleSample && len(seen) < 65 {
			t.Errorf("%s: %d steps, %d samples seen", shuffle, r.Steps, len(seen))
		}
		for v, n := range seen {
			if n > 3 {
				t.Errorf("%s: sample %d seen %d times in 3 epochs", shuffle, v, n)
			}
		}
	}
}

func TestPredict(t *testing.T) {
	ctx := context.Background()
	r, err := RunOn(ctx, Config{Task: "classification", Arch: small()[0], Batch: 16, Steps: 2}, toys(64))
	if err != nil {
		t.Fatal(err)
	}
	ps, err := r.Predict(ctx, 3, 5)
	if err != nil {
		t.Fatal(err)
	}
	sum := 0.0
	for _, v := range ps[1].Probability {
		sum += v
	}
	if ps[1].Sample != 5 || ps[1].Label != r.src.Test.Label(5) || math.Abs(sum-1) > 1e-9 {
		t.Errorf("prediction %+v", ps[1])
	}
	if _, err := r.Predict(ctx, 1000); err == nil {
		t.Error("a sample beyond the set is predicted")
	}
	// The metric of the predictions is the test metric; also where targets are
	// trained on another scale.
	for _, sw := range []task.Switches{{}, {TargetScaling: task.ScaleZScore}} {
		r, err = RunOn(ctx, Config{Task: "hand_pos_vel", Arch: small()[0], Batch: 20, Steps: 4, Switches: sw}, toys(64))
		if err != nil {
			t.Fatal(err)
		}
		if ps, err = r.Predict(ctx); err != nil {
			t.Fatal(err)
		}
		var med, n float64
		for _, p := range ps {
			for f := range p.Time {
				d := 0.0
				for k := range p.Output {
					d += (p.Output[k][f] - p.Target[k][f]) * (p.Output[k][f] - p.Target[k][f])
				}
				med += math.Sqrt(d)
				n++
			}
		}
		if math.Abs(med/n-r.Test) > 1e-4*r.Test {
			t.Errorf("%v: predictions are %.6g from the targets, the test says %.6g", sw.Off(), med/n, r.Test)
		}
	}
}

func TestInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	_, err := RunOn(ctx, Config{Task: "hand_pos", Arch: small()[2], Batch: 16, Steps: 100}, toys(64), func(e Event) bool {
		if e.Step == 3 {
			cancel()
		}
		return true
	})
	if !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "after 3 of 100") {
		t.Errorf("error is %v", err)
	}
}

// Early stop by the metric, and progress to the end.
func TestStopAtAndReport(t *testing.T) {
	cfg := Config{Task: "hand_pos", Arch: small()[2], Seed: 1, Batch: 16, Steps: 60, ValidateEvery: 5, LR: 2e-3}
	full, err := RunOn(context.Background(), cfg, toys(64))
	if err != nil {
		t.Fatal(err)
	}
	goal := full.History[6].Metric
	first := 0
	for first < len(full.History) && full.History[first].Metric > goal {
		first++
	}
	done, total := 0, 0
	r, err := RunOn(context.Background(), cfg, toys(64), StopAt(goal, false), Report(func(d, n int, note string) {
		done, total = d, n
		if !strings.Contains(note, "loss") {
			t.Errorf("note %q", note)
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	if !r.Early || r.Steps != full.History[first].Step+1 || done != r.Steps || total != 60 {
		t.Errorf("early %v after %d steps, want %d; reported %d of %d", r.Early, r.Steps, full.History[first].Step+1, done, total)
	}
	// What was reached by then is what is tested.
	if !reflect.DeepEqual(r.Losses, full.Losses[:r.Steps]) {
		t.Error("other losses than those of the whole run")
	}
	accuracy := StopAt(0.5, true)
	if !accuracy(Event{Point: &Point{Metric: 0.4}}) || accuracy(Event{Point: &Point{Metric: 0.5}}) || !accuracy(Event{}) {
		t.Error("a goal of accuracy")
	}
}
