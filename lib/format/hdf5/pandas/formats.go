package pandas

import (
	"fmt"
	"strconv"

	"github.com/spindle-lab/spindle/lib/format/hdf5"
)

// fixed reads a frame of the fixed format: blocks of columns of one type, axis0
// the names of the columns, axis1 the row labels.
func (r *reader) fixed() (*Frame, error) {
	for _, axis := range []string{"axis0", "axis1"} {
		v, err := text(r.g, axis+"_variety")
		if err != nil {
			return nil, err
		}
		if v != "regular" {
			return nil, fmt.Errorf("%s is %q: indexes of several levels are not read", axis, v)
		}
	}
	a, err := r.g.Attr("nblocks")
	if err != nil {
		return nil, err
	}
	blocks, err := a.Int64()
	if err != nil {
		return nil, err
	}
	if blocks < 0 || blocks > 1<<16 {
		return nil, fmt.Errorf("%d blocks", blocks)
	}
	names, err := r.labels("axis0")
	if err != nil {
		return nil, err
	}
	index, err := r.axis("axis1")
	if err != nil {
		return nil, err
	}
	rows := max(len(index.Floats), len(index.Texts))
	columns := map[string]*Column{}
	for b := range int(blocks) {
		prefix := "block" + strconv.Itoa(b)
		items, err := r.labels(prefix + "_items")
		if err != nil {
			return nil, err
		}
		if !r.wantsAny(items) {
			continue
		}
		cs, err := r.block(prefix+"_values", items, rows)
		if err != nil {
			return nil, err
		}
		for _, c := range cs {
			if c == nil {
				continue
			}
			if columns[c.Name] != nil {
				return nil, fmt.Errorf("column %q stands twice", c.Name)
			}
			columns[c.Name] = c
		}
	}
	return r.newFrame(names, rows, columns, index)
}

// labels reads an array of names.
func (r *reader) labels(name string) ([]string, error) {
	c, err := r.axis(name)
	if err != nil {
		return nil, err
	}
	if c.Texts != nil || c.Floats == nil {
		return c.Texts, nil
	}
	out := make([]string, len(c.Floats))
	for i, v := range c.Floats {
		out[i] = strconv.FormatFloat(v, 'g', -1, 64)
	}
	return out, nil
}

// empty tells an array that PyTables cannot store: of no values, with its shape
// in an attribute.
func empty(d *hdf5.Dataset) (bool, error) { return d.Has("shape") }

// axis reads a one-dimensional array.
func (r *reader) axis(name string) (*Column, error) {
	d, err := r.g.Dataset(name)
	if err != nil {
		return nil, err
	}
	if none, err := empty(d); err != nil || none {
		return &Column{Name: name, Dtype: "object"}, err
	}
	if d.Dtype.Class == hdf5.VarLen && !d.Dtype.IsString() {
		v, _, err := object(d)
		if err != nil {
			return nil, err
		}
		return objects(name, v)
	}
	if len(d.Shape) != 1 {
		return nil, fmt.Errorf("%s has the shape %v, expected one dimension", name, d.Shape)
	}
	return column(name, d)
}

// column reads all values of a dataset.
func column(name string, d *hdf5.Dataset) (*Column, error) {
	return columnRows(name, d, 0, d.Rows())
}

// columnRows reads the values of some rows of a dataset.
func columnRows(name string, d *hdf5.Dataset, i0, i1 int) (*Column, error) {
	c := &Column{Name: name, Dtype: d.Dtype.String()}
	var err error
	switch {
	case d.Dtype.IsString():
		c.Dtype = "string"
		c.Texts, err = d.StringRows(i0, i1)
		return c, err
	case d.Dtype.Class == hdf5.Bitfield:
		c.Dtype = "bool"
	}
	if c.Floats, err = d.Float64Rows(i0, i1); err != nil {
		return nil, err
	}
	if d.Dtype.Class == hdf5.Integer {
		c.Ints, err = d.Int64Rows(i0, i1)
	}
	return c, err
}

