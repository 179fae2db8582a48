package dataset

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/spindle-lab/spindle/lib/movement"
	"github.com/spindle-lab/spindle/lib/stroke"
)

// A unit of work makes one shard.
type unit struct {
	name   string
	group  group
	folder int
	jobs   []movement.Job // letters
	size   int            // movements
}

// planLetters lists the shards of letters: in each folder, letter by letter, the
// horizontal plane, then the vertical one.
func (g *generation) planLetters() {
	g.config.Strokes, g.config.StrokesHash = g.opt.Strokes.Source, hashStrokes(g.opt.Strokes.Strokes)
	for f := range g.opt.Folders {
		folder := g.opt.FirstFolder + f
		for l := 1; l <= len(stroke.Letters); l++ {
			for _, p := range movement.Planes {
				u := unit{
					name:   fmt.Sprintf("folder-%03d/%s-%s%s", folder, letter(l), p, shardExt),
					group:  group{folder, l, p},
					folder: folder,
				}
				for i, s := range g.opt.Strokes.Strokes {
					if s.Label == l && (g.opt.PerLetter == 0 || len(u.jobs) < g.opt.PerLetter) {
						u.jobs = append(u.jobs, movement.Job{Stroke: s, Index: i, Plane: p})
					}
				}
				if u.size = len(u.jobs); u.size > 0 {
					g.units = append(g.units, u)
				}
			}
		}
	}
}

func hashStrokes(strokes []stroke.Stroke) string {
	var b []byte
	for _, s := range strokes {
		b = append(b, byte(s.Label))
		for _, axis := range [][]float64{s.X, s.Y} {
			b = binary.LittleEndian.AppendUint32(b, uint32(len(axis)))
			for _, v := range axis {
				b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
			}
		}
	}
	return sha(b)
}

// fingerprint computes a trial movement and hashes it bit by bit: a run that
// goes on with another arm model or another arithmetic is noticed.
func fingerprint(monkey string, fix movement.Fixes, reaches *movement.ReachOptions) (string, error) {
	c, err := movement.NewChain(monkey, fix)
	if err != nil {
		return "", err
	}
	const n = 24
	pen := movement.Rows(3, n)
	for i := range n {
		s := 2 * math.Pi * float64(i) / n
		pen[0][i], pen[1][i], pen[2][i] = 16+2*math.Sin(s), 2*math.Cos(s), 4*math.Sin(s/2)
	}
	joints, _ := c.Trace(pen, [4]float64{36, 5, 5, 50}, math.Inf(1))
	muscles, hand, elbow := c.Muscles(joints, false)
	trial := [][][]float64{joints, muscles, hand, elbow}
	if reaches != nil {
		r, err := movement.NewReacher(monkey, *reaches, fix)
		if err != nil {
			return "", err
		}
		m, _, err := r.One(0, 0, 0)
		if err != nil {
			return "", err
		}
		trial = append(trial, m.Torques)
	}
	var b []byte
	for _, rows := range trial {
		for _, r := range rows {
			for _, v := range r {
				b = binary.LittleEndian.AppendUint64(b, math.Float64bits(v))
			}
		}
	}
	return sha(b), nil
}
