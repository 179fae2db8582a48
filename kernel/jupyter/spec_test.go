package jupyter

import (
	"encoding/json"
	"errors"
	"image/png"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// What a connection file may say, and what is said of one that is wrong.
func TestReadConnection(t *testing.T) {
	file := filepath.Join(t.TempDir(), "c.json")
	ports := `"shell_port": 1, "control_port": 2, "stdin_port": 3, "iopub_port": 4, "hb_port": 5`
	for text, want := range map[string]string{
		`{` + ports + `}`: "",
		`{` + ports + `, "ip": "127.1.2.3", "transport": "tcp", "key": "", "other": [1]}`: "",
		`{` + ports + `, "ip": "kernel-ipc", "transport": "ipc"}`:                         "",
		`{` + ports + `, "ip": "::1"}`:                                                    "",
		`{` + ports + `, "ip": "0.0.0.0"}`:                                                `ip is "0.0.0.0"; the kernel listens on loopback addresses only`,
		`{` + ports + `, "ip": "example.org"}`:                                            "loopback addresses only",
		`{` + ports + `, "transport": "udp"}`:                                             `transport is "udp"; expected tcp or ipc`,
		`{"shell_port": 1, "control_port": 2}`:                                            "stdin_port is 0; expected 1 to 65535",
		`{` + ports + `, "hb_port": 70000}`:                                               "hb_port is 70000",
		`{` + ports + `, "hb_port": 4}`:                                                   "iopub_port and hb_port are both 4; expected five different ports",
		`{` + ports + `, "key": "k", "signature_scheme": "hmac-md5"}`:                     `signature_scheme is "hmac-md5"; expected hmac-sha256`,
		`{"shell_port": "1"}`:                                                             "not a connection file: shell_port is a JSON string; expected a whole number",
		`{"shell_port": 1.5}`:                                                             "not a connection file: shell_port is a JSON number 1.5; expected a whole number",
		`{"key": 5}`:                                                                      "not a connection file: key is a JSON number; expected a string",
		` `:                                                                               "not a connection file: it is empty",
		`[1]`:                                                                             "not a connection file: it holds no object but a JSON array",
		`[`:                                                                               "not a connection file",
		strings.Repeat(" ", 1<<16) + `{` + ports + `}`:                                    "not a connection file: more than 65536 bytes",
	} {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		c, err := ReadConnection(file)
		if want == "" && (err != nil || c.Heartbeat != 5) {
			t.Errorf("%s: %v", text, err)
		} else if want != "" && (err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), file)) {
			t.Errorf("%s: %v, expected %q", text, err, want)
		}
	}
	if _, err := ReadConnection(file + ".none"); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

// Of a port that is taken it is said which one, and what to do.
func TestTakenPort(t *testing.T) {
	c, err := NewConnection()
	if err != nil {
		t.Fatal(err)
	}
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	c.Stdin = taken.Addr().(*net.TCPAddr).Port
	if _, err := New(c, newFake(nil), Options{}); err == nil || !strings.Contains(err.Error(), "stdin_port: ") || !strings.Contains(err.Error(), "start the kernel again") {
		t.Error(err)
	}
}

