package train

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/spindle-lab/spindle/lib/net"
	"github.com/spindle-lab/spindle/lib/task"
)

// resumable is a run in which everything happens that a checkpoint must hold:
// plateaus with restores, dropout, several epochs, micro-batches.
func resumable(k string, dir string) Config {
	return Config{Task: k, Arch: small()[0], Seed: 5, Batch: 16, MicroBatch: 8, Steps: 40, ValidateEvery: 3, Patience: 2,
		MinEpochs: 4, LR: 2e-3, Dir: dir, SaveEvery: 7}
}

func sameRun(t *testing.T, what string, got, want *Result) {
	t.Helper()
	for i := range got.History {
		got.History[i].Seconds = 0
	}
	for i := range want.History {
		want.History[i].Seconds = 0
	}
	if got.Test != want.Test && !(math.IsNaN(got.Test) && math.IsNaN(want.Test)) || got.Steps != want.Steps || !reflect.DeepEqual(got.Losses, want.Losses) ||
		!reflect.DeepEqual(got.History, want.History) {
		t.Errorf("%s: test %v, %d steps, history %v\nwant %v, %d steps, history %v", what, got.Test, got.Steps, got.History, want.Test, want.Steps, want.History)
	}
	if !reflect.DeepEqual(data(got.Model.Params()), data(want.Model.Params())) || !reflect.DeepEqual(data(got.Model.Moving), data(want.Model.Moving)) {
		t.Errorf("%s: other weights", what)
	}
}

// A run that is interrupted again and again ends with the same bits as one
// that is not.
func TestResumeIsExact(t *testing.T) {
	for _, k := range []string{"classification", "hand_pos_vel", "bt", "torque", "autoencoder", "data_driven"} {
		src := toys(64)
		if k == "data_driven" {
			src.Val = nil
		}
		cfg := resumable(k, "")
		if k == "bt" {
			cfg.Switches = task.Switches{BatchNorm: task.BNMoving}
		}
		want, err := RunOn(context.Background(), cfg, src)
		if err != nil {
			t.Fatal(err)
		}
		cfg.Dir = t.TempDir()
		var got *Result
		stops := []int{1, 2, 5, 13, 14, 30, 1000}
		for _, stop := range stops {
			ctx, cancel := context.WithCancel(context.Background())
			got, err = RunOn(ctx, cfg, src, func(e Event) bool {
				if e.Step >= stop {
					cancel()
				}
				return true
			})
			cancel()
			if err == nil {
				break
			}
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("%s: %v", k, err)
			}
		}
		if err != nil {
			t.Fatalf("%s: never finished: %v", k, err)
		}
		sameRun(t, k, got, want)
		// Once more on the finished folder: the same result without training.
		again, err := RunOn(context.Background(), cfg, src, func(Event) bool { t.Error("a finished run is trained"); return true })
		if err != nil {
			t.Fatal(err)
		}
		sameRun(t, k+" again", again, want)
	}
}

const killDir = "SPINDLE_TEST_KILL_DIR"

// TestChild is the process that TestResumeAfterKill kills.
func TestChild(t *testing.T) {
	dir := os.Getenv(killDir)
	if dir == "" {
		t.Skip("runs in a process of its own")
	}
	cfg := resumable("hand_pos_vel", dir)
	cfg.SaveEvery = 1
	if _, err := RunOn(context.Background(), cfg, toys(64)); err != nil {
		t.Fatal(err)
	}
}

// Killed at arbitrary moments, most of them while a checkpoint is written, the
// run still ends with the same bits.
func TestResumeAfterKill(t *testing.T) {
	cfg := resumable("hand_pos_vel", "")
	want, err := RunOn(context.Background(), cfg, toys(64))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	kills := 0
	for i := 0; kills < 6 && i < 40; i++ {
		cmd := exec.Command(os.Args[0], "-test.run=^TestChild$")
		cmd.Env = append(os.Environ(), killDir+"="+dir)
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- cmd.Wait() }()
		// Wait for some checkpoint to be there, then a little longer each time.
		steps, _ := checkpoints(dir)
		for len(done) == 0 {
			if now, _ := checkpoints(dir); len(now) > 0 && (len(steps) == 0 || now[0] > steps[0]+3) {
				break
			}
			time.Sleep(time.Millisecond)
		}
		time.Sleep(time.Duration(i*3) * time.Millisecond)
		cmd.Process.Kill()
		if err := <-done; err == nil {
			break // it had finished
		} else if strings.Contains(out.String(), "FAIL") {
			t.Fatalf("%s", out.String())
		}
		kills++
	}
	if kills < 3 {
		t.Errorf("killed %d times only", kills)
	}
	cfg.Dir, cfg.SaveEvery = dir, 1
	got, err := RunOn(context.Background(), cfg, toys(64))
	if err != nil {
		t.Fatal(err)
	}
	sameRun(t, fmt.Sprintf("after %d kills", kills), got, want)
	if hidden, _ := filepath.Glob(filepath.Join(dir, ".*.*")); len(hidden) > 0 {
		t.Errorf("left behind: %v", hidden)
	}
}

