package jupyter

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"reflect"
	"strconv"
)

// A Connection is what a connection file says.
type Connection struct {
	Transport string `json:"transport"`
	IP        string `json:"ip"`
	Shell     int    `json:"shell_port"`
	Control   int    `json:"control_port"`
	Stdin     int    `json:"stdin_port"`
	IOPub     int    `json:"iopub_port"`
	Heartbeat int    `json:"hb_port"`
	Key       string `json:"key"`
	Scheme    string `json:"signature_scheme"`
	Name      string `json:"kernel_name,omitempty"`
}

// maxConnection is how many bytes of a connection file are read.
const maxConnection = 1 << 16

// ReadConnection reads a connection file.
func ReadConnection(path string) (*Connection, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxConnection+1))
	switch {
	case err != nil:
		return nil, err // names the file
	case len(data) > maxConnection:
		return nil, fmt.Errorf("%s: not a connection file: more than %d bytes", path, maxConnection)
	case len(bytes.TrimSpace(data)) == 0:
		return nil, fmt.Errorf("%s: not a connection file: it is empty", path)
	}
	c := &Connection{Transport: "tcp", IP: "127.0.0.1", Scheme: scheme}
	if err := json.Unmarshal(data, c); err != nil {
		var wrong *json.UnmarshalTypeError
		if !errors.As(err, &wrong) {
			return nil, fmt.Errorf("%s: not a connection file: %w", path, err)
		}
		if wrong.Field == "" {
			return nil, fmt.Errorf("%s: not a connection file: it holds no object but a JSON %s", path, wrong.Value)
		}
		kind := "a string"
		if wrong.Type.Kind() == reflect.Int {
			kind = "a whole number"
		}
		return nil, fmt.Errorf("%s: not a connection file: %s is a JSON %s; expected %s", path, wrong.Field, wrong.Value, kind)
	}
	if err := c.check(); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return c, nil
}

func (c *Connection) check() error {
	switch c.Transport {
	case "tcp":
		if ip := net.ParseIP(c.IP); c.IP != "localhost" && (ip == nil || !ip.IsLoopback()) {
			return fmt.Errorf("ip is %q; the kernel listens on loopback addresses only", c.IP)
		}
	case "ipc":
	default:
		return fmt.Errorf("transport is %q; expected tcp or ipc", c.Transport)
	}
	if c.Key != "" && c.Scheme != scheme {
		return fmt.Errorf("signature_scheme is %q; expected %s", c.Scheme, scheme)
	}
	names := map[int]string{}
	for _, p := range []struct {
		name string
		port int
	}{{"shell_port", c.Shell}, {"control_port", c.Control}, {"stdin_port", c.Stdin}, {"iopub_port", c.IOPub}, {"hb_port", c.Heartbeat}} {
		if p.port < 1 || p.port > 65535 {
			return fmt.Errorf("%s is %d; expected 1 to 65535", p.name, p.port)
		}
		if other := names[p.port]; other != "" {
			return fmt.Errorf("%s and %s are both %d; expected five different ports", other, p.name, p.port)
		}
		names[p.port] = p.name
	}
	return nil
}

func (c *Connection) endpoint(port int) string {
	if c.Transport == "ipc" {
		return "ipc://" + c.IP + "-" + strconv.Itoa(port)
	}
	return "tcp://" + net.JoinHostPort(c.IP, strconv.Itoa(port))
}
