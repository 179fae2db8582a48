package blas

import (
	"runtime"
	"sync/atomic"

	"github.com/spindle-lab/spindle/lib/blas/internal/kernel"
)

// job is one product on its way, shared by the goroutines that work on it.
type job[T kernel.Float] struct {
	set         *kernel.Set[T]
	m, n, k     int
	alpha, beta T
	a, b, c     view[T]

	packA, packB   bool
	taskM, taskN   int // size of the tiles of C that are handed out
	workers        int
	rouse          bool
	crew           crew
	bufA, bufB     []T
	ic, jc, pc     int // the block that is being computed
	mb, nb, kb     int // and its size
	phase          int
	tasks, tasksB  int
	next           atomic.Int64
	betaNow        T
	tilesM, tilesN int
}

const (
	phasePack = iota
	phaseMultiply
)

func (j *job[T]) plan() {
	s := j.set
	j.packB = j.b.col != 1 || j.m >= 8*s.MR
	j.packA = j.n >= 4*s.NR
	work := j.m * j.n * j.k
	j.workers = 1
	if work >= parallelWork {
		j.workers = runtime.GOMAXPROCS(0)
	}
	j.rouse = work >= rouseWork
	j.taskM = min(roundUp(rowTask/s.Size, s.MR), roundUp(j.m, s.MR))
	j.taskN = min(roundUp(colTask/s.Size, s.NR), roundUp(j.n, s.NR))
	if j.workers == 1 {
		return
	}
	// Enough tasks that the cores finish together, unless they get too small.
	for ceil(j.m, j.taskM)*ceil(j.n, j.taskN) < 6*j.workers && j.taskM*j.taskN*kStep(j.k) >= 2*taskWork {
		switch {
		case j.taskN > j.taskM && j.taskN > s.NR:
			j.taskN = roundUp(j.taskN/2, s.NR)
		case j.taskM > s.MR:
			j.taskM = roundUp(j.taskM/2, s.MR)
		default:
			return
		}
	}
}

func (j *job[T]) do() {
	s := j.set
	step := kStep(j.k)
	for pc := 0; pc < j.k; pc += step {
		j.pc, j.kb = pc, min(step, j.k-pc)
		j.betaNow = 1
		if pc == 0 {
			j.betaNow = j.beta
		}
		for jc := 0; jc < j.n; jc += colBlock {
			j.jc, j.nb = jc, min(colBlock, j.n-jc)
			j.tasksB = 0
			if j.packB {
				j.bufB = grow(j.bufB, roundUp(j.nb, s.NR)*j.kb)
				j.tasksB = ceil(j.nb, s.NR)
			}
			for ic := 0; ic < j.m; ic += rowBlock {
				j.ic, j.mb = ic, min(rowBlock, j.m-ic)
				j.phase, j.tasks = phasePack, j.tasksB
				if j.packA {
					j.bufA = grow(j.bufA, j.sizeA())
					j.tasks += ceil(j.mb, packRows)
				}
				j.run()
				j.tasksB = 0
				j.tilesM = ceil(j.mb, j.taskM)
				j.tilesN = ceil(j.nb, j.taskN)
				j.phase, j.tasks = phaseMultiply, j.tilesM*j.tilesN
				j.run()
			}
		}
	}
}

// run does the tasks of a phase and returns when all are done.
func (j *job[T]) run() {
	if j.tasks == 0 {
		return
	}
	j.next.Store(0)
	j.crew.run(min(j.workers, j.tasks)-1, j.rouse)
}

func (j *job[T]) work() {
	t := getTile[T]()
	defer putTile(t)
	for {
		i := int(j.next.Add(1)) - 1
		if i >= j.tasks {
			return
		}
		switch {
		case j.phase == phaseMultiply:
			j.multiply(t, i)
		case i < j.tasksB:
			nr := j.set.NR
			w := min(nr, j.nb-i*nr)
			packPanel(j.set, j.bufB[i*nr*j.kb:], j.b.at(j.pc, j.jc+i*nr), j.kb, w)
		default:
			j.packRowsOf(i - j.tasksB)
		}
	}
}

// multiply computes the tile of C with index i.
func (j *job[T]) multiply(t *kernel.Tile[T], i int) {
	nr := j.set.NR
	i0, j0 := i/j.tilesN*j.taskM, i%j.tilesN*j.taskN
	j1 := min(j0+j.taskN, j.nb)
	rows := min(j.taskM, j.mb-i0)
	t.K, t.CRow = j.kb, j.c.row
	t.Alpha, t.Beta = j.alpha, j.betaNow
	if j.packA {
		a := j.viewA()
		t.A, t.ARow, t.ACol = a.at(i0, 0).data, a.row, a.col
	} else {
		a := j.a.at(j.ic+i0, j.pc)
		t.A, t.ARow, t.ACol = a.data, a.row, a.col
	}
	j.set.Advance(t)
	for ; j0 < j1; j0 += nr {
		t.M, t.N = rows, min(nr, j1-j0)
		t.C = j.c.at(j.ic+i0, j.jc+j0).data
		if j.packB {
			t.B, t.BRow = j.bufB[j0*j.kb:][:nr*j.kb], nr
		} else {
			t.B, t.BRow = j.b.at(j.pc, j.jc+j0).data, j.b.row
		}
		j.set.Gemm(t)
	}
}