func TestFolderOfAnotherRun(t *testing.T) {
	dir := t.TempDir()
	cfg := resumable("hand_pos", dir)
	ctx, cancel := context.WithCancel(context.Background())
	RunOn(ctx, cfg, toys(64), func(e Event) bool {
		if e.Step == 5 {
			cancel()
		}
		return true
	})
	for want, f := range map[string]func(*Config, *Sources){
		"Batch 16":         func(c *Config, _ *Sources) { c.Batch = 8 },
		"Task":             func(c *Config, _ *Sources) { c.Task = "hand_vel" },
		"Arch":             func(c *Config, _ *Sources) { c.Arch = small()[1] },
		"TargetGrid":       func(c *Config, _ *Sources) { c.TargetGrid = task.GridCentre },
		"data set of":      func(_ *Config, s *Sources) { *s = toys(80) },
		"another data set": func(_ *Config, s *Sources) { s.Test = toy{7, 60, 48, 4, nil} },
		"Initial": func(c *Config, _ *Sources) {
			n, err := net.New(c.Arch, draws(1, "n", 0, 0)(0))
			if err != nil {
				t.Fatal(err)
			}
			c.Initial = n
		},
	} {
		c, s := cfg, toys(64)
		f(&c, &s)
		if _, err := RunOn(context.Background(), c, s); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), manifestFile) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
	if _, err := RunOn(context.Background(), cfg, toys(64)); err != nil {
		t.Errorf("the same run: %v", err)
	}
}

// A folder with a network, but without the record of a run, is not ours to go on
// with; nor is one whose record says nothing, or is of another version.
func TestFolderWithoutItsRecord(t *testing.T) {
	cfg := resumable("hand_pos", t.TempDir())
	cfg.Steps = 4
	if _, err := RunOn(context.Background(), cfg, toys(64)); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(cfg.Dir, manifestFile)
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for want, edit := range map[string]func([]byte) []byte{
		"cannot be continued":      func([]byte) []byte { return nil },
		"has format 0, expected 2": func([]byte) []byte { return []byte("{}") },
		"has format 7, expected 2": func(b []byte) []byte { return bytes.Replace(b, []byte(`"Format": 2`), []byte(`"Format": 7`), 1) },
		"invalid character":        func(b []byte) []byte { return append([]byte("x"), b...) },
		"unexpected end":           func(b []byte) []byte { return b[:len(b)/2] },
		"run.json: Config": func(b []byte) []byte {
			return bytes.Replace(b, []byte(`"Config": {`), []byte(`"Config": 7, "Was": {`), 1)
		},
		"the samples differ":            func(b []byte) []byte { return bytes.Replace(b, []byte(`"Data": "`), []byte(`"Data": "0`), 1) },
		"was begun with Memory 1024, n": func(b []byte) []byte { return nil },
	} {
		bad, c := edit(good), cfg
		if strings.Contains(want, "Memory") {
			bad, c.Memory = good, 500
		}
		os.Remove(path)
		if bad != nil {
			if err := os.WriteFile(path, bad, 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := RunOn(context.Background(), c, toys(64)); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), manifestFile) {
			t.Errorf("want an error with %q, got %v", want, err)
		}
	}
}

