// Command gen writes the tables of package symbols: for each package that a
// cell may import, the values that the interpreter binds to its names, and
// (compressed) the type information and the documentation that the checker,
// completion and hover read. It is run by `go generate ./kernel/symbols`.
//
// What it writes depends on nothing but the sources of those packages and the
// Go release, so a test can run it again and compare.
package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	out := flag.String("out", ".", "folder to write into")
	skip := flag.Bool("skip-broken", false, "leave out packages of the library that do not compile")
	with := flag.String("with", "", "further import paths, separated by commas")
	flag.Parse()
	var extra []string
	if *with != "" {
		extra = strings.Split(*with, ",")
	}
	if err := generate(*out, *skip, extra); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		os.Exit(1)
	}
}

// generate writes all files of package symbols into dir and removes generated
// ones that are no longer needed.
func generate(dir string, skipBroken bool, extra []string) error {
	pkgs, err := load(skipBroken, extra)
	if err != nil {
		return err
	}
	files := map[string][]byte{}
	for _, p := range pkgs {
		src, err := table(p)
		if err != nil {
			return fmt.Errorf("%s: %w", p.path, err)
		}
		files[fileName(p.path)] = src
	}
	blob, err := archive(pkgs)
	if err != nil {
		return err
	}
	files["export.bin"] = blob
	old, err := filepath.Glob(filepath.Join(dir, "sym_*.go"))
	if err != nil {
		return err
	}
	for _, f := range old {
		if _, keep := files[filepath.Base(f)]; !keep {
			if err := os.Remove(f); err != nil {
				return err
			}
		}
	}
	for name, data := range files {
		path := filepath.Join(dir, name)
		if was, err := os.ReadFile(path); err == nil && string(was) == string(data) {
			continue
		}
		if err := os.WriteFile(path, data, 0o644); err != nil {
			return err
		}
	}
	return nil
}

// fileName returns the name of the generated file of a package.
func fileName(path string) string {
	r := strings.NewReplacer("/", "_", ".", "_", "-", "_")
	// The tail keeps go from reading "_linux", "_test" and the like.
	return "sym_" + r.Replace(path) + "_sym.go"
}
