package op

import (
	"fmt"

	"gorgonia.org/gorgonia"
	"gorgonia.org/tensor"
)

// Crop appends the first h rows and t columns of x [n][H][T][c].
func Crop(x *gorgonia.Node, h, t int) (*gorgonia.Node, error) {
	if err := wantDims("Crop", "x", x, 4); err != nil {
		return nil, err
	}
	if s := x.Shape(); h < 1 || t < 1 || h > s[1] || t > s[2] {
		return nil, fmt.Errorf("op: Crop: %d×%d does not lie in %v", h, t, s)
	}
	return byDtype("Crop", x,
		func() (*gorgonia.Node, error) { return crop[float32](x, h, t) },
		func() (*gorgonia.Node, error) { return crop[float64](x, h, t) })
}

func crop[T Float](x *gorgonia.Node, h, t int) (*gorgonia.Node, error) {
	s := x.Shape()
	n, rows, width, small := s[0], s[1], s[2]*s[3], t*s[3]
	out := tensor.Shape{n, h, t, s[3]}
	label := fmt.Sprintf("Crop %v to %d,%d", s, h, t)
	return gather[T](label, x, out, func(each func(big, little, count int)) {
		for b := range n {
			for r := range h {
				each((b*rows+r)*width, (b*h+r)*small, small)
			}
		}
	})
}

// LastStep appends the last time step of x [n][h][t][c] as [n][h·c].
func LastStep(x *gorgonia.Node) (*gorgonia.Node, error) {
	if err := wantDims("LastStep", "x", x, 4); err != nil {
		return nil, err
	}
	return byDtype("LastStep", x,
		func() (*gorgonia.Node, error) { return lastStep[float32](x) },
		func() (*gorgonia.Node, error) { return lastStep[float64](x) })
}

func lastStep[T Float](x *gorgonia.Node) (*gorgonia.Node, error) {
	s := x.Shape()
	rows, t, c := s[0]*s[1], s[2], s[3]
	return gather[T](fmt.Sprintf("LastStep %v", s), x, tensor.Shape{s[0], s[1] * c}, func(each func(big, little, count int)) {
		for r := range rows {
			each((r*t+t-1)*c, r*c, c)
		}
	})
}

// gather appends an op that copies runs of x, which do not overlap, into its
// output; the gradient copies them back into zeros.
func gather[T Float](label string, x *gorgonia.Node, out tensor.Shape, runs func(each func(big, little, count int))) (*gorgonia.Node, error) {
	fwd := newCall(label, shapes(x), out, func(in [][]T, out []T) error {
		runs(func(big, little, count int) { copy(out[little:little+count], in[0][big:]) })
		return nil
	})
	fwd.wants = []bool{true}
	fwd.grad = func(in gorgonia.Nodes, _, dy *gorgonia.Node) (gorgonia.Nodes, error) {
		dx, err := newCall("grad of "+label, shapes(dy), in[0].Shape(), func(in [][]T, out []T) error {
			clear(out)
			runs(func(big, little, count int) { copy(out[big:big+count], in[0][little:]) })
			return nil
		}).apply(dy)
		return gorgonia.Nodes{dx}, err
	}
	return fwd.apply(x)
}

// StepFeatures appends, for each time step, the values of x [n][h][t][c] in
// the order h·C + c, and after them those of goal [n][t][k]: the result is
// [n][1][t][h·c + k], a map of one row. goal may be nil; it gets no gradient.
func StepFeatures(x, goal *gorgonia.Node) (*gorgonia.Node, error) {
	if err := wantDims("StepFeatures", "x", x, 4); err != nil {
		return nil, err
	}
	if goal != nil {
		if err := wantDims("StepFeatures", "goal", goal, 3); err != nil {
			return nil, err
		}
		if err := wantShape("StepFeatures", "goal", goal, x.Shape()[0], x.Shape()[2], goal.Shape()[2]); err != nil {
			return nil, err
		}
	}
	return byDtype("StepFeatures", x,
		func() (*gorgonia.Node, error) { return stepFeatures[float32](x, goal) },
		func() (*gorgonia.Node, error) { return stepFeatures[float64](x, goal) })
}

func stepFeatures[T Float](x, goal *gorgonia.Node) (*gorgonia.Node, error) {
	s := x.Shape()
	n, h, t, c, k := s[0], s[1], s[2], s[3], 0
	in := gorgonia.Nodes{x}
	if goal != nil {
		k = goal.Shape()[2]
		in = append(in, goal)
	}
	f := h*c + k
	// each calls do with the places of c values in x and in the result.
	each := func(do func(x, y int)) {
		for b := range n {
			for r := range h {
				for i := range t {
					do(((b*h+r)*t+i)*c, (b*t+i)*f+r*c)
				}
			}
		}
	}
	label := fmt.Sprintf("StepFeatures %v goal=%d", s, k)
	fwd := newCall(label, shapes(in...), tensor.Shape{n, 1, t, f}, func(in [][]T, out []T) error {
		each(func(x, y int) { copy(out[y:y+c], in[0][x:]) })
		for i := 0; k > 0 && i < n*t; i++ {
			copy(out[i*f+h*c:(i+1)*f], in[1][i*k:])
		}
		return nil
	})
	fwd.wants = []bool{true, false}[:len(in)]
	fwd.grad = func(in gorgonia.Nodes, _, dy *gorgonia.Node) (gorgonia.Nodes, error) {
		dx, err := newCall("grad of "+label, shapes(dy), in[0].Shape(), func(in [][]T, out []T) error {
			each(func(x, y int) { copy(out[x:x+c], in[0][y:]) })
			return nil
		}).apply(dy)
		return gorgonia.Nodes{dx, nil}[:len(in)], err
	}
	return fwd.apply(in...)
}