func TestTwoRunsOnOneFolder(t *testing.T) {
	cfg := resumable("hand_pos", t.TempDir())
	_, err := RunOn(context.Background(), cfg, toys(64), func(e Event) bool {
		if e.Step == 2 {
			if _, err := RunOn(context.Background(), cfg, toys(64)); err == nil || !strings.Contains(err.Error(), "another run") {
				t.Errorf("a second run on the folder: %v", err)
			}
		}
		return e.Step < 3
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestKeepsLastAndBest(t *testing.T) {
	cfg := resumable("hand_pos", t.TempDir())
	cfg.KeepLast, cfg.SaveEvery = 3, 1
	if _, err := RunOn(context.Background(), cfg, toys(64)); err != nil {
		t.Fatal(err)
	}
	steps, err := checkpoints(cfg.Dir)
	if err != nil || len(steps) != 3 || steps[0]-steps[2] != 2 {
		t.Errorf("checkpoints %v, %v", steps, err)
	}
	best, _ := filepath.Glob(filepath.Join(cfg.Dir, "best-*.index"))
	if len(best) == 0 || len(best) > 3 {
		t.Errorf("best weights %v", best)
	}
	for _, f := range []string{"model.ckpt.index", "model_0.ckpt.index", "config.yaml", "result.json", "run.json", "checkpoint"} {
		if _, err := os.Stat(filepath.Join(cfg.Dir, f)); err != nil {
			t.Error(err)
		}
	}
	hidden, _ := filepath.Glob(filepath.Join(cfg.Dir, ".*.*"))
	if len(hidden) > 0 {
		t.Errorf("left behind: %v", hidden)
	}
}

func TestDivergenceKeepsTheLastCheckpoint(t *testing.T) {
	src := toys(64)
	s := src.Train.(toy)
	cfg := resumable("hand_pos", t.TempDir())
	cfg.SaveEvery = 1
	// Find a sample that comes late in the first epoch.
	r, err := cfg.resolve(64)
	if err != nil {
		t.Fatal(err)
	}
	idx := make([]int, 16)
	newOrder(r, 64).at(2, idx)
	s.bad = map[int]bool{idx[0]: true}
	src.Train = s
	_, err = RunOn(context.Background(), cfg, src)
	var d *DivergenceError
	if !errors.As(err, &d) || d.Step != 2 || d.Records[0] != s.Record(idx[0]) {
		t.Fatalf("error is %v", err)
	}
	if steps, err := checkpoints(cfg.Dir); err != nil || len(steps) == 0 || steps[0] != 2 {
		t.Errorf("checkpoints %v, %v, want the one before the step", steps, err)
	}
}

// Without a word about saving, a checkpoint is there from the first validation
// on, and the weights before the step that diverged are kept.
func TestDivergenceKeepsWeights(t *testing.T) {
	src := toys(64)
	cfg := resumable("hand_pos", t.TempDir())
	cfg.SaveEvery = 0
	r, err := cfg.resolve(64)
	if err != nil {
		t.Fatal(err)
	}
	idx := make([]int, 16)
	newOrder(r, 64).at(3, idx)
	s := src.Train.(toy)
	s.bad = map[int]bool{idx[7]: true}
	src.Train = s
	var d *DivergenceError
	if _, err = RunOn(context.Background(), cfg, src); !errors.As(err, &d) || d.Step != 3 {
		t.Fatalf("error is %v", err)
	}
	if steps, err := checkpoints(cfg.Dir); err != nil || !reflect.DeepEqual(steps, []int{3, 1}) {
		t.Errorf("checkpoints %v, %v, want 3 and 1", steps, err)
	}
}

func TestDamagedCheckpoints(t *testing.T) {
	cfg := resumable("hand_pos", t.TempDir())
	ctx, cancel := context.WithCancel(context.Background())
	RunOn(ctx, cfg, toys(64), func(e Event) bool {
		if e.Step == 16 {
			cancel()
		}
		return true
	})
	steps, err := checkpoints(cfg.Dir)
	if err != nil || len(steps) == 0 {
		t.Fatalf("%v, %v", steps, err)
	}
	path := filepath.Join(cfg.Dir, checkpointName(steps[0])+".json")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for from, to := range map[string]string{
		`"Step": 16`: `"Step": 15`, `"Format": 1`: `"Format": 9`, `"LR": `: `"LR": -`, `"BestBundle": "best`: `"BestBundle": "../best`,
		`"History"`: `"Past"`, `"Iter": 1`: `"Iter": 9991`,
	} {
		bad := bytes.Replace(good, []byte(from), []byte(to), 1)
		if bytes.Equal(bad, good) {
			t.Fatalf("%s is not in %s", from, good)
		}
		if err := os.WriteFile(path, bad, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := RunOn(context.Background(), cfg, toys(64)); err == nil || !strings.Contains(err.Error(), checkpointName(steps[0])) {
			t.Errorf("%s: %v", to, err)
		}
	}
	if err := os.WriteFile(path, good, 0o644); err != nil {
		t.Fatal(err)
	}
	index := filepath.Join(cfg.Dir, checkpointName(steps[0])+".index")
	raw, err := os.ReadFile(index)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(index, raw[:len(raw)/2], 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := RunOn(context.Background(), cfg, toys(64)); err == nil || !strings.Contains(err.Error(), checkpointName(steps[0])) {
		t.Errorf("half an index: %v", err)
	}
	os.Remove(path)
	if _, err := RunOn(context.Background(), cfg, toys(64)); err != nil {
		t.Errorf("the checkpoint before: %v", err)
	}
}

func FuzzCheckpointJSON(f *testing.F) {
	f.Add([]byte(`{"Format":1,"Step":3,"Iter":3,"LR":0.1,"Best":"NaN","BestStep":0,"BestBundle":"best-0","History":[{"Step":0,"ValLoss":"Inf"}]}`))
	dir := f.TempDir()
	r, err := Config{Task: "hand_pos", Arch: small()[0], Batch: 16, Steps: 10}.resolve(64)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		path := filepath.Join(dir, "c.json")
		if err := os.WriteFile(path, raw, 0o644); err != nil {
			t.Fatal(err)
		}
		var c checkpoint
		if readJSON(path, &c) == nil && c.check(c.Step, r) == nil {
			if c.Step > 10 || strings.ContainsAny(c.BestBundle, "/.") {
				t.Errorf("accepted: %+v", c)
			}
		}
	})
}
