package umap

import (
	"fmt"
	"math"
	"math/rand/v2"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
	"gonum.org/v1/gonum/stat"
)

// initial lays the points out by the graph's slowest modes: the eigenvectors
// of its normalised Laplacian after the constant one. Parts of the graph that
// no edge joins are laid out each by itself and set apart.
func initial(g *graph, x *mat.Dense, dim int, rng *rand.Rand) (*mat.Dense, error) {
	label, count := g.components()
	emb := mat.NewDense(g.n, dim, nil)
	centers := centersOf(x, label, count, dim)
	for part := 0; part < count; part++ {
		var members []int
		for i, l := range label {
			if l == part {
				members = append(members, i)
			}
		}
		modes, err := slowModes(g, members, dim, rng)
		if err != nil {
			return nil, err
		}
		// Parts keep clear of each other: each fills half the least distance of centres.
		size := 1.0
		if count > 1 {
			size = leastDistance(centers) / 2
		}
		for c := 0; c < dim; c++ {
			top := 0.0
			for _, v := range modes[c] {
				top = math.Max(top, math.Abs(v))
			}
			if top == 0 {
				top = 1
			}
			for k, i := range members {
				emb.Set(i, c, centers.At(part, c)+size*modes[c][k]/top)
			}
		}
	}
	// As umap-learn: noise parts points that coincide, then each axis spans 0 to 10.
	for c := 0; c < dim; c++ {
		top := 0.0
		for i := 0; i < g.n; i++ {
			top = math.Max(top, math.Abs(emb.At(i, c)))
		}
		if top == 0 {
			top = 1
		}
		for i := 0; i < g.n; i++ {
			emb.Set(i, c, 10*emb.At(i, c)/top+1e-4*rng.NormFloat64())
		}
		col := mat.Col(nil, c, emb)
		lo, hi := floats.Min(col), floats.Max(col)
		for i := 0; i < g.n; i++ {
			emb.Set(i, c, 10*(emb.At(i, c)-lo)/(hi-lo))
		}
	}
	return emb, nil
}

// centersOf places the parts of a graph by the principal components of their
// mean points; few parts go to the ends of the axes.
func centersOf(x *mat.Dense, label []int, count, dim int) *mat.Dense {
	out := mat.NewDense(count, dim, nil)
	if count == 1 {
		return out
	}
	if count <= 2*dim {
		for p := 0; p < count; p++ {
			out.Set(p, p%dim, 1-2*float64(p/dim))
		}
		return out
	}
	_, d := x.Dims()
	means, size := mat.NewDense(count, d, nil), make([]float64, count)
	for i, p := range label {
		floats.Add(means.RawRowView(p), x.RawRowView(i))
		size[p]++
	}
	for p := range size {
		floats.Scale(1/size[p], means.RawRowView(p))
	}
	var pc stat.PC
	if pc.PrincipalComponents(means, nil) {
		var v, centred mat.Dense
		pc.VectorsTo(&v)
		_, k := v.Dims()
		k = min(k, dim)
		centred.CloneFrom(means)
		for j := 0; j < d; j++ {
			m := stat.Mean(mat.Col(nil, j, means), nil)
			for p := 0; p < count; p++ {
				centred.Set(p, j, centred.At(p, j)-m)
			}
		}
		out.Slice(0, count, 0, k).(*mat.Dense).Mul(&centred, v.Slice(0, d, 0, k))
	}
	if top := math.Max(mat.Max(out), -mat.Min(out)); top > 0 {
		out.Scale(1/top, out)
	}
	return out
}

func leastDistance(p *mat.Dense) float64 {
	n, _ := p.Dims()
	least := math.Inf(1)
	for i := 0; i < n; i++ {
		for j := 0; j < i; j++ {
			least = math.Min(least, math.Sqrt(square(p.RawRowView(i), p.RawRowView(j))))
		}
	}
	return math.Max(least, 1e-3)
}

// lanczosSteps bounds the Krylov space; a start needs no more digits.
const lanczosSteps = 160

// slowModes returns, for a connected part of the graph, the dim eigenvectors of
// D^-½ W D^-½ with the largest eigenvalues below 1, by Lanczos' method with
// full reorthogonalisation against the known first one, D^½·1.
func slowModes(g *graph, members []int, dim int, rng *rand.Rand) ([][]float64, error) {
	n := len(members)
	out := make([][]float64, dim)
	for c := range out {
		out[c] = make([]float64, n)
	}
	if n <= dim+1 {
		for c := range out {
			for k := range out[c] {
				out[c][k] = rng.Float64() - 0.5
			}
		}
		return out, nil
	}
	place := make(map[int]int, n)
	for k, i := range members {
		place[i] = k
	}
	root := make([]float64, n)
	for k, i := range members {
		root[k] = math.Sqrt(floats.Sum(g.weight[i]))
	}
	apply := func(dst, v []float64) {
		for k, i := range members {
			s := 0.0
			for e, j := range g.col[i] {
				q := place[j]
				s += g.weight[i][e] / root[q] * v[q]
			}
			dst[k] = s / root[k]
		}
	}
	first := append([]float64(nil), root...)
	floats.Scale(1/floats.Norm(first, 2), first)
	basis := [][]float64{first}
	v := make([]float64, n)
	for k := range v {
		v[k] = rng.NormFloat64()
	}
	var alpha, beta []float64
	w := make([]float64, n)
	for step := 0; step < min(lanczosSteps, n-1); step++ {
		for pass := 0; pass < 2; pass++ {
			for _, b := range basis {
				floats.AddScaled(v, -floats.Dot(b, v), b)
			}
		}
		norm := floats.Norm(v, 2)
		if step > 0 {
			if norm < 1e-10 {
				break
			}
			beta = append(beta, norm)
		}
		floats.Scale(1/norm, v)
		q := append([]float64(nil), v...)
		basis = append(basis, q)
		apply(w, q)
		alpha = append(alpha, floats.Dot(q, w))
		copy(v, w)
	}
	t := mat.NewSymDense(len(alpha), nil)
	for i := range alpha {
		t.SetSym(i, i, alpha[i])
		if i+1 < len(alpha) {
			t.SetSym(i, i+1, beta[i])
		}
	}
	var eig mat.EigenSym
	if !eig.Factorize(t, true) {
		return nil, fmt.Errorf("umap: the spectral start did not converge for a part of %d points", n)
	}
	var vec mat.Dense
	eig.VectorsTo(&vec)
	for c := 0; c < min(dim, len(alpha)); c++ {
		at := len(alpha) - 1 - c
		for k := range alpha {
			floats.AddScaled(out[c], vec.At(k, at), basis[k+1])
		}
	}
	return out, nil
}
