package figure

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// The offsets of the appended cross-reference section are those of ISO 32000-1,
// 7.5.4 and 7.5.6: the object and the table begin where they are said to.
func TestPDFCarriesProvenance(t *testing.T) {
	f := Compose("fig", 80, 50, 1, panels()["loss"]).WithCaption("n = 52 µ")
	f.Provenance = map[string]string{"Seed": "7", "Input hash": "ab"}
	pdf := f.PDF()
	starts := regexp.MustCompile(`startxref\s+(\d+)`).FindAllSubmatch(pdf, -1)
	table, err := strconv.Atoi(string(starts[len(starts)-1][1]))
	if err != nil || !bytes.HasPrefix(pdf[table:], []byte("xref\n")) {
		t.Fatalf("startxref %d does not lead to a table (%v)", table, err)
	}
	entry := regexp.MustCompile(`^xref\n(\d+) 1\n(\d{10}) 00000 n \n`).FindSubmatch(pdf[table:])
	if entry == nil {
		t.Fatalf("no entry at %d: %q", table, pdf[table:table+40])
	}
	object, _ := strconv.Atoi(string(entry[2]))
	if !bytes.HasPrefix(pdf[object:], append(entry[1], []byte(" 0 obj")...)) {
		t.Errorf("the entry leads to %q", pdf[object:object+20])
	}
	for _, want := range []string{"/Seed <FEFF0037>", "/Input#20hash <FEFF00610062>", "/Subject <FEFF006E0020003D0020003500320020" + "00B5>", "/Prev "} {
		if !bytes.Contains(pdf, []byte(want)) {
			t.Errorf("the PDF lacks %q", want)
		}
	}
	if !bytes.Equal(pdf, f.PDF()) {
		t.Error("the same figure gives other bytes the second time")
	}
	// An independent reader, where the machine has one.
	tool, err := exec.LookPath("pdfinfo")
	if err != nil {
		return
	}
	path := filepath.Join(t.TempDir(), "f.pdf")
	if err := os.WriteFile(path, pdf, 0o644); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(tool, path).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "n = 52 µ") {
		t.Errorf("pdfinfo: %v\n%s", err, out)
	}
}

// A figure says how it came to be without being told: the version, and what
// the command that runs a notebook puts into the environment.
func TestProvenanceOfTheRun(t *testing.T) {
	t.Setenv(ProvenanceEnv, `{"Notebook":"03_training.ipynb","Seed":"9"}`)
	svg := Compose("fig", 80, 50, 1, panels()["loss"]).SVG()
	for _, want := range []string{"Notebook: 03_training.ipynb", "Seed: 9", "Version: "} {
		if !strings.Contains(svg, want) {
			t.Errorf("the SVG lacks %q", want)
		}
	}
	t.Setenv(ProvenanceEnv, "not JSON")
	if svg := Compose("fig", 80, 50, 1, panels()["loss"]).SVG(); !strings.Contains(svg, "Version: ") {
		t.Error("a broken variable costs the provenance")
	}
}
