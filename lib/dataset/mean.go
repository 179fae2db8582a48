package dataset

import "context"

// Mean returns the mean input of a set, [39][400][2] in mm and mm/s: the
// train_data_mean of the published files. Sums are in float64, over samples in
// their order.
func Mean(ctx context.Context, s *Set) ([]float32, error) {
	sum := make([]float64, InputLen)
	in := make([]float32, InputLen)
	for i := range s.Len() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := s.Input(i, in); err != nil {
			return nil, err
		}
		for k, v := range in {
			sum[k] += float64(v)
		}
	}
	mean := make([]float32, InputLen)
	for k, v := range sum {
		mean[k] = float32(v / float64(max(s.Len(), 1)))
	}
	return mean, nil
}
