package main

import (
	"bytes"
	"fmt"
	"os"
	"runtime"
	"strings"
)

// The marks between which the README's table stands.
const (
	markBegin = "<!-- bench: written by go run ./kernel/bench -readme README.md -->\n"
	markEnd   = "<!-- bench: end -->\n"
)

// render writes the table in Markdown, with what it was measured on.
func render(kernels []peer, results [][]times, rounds int) string {
	var b strings.Builder
	row := func(first string, cell func(i int) string) {
		b.WriteString("| " + first)
		for i := range kernels {
			b.WriteString(" | " + cell(i))
		}
		b.WriteString(" |\n")
	}
	row("", func(i int) string { return strings.TrimSpace(kernels[i].name + " " + kernels[i].version) })
	b.WriteString("|---" + strings.Repeat("|---", len(kernels)) + "|\n")
	for m, name := range measures {
		row(name, func(i int) string { return results[i][m].String() })
	}
	fmt.Fprintf(&b, "\nMedians of %d rounds of `go run ./kernel/bench`, on %s.\n", rounds, machine())
	return b.String()
}

// machine tells the processor, its cores, the system and Go's version.
func machine() string {
	cpu := runtime.GOARCH
	if data, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		for line := range strings.Lines(string(data)) {
			if name, value, ok := strings.Cut(line, ":"); ok && strings.TrimSpace(name) == "model name" {
				cpu = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%d cores of %s, %s, %s", runtime.NumCPU(), cpu, runtime.GOOS, runtime.Version())
}

// replace puts the table between the marks of a file.
func replace(path, table string) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	begin := bytes.Index(data, []byte(markBegin))
	end := bytes.Index(data, []byte(markEnd))
	if begin < 0 || end < begin {
		return fmt.Errorf("%s: no lines %q and %q", path, strings.TrimSpace(markBegin), strings.TrimSpace(markEnd))
	}
	out := append([]byte(nil), data[:begin+len(markBegin)]...)
	out = append(out, table...)
	return os.WriteFile(path, append(out, data[end:]...), 0o644)
}
