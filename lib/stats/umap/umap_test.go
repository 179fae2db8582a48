package umap

import (
	"context"
	"encoding/json"
	"math"
	"math/rand/v2"
	"runtime"
	"testing"

	"gonum.org/v1/gonum/mat"

	"github.com/spindle-lab/spindle/lib/internal/golden"
)

func dense(a *golden.Array) *mat.Dense { return mat.NewDense(a.Shape[0], a.Shape[1], a.Data) }

func TestCurveAgainstSciPy(t *testing.T) {
	for _, c := range golden.Cases(t, "probe/umap") {
		if !c.Has(t, "spread") {
			continue
		}
		var as, bs []float64
		for i, s := range c.Array(t, "spread").Data {
			a, b, err := Curve(s, c.Array(t, "min_dist").Data[i])
			if err != nil {
				t.Fatal(err)
			}
			as, bs = append(as, a), append(bs, b)
		}
		c.Compare(t, "float64", "a", as)
		c.Compare(t, "float64", "b", bs)
	}
}

func TestGraphAgainstUMAPLearn(t *testing.T) {
	for _, c := range golden.Cases(t, "probe/umap") {
		if !c.Has(t, "knn_index") {
			continue
		}
		var p struct {
			N int `json:"n_neighbors"`
		}
		if err := json.Unmarshal(c.Params, &p); err != nil {
			t.Fatal(err)
		}
		x := dense(c.Array(t, "x"))
		index, dist, err := neighbors(context.Background(), x, x, p.N)
		if err != nil {
			t.Fatal(err)
		}
		var flatIndex []int
		var flatDist []float64
		for i := range index {
			flatIndex, flatDist = append(flatIndex, index[i]...), append(flatDist, dist[i]...)
		}
		for i, want := range c.Array(t, "knn_index").Ints() {
			if flatIndex[i] != want {
				t.Errorf("%s: neighbour %d of point %d is %d, want %d", c.Name, i%p.N, i/p.N, flatIndex[i], want)
			}
		}
		c.Compare(t, "float64", "knn_dist", flatDist)
		sigma, rho := bandwidths(dist, 1)
		c.Compare(t, "float64", "sigma", sigma)
		c.Compare(t, "float64", "rho", rho)
		c.Compare(t, "float64", "sigma64", sigma)
		c.Compare(t, "float64", "rho64", rho)
		g := fuzzyUnion(index, dist)
		full := make([]float64, g.n*g.n)
		for i := range g.col {
			for k, j := range g.col[i] {
				full[i*g.n+j] = g.weight[i][k]
			}
		}
		c.Compare(t, "float64", "weight64", full)
		var weight []float64
		col := c.Array(t, "col").Ints()
		for e, i := range c.Array(t, "row").Ints() {
			weight = append(weight, full[i*g.n+col[e]])
		}
		c.Compare(t, "float64", "weight", weight)
	}
}

// embedLike fits x and asks for umap-learn's quality: trustworthiness within
// 0.01 of its embedding's, and its clusters.
func embedLike(t *testing.T, name string, x, theirs *mat.Dense, neighbors int, label []int) {
	t.Helper()
	m, err := Fit(context.Background(), x, Options{Neighbors: neighbors}, rand.New(rand.NewPCG(42, 0)))
	if err != nil {
		t.Fatal(err)
	}
	k := min(neighbors, x.RawMatrix().Rows/2-1)
	ours, err := Trustworthiness(x, m.Embedding, k)
	if err != nil {
		t.Fatal(err)
	}
	want, err := Trustworthiness(x, theirs, k)
	if err != nil {
		t.Fatal(err)
	}
	if ours < want-0.01 {
		t.Errorf("%s: trustworthiness %.4f, umap-learn's %.4f", name, ours, want)
	}
	groups := map[int]bool{}
	for _, l := range label {
		groups[l] = true
	}
	// Clusters are the parts that single linkage leaves at the number of labels;
	// where umap-learn's own do not match the labels, ours are held against its.
	a, b := linkage(m.Embedding, len(groups)), linkage(theirs, len(groups))
	reference := label
	if adjustedRand(b, label) < 0.9 {
		reference = b
	}
	if ari := adjustedRand(a, reference); ari < 0.9 {
		t.Errorf("%s: adjusted Rand %.3f of %d clusters, want 0.9 (umap-learn against the labels: %.3f)", name, ari, len(groups), adjustedRand(b, label))
	}
	t.Logf("%s: trustworthiness %.4f, umap-learn %.4f", name, ours, want)
}

