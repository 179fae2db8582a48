package probe

import (
	"fmt"
	"math"
)

// MaxComponents is the number of components the paper keeps of a layer.
const MaxComponents = 75

// NumComponents returns how many components a layer of that many features
// (muscles × channels) is reduced to: 75, or one fewer than its features.
func NumComponents(features int) int {
	if features > MaxComponents {
		return MaxComponents
	}
	return features - 1
}

// IncrementalPCA is scikit-learn's incremental principal component analysis: it
// keeps K directions between batches, so its result depends on the batches and
// differs from that of a PCA of all rows (spec/03, 2.4). A batch is reduced by
// the eigenvectors of the Gram matrix of [diag(S)V; X−mean; √(nm/(n+m))δ], of
// its columns or of its rows, whichever are fewer. A direction in which the
// rows do not vary beyond rounding gets a component of zeros, where
// scikit-learn returns an arbitrary direction with noise for scores.
//
// Fit a batch by PartialFit, or, where it is too large to hold, by Begin, Add
// and End. Rows are shifted by the first chunk's mean while they are summed, so
// that nothing is lost by cancellation.
type IncrementalPCA struct {
	D, K       int
	Rows       int       // rows seen
	Mean       []float64 // [D]
	Components []float64 // [K][D], the largest entry of each positive
	Singular   []float64 // [K]
	total      float64   // sum of squares about the mean, all columns

	batch struct {
		rows, seen int
		gram       []float64 // [D][D], upper tiles of the shifted rows, column route
		held       []float64 // [K+rows+1][D], row route
		shift, sum []float64
	}
	buf []float64
}

// NewIncrementalPCA returns an analysis of rows of d features into k components.
func NewIncrementalPCA(d, k int) *IncrementalPCA {
	if k < 1 || k > d {
		panic(fmt.Sprintf("probe: %d components of %d features", k, d))
	}
	return &IncrementalPCA{D: d, K: k, Mean: make([]float64, d), Components: make([]float64, k*d), Singular: make([]float64, k)}
}

// PartialFit takes one batch, x [row][feature].
func (p *IncrementalPCA) PartialFit(x []float32) error {
	if len(x) == 0 || len(x)%p.D != 0 {
		panic(fmt.Sprintf("probe: %d values are not rows of %d features", len(x), p.D))
	}
	if err := p.Begin(len(x) / p.D); err != nil {
		return err
	}
	p.Add(x)
	return p.End()
}

// Begin opens a batch of that many rows. The first batch must hold at least K.
func (p *IncrementalPCA) Begin(rows int) error {
	if rows < 1 {
		panic("probe: a batch without rows")
	}
	if p.Rows == 0 && rows < p.K {
		return fmt.Errorf("probe: first batch of %d rows for %d components: at least as many rows as components expected", rows, p.K)
	}
	b := &p.batch
	b.rows, b.seen = rows, 0
	b.shift, b.sum = zeros(b.shift, p.D), zeros(b.sum, p.D)
	if p.byColumns() {
		b.gram, b.held = zeros(b.gram, p.D*p.D), nil
	} else {
		b.gram, b.held = nil, zeros(b.held, (p.K+rows+1)*p.D)
	}
	return nil
}

func (p *IncrementalPCA) byColumns() bool { return p.D <= p.batch.rows+p.K+1 }

// chunkRows bounds the rows that are converted to float64 at a time.
const chunkRows = 1024

// Add takes the next rows of the open batch, x [row][feature].
func (p *IncrementalPCA) Add(x []float32) {
	b, d := &p.batch, p.D
	n := len(x) / d
	if len(x)%d != 0 || b.seen+n > b.rows {
		panic(fmt.Sprintf("probe: %d values of %d features after %d of %d rows", len(x), d, b.seen, b.rows))
	}
	for at := 0; at < n; at += chunkRows {
		m := min(chunkRows, n-at)
		p.addChunk(x[at*d:(at+m)*d], m)
	}
}

