package task

import (
	"fmt"
	"math"
)

// Float is the precision of a computation: float32 in training, float64 where
// a reference is compared.
type Float interface{ ~float32 | ~float64 }

// CrossEntropy returns the mean softmax cross-entropy of logits, shape
// [sample][class], for labels counted from 0. Where grad is not nil it receives
// the derivative with respect to the logits.
func CrossEntropy[T Float](logits []T, labels []int, classes int, grad []T) float64 {
	n := len(labels)
	if n == 0 || len(logits) != n*classes {
		panic(fmt.Sprintf("task: CrossEntropy of %d logits for %d labels of %d classes", len(logits), n, classes))
	}
	sum := 0.0
	for i, label := range labels {
		if label < 0 || label >= classes {
			panic(fmt.Sprintf("task: CrossEntropy: label %d outside 0..%d", label, classes-1))
		}
		row := logits[i*classes : (i+1)*classes]
		top := math.Inf(-1)
		for _, v := range row {
			top = math.Max(top, float64(v))
		}
		z := 0.0
		for _, v := range row {
			z += math.Exp(float64(v) - top)
		}
		sum += math.Log(z) + top - float64(row[label])
		if grad == nil {
			continue
		}
		g := grad[i*classes : (i+1)*classes]
		for k, v := range row {
			p := math.Exp(float64(v)-top) / z
			if k == label {
				p--
			}
			g[k] = T(p / float64(n))
		}
	}
	return sum / float64(n)
}

// MSE returns the mean over all elements of the squared error. Where grad is
// not nil it receives the derivative with respect to the prediction.
func MSE[T Float](pred, target, grad []T) float64 {
	if len(pred) != len(target) || len(pred) == 0 {
		panic(fmt.Sprintf("task: MSE of %d predictions for %d targets", len(pred), len(target)))
	}
	n := float64(len(pred))
	sum := 0.0
	for i, p := range pred {
		d := float64(p) - float64(target[i])
		sum += d * d
		if grad != nil {
			grad[i] = T(2 * d / n)
		}
	}
	return sum / n
}

// MED returns the mean Euclidean distance: the mean over rows (one per sample
// and time step) of the norm of the error over all outputs. It is what the
// paper's figures call "test MSE" (spec/02, 0.3).
func MED[T Float](pred, target []T, outputs int) float64 {
	if outputs <= 0 || len(pred) != len(target) || len(pred) == 0 || len(pred)%outputs != 0 {
		panic(fmt.Sprintf("task: MED of %d predictions for %d targets of %d outputs", len(pred), len(target), outputs))
	}
	sum := 0.0
	for i := 0; i < len(pred); i += outputs {
		s := 0.0
		for k := i; k < i+outputs; k++ {
			d := float64(pred[k]) - float64(target[k])
			s += d * d
		}
		sum += math.Sqrt(s)
	}
	return sum / float64(len(pred)/outputs)
}

// Hits marks the samples whose label has the largest logit; a tie with the
// largest counts as a hit, as in TensorFlow's in_top_k. Logits have shape
// [sample][class], labels count from 0.
func Hits[T Float](logits []T, labels []int, classes int) []bool {
	if len(logits) != len(labels)*classes {
		panic(fmt.Sprintf("task: Hits of %d logits for %d labels of %d classes", len(logits), len(labels), classes))
	}
	hits := make([]bool, len(labels))
	for i, label := range labels {
		row := logits[i*classes : (i+1)*classes]
		hit := true
		for _, v := range row {
			// Written so that a NaN anywhere is a miss.
			if !(row[label] >= v) {
				hit = false
				break
			}
		}
		hits[i] = hit
	}
	return hits
}

// Accuracy returns the share of hits, see [Hits].
func Accuracy[T Float](logits []T, labels []int, classes int) float64 {
	if len(labels) == 0 {
		panic("task: Accuracy of no samples")
	}
	n := 0
	for _, h := range Hits(logits, labels, classes) {
		if h {
			n++
		}
	}
	return float64(n) / float64(len(labels))
}
