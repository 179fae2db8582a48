package umap

import (
	"fmt"
	"math"
	"sort"

	"gonum.org/v1/gonum/mat"
)

// Trustworthiness is the share, from 0 to 1, of neighbourhoods of k points in
// an embedding that are neighbourhoods of the points as well: 1 if no point
// comes among another's k nearest that was not there before, each intruder
// weighted by how far it was (Venna and Kaski 2001; scikit-learn's definition).
func Trustworthiness(x, embedding *mat.Dense, k int) (float64, error) {
	n, _ := x.Dims()
	if m, _ := embedding.Dims(); m != n {
		return 0, fmt.Errorf("umap: trustworthiness of %d points in an embedding of %d", n, m)
	}
	if k < 1 || 2*k >= n {
		return 0, fmt.Errorf("umap: trustworthiness with %d neighbours of %d points, want 1 to less than half", k, n)
	}
	sum := 0.0
	for i := 0; i < n; i++ {
		rank := make([]int, n)
		for r, j := range byDistance(x, i) {
			rank[j] = r + 1
		}
		for _, j := range byDistance(embedding, i)[:k] {
			if rank[j] > k {
				sum += float64(rank[j] - k)
			}
		}
	}
	N, K := float64(n), float64(k)
	return 1 - sum*2/(N*K*(2*N-3*K-1)), nil
}

// byDistance lists the other points, nearest first.
func byDistance(x *mat.Dense, i int) []int {
	n, _ := x.Dims()
	d := make([]float64, n)
	order := make([]int, 0, n-1)
	for j := 0; j < n; j++ {
		d[j] = math.Sqrt(square(x.RawRowView(i), x.RawRowView(j)))
		if j != i {
			order = append(order, j)
		}
	}
	sort.SliceStable(order, func(a, b int) bool { return d[order[a]] < d[order[b]] })
	return order
}
