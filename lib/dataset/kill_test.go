//go:build unix

package dataset

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// The tests below run this test program again as a process of its own, which
// generates into a folder until it ends or is killed.
const (
	childDir   = "SPINDLE_TEST_GENERATE_DIR"
	childLimit = "SPINDLE_TEST_FILE_LIMIT" // bytes that a file may have
	childHold  = "SPINDLE_TEST_HOLD_LOCK"  // only take the lock, and wait
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(childDir); dir != "" {
		child(dir)
	}
	os.Exit(m.Run())
}

func child(dir string) {
	if s := os.Getenv(childLimit); s != "" {
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			panic(err)
		}
		signal.Ignore(syscall.SIGXFSZ)
		if err := syscall.Setrlimit(syscall.RLIMIT_FSIZE, &syscall.Rlimit{Cur: n, Max: n}); err != nil {
			panic(err)
		}
	}
	if os.Getenv(childHold) != "" {
		if _, err := lockDir(dir); err != nil {
			panic(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "locked"), nil, 0o644); err != nil {
			panic(err)
		}
		time.Sleep(time.Minute)
		os.Exit(1)
	}
	if _, err := Generate(context.Background(), small(dir)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func startChild(t *testing.T, dir string, env ...string) (*exec.Cmd, *strings.Builder) {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(exe)
	cmd.Env = append(append(os.Environ(), childDir+"="+dir), env...)
	var out strings.Builder
	cmd.Stderr = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, &out
}

func countShards(dir string) int {
	files, err := filepath.Glob(filepath.Join(dir, "*", "*"+shardExt))
	if err != nil {
		return 0
	}
	return len(files)
}

// Killed again and again, at several moments, and then let finish: the folder
// holds the same files with the same bytes as one that was left in peace.
func TestKilledAndResumed(t *testing.T) {
	want := small(t.TempDir())
	if _, err := Generate(context.Background(), want); err != nil {
		t.Fatal(err)
	}
	for _, moments := range [][]int{{0, 1, 4}, {2, 3, 9, 11}, {12}} {
		dir := t.TempDir()
		kills := 0
		for _, shards := range moments {
			cmd, _ := startChild(t, dir)
			ended := make(chan error, 1)
			go func() { ended <- cmd.Wait() }()
			for running := true; running; {
				select {
				case <-ended:
					running = false
				case <-time.After(time.Millisecond):
					if _, err := os.Stat(filepath.Join(dir, lockFile)); err == nil && countShards(dir) >= shards {
						if cmd.Process.Kill() == nil {
							kills++
						}
						<-ended
						running = false
					}
				}
			}
		}
		// What a kill in the middle of a write leaves behind.
		left := filepath.Join(dir, "folder-001", ".a-horizontal"+shardExt+".123")
		if err := os.MkdirAll(filepath.Dir(left), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(left, []byte("half a shard"), 0o600); err != nil {
			t.Fatal(err)
		}
		cmd, out := startChild(t, dir)
		if err := cmd.Wait(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		t.Logf("killed %d times, at %v of 12 shards", kills, moments)
		sameContents(t, fmt.Sprint("killed at ", moments), contents(t, dir), contents(t, want.Dir))
	}
}

// A full disk, here a limit on the size of files: the error names the file, what
// was finished stays whole, and the same command goes on when there is room.
func TestFullDisk(t *testing.T) {
	want := small(t.TempDir())
	if _, err := Generate(context.Background(), want); err != nil {
		t.Fatal(err)
	}
	least, most := 1<<62, 0
	for name, raw := range contents(t, want.Dir) {
		if filepath.Ext(name) == shardExt {
			least, most = min(least, len(raw)), max(most, len(raw))
		}
	}
	dir := t.TempDir()
	cmd, out := startChild(t, dir, fmt.Sprintf("%s=%d", childLimit, (least+most)/2))
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Fatalf("with little room: %v", err)
	}
	if msg := out.String(); !strings.Contains(msg, shardExt) || !strings.Contains(msg, "writing") || strings.Contains(msg, "panic") {
		t.Errorf("message %q", msg)
	}
	full := contents(t, want.Dir)
	for name, raw := range contents(t, dir) {
		if filepath.Ext(name) == shardExt && string(raw) != string(full[name]) {
			t.Errorf("%s is not whole", name)
		}
		if strings.Contains(filepath.Base(name), shardExt+".") {
			t.Errorf("%s was left behind", name)
		}
	}
	cmd, out = startChild(t, dir)
	if err := cmd.Wait(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	sameContents(t, "after a full disk", contents(t, dir), full)
}

// A process that is writing keeps others out, and its death lets them in.
func TestTwoProcesses(t *testing.T) {
	dir := t.TempDir()
	cmd, _ := startChild(t, dir, childHold+"=1")
	for {
		if _, err := os.Stat(filepath.Join(dir, "locked")); err == nil {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if _, err := Generate(context.Background(), small(dir)); err == nil || !strings.Contains(err.Error(), "another process") {
		t.Errorf("beside another process: %v", err)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) {
		t.Fatal(err)
	}
	if _, err := Generate(context.Background(), small(dir)); err != nil {
		t.Errorf("after its death: %v", err)
	}
}
