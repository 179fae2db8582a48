package display

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// What the text of a value shows of long ones.
const (
	maxLeaves = 400     // numbers, texts, … of a value that is shown whole
	maxText   = 100_000 // bytes of a text
	headShown = 8       // elements shown of a long list …
	tailShown = 4       // … at its two ends
)

// Text is the plain form of a value: its String or Error method, else Go's %v.
// Long lists and maps are shortened at every level and their shape is said.
func Text(v any) string {
	switch v := v.(type) {
	case error:
		return clip(v.Error())
	case fmt.Stringer:
		return clip(v.String())
	case string:
		return clip(v)
	}
	r := reflect.ValueOf(v)
	if left := maxLeaves; whole(r, &left, 0) {
		return clip(fmt.Sprintf("%v", v))
	}
	var b strings.Builder
	brief(&b, r, 0)
	if s := shape(r); s != "" {
		b.WriteString(" (" + s + ")")
	}
	return b.String()
}

func clip(s string) string {
	if len(s) <= maxText {
		return s
	}
	return strings.ToValidUTF8(s[:maxText], "") + fmt.Sprintf("… (%d bytes)", len(s))
}

// whole tells whether a value holds at most *left leaves.
func whole(r reflect.Value, left *int, depth int) bool {
	if !r.IsValid() {
		return true
	}
	if *left--; *left < 0 {
		return false
	}
	switch r.Kind() {
	case reflect.Slice, reflect.Array:
		if r.Len() > *left {
			return false
		}
		for i := range r.Len() {
			if !whole(r.Index(i), left, depth+1) {
				return false
			}
		}
	case reflect.Map:
		if r.Len() > *left {
			return false
		}
		for it := r.MapRange(); it.Next(); {
			if !whole(it.Value(), left, depth+1) {
				return false
			}
		}
	case reflect.Struct:
		for i := range r.NumField() {
			if !whole(r.Field(i), left, depth+1) {
				return false
			}
		}
	case reflect.Interface:
		return whole(r.Elem(), left, depth+1)
	case reflect.Pointer:
		// %v follows a pointer only where it is the value itself.
		if depth == 0 {
			return whole(r.Elem(), left, depth+1)
		}
	case reflect.String:
		*left -= r.Len() / 100
	}
	return *left >= 0
}

// brief writes a value as %v does, with what is long cut short.
func brief(b *strings.Builder, r reflect.Value, depth int) {
	if b.Len() > maxText || depth > 8 {
		b.WriteString("…")
		return
	}
	if r.IsValid() && r.CanInterface() && depth > 0 {
		switch v := r.Interface().(type) {
		case error, fmt.Stringer:
			fmt.Fprintf(b, "%v", v)
			return
		}
	}
	switch r.Kind() {
	case reflect.Slice, reflect.Array:
		head, tail := headShown, tailShown
		if depth > 0 {
			head, tail = 3, 1
		}
		b.WriteByte('[')
		n := r.Len()
		for i := 0; i < n; i++ {
			if i > 0 {
				b.WriteByte(' ')
			}
			if n > head+tail+1 && i == head {
				b.WriteString("…")
				i = n - tail - 1
				continue
			}
			brief(b, r.Index(i), depth+1)
		}
		b.WriteByte(']')
	case reflect.Map:
		briefMap(b, r, depth)
	case reflect.Struct:
		b.WriteByte('{')
		for i := range r.NumField() {
			if i > 0 {
				b.WriteByte(' ')
			}
			brief(b, r.Field(i), depth+1)
		}
		b.WriteByte('}')
	case reflect.Interface:
		if r.IsNil() {
			b.WriteString("<nil>")
			return
		}
		brief(b, r.Elem(), depth)
	case reflect.Pointer:
		if depth == 0 && !r.IsNil() {
			b.WriteByte('&')
			brief(b, r.Elem(), 1)
			return
		}
		fmt.Fprintf(b, "%v", r)
	case reflect.String:
		s := r.String()
		if len(s) > 200 {
			s = strings.ToValidUTF8(s[:200], "") + "…"
		}
		b.WriteString(s)
	default:
		fmt.Fprintf(b, "%v", r)
	}
}

// briefMap writes the first entries of a map, in the order of their keys.
func briefMap(b *strings.Builder, r reflect.Value, depth int) {
	n := headShown
	if depth > 0 {
		n = 3
	}
	keys := r.MapKeys()
	slices.SortFunc(keys, compareKeys)
	b.WriteString("map[")
	for i, k := range keys {
		if i > 0 {
			b.WriteByte(' ')
		}
		if i == n {
			b.WriteString("…")
			break
		}
		brief(b, k, depth+1)
		b.WriteByte(':')
		brief(b, r.MapIndex(k), depth+1)
	}
	b.WriteByte(']')
}

func compareKeys(a, b reflect.Value) int {
	switch {
	case a.CanInt() && b.CanInt():
		return cmp.Compare(a.Int(), b.Int())
	case a.CanUint() && b.CanUint():
		return cmp.Compare(a.Uint(), b.Uint())
	case a.CanFloat() && b.CanFloat():
		return cmp.Compare(a.Float(), b.Float())
	}
	return cmp.Compare(fmt.Sprint(a), fmt.Sprint(b))
}

// shape says how large a list or map is: "39 × 400 × 2" where all lists of a
// level are of one length.
func shape(r reflect.Value) string {
	for r.Kind() == reflect.Pointer || r.Kind() == reflect.Interface {
		r = r.Elem()
	}
	switch r.Kind() {
	case reflect.Map:
		return fmt.Sprintf("%d entries", r.Len())
	case reflect.Slice, reflect.Array:
	default:
		return ""
	}
	dims := []int{r.Len()}
	for level := []reflect.Value{r}; len(level) > 0 && len(level) < 1<<16; {
		var next []reflect.Value
		n := -1
		for _, l := range level {
			for i := range l.Len() {
				e := l.Index(i)
				if e.Kind() != reflect.Slice && e.Kind() != reflect.Array || n >= 0 && e.Len() != n {
					n = -2
					break
				}
				n = e.Len()
				if len(next) < 1<<16 {
					next = append(next, e)
				}
			}
			if n == -2 {
				break
			}
		}
		if n < 0 {
			break
		}
		dims = append(dims, n)
		level = next
	}
	if len(dims) == 1 {
		return fmt.Sprintf("%d values", dims[0])
	}
	s := fmt.Sprint(dims[0])
	for _, d := range dims[1:] {
		s += fmt.Sprintf(" × %d", d)
	}
	return s
}
