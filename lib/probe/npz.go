package probe

import (
	"fmt"

	"github.com/spindle-lab/spindle/lib/format/npy"
)

// SaveNPZ writes the table as a NumPy archive, one array per column: numbers as
// float64, int64 or uint64, text as Unicode strings. The file appears whole or
// not at all.
func (t *Table) SaveNPZ(path string) error {
	w, err := npy.Create(path, false)
	if err != nil {
		return err
	}
	defer w.Abort()
	for _, c := range columns {
		if err := w.Write(c.name, t.values(c)); err != nil {
			return fmt.Errorf("probe: %w", err)
		}
	}
	return w.Close()
}

// values returns a column as a slice.
func (t *Table) values(c column) any {
	var empty Row
	switch c.get(&empty).(type) {
	case int:
		return collect[int](t, c)
	case uint64:
		return collect[uint64](t, c)
	case string:
		return collect[string](t, c)
	}
	return collect[float64](t, c)
}

func collect[T any](t *Table, c column) []T {
	out := make([]T, len(t.Rows))
	for i := range t.Rows {
		out[i] = c.get(&t.Rows[i]).(T)
	}
	return out
}
