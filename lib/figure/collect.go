package figure

import (
	"github.com/spindle-lab/spindle/lib/movement"
)

// MuscleVelocities draws the rates of change of muscle lengths, mm, shape
// [muscle][time], in mm/s.
func MuscleVelocities(title string, lengths [][]float64) *Panel {
	rates := make([][]float64, len(lengths))
	for i, l := range lengths {
		if len(l) < 2 {
			return emptyPanel("muscles", title+": a velocity needs two samples")
		}
		rates[i] = make([]float64, len(l))
		movement.Gradient(rates[i], l)
		for t := range rates[i] {
			rates[i][t] /= movement.Step
		}
	}
	return Muscles(title, "muscle velocity [mm/s]", rates)
}

// Postures joins every stride-th posture of the movements, shape [4][sample]
// in deg. All come in OpenSim's sign of adduction, so that synthetic and
// recorded postures compare; the paper's own panels mix the two signs.
func Postures(ms []movement.Movement, stride int) [][]float64 {
	out := make([][]float64, movement.NumJoints)
	at := 0
	for i := range ms {
		for t := 0; t < ms[i].Len(); t++ {
			if at++; (at-1)%max(stride, 1) != 0 {
				continue
			}
			for j := range out {
				v := ms[i].Joints[j][t]
				if j == movement.Adduction && !ms[i].OpenSimSign {
					v = -v
				}
				out[j] = append(out[j], v)
			}
		}
	}
	return out
}

// HandPositions joins every stride-th position of the hand marker, cm, W axes.
func HandPositions(ms []movement.Movement, stride int) [][3]float64 {
	var out [][3]float64
	at := 0
	for i := range ms {
		for t := 0; t < ms[i].Len(); t++ {
			if at++; (at-1)%max(stride, 1) == 0 {
				out = append(out, [3]float64{ms[i].Hand[0][t], ms[i].Hand[1][t], ms[i].Hand[2][t]})
			}
		}
	}
	return out
}

// Samples takes every stride-th column of rows in which all values are
// finite: the postures of a recorded session are known inside trials only.
func Samples(rows [][]float64, stride int) [][]float64 {
	out := make([][]float64, len(rows))
	if len(rows) == 0 {
		return out
	}
	at := 0
	for t := range rows[0] {
		whole := true
		for _, r := range rows {
			whole = whole && !bad(r[t])
		}
		if !whole {
			continue
		}
		if at++; (at-1)%max(stride, 1) != 0 {
			continue
		}
		for j, r := range rows {
			out[j] = append(out[j], r[t])
		}
	}
	return out
}

// Thin takes at most n of the places, evenly spread over their order.
func Thin(at [][3]float64, n int) [][3]float64 {
	if len(at) <= n || n < 1 {
		return at
	}
	out := make([][3]float64, n)
	for i := range out {
		out[i] = at[i*len(at)/n]
	}
	return out
}

// Places turns rows [3][sample] into places in space.
func Places(rows [][]float64) [][3]float64 {
	if len(rows) != 3 {
		return nil
	}
	out := make([][3]float64, len(rows[0]))
	for t := range out {
		out[t] = [3]float64{rows[0][t], rows[1][t], rows[2][t]}
	}
	return out
}
