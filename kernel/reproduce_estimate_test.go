package main

import (
	"bytes"
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/run"
	"github.com/spindle-lab/spindle/lib/task"
	"github.com/spindle-lab/spindle/lib/train"
)

// The heads counted are those that are made, for every task and family.
func TestHeadParams(t *testing.T) {
	archs, err := train.SelectArchs("shallow:1,lstm:1", 1, 0.05)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range task.All() {
		if k.Group == task.DataDriven {
			continue
		}
		for _, a := range archs {
			n, err := net.New(a, run.Stream(1))
			if err != nil {
				t.Fatal(err)
			}
			outputs := k.Outputs
			if outputs == 0 {
				outputs = net.Muscles * net.InputChannels
			}
			m, err := task.NewModel(k, n, task.DefaultDims, outputs, task.Switches{}, run.Stream(1))
			if err != nil {
				continue // not every network fits every task
			}
			want := 0
			for _, p := range m.Head {
				want += len(p.Data)
			}
			// Gains and shifts of the norms are not counted, and a decoder's
			// read-out is taken as wide as its last layer.
			got := headParams(k, a)
			if d := want - got; d < -want/10 || d > 1100+want/50 {
				t.Errorf("%s on %s: %d parameters, the head has %d", k.Name, a.Name(), got, want)
			}
		}
	}
}

// The laptop's run, counted: 168 networks; 9.5 GFLOP for a sample of each, 28 of
// them for two views, is 4.3e5 GFLOP; redundancy reduction's heads are 1.4e5 more.
// Redundancy reduction's heads, of up to
// 3.3e7 weights, fill the disk: 1.6e10 bytes of 1.8e10; the heads of action
// recognition, 1.2e9, and the movements, 5.2e8, were found so in a run.
func TestNetworkCost(t *testing.T) {
	n, err := networkRuns(run.Laptop)
	if err != nil {
		t.Fatal(err)
	}
	c, err := n.cost(1)
	if err != nil {
		t.Fatal(err)
	}
	if c.networks != 168 || c.steps != 168*1201 {
		t.Errorf("%d networks, %d steps", c.networks, c.steps)
	}
	if c.gflop < 4e5 || c.gflop > 6.5e5 {
		t.Errorf("%g GFLOP, want 4.3e5 of the networks and the heads", c.gflop)
	}
	if c.disk < 1.7e10 || c.disk > 1.9e10 {
		t.Errorf("%g bytes on disk", c.disk)
	}
}

// -networks -cost says what it would take and makes nothing.
func TestNetworksCostRunsNothing(t *testing.T) {
	dir := module(t, map[string][]string{"03_study": {"1"}})
	was := subcommand
	t.Cleanup(func() { subcommand = was })
	var ran []string
	subcommand = func(_ context.Context, args []string, _ io.Writer) int {
		ran = append(ran, args[0])
		return 1
	}
	var log bytes.Buffer
	o := reproduceOptions{tier: "smoke", seed: 1, networks: true, dry: true}
	if err := reproduce(context.Background(), o, nil, &log); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"6 networks of 13 steps of 16 samples", "processor time at ", "GFLOP a second", "movements", "disk: about"} {
		if !strings.Contains(log.String(), want) {
			t.Errorf("no %q in\n%s", want, &log)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "runs")); err == nil || len(ran) > 0 {
		t.Errorf("-cost ran %v (%v)", ran, err)
	}
	// Without -cost the same is said before the first command.
	said := ""
	subcommand = func(context.Context, []string, io.Writer) int {
		said = log.String()
		return 1
	}
	log.Reset()
	o.dry = false
	if err := reproduce(context.Background(), o, nil, &log); err == nil {
		t.Error("a command failed, and no error came of it")
	}
	if !strings.Contains(said, "processor time at ") || !strings.Contains(said, "disk: about") {
		t.Errorf("before the first command stands\n%s", said)
	}
}
