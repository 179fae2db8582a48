package figure

import (
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash/crc32"
	"html"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"

	"github.com/spindle-lab/spindle/lib/run"
)

// OutEnv names the folder into which Figure.Save writes when it is given no
// other: the run folder's figures.
const OutEnv = "SPINDLE_FIGURES"

// Save writes NAME.png, NAME.svg, NAME.pdf and one CSV per panel with the
// plotted numbers into dir, by default $SPINDLE_FIGURES, and returns the figure
// so that a cell can end with it. Without a folder it writes nothing.
func (f *Figure) Save(dir ...string) (*Figure, error) {
	out := os.Getenv(OutEnv)
	if len(dir) > 0 {
		out = dir[0]
	}
	if out == "" {
		return f, nil
	}
	base := filepath.Join(out, f.Name)
	for ext, content := range map[string]func() []byte{
		".png": f.PNG,
		".svg": func() []byte { return []byte(f.SVG()) },
		".pdf": f.PDF,
		".txt": func() []byte { return []byte(f.Caption + "\n") },
	} {
		if err := run.WriteFile(base+ext, func(w io.Writer) error { _, err := w.Write(content()); return err }); err != nil {
			return f, fmt.Errorf("figure %s: %w", f.Name, err)
		}
	}
	for i, p := range f.Panels {
		if len(p.Data.Columns) == 0 {
			continue
		}
		name := base
		if len(f.Panels) > 1 {
			name += "_" + panelLetter(i)
		}
		if err := run.WriteFile(name+".csv", p.Data.WriteCSV); err != nil {
			return f, fmt.Errorf("figure %s: %w", f.Name, err)
		}
	}
	return f, nil
}

// ProvenanceEnv names the variable in which the command that runs a notebook
// says, as a JSON object of strings, what its figures come from.
const ProvenanceEnv = "SPINDLE_PROVENANCE"

func (f *Figure) metadata() map[string]string {
	m := map[string]string{"Title": f.Name, "Software": "spindle", "Version": run.Version()}
	var told map[string]string
	if json.Unmarshal([]byte(os.Getenv(ProvenanceEnv)), &told) == nil {
		for k, v := range told {
			m[k] = v
		}
	}
	if f.Caption != "" {
		m["Description"] = f.Caption
	}
	for k, v := range f.Provenance {
		m[k] = v
	}
	return m
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	return keys
}

// pngWithText adds iTXt chunks (UTF-8) after a PNG's header.
func pngWithText(png []byte, meta map[string]string) []byte {
	const header = 8 + 25 // signature and IHDR
	out := append([]byte(nil), png[:header]...)
	for _, k := range sortedKeys(meta) {
		data := "iTXt" + k + "\x00\x00\x00\x00\x00" + meta[k]
		out = binary.BigEndian.AppendUint32(out, uint32(len(data)-4))
		out = append(out, data...)
		out = binary.BigEndian.AppendUint32(out, crc32.ChecksumIEEE([]byte(data)))
	}
	return append(out, png[header:]...)
}

// svgWithMetadata adds a title, a description and the rest as metadata, which
// screen readers and archives read.
func svgWithMetadata(svg string, meta map[string]string) string {
	at := strings.Index(svg, "<svg")
	if at < 0 {
		return svg
	}
	end := strings.IndexByte(svg[at:], '>')
	if end < 0 {
		return svg
	}
	end += at + 1
	var s strings.Builder
	fmt.Fprintf(&s, "\n<title>%s</title>\n", html.EscapeString(meta["Title"]))
	if d := meta["Description"]; d != "" {
		fmt.Fprintf(&s, "<desc>%s</desc>\n", html.EscapeString(d))
	}
	s.WriteString("<metadata>")
	for _, k := range sortedKeys(meta) {
		fmt.Fprintf(&s, "%s: %s\n", html.EscapeString(k), html.EscapeString(meta[k]))
	}
	s.WriteString("</metadata>")
	return svg[:end] + s.String() + svg[end:]
}
