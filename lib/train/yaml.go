package train

import (
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"strconv"
	"strings"
)

// Limits of a config.yaml, far above those of the published files.
const (
	maxYAML     = 1 << 20 // bytes
	maxYAMLKeys = 4096
	maxYAMLList = 1 << 16
)

// yamlMap is a flat mapping as the published training writes it: scalars, null,
// lists of scalars in either style, and NumPy scalars as Python objects.
// Anything else is kept as text and is an error only where it is asked for.
type yamlMap map[string]yamlValue

type yamlValue struct {
	text string   // a scalar, without quotes
	list []string // a list of scalars
	kind byte     // 's' scalar, 'l' list, 'n' null, '?' something else
}

func readYAML(path string) (yamlMap, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	raw, err := io.ReadAll(io.LimitReader(f, maxYAML+1))
	if err != nil {
		return nil, err
	}
	m, err := parseYAML(raw)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return m, nil
}

func parseYAML(raw []byte) (yamlMap, error) {
	if len(raw) > maxYAML {
		return nil, fmt.Errorf("more than %d bytes, expected a flat mapping", maxYAML)
	}
	lines := strings.Split(strings.ReplaceAll(string(raw), "\r\n", "\n"), "\n")
	m := yamlMap{}
	for i := 0; i < len(lines); {
		l := lines[i]
		if t := strings.TrimSpace(l); t == "" || t[0] == '#' || t == "---" || t == "..." {
			i++
			continue
		}
		key, rest, ok := strings.Cut(l, ":")
		if !ok || l[0] == ' ' || l[0] == '-' || l[0] == '\t' || (rest != "" && rest[0] != ' ') {
			return nil, fmt.Errorf("line %d is not a key and a value: %.60q", i+1, l)
		}
		key = unquote(strings.TrimSpace(key))
		block := []string{strings.TrimSpace(rest)}
		// What belongs to the key: deeper lines, and list items at its own depth.
		for i++; i < len(lines); i++ {
			if l := lines[i]; l == "" || l[0] != ' ' && !strings.HasPrefix(l, "- ") && l != "-" && !strings.HasPrefix(l, "]") {
				if l != "" {
					break
				}
			}
			block = append(block, strings.TrimSpace(lines[i]))
		}
		if _, twice := m[key]; twice {
			return nil, fmt.Errorf("key %.60q stands there twice", key)
		}
		if len(m) == maxYAMLKeys {
			return nil, fmt.Errorf("more than %d keys", maxYAMLKeys)
		}
		v, err := yamlBlock(block)
		if err != nil {
			return nil, fmt.Errorf("key %.60q: %w", key, err)
		}
		m[key] = v
	}
	return m, nil
}

func yamlBlock(block []string) (yamlValue, error) {
	first := block[0]
	var more []string
	for _, l := range block[1:] {
		if l != "" && l[0] != '#' {
			more = append(more, l)
		}
	}
	switch {
	case strings.HasPrefix(first, "!"), strings.HasPrefix(first, "&"):
		return numpyScalar(more), nil
	case strings.HasPrefix(first, "["):
		text := strings.Join(append([]string{first}, more...), " ")
		if !strings.HasSuffix(text, "]") {
			return yamlValue{}, errors.New("a list without its end")
		}
		text = strings.TrimSpace(text[1 : len(text)-1])
		v := yamlValue{kind: 'l'}
		if text == "" {
			return v, nil
		}
		if strings.Count(text, ",") >= maxYAMLList {
			return yamlValue{}, fmt.Errorf("a list of more than %d values", maxYAMLList)
		}
		for _, s := range strings.Split(text, ",") {
			v.list = append(v.list, unquote(strings.TrimSpace(s)))
		}
		return v, nil
	case first == "" && len(more) > 0:
		v := yamlValue{kind: 'l'}
		for _, l := range more {
			item, ok := strings.CutPrefix(l, "- ")
			if !ok || len(v.list) == maxYAMLList {
				return yamlValue{kind: '?'}, nil
			}
			v.list = append(v.list, unquote(strings.TrimSpace(item)))
		}
		return v, nil
	}
	if i := strings.Index(first, " #"); i >= 0 && first[0] != '"' && first[0] != '\'' {
		first = strings.TrimSpace(first[:i])
	}
	if len(more) == 0 && (first == "" || first == "null" || first == "~") {
		return yamlValue{kind: 'n'}, nil
	}
	return yamlValue{kind: 's', text: unquote(strings.Join(append([]string{first}, more...), " "))}, nil
}

