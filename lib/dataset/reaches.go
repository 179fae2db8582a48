package dataset

import (
	"fmt"
	"math"

	"github.com/spindle-lab/spindle/lib/movement"
)

// planReaches lists the shards of reaches: one for each folder.
func (g *generation) planReaches() error {
	given := *g.opt.Reaches
	if given.Count == 0 {
		given.Count = g.opt.PerGroup
	}
	opt, err := given.WithDefaults()
	if err != nil {
		return err
	}
	g.opt.Reaches = &opt
	g.config.Kind, g.config.Reach = kindReaches, &opt
	g.config.PerLetter, g.config.PerGroup, g.config.MaxJerk = 0, 0, 0
	g.pick.PerGroup, g.pick.keepAll = opt.Count, true
	for f := range g.opt.Folders {
		folder := g.opt.FirstFolder + f
		g.units = append(g.units, unit{
			name:   fmt.Sprintf("folder-%03d/reaches%s", folder, shardExt),
			group:  group{folder: folder},
			folder: folder,
			size:   opt.Count,
		})
	}
	return nil
}

func (g *generation) reachMaker(u *unit, h *Header) (func(k int) (movement.Movement, movement.Report, error), bool, error) {
	h.Fields = fieldNames[:]
	h.Plane = ""
	r, err := movement.NewReacher(g.opt.Monkey, *g.opt.Reaches, g.opt.Fix)
	if err != nil {
		return nil, false, err
	}
	return func(k int) (movement.Movement, movement.Report, error) { return r.One(u.folder, k, g.opt.Seed) }, true, nil
}

// FromReaches makes a data set of reaches in memory: all of them, with their
// torques, each at a random offset in its window, the velocities held beyond the
// movement and the torques zero there; split per folder, 20 % for the test and
// 10 % of the rest for validation.
func FromReaches(ms []movement.Movement, opt Options) (*Dataset, error) {
	opt.PerGroup, opt.MaxJerk, opt.keepAll = math.MaxInt, math.Inf(1), true
	d, err := FromMovements(ms, opt)
	if err != nil {
		return nil, err
	}
	for _, s := range []*Set{d.Train, d.Val, d.Test} {
		if !s.Has(Torque) {
			return nil, fmt.Errorf("dataset: movements without torques: want reaches")
		}
		s.input, s.target = DifferentiateThenPad, DifferentiateThenPad
	}
	return d, nil
}
