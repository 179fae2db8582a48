package dataset

import "context"

// Mean returns the mean input of a set, [39][400][2] in mm and mm/s: the
// train_data_mean of the published files. Sums are in float64, over samples in
// their order.
func Mean(ctx context.Context, s *Set) ([]float32, error) {
	return mean(ctx, s, func(int) bool { return true })
}

// mean takes the samples that include accepts.
func mean(ctx context.Context, s *Set, include func(i int) bool) ([]float32, error) {
	sum := make([]float64, InputLen)
	in := make([]float32, InputLen)
	n := 0
	for i := range s.Len() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if !include(i) {
			continue
		}
		n++
		if err := s.Input(i, in); err != nil {
			return nil, err
		}
		for k, v := range in {
			sum[k] += float64(v)
		}
	}
	out := make([]float32, InputLen)
	for k, v := range sum {
		out[k] = float32(v / float64(max(n, 1)))
	}
	return out, nil
}