// FuzzReadConnection: any file is a connection or an error.
func FuzzReadConnection(f *testing.F) {
	f.Add([]byte(`{"shell_port": 1, "control_port": 2, "stdin_port": 3, "iopub_port": 4, "hb_port": 5, "key": "k"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		file := filepath.Join(t.TempDir(), "c.json")
		if err := os.WriteFile(file, data, 0o600); err != nil {
			t.Fatal(err)
		}
		if c, err := ReadConnection(file); err == nil && c.check() != nil {
			t.Error("a wrong connection was taken")
		}
	})
}

// Install copies the program and writes absolute paths; twice is once;
// Uninstall leaves nothing.
func TestInstall(t *testing.T) {
	prefix, exe := t.TempDir(), filepath.Join(t.TempDir(), "program")
	if err := os.WriteFile(exe, []byte("one"), 0o755); err != nil {
		t.Fatal(err)
	}
	s := Spec{Name: "k", Display: "K", Language: "go", Args: []string{"kernel", "{connection_file}"}}
	w := Where{Prefix: prefix}
	for _, content := range []string{"one", "two"} {
		if err := os.WriteFile(exe, []byte(content), 0o755); err != nil {
			t.Fatal(err)
		}
		dir, err := s.Install(w, exe)
		if err != nil || dir != filepath.Join(prefix, "share", "jupyter", "kernels", "k") {
			t.Fatal(dir, err)
		}
		if got, _ := os.ReadFile(filepath.Join(dir, "k")); string(got) != content {
			t.Errorf("the copy is %q", got)
		}
		if st, err := os.Stat(filepath.Join(dir, "k")); err != nil || st.Mode()&0o111 == 0 {
			t.Error("the copy is not executable")
		}
		var spec struct {
			Argv          []string
			DisplayName   string `json:"display_name"`
			Language      string
			InterruptMode string `json:"interrupt_mode"`
		}
		data, err := os.ReadFile(filepath.Join(dir, "kernel.json"))
		if err != nil || json.Unmarshal(data, &spec) != nil {
			t.Fatal(err)
		}
		if len(spec.Argv) != 3 || spec.Argv[0] != filepath.Join(dir, "k") || spec.Argv[2] != "{connection_file}" ||
			spec.DisplayName != "K" || spec.Language != "go" || spec.InterruptMode != "message" {
			t.Errorf("%+v", spec)
		}
		for name, size := range map[string]int{"logo-32x32.png": 32, "logo-64x64.png": 64} {
			f, err := os.Open(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			img, err := png.Decode(f)
			f.Close()
			if err != nil || img.Bounds().Dx() != size {
				t.Error(name, err)
			}
		}
	}
	if _, found, err := s.Uninstall(w); !found || err != nil {
		t.Error(found, err)
	}
	if _, found, err := s.Uninstall(w); found || err != nil {
		t.Error(found, err)
	}
	if list, _ := os.ReadDir(filepath.Join(prefix, "share", "jupyter", "kernels")); len(list) != 0 {
		t.Error(list)
	}
	if err := os.WriteFile(filepath.Join(prefix, "file"), nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Install(Where{Prefix: filepath.Join(prefix, "file")}, exe); err == nil {
		t.Error("installed below a file")
	}
}

// Where the environment of the jupyter command is: what its script names.
func TestSysPrefix(t *testing.T) {
	bin := t.TempDir()
	t.Setenv("PATH", bin)
	t.Setenv("CONDA_PREFIX", "")
	script := func(name, text string) {
		if err := os.WriteFile(filepath.Join(bin, name), []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("VIRTUAL_ENV", "")
	if _, err := (Where{SysPrefix: true}).Dir(); err == nil || !strings.Contains(err.Error(), "-sys-prefix needs") {
		t.Error(err)
	}
	t.Setenv("VIRTUAL_ENV", "/venv")
	if dir, err := (Where{SysPrefix: true}).Dir(); err != nil || dir != "/venv/share/jupyter/kernels" {
		t.Error(dir, err)
	}
	script("python3.9", "#!/bin/sh\necho /of/jupyter\n")
	for _, first := range []string{"#!" + bin + "/python3.9\n", "#! /usr/bin/env python3.9\n"} {
		script("jupyter", first+"pass\n")
		if dir, err := (Where{SysPrefix: true}).Dir(); err != nil || dir != "/of/jupyter/share/jupyter/kernels" {
			t.Error(first, dir, err)
		}
	}
	script("jupyter", "\x7fELF")
	if dir, err := (Where{SysPrefix: true}).Dir(); err != nil || dir != "/venv/share/jupyter/kernels" {
		t.Error(dir, err)
	}
}
