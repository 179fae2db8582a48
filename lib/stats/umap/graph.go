package umap

import (
	"context"
	"math"
	"runtime"
	"sort"
	"sync"

	"gonum.org/v1/gonum/mat"
)

// neighbors returns, for each row of x, the indexes and distances of its k
// nearest rows of y, nearest first, the lower index first among equals.
func neighbors(ctx context.Context, x, y *mat.Dense, k int) (index [][]int, dist [][]float64, err error) {
	n, _ := x.Dims()
	m, _ := y.Dims()
	index, dist = make([][]int, n), make([][]float64, n)
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := 0; w < workers; w++ {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for i := w; i < n && ctx.Err() == nil; i += workers {
				idx, sq := make([]int, 0, k+1), make([]float64, 0, k+1)
				p := x.RawRowView(i)
				for j := 0; j < m; j++ {
					s := 0.0
					for c, v := range y.RawRowView(j) {
						s += (p[c] - v) * (p[c] - v)
					}
					if len(sq) == k && s >= sq[k-1] {
						continue
					}
					at := sort.Search(len(sq), func(q int) bool { return sq[q] > s })
					if len(sq) < k {
						sq, idx = append(sq, 0), append(idx, 0)
					}
					copy(sq[at+1:], sq[at:])
					copy(idx[at+1:], idx[at:])
					sq[at], idx[at] = s, j
				}
				for q := range sq {
					sq[q] = math.Sqrt(sq[q])
				}
				index[i], dist[i] = idx, sq
			}
		}()
	}
	wg.Wait()
	return index, dist, ctx.Err()
}

// What umap-learn fixes in its search for bandwidths.
const (
	searchRounds = 64
	searchTol    = 1e-5
	minScale     = 1e-3
)

// bandwidths returns for each point the distance rho to its nearest other
// point and the width sigma at which its memberships sum to log2(k). Column
// first is the first that counts: 1 where a point is its own first neighbour.
func bandwidths(dist [][]float64, first int) (sigma, rho []float64) {
	n := len(dist)
	sigma, rho = make([]float64, n), make([]float64, n)
	total, count := 0.0, 0
	for _, row := range dist {
		for _, d := range row {
			total += d
			count++
		}
	}
	mean := total / float64(count)
	for i, row := range dist {
		target := math.Log2(float64(len(row)))
		if first == 1 {
			for _, d := range row {
				if d > 0 {
					rho[i] = d
					break
				}
			}
		}
		lo, hi, mid := 0.0, math.Inf(1), 1.0
		for r := 0; r < searchRounds; r++ {
			sum := 0.0
			for _, d := range row[first:] {
				if d > rho[i] {
					sum += math.Exp(-(d - rho[i]) / mid)
				} else {
					sum++
				}
			}
			if math.Abs(sum-target) < searchTol {
				break
			}
			if sum > target {
				hi = mid
				mid = (lo + hi) / 2
			} else {
				lo = mid
				if math.IsInf(hi, 1) {
					mid *= 2
				} else {
					mid = (lo + hi) / 2
				}
			}
		}
		sigma[i] = mid
		scale := mean
		if rho[i] > 0 {
			scale = 0
			for _, d := range row {
				scale += d / float64(len(row))
			}
		}
		sigma[i] = math.Max(sigma[i], minScale*scale)
	}
	return sigma, rho
}

func membership(d, rho, sigma float64) float64 {
	if d <= rho || sigma == 0 {
		return 1
	}
	return math.Exp(-(d - rho) / sigma)
}

// graph is a symmetric weighted graph, each row's neighbours by index.
type graph struct {
	n      int
	col    [][]int
	weight [][]float64
}

// fuzzyUnion joins the directed memberships w into w + wᵀ − w∘wᵀ.
func fuzzyUnion(index [][]int, dist [][]float64) *graph {
	n := len(index)
	sigma, rho := bandwidths(dist, 1)
	directed := make([]map[int]float64, n)
	for i := range index {
		directed[i] = make(map[int]float64, len(index[i]))
		for k, j := range index[i] {
			if j != i {
				directed[i][j] = membership(dist[i][k], rho[i], sigma[i])
			}
		}
	}
	linked := make([]map[int]bool, n)
	for i := range linked {
		linked[i] = map[int]bool{}
	}
	for i, row := range directed {
		for j := range row {
			linked[i][j], linked[j][i] = true, true
		}
	}
	g := &graph{n: n, col: make([][]int, n), weight: make([][]float64, n)}
	for i := range linked {
		for j := range linked[i] {
			g.col[i] = append(g.col[i], j)
		}
		sort.Ints(g.col[i])
		for _, j := range g.col[i] {
			a, b := directed[i][j], directed[j][i]
			g.weight[i] = append(g.weight[i], a+b-a*b)
		}
	}
	return g
}

// components labels the connected parts of the graph from 0.
func (g *graph) components() (label []int, count int) {
	label = make([]int, g.n)
	for i := range label {
		label[i] = -1
	}
	for start := range label {
		if label[start] >= 0 {
			continue
		}
		stack := []int{start}
		label[start] = count
		for len(stack) > 0 {
			i := stack[len(stack)-1]
			stack = stack[:len(stack)-1]
			for _, j := range g.col[i] {
				if label[j] < 0 {
					label[j] = count
					stack = append(stack, j)
				}
			}
		}
		count++
	}
	return label, count
}

// edge is an attraction, due each time its clock passes an epoch.
type edge struct {
	head, tail   int
	weight       float64
	period, next float64
}

// edges lists the graph's entries in row order, both directions of each, less
// those too weak to be sampled once.
func (g *graph) edges(epochs int) []edge {
	var all []edge
	for i := range g.col {
		for k, j := range g.col[i] {
			all = append(all, edge{head: i, tail: j, weight: g.weight[i][k]})
		}
	}
	return schedule(all, epochs)
}

func schedule(all []edge, epochs int) []edge {
	top := 0.0
	for _, e := range all {
		top = math.Max(top, e.weight)
	}
	kept := all[:0]
	for _, e := range all {
		if e.weight >= top/float64(epochs) {
			e.period = top / e.weight
			e.next = e.period
			kept = append(kept, e)
		}
	}
	return kept
}
