package net

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
)

// Training cost in GFLOP per sample and number of parameters of every network
// of the shallow list, as spec/02 appendix A prints them (three digits).
const appendixA = `
spatial_temporal_1_16_16_7192 0.122 2592
spatial_temporal_1_16_64_5292 0.226 9536
spatial_temporal_1_16_64_5293 0.153 9536
spatial_temporal_1_16_64_7293 0.155 9600
spatial_temporal_1_32_32_7291 0.457 9792
spatial_temporal_1_32_64_3133 0.205 6528
spatial_temporal_1_64_64_9292 0.922 38272
spatial_temporal_1_8_16_5192 0.0589 1280
spatial_temporal_1_8_16_5273 0.017 1024
spatial_temporal_1_8_16_7292 0.0312 1312
spatial_temporal_1_8_64_3172 0.171 3776
spatial_temporal_1_8_64_3273 0.0592 3776
spatial_temporal_1_8_64_5191 0.436 4832
spatial_temporal_2_16-16_32-64_3192 0.725 24160
spatial_temporal_2_16-16_64-64_5193 0.807 47840
spatial_temporal_2_16-32_32-64_3272 0.212 23424
spatial_temporal_2_32-32_64-64_3192 2.02 58944
spatial_temporal_2_8-16_32-32_7291 0.357 15008
spatial_temporal_2_8-32_32-64_5273 0.13 23136
spatial_temporal_3_16-16-16_32-64-64_9292 0.23 65216
spatial_temporal_3_16-16-32_32-64-64_3132 0.653 24352
spatial_temporal_3_8-16-16_32-32-32_5172 0.604 20192
spatial_temporal_3_8-16-16_32-32-64_3173 0.349 26624
spatial_temporal_3_8-16-16_32-32-64_5271 0.334 27424
spatial_temporal_3_8-16-16_32-64-64_3132 0.47 21568
spatial_temporal_3_8-16-16_32-64-64_3292 0.158 61504
spatial_temporal_3_8-16-32_32-64-64_7293 0.147 69536
spatial_temporal_3_8-8-16_16-32-64_3193 0.242 26256
spatial_temporal_3_8-8-16_32-32-32_3172 0.476 18800
spatial_temporal_3_8-8-16_32-64-64_3233 0.0308 20976
spatial_temporal_3_8-8-16_32-64-64_5253 0.0513 34704
spatial_temporal_3_8-8-16_64-64-64_5153 0.543 47568
spatial_temporal_3_8-8-32_64-64-64_7291 1.14 94992
spatial_temporal_3_8-8-8_16-64-64_5191 4.49 48288
spatial_temporal_4_16-16-16-16_32-64-64-64_5291 0.757 101344
spatial_temporal_4_16-16-16-64_64-64-64-64_3253 0.126 87360
spatial_temporal_4_16-16-32-32_32-64-64-64_3273 0.101 84960
spatial_temporal_4_8-16-16-32_32-32-64-64_3153 0.529 44224
spatial_temporal_4_8-16-16-32_32-32-64-64_7293 0.11 80640
spatial_temporal_4_8-16-16-32_64-64-64-64_5272 0.194 105568
spatial_temporal_4_8-16-32-32_64-64-64-64_7173 1.98 112800
spatial_temporal_4_8-8-16-16_16-64-64-64_5191 8.19 88080
spatial_temporal_4_8-8-16-16_32-32-32-32_5272 0.0626 27760
spatial_temporal_4_8-8-16-16_32-32-64-64_5152 0.694 41200
spatial_temporal_4_8-8-16-16_32-32-64-64_5291 0.525 71920
spatial_temporal_4_8-8-16-32_32-32-64-64_3233 0.0345 27248
spatial_temporal_4_8-8-8-16_16-16-16-32_3172 0.243 10016
spatial_temporal_4_8-8-8-16_16-16-64-64_7192 0.66 52992
spatial_temporal_4_8-8-8-16_16-32-32-32_5271 0.161 21376
spatial_temporal_4_8-8-8-32_32-32-32-64_5272 0.0749 38272
temporal_spatial_1_16_32_5192 0.129 2944
temporal_spatial_1_16_32_5293 0.0472 2944
temporal_spatial_1_16_32_9292 0.12 4992
temporal_spatial_1_16_64_9291 0.46 9664
temporal_spatial_1_32_32_7291 0.38 7872
temporal_spatial_1_32_64_5293 0.177 11008
temporal_spatial_1_64_64_3151 1.19 13184
temporal_spatial_1_8_16_5172 0.0334 800
temporal_spatial_1_8_16_7291 0.052 1088
temporal_spatial_1_8_64_3292 0.0414 1824
temporal_spatial_1_8_64_7173 0.115 3840
temporal_spatial_1_8_64_7191 0.344 3872
temporal_spatial_1_8_8_5173 0.0124 464
temporal_spatial_2_16-16_64-64_5272 0.233 27936
temporal_spatial_2_32-32_32-32_5151 1.46 15936
temporal_spatial_2_8-16_32-32_5291 0.363 9152
temporal_spatial_2_8-16_32-64_5152 0.317 13760
temporal_spatial_2_8-16_64-64_5171 2.49 26912
temporal_spatial_2_8-32_32-64_3272 0.119 11392
temporal_spatial_2_8-8_32-32_7172 0.224 9680
temporal_spatial_2_8-8_32-64_3171 0.696 7696
temporal_spatial_2_8-8_64-64_3251 0.404 14512
temporal_spatial_2_8-8_8-16_3233 0.0051 896
temporal_spatial_3_16-32-32_32-64-64_3252 0.18 29824
temporal_spatial_3_16-32-32_64-64-64_5253 0.0944 59584
temporal_spatial_3_16-32-32_64-64-64_7192 1.06 86336
temporal_spatial_3_16-64-64_64-64-64_3291 5.36 83904
temporal_spatial_3_8-16-16_32-64-64_3231 0.479 21568
temporal_spatial_3_8-16-16_32-64-64_3292 0.104 23968
temporal_spatial_3_8-32-32_32-64-64_3171 2.86 31040
temporal_spatial_3_8-8-16_16-16-64_5291 0.324 9808
temporal_spatial_3_8-8-16_16-32-32_5193 0.0446 11056
temporal_spatial_3_8-8-16_16-32-32_5273 0.0171 10640
temporal_spatial_3_8-8-16_16-32-64_3273 0.0157 10192
temporal_spatial_3_8-8-16_16-32-64_5192 0.196 16240
temporal_spatial_3_8-8-16_32-32-64_7172 0.318 26864
temporal_spatial_3_8-8-32_64-64-64_5292 0.199 54704
temporal_spatial_3_8-8-8_32-32-64_7271 0.521 24608
temporal_spatial_3_8-8-8_8-16-64_3252 0.0206 4592
temporal_spatial_4_16-16-16-16_32-32-32-64_3291 0.893 21472
temporal_spatial_4_16-16-32-64_64-64-64-64_3132 0.362 58464
temporal_spatial_4_16-16-32-64_64-64-64-64_5272 0.291 102624
temporal_spatial_4_8-16-16-32_32-32-32-64_3291 1.07 24032
temporal_spatial_4_8-16-16-64_64-64-64-64_5192 0.592 95456
temporal_spatial_4_8-16-32-32_32-32-64-64_5152 0.317 49920
temporal_spatial_4_8-16-64-64_64-64-64-64_7293 0.123 162880
temporal_spatial_4_8-8-16-16_16-32-64-64_9292 0.0892 66832
temporal_spatial_4_8-8-16-16_64-64-64-64_9293 0.0413 124592
temporal_spatial_4_8-8-16-32_32-64-64-64_7192 0.52 85904
temporal_spatial_4_8-8-8-8_8-16-32-32_3292 0.0318 7296
spatiotemporal_1_16_5151 0.0499 832
spatiotemporal_1_16_7171 0.0978 1600
spatiotemporal_1_16_7272 0.0251 1600
spatiotemporal_1_32_3232 0.00922 640
spatiotemporal_1_32_7171 0.196 3200
spatiotemporal_1_32_7272 0.0502 3200
spatiotemporal_1_64_3232 0.0184 1280
spatiotemporal_1_64_5151 0.2 3328
spatiotemporal_1_64_5252 0.0512 3328
spatiotemporal_1_8_3232 0.0023 160
spatiotemporal_2_16-32_3131 0.449 4992
spatiotemporal_2_16-64_9292 0.539 85696
spatiotemporal_2_32-32_5151 2.5 27328
spatiotemporal_2_32-32_7171 4.89 53440
spatiotemporal_2_32-64_5252 0.333 52992
spatiotemporal_2_8-16_5151 0.324 3648
spatiotemporal_2_8-32_3131 0.225 2528
spatiotemporal_2_8-32_3232 0.0161 2528
spatiotemporal_2_8-64_3232 0.03 4896
spatiotemporal_2_8-64_5252 0.0832 13344
spatiotemporal_2_8-64_7272 0.163 26016
spatiotemporal_3_16-16-32_5151 1.85 20128
spatiotemporal_3_16-16-64_7272 0.176 64480
spatiotemporal_3_16-32-32_3232 0.0461 14272
spatiotemporal_3_16-32-32_7171 7.14 76992
spatiotemporal_3_16-32-64_7272 0.326 127232
spatiotemporal_3_32-32-32_7171 9.59 103680
spatiotemporal_3_32-32-64_7171 14.3 153920
spatiotemporal_3_32-64-64_3131 5.21 56192
spatiotemporal_3_32-64-64_3232 0.175 56192
spatiotemporal_3_32-64-64_5151 14.5 155520
spatiotemporal_3_64-64-64_5151 19.4 208384
spatiotemporal_3_8-16-64_3131 0.979 10688
spatiotemporal_3_8-16-64_7272 0.125 57408
spatiotemporal_3_8-32-64_3131 1.95 21088
spatiotemporal_3_8-8-16_5151 0.474 5264
spatiotemporal_3_8-8-16_9191 1.54 16912
spatiotemporal_4_16-16-16-64_3131 1.31 14336
spatiotemporal_4_16-16-32-64_5151 6.64 71456
spatiotemporal_4_16-32-32-64_5151 8.44 90688
spatiotemporal_4_8-16-16-32_3131 0.764 8352
spatiotemporal_4_8-16-32-32_5151 3.92 42176
spatiotemporal_4_8-16-32-64_3131 2.27 24576
spatiotemporal_4_8-16-64-64_7171 24.1 258240
spatiotemporal_4_8-32-32-32_3232 0.0341 21088
spatiotemporal_4_8-32-32-64_5151 7.81 83872
spatiotemporal_4_8-8-16-64_5252 0.0323 30992
spatiotemporal_4_8-8-32-64_7272 0.0953 117040
`