func (p *IncrementalPCA) addChunk(x []float32, m int) {
	b, d := &p.batch, p.D
	if b.seen == 0 {
		for r := 0; r < len(x); r += d {
			for j, v := range x[r : r+d] {
				b.shift[j] += float64(v)
			}
		}
		for j := range b.shift {
			b.shift[j] /= float64(m)
		}
	}
	var rows []float64
	if b.held != nil {
		at := (p.K + b.seen) * d
		rows = b.held[at : at+m*d]
	} else {
		p.buf = grow(p.buf, m*d)
		rows = p.buf
	}
	const part = 64
	forEach((m+part-1)/part, func(_, c int) {
		for r := c * part * d; r < min((c+1)*part, m)*d; r += d {
			src, dst := x[r:r+d], rows[r:r+d]
			for j, v := range src {
				dst[j] = float64(v) - b.shift[j]
			}
		}
	})
	for r := 0; r < len(rows); r += d {
		for j, v := range rows[r : r+d] {
			b.sum[j] += v
		}
	}
	if b.held == nil {
		addGram(b.gram, rows, m, d)
	}
	b.seen += m
}

// addGram adds to the tiles on and above the diagonal of g [d][d] those of x'x, x [m][d].
func addGram(g, x []float64, m, d int) {
	w := tileWidth(d)
	t := (d + w - 1) / w
	forEach(t*(t+1)/2, func(_, at int) {
		i, j := upperTile(at, t)
		wi, wj := min(w, d-i*w), min(w, d-j*w)
		gemm(trans, no, wi, wj, m,
			1, x[i*w:], d, x[j*w:], d, 1, g[i*w*d+j*w:], d)
	})
}

// tileWidth divides d columns into tiles of at most 128, as even as may be.
func tileWidth(d int) int {
	t := (d + 127) / 128
	return (d + t - 1) / t
}

// upperTile returns row and column of tile number at on or above the diagonal.
func upperTile(at, t int) (i, j int) {
	for at >= t-i {
		at -= t - i
		i++
	}
	return i, i + at
}

// End closes the batch and updates mean and components. Values that are not
// finite are an error, and the analysis is then as it was before the batch.
func (p *IncrementalPCA) End() error {
	b, d := &p.batch, p.D
	if b.seen != b.rows || b.rows == 0 {
		panic(fmt.Sprintf("probe: batch closed after %d of %d rows", b.seen, b.rows))
	}
	n, m := float64(p.Rows), float64(b.rows)
	mean, delta := make([]float64, d), make([]float64, d)
	for j := range mean {
		bm := b.shift[j] + b.sum[j]/m
		if math.IsNaN(bm) || math.IsInf(bm, 0) {
			return fmt.Errorf("probe: feature %d of the layer is not finite: finite activations expected", j)
		}
		delta[j] = bm - p.Mean[j]
		mean[j] = p.Mean[j] + delta[j]*(m/(n+m))
	}
	if p.Rows == 0 {
		clear(delta)
	}
	f := n * m / (n + m)
	for j := range delta {
		delta[j] *= math.Sqrt(f)
	}
	total := p.total
	var values, vectors []float64
	var err error
	if b.held == nil {
		total += p.columnGram(delta)
		values, vectors, err = topEigen(b.gram, d, p.K, p.near())
	} else {
		total += p.stack(delta)
		values, vectors, err = topRightVectors(b.held, p.K+b.rows+1, d, p.K)
	}
	if err != nil {
		return err
	}
	if math.IsNaN(total) || math.IsInf(total, 0) {
		return fmt.Errorf("probe: the layer's variance overflows: finite activations expected")
	}
	p.keep(values, vectors)
	p.Mean, p.total = mean, total
	p.Rows += b.rows
	b.rows = 0
	return nil
}

// near returns the components of the batches before, if none is empty.
func (p *IncrementalPCA) near() []float64 {
	if p.Rows == 0 || p.Singular[p.K-1] == 0 {
		return nil
	}
	return p.Components
}

