package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"time"

	"github.com/spindle-lab/spindle/kernel/jupyter"
	"github.com/spindle-lab/spindle/kernel/session"
	"github.com/spindle-lab/spindle/lib/run"
)

var doctorCommand = command{
	name: "doctor", short: "say what is there, what is missing, and what to type",
	define: func(*flag.FlagSet) func(context.Context, []string) error {
		return func(ctx context.Context, args []string) error {
			if err := noArgs(args); err != nil {
				return err
			}
			fmt.Printf("spindle    %s, %s, %s/%s, %d cores\n", run.Version(), runtime.Version(), runtime.GOOS, runtime.GOARCH, runtime.NumCPU())
			missing := false
			advise := func(what, todo string) {
				missing = true
				fmt.Printf("%-10s missing: %s\n", what, todo)
			}
			root, err := run.Root()
			there, _ := filepath.Glob(filepath.Join(root, "notebooks", "*.ipynb"))
			if err == nil && len(there) > 0 {
				fmt.Printf("notebooks  %s\n", filepath.Join(root, "notebooks"))
			} else {
				advise("notebooks", "they are in the repository; change into a clone of it")
			}
			if dir, ok := run.DataDir(); ok {
				fmt.Printf("data       %s\n", dir)
			} else {
				// Nothing is missing: the library has what it needs.
				fmt.Printf("data       none: strokes and a recording are simulated; set %s to a folder with characters/ and recordings/ for real ones\n", run.DataEnv)
			}
			jup, err := exec.LookPath("jupyter")
			if err != nil {
				advise("jupyter", "notebooks run without it by `spindle run`; for the browser: pip install jupyterlab")
			} else {
				fmt.Printf("jupyter    %s\n", jup)
				if found, err := spec.Verify(); err != nil {
					advise("kernel", err.Error()+"; type: spindle install")
				} else if why := try(ctx, found.Argv); why != "" {
					advise("kernel", fmt.Sprintf("the one in %s %s; type: spindle install", found.Dir, why))
				} else {
					fmt.Printf("kernel     %s, it answers\n", found.Dir)
				}
			}
			s, err := session.Start(session.Config{})
			if err != nil {
				return fmt.Errorf("a worker does not start: %w", err)
			}
			defer s.Close()
			if err := s.Eval(ctx, 1, "1 + 1", func(session.Event) {}); err != nil {
				return fmt.Errorf("a cell does not run: %w", err)
			}
			fmt.Println("cells      run")
			if missing {
				return exitCode(1)
			}
			return nil
		}
	},
}

// try starts an installed kernel as Jupyter would and asks it something. It
// returns what is wrong with it, "" if nothing is.
func try(ctx context.Context, argv []string) string {
	if len(argv) == 0 {
		return "names no program"
	}
	if st, err := os.Stat(argv[0]); err != nil || st.Mode()&0o111 == 0 {
		return "has lost its program " + argv[0]
	}
	conn, err := jupyter.NewConnection()
	if err != nil {
		return "cannot be tried: " + err.Error()
	}
	dir, err := os.MkdirTemp("", "spindle-doctor")
	if err != nil {
		return "cannot be tried: " + err.Error()
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "connection.json")
	if err := conn.Write(file); err != nil {
		return "cannot be tried: " + err.Error()
	}
	var args []string
	for _, a := range argv[1:] {
		args = append(args, strings.ReplaceAll(a, "{connection_file}", file))
	}
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	cmd := exec.CommandContext(ctx, argv[0], args...)
	cmd.Env = append(os.Environ(), "XDG_STATE_HOME="+dir) // the trial is no part of the history
	var said strings.Builder
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		return "does not start: " + err.Error()
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // said tells more
		close(ended)
	}()
	defer func() {
		cancel()
		<-ended
	}()
	for {
		if cl, err := jupyter.Dial(conn); err == nil {
			err = cl.Ready(20 * time.Second)
			if err == nil {
				_, _, err = cl.Do(jupyter.Control, "shutdown_request", map[string]any{"restart": false}, 5*time.Second)
			}
			cl.Close()
			if err != nil {
				return "does not answer: " + err.Error()
			}
			select {
			case <-ended:
			case <-time.After(3 * time.Second):
			}
			return ""
		}
		select {
		case <-ended:
			return "ends at once: " + strings.TrimSpace(said.String())
		case <-ctx.Done():
			return "does not answer"
		case <-time.After(20 * time.Millisecond):
		}
	}
}