// slab is how many values are in memory at a time beside the columns that are
// kept.
const slab = 1 << 18

// gather reads the columns that are asked for out of an array of several,
// [row][column] or, if not rowFirst, [column][row]; nil stands for the others.
func (r *reader) gather(d *hdf5.Dataset, items []string, rows int, rowFirst bool) ([]*Column, error) {
	out := make([]*Column, len(items))
	if !r.wantsAny(items) {
		return out, nil
	}
	if !rowFirst {
		for i, item := range items {
			if !r.wants(item) {
				continue
			}
			var err error
			if out[i], err = columnRows(item, d, i, i+1); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	at := 0
	for {
		end := min(rows, at+max(1, slab/max(1, len(items))))
		part, err := columnRows("", d, at, end)
		if err != nil {
			return nil, err
		}
		for i, item := range items {
			if !r.wants(item) {
				continue
			}
			if out[i] == nil {
				out[i] = part.empty(item, rows)
			}
			out[i].add(part, i, len(items))
		}
		if at = end; at == rows {
			return out, nil
		}
	}
}

// empty makes a column of the same kind with room for so many rows.
func (c *Column) empty(name string, rows int) *Column {
	p := &Column{Name: name, Dtype: c.Dtype}
	if c.Floats != nil {
		p.Floats = make([]float64, 0, rows)
	}
	if c.Ints != nil {
		p.Ints = make([]int64, 0, rows)
	}
	if c.Texts != nil {
		p.Texts = make([]string, 0, rows)
	}
	return p
}

// add appends every step-th value of another column, from the first-th on.
// A text that is the last one again is kept once.
func (c *Column) add(o *Column, first, step int) {
	for j := first; j < len(o.Floats); j += step {
		c.Floats = append(c.Floats, o.Floats[j])
	}
	for j := first; j < len(o.Ints); j += step {
		c.Ints = append(c.Ints, o.Ints[j])
	}
	for j := first; j < len(o.Texts); j += step {
		s := o.Texts[j]
		if n := len(c.Texts); n > 0 && c.Texts[n-1] == s {
			s = c.Texts[n-1]
		}
		c.Texts = append(c.Texts, s)
	}
}

// object reads an array of Python objects: one pickle in a sequence of bytes.
func object(d *hdf5.Dataset) ([]any, []int, error) {
	seq, err := d.Sequences()
	if err != nil {
		return nil, nil, err
	}
	if len(seq) != 1 {
		return nil, nil, fmt.Errorf("%s has %d pickles, expected one", d.Path(), len(seq))
	}
	v, err := unpickle(seq[0])
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", d.Path(), err)
	}
	items, err := array(v)
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", d.Path(), err)
	}
	return items, shape(v), nil
}

// block reads the values of columns of one type; nil stands for those that are
// not asked for.
func (r *reader) block(name string, items []string, rows int) ([]*Column, error) {
	d, err := r.g.Dataset(name)
	if err != nil {
		return nil, err
	}
	columns := make([]*Column, len(items))
	if none, err := empty(d); err != nil || none {
		for i, item := range items {
			if r.wants(item) {
				columns[i] = &Column{Name: item, Dtype: "object"}
			}
		}
		return columns, err
	}
	// Values lie [row][column] where the array was transposed for writing.
	rowFirst := false
	if has, err := d.Has("transposed"); err != nil {
		return nil, err
	} else if has {
		a, err := d.Attr("transposed")
		if err != nil {
			return nil, err
		}
		v, err := a.Int64()
		if err != nil {
			return nil, err
		}
		rowFirst = v != 0
	}
	pick := func(dims []int) (func(item, row int) int, error) {
		want := []int{len(items), rows}
		if rowFirst {
			want = []int{rows, len(items)}
		}
		if len(items) == 1 && len(dims) == 1 && dims[0] == rows { // a column of pandas' own string type
			return func(_, row int) int { return row }, nil
		}
		if len(dims) != 2 || dims[0] != want[0] || dims[1] != want[1] {
			return nil, fmt.Errorf("%s has the shape %v, expected %v", name, dims, want)
		}
		if rowFirst {
			return func(item, row int) int { return row*len(items) + item }, nil
		}
		return func(item, row int) int { return item*rows + row }, nil
	}
	if d.Dtype.Class == hdf5.VarLen && !d.Dtype.IsString() {
		v, dims, err := object(d)
		if err != nil {
			return nil, err
		}
		at, err := pick(dims)
		if err != nil {
			return nil, err
		}
		for i, item := range items {
			if !r.wants(item) {
				continue
			}
			col := make([]any, rows)
			for j := range col {
				col[j] = v[at(i, j)]
			}
			if columns[i], err = objects(item, col); err != nil {
				return nil, err
			}
		}
		return columns, nil
	}
	if _, err := pick(d.Shape); err != nil {
		return nil, err
	}
	return r.gather(d, items, rows, rowFirst || len(d.Shape) == 1)
}