func TestEmbeddingAgainstUMAPLearn(t *testing.T) {
	for _, c := range golden.Cases(t, "probe/umap") {
		if !c.Has(t, "embedding") {
			continue
		}
		var p struct {
			N int `json:"n_neighbors"`
		}
		if err := json.Unmarshal(c.Params, &p); err != nil {
			t.Fatal(err)
		}
		embedLike(t, c.Name, dense(c.Array(t, "x")), dense(c.Array(t, "embedding")), p.N, c.Array(t, "label").Ints())
	}
}

// figureMatrix is like the paper's: 384 × 73, with umap-learn 0.5's embedding,
// written by testdata/reference.py.
func figureMatrix(tb testing.TB) map[string]*golden.Array {
	tb.Helper()
	ref, err := golden.ReadNPZ("testdata/reference.npz")
	if err != nil {
		tb.Fatal(err)
	}
	return ref
}

func TestFigureMatrix(t *testing.T) {
	ref := figureMatrix(t)
	embedLike(t, "figure", dense(ref["x"]), dense(ref["embedding"]), 15, ref["group"].Ints())
	// Our trustworthiness must be scikit-learn's.
	got, err := Trustworthiness(dense(ref["x"]), dense(ref["embedding"]), 15)
	if err != nil {
		t.Fatal(err)
	}
	if want := ref["trustworthiness"].Data[0]; math.Abs(got-want) > 1e-4 {
		t.Errorf("trustworthiness %v, scikit-learn %v", got, want)
	}
}

func TestSameResultOnAnyCores(t *testing.T) {
	x := dense(figureMatrix(t)["x"])
	fit := func(cores int) *mat.Dense {
		defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(cores))
		m, err := Fit(context.Background(), x, Options{Epochs: 50}, rand.New(rand.NewPCG(1, 0)))
		if err != nil {
			t.Fatal(err)
		}
		return m.Embedding
	}
	if !mat.Equal(fit(1), fit(5)) {
		t.Error("1 and 5 cores give different embeddings")
	}
}

// New points near old ones must land near them; the old ones stay.
func TestTransform(t *testing.T) {
	x := dense(figureMatrix(t)["x"])
	rng := rand.New(rand.NewPCG(1, 0))
	m, err := Fit(context.Background(), x, Options{}, rng)
	if err != nil {
		t.Fatal(err)
	}
	same, err := m.Transform(context.Background(), x, rng)
	if err != nil || !mat.Equal(same, m.Embedding) {
		t.Errorf("the fit's own points moved: %v", err)
	}
	near := mat.DenseCopyOf(x)
	near.Apply(func(_, _ int, v float64) float64 { return v + 0.02*rng.NormFloat64() }, near)
	got, err := m.Transform(context.Background(), near, rng)
	if err != nil {
		t.Fatal(err)
	}
	far := 0
	for i := 0; i < 384; i++ {
		if math.Sqrt(square(got.RawRowView(i), m.Embedding.RawRowView(i))) > 2 {
			far++
		}
	}
	if far > 384/20 {
		t.Errorf("%d of 384 hardly moved points landed more than 2 units away", far)
	}
	if _, err := m.Transform(context.Background(), mat.NewDense(2, 3, nil), rng); err == nil {
		t.Error("points of other dimensions gave no error")
	}
}