func TestPaperShallow(t *testing.T) {
	archs := PaperShallow()
	rows := strings.Split(strings.TrimSpace(appendixA), "\n")
	if len(archs) != len(rows) {
		t.Fatalf("%d architectures, appendix A has %d", len(archs), len(rows))
	}
	seen := map[string]bool{}
	for i, a := range archs {
		var name, cost string
		var params int
		if _, err := fmt.Sscan(rows[i], &name, &cost, &params); err != nil {
			t.Fatal(err)
		}
		if a.Name() != name || seen[name] {
			t.Errorf("row %d: name %s, want %s, seen before: %v", i, a.Name(), name, seen[name])
		}
		seen[name] = true
		if got := a.Params(39, 2); got != params {
			t.Errorf("%s: %d parameters, want %d", name, got, params)
		}
		// The appendix rounds to three significant digits.
		got := float64(a.TrainFLOPs(39, 400, 2)) / 1e9
		if s := strconv.FormatFloat(got, 'g', 3, 64); trim(s) != trim(cost) {
			t.Errorf("%s: %s GFLOP per sample, want %s", name, s, cost)
		}
	}
}

// trim takes a number's trailing zeros away: the appendix writes 2.5 for 2.50.
func trim(s string) string {
	if strings.Contains(s, ".") {
		s = strings.TrimRight(strings.TrimRight(s, "0"), ".")
	}
	return s
}
