package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/spindle-lab/spindle/lib/dataset"
	"github.com/spindle-lab/spindle/lib/run"
	"github.com/spindle-lab/spindle/lib/train"
)

const playEnv = "SPINDLE_TEST_PLAY"

// With this variable the test binary is the program itself, signals and all.
func init() {
	if os.Getenv(playEnv) != "" {
		os.Unsetenv(playEnv)
		main()
	}
}

// program runs the command in a process of its own.
func program(args ...string) *exec.Cmd {
	cmd := exec.Command(os.Args[0], args...)
	cmd.Env = append(os.Environ(), playEnv+"=1", run.DataEnv+"=none")
	return cmd
}

func must(t *testing.T, args ...string) string {
	t.Helper()
	out, err := program(args...).CombinedOutput()
	if err != nil {
		t.Fatalf("spindle %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// Two cheap networks: strides of 9 over muscles and time.
const cheap = "spatiotemporal_1_4_3939,spatiotemporal_2_4-8_3939"

func trainArgs(data, out string, more ...string) []string {
	return append([]string{"train", "-task", "hand_pos_vel,classification", "-arch", cheap, "-data", data, "-out", out, "-seeds", "1",
		"-steps", "60", "-batch", "8", "-lr", "1e-3", "-validate-every", "10", "-val-samples", "16", "-test-samples", "16"}, more...)
}

// kept reads everything of a grid that must be the same after any
// interruptions: the networks, and the table without its times.
func kept(t *testing.T, out string) map[string]string {
	t.Helper()
	m := map[string]string{}
	for _, pattern := range []string{"model.ckpt.*", "model_0.ckpt.*", "config.yaml"} {
		files, err := filepath.Glob(filepath.Join(out, "models", "*", "*", pattern))
		if err != nil || len(files) == 0 {
			t.Fatalf("%s: %d files %s, %v", out, len(files), pattern, err)
		}
		for _, f := range files {
			raw, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			rel, err := filepath.Rel(out, f)
			if err != nil {
				t.Fatal(err)
			}
			m[rel] = string(raw)
		}
	}
	f, err := os.Open(filepath.Join(out, "results.csv"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for i, name := range rows[0] {
		if name == "seconds" {
			for _, r := range rows[1:] {
				r[i] = ""
			}
		}
	}
	var b bytes.Buffer
	if err := csv.NewWriter(&b).WriteAll(rows); err != nil {
		t.Fatal(err)
	}
	m["results.csv"] = b.String()
	return m
}

func sameKept(t *testing.T, got, want map[string]string) {
	t.Helper()
	for name, w := range want {
		if got[name] != w {
			t.Errorf("%s differs from that of an undisturbed run", name)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%d files, want %d", len(got), len(want))
	}
}

// The command as its user has it, on a small data set.
func TestTrain(t *testing.T) {
	data := t.TempDir()
	must(t, "generate", "-out", data, "-per-letter", "6", "-only-kept")
	t.Run("grid", func(t *testing.T) { testTrainGrid(t, data) })
	t.Run("mistakes", func(t *testing.T) { testTrainMistakes(t, data) })
}

func testTrainGrid(t *testing.T, data string) {
	out := t.TempDir()
	said := must(t, trainArgs(data, out)...)
	for _, want := range []string{"4 of 4", "hand_pos_vel  spatiotemporal_r_1_4_3939  seed 1  mean Euclidean distance", "action_recognition  spatiotemporal_2_4-8_3939  seed 1  accuracy", "2 of 2", "results.csv", "training, "} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in\n%s", want, said)
		}
	}
	rows, err := train.ReadTableFile(filepath.Join(out, "results.csv"))
	if err != nil || len(rows) != 4 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	for _, r := range rows {
		if !r.Done() || r.Steps < 41 || r.Batch != 8 || r.Seed != 1 {
			t.Errorf("row %+v", r)
		}
		if _, err := train.OpenFolder(filepath.Join(out, r.Dir)); err != nil {
			t.Error(err)
		}
	}
	want := kept(t, out)

	// The same command again trains nothing; another task is added to the table.
	if again := must(t, trainArgs(data, out)...); strings.Contains(again, "seed 1  ") {
		t.Errorf("trained again:\n%s", again)
	}
	sameKept(t, kept(t, out), want)
	more := trainArgs(data, out)
	more[2] = "joints_pos"
	must(t, more...)
	if rows, err = train.ReadTableFile(filepath.Join(out, "results.csv")); err != nil || len(rows) != 6 {
		t.Errorf("%d rows after another task, %v", len(rows), err)
	}

	// Killed again and again, then interrupted, then let go: the same bytes.
	dir := t.TempDir()
	kills := 0
	for i := 0; kills < 5 && i < 30; i++ {
		cmd := program(trainArgs(data, dir, "-save-every", "1", "-workers", "2")...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		done := make(chan error, 1)
		go func() { done <- cmd.Wait() }()
		before := steps(dir)
		for len(done) == 0 && steps(dir) < before+10 {
			time.Sleep(2 * time.Millisecond)
		}
		time.Sleep(time.Duration(i) * 5 * time.Millisecond)
		cmd.Process.Kill()
		if <-done == nil {
			break
		}
		kills++
	}
	if kills < 2 {
		t.Errorf("killed %d times only", kills)
	}
	interrupt(t, trainArgs(data, dir, "-workers", "1"))
	must(t, trainArgs(data, dir)...)
	sameKept(t, kept(t, dir), want)
}

// interrupt starts the program and interrupts it when it says that it has the
// data.
func interrupt(t *testing.T, args []string) {
	t.Helper()
	cmd := program(args...)
	pipe, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(pipe)
	lines.Scan()
	cmd.Process.Signal(os.Interrupt)
	said := ""
	for lines.Scan() {
		said += lines.Text() + "\n"
	}
	if cmd.Wait() == nil {
		t.Log("it had finished before the interrupt")
	} else if code := cmd.ProcessState.ExitCode(); code != 130 || !strings.Contains(said, "the same command goes on") {
		t.Errorf("interrupted: exit %d\n%s", code, said)
	}
}

// steps adds up the steps that are saved in all networks of a grid.
func steps(dir string) int {
	files, _ := filepath.Glob(filepath.Join(dir, "models", "*", "*", "ckpt-*.json"))
	return len(files) + 100*len(must2(filepath.Glob(filepath.Join(dir, "models", "*", "*", "result.json"))))
}

func must2(files []string, _ error) []string { return files }

// Without -data a set is generated beside the networks; a task that needs
// reaches gets some.
func TestTrainGenerates(t *testing.T) {
	out := t.TempDir()
	args := []string{"train", "-task", "torque,joints_vel", "-arch", "spatiotemporal_1_4_3939", "-out", out, "-per-letter", "3", "-steps", "4", "-batch", "4", "-validate-every", "2"}
	said := must(t, args...)
	for _, want := range []string{"spindle generate", "-per-letter 3", "-reaches 120", "joint_torque  spatiotemporal_r_1_4_3939"} {
		if !strings.Contains(said, want) {
			t.Errorf("no %q in\n%s", want, said)
		}
	}
	for dir, kind := range map[string]string{"letters": "letters", "reaches": "reaches"} {
		m, err := dataset.ReadManifest(filepath.Join(out, "data", dir))
		if err != nil || m.Kind != kind || m.Monkey != "snap" {
			t.Errorf("%+v, %v", m, err)
		}
	}
}

// Each mistake is one sentence that says what to do, before anything is trained.
func testTrainMistakes(t *testing.T, data string) {
	dir := t.TempDir()
	t.Chdir(dir)
	begun := filepath.Join(dir, "begun")
	must(t, "train", "-task", "hand_pos", "-arch", "spatiotemporal_1_4_3939", "-data", data, "-out", begun, "-steps", "2", "-batch", "4")
	foreign := filepath.Join(dir, "foreign")
	if err := os.MkdirAll(foreign, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(foreign, "results.csv"), []byte("a,b\n1,2\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	damaged := filepath.Join(dir, "damaged")
	if err := os.CopyFS(damaged, os.DirFS(data)); err != nil {
		t.Fatal(err)
	}
	shards, err := filepath.Glob(filepath.Join(damaged, "folder-001", "*.shard"))
	if err != nil || len(shards) != 40 {
		t.Fatalf("%d shards, %v", len(shards), err)
	}
	for _, s := range shards { // one byte in the middle of the movements
		raw, err := os.ReadFile(s)
		if err != nil {
			t.Fatal(err)
		}
		raw[len(raw)/2] ^= 1
		if err := os.WriteFile(s, raw, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	base := []string{"train", "-task", "hand_pos", "-arch", "spatiotemporal_1_4_3939", "-data", data, "-steps", "2", "-batch", "4"}
	with := func(more ...string) []string { return append(append([]string(nil), base...), more...) }
	for _, c := range []struct {
		args []string
		code int
		want []string
	}{
		{[]string{"train"}, 2, []string{"-task says", "hand_pos_vel"}},
		{[]string{"train", "-task", "all"}, 2, []string{"-grid or -arch"}},
		{base, 2, []string{"-out names the folder"}},
		{with("-out", "x", "y"), 2, []string{`unexpected "y"`}},
		{with("-out", "x", "-task", "hand_force"), 1, []string{`no task "hand_force"`, "regress_ee_pos_vel", "hand_pos_vel"}},
		{with("-out", "x", "-arch", "spatiotemporal_1_4"), 1, []string{"spatiotemporal_1_4", "parts"}},
		{with("-out", "x", "-arch", "lstm_1_8_32"), 1, []string{"lstm_1_8_32:52", "kernel"}},
		{with("-out", "x", "-arch", "", "-grid", "wide:3"), 1, []string{"wide", "paper-shallow", "lstm"}},
		{with("-out", "x", "-arch", "", "-grid", "shallow"), 1, []string{"shallow:8"}},
		{with("-out", "x", "-arch", "", "-grid", "lstm:3", "-max-gflop", "0.001"), 1, []string{"below 0.001 GFLOP"}},
		{with("-out", "x", "-seeds", "3-1"), 1, []string{"1-3,7"}},
		{with("-out", "x", "-switch", "target-grid=middle"), 1, []string{"target grid", "published", "centre"}},
		{with("-out", "x", "-switch", "gravity=off"), 1, []string{"gravity", "barlow norm"}},
		{with("-out", "x", "-samples", "100000"), 1, []string{"100000", "training samples"}},
		{with("-out", "x", "-batch", "5000"), 1, []string{"fewer than one batch of 5000"}},
		{with("-out", "x", "-task", "torque"), 1, []string{"torque", "does not hold"}},
		{with("-out", begun, "-steps", "3"), 1, []string{"run.json", "Steps 2", "now it is 3"}},
		{with("-out", begun, "-samples", "20"), 1, []string{"run.json", "data set of", "20"}},
		{with("-out", foreign), 1, []string{"results.csv", "no column", "another folder"}},
		{with("-out", "x", "-data", filepath.Join(dir, "foreign")), 1, []string{"foreign", "dataset.json"}},
		{with("-out", "y", "-data", damaged)[2:], 1, nil},
	} {
		if c.want == nil { // -data may be repeated: name the damaged one alone
			c.args = []string{"train", "-task", "hand_pos", "-arch", "spatiotemporal_1_4_3939", "-data", damaged, "-steps", "2", "-batch", "4", "-out", "y"}
			c.want = []string{"damaged", ".shard", "checksum"}
		}
		var stderr bytes.Buffer
		if code := dispatch(context.Background(), c.args, &stderr); code != c.code {
			t.Errorf("spindle %s: exit %d, want %d: %s", strings.Join(c.args, " "), code, c.code, &stderr)
		}
		for _, w := range c.want {
			if !strings.Contains(stderr.String(), w) {
				t.Errorf("spindle %s: no %q in %s", strings.Join(c.args, " "), w, &stderr)
			}
		}
	}
	if _, err := os.Stat("x"); err == nil {
		if files, _ := filepath.Glob("x/models/*/*"); len(files) > 0 {
			t.Errorf("a mistake left %v", files)
		}
	}

	// Two programs on one folder.
	one := program(with("-out", "two", "-steps", "100000")...)
	if err := one.Start(); err != nil {
		t.Fatal(err)
	}
	for steps("two") == 0 {
		time.Sleep(5 * time.Millisecond)
	}
	var stderr bytes.Buffer
	if code := dispatch(context.Background(), with("-out", "two", "-steps", "100000"), &stderr); code != 1 || !strings.Contains(stderr.String(), "another run is at work in two") {
		t.Errorf("two programs: exit %d, %s", code, &stderr)
	}
	one.Process.Kill()
	one.Wait()
}

func TestParseSeeds(t *testing.T) {
	got, err := parseSeeds("1-3, 7,2")
	if got = once(got); err != nil || !reflect.DeepEqual(got, []uint64{1, 2, 3, 7}) {
		t.Errorf("%v, %v", got, err)
	}
}