func TestDegenerateInput(t *testing.T) {
	ctx, rng := context.Background(), rand.New(rand.NewPCG(1, 0))
	for name, x := range map[string]*mat.Dense{
		"few points": mat.NewDense(5, 2, nil),
		"NaN":        mat.NewDense(20, 1, append(make([]float64, 19), math.NaN())),
	} {
		if _, err := Fit(ctx, x, Options{}, rng); err == nil {
			t.Errorf("%s gave no error", name)
		}
	}
	// All points equal: an embedding of finite numbers, since noise parts them.
	m, err := Fit(ctx, mat.NewDense(40, 3, nil), Options{}, rng)
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range m.Embedding.RawMatrix().Data {
		if math.IsNaN(v) || math.IsInf(v, 0) {
			t.Fatal("equal points gave a NaN")
		}
	}
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if _, err := Fit(gone, mat.NewDense(40, 3, nil), Options{}, rng); err == nil {
		t.Error("a cancelled context gave no error")
	}
	if _, _, err := Curve(0, 0.1); err == nil {
		t.Error("spread 0 gave no error")
	}
	if _, err := Trustworthiness(mat.NewDense(4, 2, nil), mat.NewDense(4, 2, nil), 2); err == nil {
		t.Error("trustworthiness of half the points gave no error")
	}
}

// linkage cuts the minimum spanning tree into k parts of at least 4 points:
// a stray point is not a cluster.
func linkage(x *mat.Dense, k int) []int {
	n, _ := x.Dims()
	type link struct {
		d    float64
		i, j int
	}
	var tree []link
	best, from, in := make([]float64, n), make([]int, n), make([]bool, n)
	for i := range best {
		best[i] = math.Inf(1)
	}
	at := 0
	for len(tree) < n-1 {
		in[at] = true
		next := -1
		for j := range best {
			if in[j] {
				continue
			}
			if d := square(x.RawRowView(at), x.RawRowView(j)); d < best[j] {
				best[j], from[j] = d, at
			}
			if next < 0 || best[j] < best[next] {
				next = j
			}
		}
		tree = append(tree, link{best[next], from[next], next})
		at = next
	}
	cut := map[int]bool{}
	parts := func() []int {
		label := make([]int, n)
		for i := range label {
			label[i] = i
		}
		root := func(i int) int {
			for label[i] != i {
				i = label[i]
			}
			return i
		}
		for e, l := range tree {
			if !cut[e] {
				label[root(l.i)] = root(l.j)
			}
		}
		out := make([]int, n)
		for i := range out {
			out[i] = root(i)
		}
		return out
	}
	for len(cut) < k-1 {
		longest := -1
		for e, l := range tree {
			if cut[e] || (longest >= 0 && l.d <= tree[longest].d) {
				continue
			}
			cut[e] = true
			size := map[int]int{}
			for _, p := range parts() {
				size[p]++
			}
			delete(cut, e)
			small := false
			for _, s := range size {
				small = small || s < 4
			}
			if !small {
				longest = e
			}
		}
		if longest < 0 {
			break
		}
		cut[longest] = true
	}
	return parts()
}

// adjustedRand compares two partitions: 1 if they are the same, 0 by chance.
func adjustedRand(a, b []int) float64 {
	both, ca, cb := map[[2]int]float64{}, map[int]float64{}, map[int]float64{}
	for i := range a {
		both[[2]int{a[i], b[i]}]++
		ca[a[i]]++
		cb[b[i]]++
	}
	pairs := func(n float64) float64 { return n * (n - 1) / 2 }
	var s, sa, sb float64
	for _, n := range both {
		s += pairs(n)
	}
	for _, n := range ca {
		sa += pairs(n)
	}
	for _, n := range cb {
		sb += pairs(n)
	}
	expected := sa * sb / pairs(float64(len(a)))
	if top := (sa + sb) / 2; top != expected {
		return (s - expected) / (top - expected)
	}
	return 1
}

func BenchmarkFigureMatrix(b *testing.B) {
	x := dense(figureMatrix(b)["x"])
	for b.Loop() {
		if _, err := Fit(context.Background(), x, Options{}, rand.New(rand.NewPCG(1, 0))); err != nil {
			b.Fatal(err)
		}
	}
}

func Benchmark5000Points(b *testing.B) {
	rng := rand.New(rand.NewPCG(1, 0))
	x := mat.NewDense(5000, 20, nil)
	x.Apply(func(i, _ int, _ float64) float64 { return float64(i%7) + rng.NormFloat64() }, x)
	for b.Loop() {
		if _, err := Fit(context.Background(), x, Options{}, rand.New(rand.NewPCG(1, 0))); err != nil {
			b.Fatal(err)
		}
	}
}