// columnGram completes the batch's Gram matrix, both triangles, and returns
// what the batch adds to the total sum of squares.
func (p *IncrementalPCA) columnGram(delta []float64) (added float64) {
	b, d := &p.batch, p.D
	m := float64(b.rows)
	for i := range d {
		added += b.gram[i*d+i] - b.sum[i]*b.sum[i]/m + delta[i]*delta[i]
	}
	if p.Rows > 0 {
		for k := range p.K {
			s2 := p.Singular[k] * p.Singular[k]
			v := p.Components[k*d : (k+1)*d]
			for i, vi := range v {
				if vi *= s2; vi != 0 {
					row := b.gram[i*d : (i+1)*d]
					for j := i; j < d; j++ {
						row[j] += vi * v[j]
					}
				}
			}
		}
	}
	for i := range d {
		si, di := b.sum[i]/m, delta[i]
		for j := i; j < d; j++ {
			g := b.gram[i*d+j] - si*b.sum[j] + di*delta[j]
			b.gram[i*d+j], b.gram[j*d+i] = g, g
		}
	}
	return added
}

// stack completes the rows diag(S)V, X−mean, √(nm/(n+m))δ, and returns what the
// batch adds to the total sum of squares.
func (p *IncrementalPCA) stack(delta []float64) (added float64) {
	b, d := &p.batch, p.D
	for k := range p.K {
		for j := range d {
			b.held[k*d+j] = p.Singular[k] * p.Components[k*d+j]
		}
	}
	m := float64(b.rows)
	for r := range b.rows {
		row := b.held[(p.K+r)*d : (p.K+r+1)*d]
		for j := range row {
			row[j] -= b.sum[j] / m
			added += row[j] * row[j]
		}
	}
	copy(b.held[(p.K+b.rows)*d:], delta)
	for _, v := range delta {
		added += v * v
	}
	return added
}

// keep stores singular values and signed components, null directions as zeros.
func (p *IncrementalPCA) keep(values, vectors []float64) {
	d := p.D
	tol := float64(d+p.batch.rows) * 0x1p-52 * max(values[0], 0)
	for k := range p.K {
		v := vectors[k*d : (k+1)*d]
		if values[k] <= tol {
			p.Singular[k] = 0
			clear(p.Components[k*d : (k+1)*d])
			continue
		}
		p.Singular[k] = math.Sqrt(values[k])
		at := 0
		for j, x := range v {
			if math.Abs(x) > math.Abs(v[at]) {
				at = j
			}
		}
		sign := math.Copysign(1, v[at])
		for j, x := range v {
			p.Components[k*d+j] = sign * x
		}
	}
}

// Transform writes the scores (x−Mean)·Componentsᵀ of x [row][feature] to dst [row][K].
func (p *IncrementalPCA) Transform(dst []float64, x []float32) {
	d, k := p.D, p.K
	n := len(x) / d
	if len(x)%d != 0 || len(dst) != n*k {
		panic(fmt.Sprintf("probe: %d values of %d features into %d scores of %d components", len(x), d, len(dst), k))
	}
	const part = 256
	bufs := make([][]float64, workers())
	forEach((n+part-1)/part, func(w, c int) {
		lo, hi := c*part, min((c+1)*part, n)
		bufs[w] = grow(bufs[w], (hi-lo)*d)
		rows := bufs[w]
		for r := lo * d; r < hi*d; r += d {
			out := rows[r-lo*d : r-lo*d+d]
			for j, v := range x[r : r+d] {
				out[j] = float64(v) - p.Mean[j]
			}
		}
		gemm(no, trans, hi-lo, k, d,
			1, rows, d, p.Components, d, 0, dst[lo*k:], k)
	})
}

// Explained returns the variance of each component (divisor rows−1) and its
// share of the variance of all features.
func (p *IncrementalPCA) Explained() (variance, ratio []float64) {
	variance, ratio = make([]float64, p.K), make([]float64, p.K)
	for i, s := range p.Singular {
		if p.Rows > 1 {
			variance[i] = s * s / float64(p.Rows-1)
		}
		if p.total > 0 {
			ratio[i] = s * s / p.total
		}
	}
	return variance, ratio
}

// grow returns n values, in b's memory if it is large enough.
func grow(b []float64, n int) []float64 {
	if cap(b) < n {
		return make([]float64, n)
	}
	return b[:n]
}

// zeros returns n zeros, in b's memory if it is large enough.
func zeros(b []float64, n int) []float64 {
	if cap(b) < n {
		return make([]float64, n)
	}
	b = b[:n]
	clear(b)
	return b
}

// release frees what is only needed to fit.
func (p *IncrementalPCA) release() { p.batch.gram, p.batch.held, p.buf = nil, nil, nil }
