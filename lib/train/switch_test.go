package train

import (
	"context"
	"reflect"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/task"
)

// What a switch must change, and what it must leave alone.
type effect int

const (
	losses effect = iota // the loss of the first step
	points               // the first validation, and not the step before it
	tested               // the test of the same weights
	params               // the number of parameters
	ending               // the weights at the end, and not the losses
)

// Every switch, on its published value and on the other: a run without a word
// is the published one, and the other differs where the defect of spec/02,
// section 9, says it does, and only there.
func TestSwitchesBothWays(t *testing.T) {
	for name, c := range map[string]struct {
		task string
		arch net.Arch
		what effect
	}{
		"barlow norm":       {"bt", small()[0], losses},
		"barlow validation": {"bt", small()[0], points},
		"batch norm":        {"bt", small()[0], tested},
		"batch norm views":  {"bt", small()[0], losses},
		"target grid":       {"hand_pos", small()[1], losses},
		"target scaling":    {"joints_pos_vel_acc", small()[1], losses},
		"torque goals":      {"torque", small()[2], points},
		"torque LSTM":       {"torque", small()[3], params},
		"decoder":           {"autoencoder", net.Shallow(net.Spatiotemporal, []int{4, 8}, nil, 5, 2, 0, 0), params},
		"data-driven pick":  {"data_driven", small()[2], ending},
		"patience unit":     {"classification", small()[0], ending},
		"block shift":       {"torque", small()[2], losses},
	} {
		var choice task.Choice
		for _, k := range Choices() {
			if k.Name == name {
				choice = k
			}
		}
		if choice.Name == "" {
			t.Fatalf("no switch %q", name)
		}
		run := func(value string) *Result {
			src := toys(39)
			// One step of 16 in most cases; where the end is looked at, enough
			// steps for a best that is not the last.
			cfg := Config{Task: c.task, Arch: c.arch, Seed: 4, Batch: 16, Steps: 1, ValidateEvery: 1}
			switch {
			case name == "data-driven pick":
				src.Val = nil
				cfg.Steps, cfg.LR = 12, 1
			case name == "patience unit":
				cfg.Steps, cfg.ValidateEvery, cfg.MinEpochs, cfg.LR = 24, 2, 1, 0.05
			case name == "block shift":
				cfg.Shuffle = ShuffleBlock
			}
			if value != "" {
				if err := cfg.Set(strings.ReplaceAll(name, " ", "-"), value); err != nil {
					t.Fatal(err)
				}
			}
			if off := cfg.Off(); (value == choice.Other) != (len(off) == 1) {
				t.Errorf("%s=%s: off its published value: %v", name, value, off)
			}
			r, err := RunOn(context.Background(), cfg, src)
			if err != nil {
				t.Fatalf("%s=%s: %v", name, value, err)
			}
			return r
		}
		said, silent, other := run(choice.Published), run(""), run(choice.Other)
		sameRun(t, name+" unsaid", silent, said)
		count := func(r *Result) (n int) {
			for _, p := range r.Model.Params() {
				n += len(p.Data)
			}
			return
		}
		all := func(r *Result) [][]float32 { return data(r.Model.Params()) }
		differ := map[effect]bool{
			losses: said.Losses[0] != other.Losses[0],
			points: said.History[0].ValLoss != other.History[0].ValLoss,
			tested: said.Test != other.Test,
			params: count(said) != count(other),
			ending: !reflect.DeepEqual(all(said), all(other)),
		}
		if !differ[c.what] {
			t.Errorf("%s=%s changes nothing of what it should", name, choice.Other)
		}
		switch c.what {
		case points, tested:
			if differ[losses] || differ[ending] {
				t.Errorf("%s=%s changes the training", name, choice.Other)
			}
		case ending:
			if differ[losses] || differ[params] {
				t.Errorf("%s=%s changes the first step", name, choice.Other)
			}
		}
	}
}

// The published pivot is drawn among rows, so that the shift happens in the
// share blocks/rows of the epochs, spec/02, B8; as it is meant, in all. A row
// of the tail is then seen when a block before the last is left where it is.
func TestBlockShift(t *testing.T) {
	const n, batch, epochs = 67, 8, 4000 // 8 blocks and a tail of 3 rows
	for shift, want := range map[task.Shift]float64{task.ShiftRows: 8. / n, task.ShiftBlocks: 1} {
		cfg := Config{Task: "torque", Arch: small()[0], Batch: batch, Epochs: epochs, Seed: 4, Shuffle: ShuffleBlock}
		cfg.BlockShift = shift
		r, err := cfg.resolve(n)
		if err != nil {
			t.Fatal(err)
		}
		o := newOrder(r, n)
		idx := make([]int, batch)
		shifted := 0
		for e := range epochs {
			seen := map[int]bool{}
			for k := range r.stepsPerEpoch {
				o.at(e*r.stepsPerEpoch+k, idx)
				for i, v := range idx {
					if v < 0 || v >= n || v != idx[0]+i {
						t.Fatalf("%s: block %v", shift, idx)
					}
					seen[v] = true
				}
			}
			if seen[n-1] {
				shifted++
			}
			if shift == task.ShiftBlocks && len(seen) != 64 {
				t.Fatalf("%d rows in an epoch, want 64", len(seen))
			}
		}
		// Four standard deviations of the published share.
		if got := float64(shifted) / epochs; got < want-0.0206 || got > want+0.0206 {
			t.Errorf("%s: shifted in %.4f of the epochs, want %.4f", shift, got, want)
		}
	}
	// Other tasks are not shifted, and nothing is where samples are shuffled.
	for _, c := range []Config{{Task: "hand_pos", Shuffle: ShuffleBlock}, {Task: "torque"}} {
		c.Arch, c.Batch, c.BlockShift = small()[0], 8, task.ShiftBlocks
		r, err := c.resolve(n)
		if err != nil || r.BlockShift != "" {
			t.Errorf("%s: %q, %v", c.Task, r.BlockShift, err)
		}
	}
}
