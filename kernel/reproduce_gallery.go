package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"github.com/spindle-lab/spindle/kernel/notebook"
	"github.com/spindle-lab/spindle/lib/figure/paper"
	"github.com/spindle-lab/spindle/lib/probe"
	"github.com/spindle-lab/spindle/lib/run"
)

// copyFigures copies the figures of a run into the gallery, lists them with
// their captions, and writes the page of the paper's numbers beside ours.
func copyFigures(from, root string, made paper.Run, published []probe.Score) error {
	to := filepath.Join(root, "figures")
	entries, err := os.ReadDir(from)
	if err != nil {
		return err
	}
	for _, e := range entries {
		switch filepath.Ext(e.Name()) {
		case ".png", ".svg", ".csv", ".txt":
		default:
			continue
		}
		raw, err := os.ReadFile(filepath.Join(from, e.Name()))
		if err != nil {
			return err
		}
		if err := writeBytes(filepath.Join(to, e.Name()), raw); err != nil {
			return err
		}
	}
	about, err := json.MarshalIndent(made, "", " ")
	if err != nil {
		return err
	}
	if err := writeBytes(filepath.Join(to, paper.RunFile), append(about, '\n')); err != nil {
		return err
	}
	if err := writeGallery(root); err != nil {
		return err
	}
	return writePaper(to, published)
}

func writeBytes(path string, raw []byte) error {
	return run.WriteFile(path, func(w io.Writer) error { _, err := w.Write(raw); return err })
}

var smallPart = regexp.MustCompile(`^0*(\d+[a-z]?)`)

// writeGallery lists every figure of figures/ that has a caption, with the
// notebook that draws it.
func writeGallery(root string) error {
	dir := filepath.Join(root, "figures")
	raw, err := os.ReadFile(filepath.Join(dir, paper.RunFile))
	if err != nil {
		return err
	}
	var made paper.Run
	if err := json.Unmarshal(raw, &made); err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(dir, paper.RunFile), err)
	}
	notebooks, err := findNotebooks(filepath.Join(root, "notebooks"), nil)
	if err != nil {
		return err
	}
	drawnBy := map[string]string{}
	for _, p := range notebooks {
		nb, err := notebook.Read(p)
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(filepath.Join(root, "notebooks"), p)
		if err != nil {
			return err
		}
		for f := range figuresOf(nb) {
			drawnBy[f] = rel
		}
	}
	captions, err := filepath.Glob(filepath.Join(dir, "*.txt"))
	if err != nil {
		return err
	}
	var list strings.Builder
	fmt.Fprintf(&list, "# Figures\n\nWritten by `%s`. Beside each picture: SVG, and the plotted numbers as CSV. What they are held against: [the paper's numbers and ours](paper_vs_ours.md).\n\n| figure | caption | notebook, command |\n|---|---|---|\n", made.Command)
	for _, c := range captions {
		raw, err := os.ReadFile(c)
		if err != nil {
			return err
		}
		name := strings.TrimSuffix(filepath.Base(c), ".txt")
		if _, err := os.Stat(filepath.Join(dir, name+".png")); err != nil {
			continue
		}
		where := ""
		if nb := drawnBy[name]; nb != "" {
			where = fmt.Sprintf("[%s](../notebooks/%s)<br>", strings.TrimSuffix(filepath.Base(nb), ".ipynb"), filepath.ToSlash(nb))
		}
		id := name
		if m := smallPart.FindStringSubmatch(name); m != nil {
			id = m[1]
		}
		caption := strings.ReplaceAll(strings.Join(strings.Fields(string(raw)), " "), "|", "\\|")
		fmt.Fprintf(&list, "| <a href=\"%s.png\"><img src=\"%[1]s.png\" width=\"320\" alt=\"%[1]s\"></a> | **%[1]s** %[2]s | %[3]s`go run ./kernel reproduce -tier %[4]s -figure %[5]s` |\n", name, caption, where, made.Tier, id)
	}
	return writeBytes(filepath.Join(dir, "README.md"), []byte(list.String()))
}

// writePaper writes paper_vs_ours.md of a folder of figures.
func writePaper(dir string, published []probe.Score) error {
	ours, err := paper.Collect(dir)
	if err != nil {
		return err
	}
	return run.WriteFile(filepath.Join(dir, "paper_vs_ours.md"), func(w io.Writer) error { return paper.Write(w, ours, published) })
}