// pickled reads an attribute that holds a pickle.
func pickled(o hdf5.Object, name string) (any, error) {
	s, err := text(o, name)
	if err != nil {
		return nil, err
	}
	v, err := unpickle([]byte(s))
	if err != nil {
		return nil, fmt.Errorf("attribute %q of %s: %w", name, o.Path(), err)
	}
	return v, nil
}

// table reads a frame of the table format: one compound per row, whose members
// hold columns of one type; the names of the columns are in attributes.
func (r *reader) table() (*Frame, error) {
	axes, err := pickled(r.g, "non_index_axes")
	if err != nil {
		return nil, err
	}
	l, _ := axes.(*list)
	if l == nil || len(l.items) != 1 {
		return nil, fmt.Errorf("non_index_axes lists no single axis: indexes of several levels are not read")
	}
	axis, _ := l.items[0].(tuple)
	if len(axis) != 2 {
		return nil, fmt.Errorf("non_index_axes has no names of columns")
	}
	names, err := texts(axis[1])
	if err != nil {
		return nil, err
	}
	missing, err := text(r.g, "nan_rep")
	if err != nil {
		return nil, err
	}
	if v, err := unpickle([]byte(missing)); err == nil && v == nil {
		missing = "nan" // newer versions leave the default out
	}
	d, err := r.g.Dataset("table")
	if err != nil {
		return nil, err
	}
	rows := d.Rows()
	columns := map[string]*Column{}
	var index *Column
	for _, member := range d.Members() {
		m, err := d.Member(member)
		if err != nil {
			return nil, err
		}
		if member == "index" {
			if index, err = column(member, m); err != nil {
				return nil, err
			}
			continue
		}
		if meta, _ := text(d, member+"_meta"); meta == "category" {
			return nil, fmt.Errorf("%s holds categories, which are not read: store them as strings", member)
		}
		kind, err := pickled(d, member+"_kind")
		if err != nil {
			return nil, err
		}
		items, err := texts(kind)
		if err != nil {
			return nil, fmt.Errorf("%s_kind: %w", member, err)
		}
		if len(items) != m.RowLen() {
			return nil, fmt.Errorf("%s has %d values a row for the columns %v", member, m.RowLen(), items)
		}
		all, err := r.gather(m, items, rows, true)
		if err != nil {
			return nil, err
		}
		dtype, _ := text(d, member+"_dtype")
		for i, c := range all {
			if c == nil {
				continue
			}
			if columns[c.Name] != nil {
				return nil, fmt.Errorf("column %q stands twice", items[i])
			}
			if dtype == "bool" {
				c.Dtype, c.Ints = "bool", nil
			}
			for j, t := range c.Texts {
				if t == missing {
					c.Texts[j] = ""
				}
			}
			columns[c.Name] = c
		}
	}
	if index == nil {
		return nil, fmt.Errorf("the rows have no member \"index\"")
	}
	return r.newFrame(names, rows, columns, index)
}
