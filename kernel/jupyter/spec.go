package jupyter

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
)

// A Spec describes an installed kernel.
type Spec struct {
	Name     string   // folder name, such as "spindle"
	Display  string   // as shown in menus
	Language string   // "go"
	Args     []string // arguments after the executable; {connection_file} is filled in
}

// ErrNoJupyter tells that no Jupyter was found to verify an installation with.
var ErrNoJupyter = errors.New("no jupyter command was found")

// ErrNotListed tells that Jupyter does not know the kernel.
var ErrNotListed = errors.New("does not list the kernel")

// A Where says where a kernelspec goes: into the user's folder if all are zero.
type Where struct {
	SysPrefix bool   // the environment of the jupyter command or of python3
	Prefix    string // a folder such as /usr/local
}

// Dir returns the folder of kernelspecs.
func (w Where) Dir() (string, error) {
	switch {
	case w.Prefix != "":
		p, err := filepath.Abs(w.Prefix)
		return filepath.Join(p, "share", "jupyter", "kernels"), err
	case w.SysPrefix:
		p, err := sysPrefix()
		return filepath.Join(p, "share", "jupyter", "kernels"), err
	}
	if d := os.Getenv("JUPYTER_DATA_DIR"); d != "" {
		return filepath.Join(d, "kernels"), nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", err
	}
	switch runtime.GOOS {
	case "darwin":
		return filepath.Join(home, "Library", "Jupyter", "kernels"), nil
	case "windows":
		return filepath.Join(os.Getenv("APPDATA"), "jupyter", "kernels"), nil
	}
	if d := os.Getenv("XDG_DATA_HOME"); d != "" {
		return filepath.Join(d, "jupyter", "kernels"), nil
	}
	return filepath.Join(home, ".local", "share", "jupyter", "kernels"), nil
}

// sysPrefix asks the Python of the jupyter command, or else of the active
// environment, for its prefix.
func sysPrefix() (string, error) {
	python := ""
	if jupyter, err := exec.LookPath("jupyter"); err == nil {
		python = interpreter(jupyter)
	}
	if python == "" {
		for _, v := range []string{"VIRTUAL_ENV", "CONDA_PREFIX"} {
			if p := os.Getenv(v); p != "" {
				return p, nil
			}
		}
		python = "python3"
	}
	out, err := exec.Command(python, "-c", "import sys; print(sys.prefix)").Output()
	if err != nil {
		return "", fmt.Errorf("-sys-prefix needs a jupyter command or an active Python environment: %w", err)
	}
	return strings.TrimSpace(string(out)), nil
}

// interpreter returns the Python that a script begins by naming, or "".
func interpreter(script string) string {
	f, err := os.Open(script)
	if err != nil {
		return ""
	}
	defer f.Close()
	head := make([]byte, 256)
	n, _ := io.ReadFull(f, head)
	line, _, _ := strings.Cut(string(head[:n]), "\n")
	words, ok := strings.CutPrefix(line, "#!")
	fields := strings.Fields(words)
	if !ok || len(fields) == 0 || !strings.Contains(filepath.Base(fields[len(fields)-1]), "python") {
		return ""
	}
	return fields[len(fields)-1] // /usr/bin/python3, or python3 behind /usr/bin/env
}

// Install copies the executable at exe and writes the kernelspec beside it,
// with absolute paths. It returns the kernelspec's folder.
func (s Spec) Install(w Where, exe string) (string, error) {
	base, err := w.Dir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(base, s.Name)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return "", err
	}
	bin := filepath.Join(dir, s.Name)
	if runtime.GOOS == "windows" {
		bin += ".exe"
	}
	if err := copyExecutable(exe, bin); err != nil {
		return "", err
	}
	argv := append([]string{bin}, s.Args...)
	data, err := json.MarshalIndent(map[string]any{
		"argv": argv, "display_name": s.Display, "language": s.Language,
		"interrupt_mode": "message", "env": map[string]string{}, "metadata": map[string]any{"debugger": false},
	}, "", "  ")
	if err != nil {
		return "", err
	}
	files := map[string][]byte{"kernel.json": append(data, '\n'), "logo-svg.svg": []byte(logoSVG())}
	for _, size := range []int{32, 64} {
		files[fmt.Sprintf("logo-%dx%d.png", size, size)] = logoPNG(size)
	}
	for name, data := range files {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return "", err
		}
	}
	return dir, nil
}

