package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"

	"github.com/spindle-lab/spindle/kernel/notebook"
	"github.com/spindle-lab/spindle/kernel/session"
	"github.com/spindle-lab/spindle/lib/figure"
	"github.com/spindle-lab/spindle/lib/run"
)

// one runs a notebook, or takes its result from the cache.
func (r *reproducer) one(ctx context.Context, j *job) (how string, err error) {
	written := filepath.Join(r.out, "notebooks", filepath.FromSlash(j.name))
	// Each notebook draws into a folder of its own, so that the cache knows what
	// belongs to it.
	own := filepath.Join(r.out, ".own")
	if err := os.MkdirAll(filepath.Join(own, "figures"), 0o755); err != nil {
		return "", err
	}
	defer os.RemoveAll(own)
	if j.hit {
		_, ok, err := r.cache.Restore(j.key, own)
		if err != nil {
			return "", err
		}
		if ok {
			if j.nb, err = notebook.Read(filepath.Join(own, "notebook.ipynb")); err != nil {
				return "", err
			}
			if err := j.nb.Write(written); err != nil {
				return "", err
			}
			return "unchanged, from the cache", collect(filepath.Join(own, "figures"), filepath.Join(r.out, "figures"))
		}
	}
	if err := r.record.AddInput(j.path); err != nil {
		return "", err
	}
	runErr := r.execute(ctx, j, filepath.Join(own, "figures"))
	// What ran before an error is kept: it shows how far it came.
	if err := j.nb.Write(written); err != nil {
		return "", err
	}
	if runErr != nil {
		return "", errors.Join(runErr, collect(filepath.Join(own, "figures"), filepath.Join(r.out, "figures")))
	}
	if err := j.nb.Write(filepath.Join(own, "notebook.ipynb")); err != nil {
		return "", err
	}
	files := []string{"notebook.ipynb"}
	drawn, err := filepath.Glob(filepath.Join(own, "figures", "*"))
	if err != nil {
		return "", err
	}
	for _, f := range drawn {
		files = append(files, filepath.Join("figures", filepath.Base(f)))
	}
	if err := r.cache.Store(j.key, own, files); err != nil {
		return "", fmt.Errorf("the cache of results: %w", err)
	}
	if err := r.here.write(filepath.Join(r.cache.Dir, costsFile)); err != nil {
		return "", err
	}
	return "done", collect(filepath.Join(own, "figures"), filepath.Join(r.out, "figures"))
}

// collect copies the files of one folder into another.
func collect(from, to string) error {
	files, err := filepath.Glob(filepath.Join(from, "*"))
	if err != nil {
		return err
	}
	for _, f := range files {
		raw, err := os.ReadFile(f)
		if err != nil {
			return err
		}
		if err := writeBytes(filepath.Join(to, filepath.Base(f)), raw); err != nil {
			return err
		}
	}
	return nil
}

// execute runs a notebook in a session of its own.
func (r *reproducer) execute(ctx context.Context, j *job, figures string) error {
	told, err := json.Marshal(map[string]string{"Notebook": j.name, "Tier": string(r.tier), "Seed": strconv.FormatUint(r.o.seed, 10), "Inputs": j.key.Sum()})
	if err != nil {
		return err
	}
	env := []string{figure.OutEnv + "=" + figures, figure.ProvenanceEnv + "=" + string(told), figure.ZenodoEnv + "=" + r.o.zenodo, run.DataEnv + "=" + r.data}
	s, err := session.Start(session.Config{Dir: filepath.Dir(j.path), Env: env})
	if err != nil {
		return err
	}
	defer s.Close()
	whole := r.o.figure == ""
	opt := notebook.Options{Name: j.name, Progress: func(st notebook.Step) {
		if !st.Done || st.Skipped {
			return
		}
		r.here.note(j.name, r.tier, st.Source, st.Elapsed)
		r.shipped.note(j.name, r.tier, st.Source, st.Elapsed)
		if !r.o.quiet {
			fmt.Fprintf(r.w, "%-40s cell %2d of %d  %5.1f s  %s\n", j.name, st.Index, st.Total, st.Elapsed.Seconds(), firstLine(st.Source))
		}
	}}
	if err := notebook.Execute(ctx, j.nb, s, opt); err != nil {
		return err
	}
	if whole {
		r.here.prune(j.name, j.nb)
		r.shipped.prune(j.name, j.nb)
	}
	return nil
}