// numpyScalar reads a NumPy scalar as PyYAML writes it: the bytes in base64
// after "!!binary", the dtype among the lines before.
func numpyScalar(lines []string) yamlValue {
	bad := yamlValue{kind: '?'}
	dtype, data, binaryAt := "", "", false
	for _, l := range lines {
		switch {
		case strings.Contains(l, "!!binary"):
			binaryAt = true
		case binaryAt:
			data += l
		case dtype == "":
			t := strings.TrimLeft(l, "- [")
			if len(t) >= 2 && strings.ContainsRune("fiu", rune(t[0])) && t[1] >= '1' && t[1] <= '8' {
				dtype = t[:2]
			}
		}
	}
	b, err := base64.StdEncoding.DecodeString(data)
	if err != nil || !binaryAt {
		return bad
	}
	var x float64
	switch {
	case len(b) == 8 && dtype == "i8":
		x = float64(int64(binary.LittleEndian.Uint64(b)))
	case len(b) == 8 && (dtype == "f8" || dtype == ""):
		x = math.Float64frombits(binary.LittleEndian.Uint64(b))
	case len(b) == 4 && dtype == "i4":
		x = float64(int32(binary.LittleEndian.Uint32(b)))
	case len(b) == 4 && (dtype == "f4" || dtype == ""):
		x = float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
	default:
		return bad
	}
	return yamlValue{kind: 's', text: strconv.FormatFloat(x, 'g', -1, 64)}
}

func unquote(s string) string {
	if len(s) >= 2 && (s[0] == '\'' || s[0] == '"') && s[len(s)-1] == s[0] {
		return strings.ReplaceAll(s[1:len(s)-1], "''", "'")
	}
	return s
}

// has tells whether the key is there and not null.
func (m yamlMap) has(key string) bool { v, ok := m[key]; return ok && v.kind != 'n' }

func (m yamlMap) str(key string) (string, error) {
	v, ok := m[key]
	if !ok {
		return "", fmt.Errorf("no key %q", key)
	}
	if v.kind != 's' {
		return "", fmt.Errorf("key %q is not a single value", key)
	}
	return v.text, nil
}

func (m yamlMap) float(key string) (float64, error) {
	s, err := m.str(key)
	if err != nil {
		return 0, err
	}
	return yamlFloat(key, s)
}

func yamlFloat(key, s string) (float64, error) {
	switch strings.ToLower(s) {
	case ".nan":
		return math.NaN(), nil
	case ".inf", "+.inf":
		return math.Inf(1), nil
	case "-.inf":
		return math.Inf(-1), nil
	}
	x, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return 0, fmt.Errorf("key %q holds %.40q, expected a number", key, s)
	}
	return x, nil
}

// int reads a whole number, which the published files may write as 4.0.
func (m yamlMap) int(key string) (int, error) {
	s, err := m.str(key)
	if err != nil {
		return 0, err
	}
	return yamlInt(key, s)
}

func yamlInt(key, s string) (int, error) {
	x, err := yamlFloat(key, s)
	if err != nil {
		return 0, err
	}
	if x != math.Trunc(x) || math.Abs(x) > 1<<31 {
		return 0, fmt.Errorf("key %q holds %.40q, expected a whole number", key, s)
	}
	return int(x), nil
}

// ints reads a list of whole numbers, or one as a list of one.
func (m yamlMap) ints(key string) ([]int, error) {
	v, ok := m[key]
	if !ok {
		return nil, fmt.Errorf("no key %q", key)
	}
	list := v.list
	switch v.kind {
	case 's':
		list = []string{v.text}
	case 'l':
	default:
		return nil, fmt.Errorf("key %q is not a list of numbers", key)
	}
	out := make([]int, len(list))
	for i, s := range list {
		var err error
		if out[i], err = yamlInt(key, s); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// A yamlWriter writes a flat mapping in the order of the calls.
type yamlWriter struct{ strings.Builder }

func (w *yamlWriter) put(key string, v any) {
	switch v := v.(type) {
	case []int:
		if len(v) == 0 {
			fmt.Fprintf(w, "%s: []\n", key)
			return
		}
		fmt.Fprintf(w, "%s:\n", key)
		for _, x := range v {
			fmt.Fprintf(w, "- %d\n", x)
		}
	case nil:
		fmt.Fprintf(w, "%s: null\n", key)
	case float64:
		fmt.Fprintf(w, "%s: %s\n", key, yamlNumber(v))
	case string:
		// Only plain words are written; anything else is quoted.
		if strings.Trim(v, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./") != "" || v == "" || v == "null" {
			v = "'" + strings.ReplaceAll(v, "'", "''") + "'"
		}
		fmt.Fprintf(w, "%s: %s\n", key, v)
	default:
		fmt.Fprintf(w, "%s: %v\n", key, v)
	}
}

// yamlNumber writes a float as YAML 1.1 reads it: always with a point.
func yamlNumber(v float64) string {
	switch {
	case math.IsNaN(v):
		return ".nan"
	case math.IsInf(v, 1):
		return ".inf"
	case math.IsInf(v, -1):
		return "-.inf"
	}
	s := strconv.FormatFloat(v, 'g', -1, 64)
	if !strings.Contains(s, ".") {
		if m, e, ok := strings.Cut(s, "e"); ok {
			return m + ".0e" + e
		}
		return s + ".0"
	}
	return s
}