// copyExecutable replaces to by a copy of from, also while to is running.
func copyExecutable(from, to string) error {
	in, err := os.Open(from)
	if err != nil {
		return err
	}
	defer in.Close()
	if a, err := in.Stat(); err == nil {
		if b, err := os.Stat(to); err == nil && os.SameFile(a, b) {
			return nil
		}
	}
	out, err := os.CreateTemp(filepath.Dir(to), "."+filepath.Base(to)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(out.Name())
	if _, err := io.Copy(out, in); err != nil {
		out.Close()
		return err
	}
	if err := out.Chmod(0o755); err != nil {
		out.Close()
		return err
	}
	if err := out.Close(); err != nil {
		return err
	}
	return os.Rename(out.Name(), to)
}

// Uninstall removes the kernelspec; it reports whether there was one.
func (s Spec) Uninstall(w Where) (dir string, found bool, err error) {
	base, err := w.Dir()
	if err != nil {
		return "", false, err
	}
	dir = filepath.Join(base, s.Name)
	if _, err := os.Stat(filepath.Join(dir, "kernel.json")); err != nil {
		return dir, false, nil
	}
	return dir, true, os.RemoveAll(dir)
}

// Found is a kernelspec as Jupyter lists it.
type Found struct {
	Dir  string
	Argv []string
}

// Verify asks the jupyter command for its kernelspecs and returns ours.
func (s Spec) Verify() (*Found, error) {
	jupyter, err := exec.LookPath("jupyter")
	if err != nil {
		return nil, ErrNoJupyter
	}
	out, err := exec.Command(jupyter, "kernelspec", "list", "--json").Output()
	if err != nil {
		return nil, fmt.Errorf("%s kernelspec list: %w", jupyter, err)
	}
	var list struct {
		Specs map[string]struct {
			Dir  string `json:"resource_dir"`
			Spec struct {
				Argv []string `json:"argv"`
			} `json:"spec"`
		} `json:"kernelspecs"`
	}
	if err := json.Unmarshal(out, &list); err != nil {
		return nil, fmt.Errorf("%s kernelspec list: %w", jupyter, err)
	}
	k, ok := list.Specs[s.Name]
	if !ok {
		return nil, fmt.Errorf("%s %w %q", jupyter, ErrNotListed, s.Name)
	}
	return &Found{k.Dir, k.Spec.Argv}, nil
}

// The logo is a muscle spindle: a capsule with the afferent wound around it.

func logoSVG() string {
	var b strings.Builder
	b.WriteString(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><path d="M4 32 Q32 2 60 32 Q32 62 4 32Z" fill="#0072B2"/><polyline fill="none" stroke="#fff" stroke-width="3.5" stroke-linecap="round" stroke-linejoin="round" points="`)
	for i := 0; i <= 96; i++ {
		x, y := coil(float64(i) / 96)
		fmt.Fprintf(&b, "%.1f,%.1f ", x*64, y*64)
	}
	b.WriteString(`"/></svg>` + "\n")
	return b.String()
}

// coil returns the afferent's course for t in 0 … 1, in a unit square.
func coil(t float64) (x, y float64) {
	return 0.14 + 0.72*t, 0.5 + 0.22*math.Sin(math.Pi*t)*math.Sin(2*math.Pi*5*t)
}

func logoPNG(size int) []byte {
	img := image.NewNRGBA(image.Rect(0, 0, size, size))
	const sub = 4 // samples across a pixel
	line := 0.028
	for py := range size {
		for px := range size {
			body, wire := 0, 0
			for sy := range sub {
				for sx := range sub {
					x := (float64(px) + (float64(sx)+0.5)/sub) / float64(size)
					y := (float64(py) + (float64(sy)+0.5)/sub) / float64(size)
					// The capsule of the SVG: a quadratic arc above and below.
					t := (x - 0.0625) / 0.875
					if t < 0 || t > 1 || math.Abs(y-0.5) > 2*t*(1-t)*0.47 {
						continue
					}
					body++
					for i := -6; i <= 6; i++ {
						u := (x-0.14)/0.72 + float64(i)*0.006
						if u < 0 || u > 1 {
							continue
						}
						cx, cy := coil(u)
						if math.Hypot(x-cx, y-cy) < line {
							wire++
							break
						}
					}
				}
			}
			if body == 0 {
				continue
			}
			w := float64(wire) / float64(body)
			mix := func(a, b uint8) uint8 { return uint8(math.Round(float64(a)*(1-w) + float64(b)*w)) }
			img.SetNRGBA(px, py, color.NRGBA{mix(0, 255), mix(0x72, 255), mix(0xB2, 255), uint8(255 * body / (sub * sub))})
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		panic("jupyter: " + err.Error()) // an image in memory
	}
	return b.Bytes()
}
