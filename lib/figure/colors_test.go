package figure

import (
	"image/color"
	"math"
	"testing"
)

// luminance and contrast are those of WCAG 2.1.
func luminance(c color.Color) float64 {
	n := color.NRGBAModel.Convert(c).(color.NRGBA)
	linear := func(v uint8) float64 {
		x := float64(v) / 255
		if x <= 0.04045 {
			return x / 12.92
		}
		return math.Pow((x+0.055)/1.055, 2.4)
	}
	return 0.2126*linear(n.R) + 0.7152*linear(n.G) + 0.0722*linear(n.B)
}

func contrast(a, b color.Color) float64 {
	x, y := luminance(a)+0.05, luminance(b)+0.05
	return math.Max(x, y) / math.Min(x, y)
}

// On white and on the dark background: 4.5 for text (WCAG 2.1, 1.4.3), 3 for
// what is needed to understand a picture (1.4.11).
func TestContrast(t *testing.T) {
	if got := contrast(color.Black, color.White); math.Abs(got-21) > 1e-9 {
		t.Fatalf("black on white has %g, want 21", got)
	}
	if got := onDark(color.White); got != paper {
		t.Errorf("white becomes %v, want the dark background %v", got, paper)
	}
	check := func(what string, c color.Color, want float64) {
		dark := onDark(c)
		if got := contrast(c, color.White); got < want {
			t.Errorf("%s on white: %.2f, want %g", what, got, want)
		}
		if got := contrast(dark, paper); got < want {
			t.Errorf("%s on the dark background: %.2f, want %g", what, got, want)
		}
	}
	for what, c := range map[string]color.Color{"black text": Black, "grey text": Grey} {
		check(what, c, 4.5)
	}
	for _, c := range Palette {
		check("palette", c, 3)
	}
	for _, c := range groupColors {
		check("group of muscles", c, 3)
	}
	for i := 0; i <= 50; i++ {
		check("scale of lines", lineRamp(float64(i)/50), 3)
		check("diverging scale of lines", diverging(float64(i)/25-1), 3)
	}
	// Scales keep their order on either background.
	for name, scale := range map[string]func(float64) color.Color{"ramp": ramp, "lineRamp": lineRamp} {
		for i := 1; i <= 50; i++ {
			a, b := scale(float64(i-1)/50), scale(float64(i)/50)
			if luminance(a) > luminance(b) || luminance(onDark(a)) > luminance(onDark(b)) {
				t.Errorf("%s: not in order at %d of 50", name, i)
			}
		}
	}
}

// sights are normal sight and those of protanopes and deuteranopes (Machado,
// Oliveira and Fernandes 2009, severity 1), as matrices on linear RGB.
var sights = map[string][3][3]float64{
	"normal":      {{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	"protanope":   {{0.152286, 1.052583, -0.204868}, {0.114503, 0.786281, 0.099216}, {-0.003882, -0.048116, 1.051998}},
	"deuteranope": {{0.367322, 0.860646, -0.227968}, {0.280085, 0.672501, 0.047413}, {-0.011820, 0.042940, 0.968881}},
}

// apart is the distance of two colours for such a sight, CIE76 in Lab.
func apart(m [3][3]float64, a, b color.Color) float64 {
	lab := func(c color.Color) [3]float64 {
		n := color.NRGBAModel.Convert(c).(color.NRGBA)
		var in, out [3]float64
		for d, v := range []uint8{n.R, n.G, n.B} {
			in[d] = luminance(color.RGBA{v, v, v, 255})
		}
		for d := range out {
			out[d] = math.Max(0, math.Min(1, m[d][0]*in[0]+m[d][1]*in[1]+m[d][2]*in[2]))
		}
		f := func(x float64) float64 {
			if x > 0.008856 {
				return math.Cbrt(x)
			}
			return 7.787*x + 16.0/116
		}
		x := f((0.4124*out[0] + 0.3576*out[1] + 0.1805*out[2]) / 0.9505)
		y := f(0.2126*out[0] + 0.7152*out[1] + 0.0722*out[2])
		z := f((0.0193*out[0] + 0.1192*out[1] + 0.9505*out[2]) / 1.089)
		return [3]float64{116*y - 16, 500 * (x - y), 200 * (y - z)}
	}
	d := sub(lab(a), lab(b))
	return math.Sqrt(dot(d, d))
}

// Colours of categories stay apart for every sight. Okabe and Ito's own nine
// come to 13, for green and grey.
func TestColourBlind(t *testing.T) {
	for name, m := range sights {
		all := append([]color.RGBA{Brown}, Palette...)
		for i, a := range all {
			for _, b := range all[:i] {
				if far := apart(m, a, b); far < 12 {
					t.Errorf("%s: %v and %v are %.1f apart, want 12", name, a, b, far)
				}
			}
		}
	}
}

// On either background each side of the diverging scale leads away from no
// change, never back by as much as can be seen (2.3, Mahy et al. 1994), and the
// ends are further from each other than from it.
func TestDiverging(t *testing.T) {
	for name, m := range sights {
		for background, on := range map[string]func(color.Color) color.Color{
			"white": func(c color.Color) color.Color { return c }, "dark": onDark,
		} {
			zero := on(diverging(0))
			const seen = 2.3
			var ends [2]float64
			for side, sign := range [2]float64{-1, 1} {
				for i := 1; i <= 20; i++ {
					far := apart(m, on(diverging(sign*float64(i)/20)), zero)
					if far <= ends[side]-seen/2 {
						t.Errorf("%s, %s: %g of the scale is nearer to 0 than what is before it", name, background, sign*float64(i)/20)
					}
					ends[side] = math.Max(ends[side], far)
				}
				if ends[side] < 24 {
					t.Errorf("%s, %s: %g and 0 are %.1f apart, want 24", name, background, sign, ends[side])
				}
			}
			if far := apart(m, on(diverging(-1)), on(diverging(1))); far < 1.2*math.Max(ends[0], ends[1]) {
				t.Errorf("%s, %s: the ends are %.1f apart, and %.1f from 0", name, background, far, ends)
			}
		}
	}
}

// Every panel can be drawn for a dark background: its corner is dark, and there
// is as much to see as on white.
func TestOnDark(t *testing.T) {
	ps := panels()
	for name, p := range armPanels(t) {
		ps[name] = p
	}
	for name, p := range ps {
		f := Compose(name, 85, 60, 1, p).OnDark()
		if f.Name != name+"_dark" {
			t.Errorf("%s: name %q", name, f.Name)
		}
		img := f.image()
		if got := color.NRGBAModel.Convert(img.At(0, 0)); got != paper {
			t.Errorf("%s: the background is %v", name, got)
		}
		bright := 0
		for y := 0; y < img.Bounds().Dy(); y++ {
			for x := 0; x < img.Bounds().Dx(); x++ {
				if contrast(img.At(x, y), paper) > 4.5 {
					bright++
				}
			}
		}
		if bright < 50 {
			t.Errorf("%s: nothing to read", name)
		}
	}
}
