package notebook

import (
	"strings"
	"testing"

	xhtml "golang.org/x/net/html"
)

// The markup is what the MathML Core specification gives for each construct.
func TestMathML(t *testing.T) {
	for _, c := range []struct{ tex, want string }{
		{`x`, `<mi>x</mi>`},
		{`12.5x`, `<mn>12.5</mn><mi>x</mi>`},
		{`a-b`, `<mi>a</mi><mo>−</mo><mi>b</mi>`},
		{`\frac12`, `<mfrac><mn>1</mn><mn>2</mn></mfrac>`},
		{`x_1^2`, `<msubsup><mi>x</mi><mn>1</mn><mrow><mn>2</mn></mrow></msubsup>`},
		{`x^2_1`, `<msubsup><mi>x</mi><mn>1</mn><mrow><mn>2</mn></mrow></msubsup>`},
		{`f'`, `<msup><mi>f</mi><mrow><mo>′</mo></mrow></msup>`},
		{`\sqrt[3]{y}`, `<mroot><mrow><mi>y</mi></mrow><mrow><mn>3</mn></mrow></mroot>`},
		{`\hat y`, `<mover accent="true"><mi>y</mi><mo>^</mo></mover>`},
		{`\mathrm{Var}(y)`, `<mi>Var</mi><mo stretchy="false">(</mo><mi>y</mi><mo stretchy="false">)</mo>`},
		{`\left(\frac{a}{b}\right]`, `<mrow><mo stretchy="true">(</mo><mfrac><mrow><mi>a</mi></mrow><mrow><mi>b</mi></mrow></mfrac><mo stretchy="true">]</mo></mrow>`},
		{`\left(a\rightarrow b\right)`, `<mrow><mo stretchy="true">(</mo><mi>a</mi><mo>→</mo><mi>b</mi><mo stretchy="true">)</mo></mrow>`},
		{`\sum_{i=1}^n`, `<munderover><mo>∑</mo><mrow><mi>i</mi><mo>=</mo><mn>1</mn></mrow><mrow><mi>n</mi></mrow></munderover>`},
		{`\begin{cases}1 & a\\0\end{cases}`, `<mrow><mo stretchy="true">{</mo><mtable><mtr><mtd><mn>1</mn></mtd><mtd><mi>a</mi></mtd></mtr><mtr><mtd><mn>0</mn></mtd></mtr></mtable></mrow>`},
		{`\mathbb{R}`, `<mi>ℝ</mi>`},
		{`a<b`, `<mi>a</mi><mo>&lt;</mo><mi>b</mi>`},
		{`5\,\%`, `<mn>5</mn><mspace width="0.167em"></mspace><mi>%</mi>`},
	} {
		got, ok := mathML(c.tex, true)
		want := `<math display="block"><mrow>` + c.want + `</mrow></math>`
		if !ok || got != want {
			t.Errorf("%s:\n got %s\nwant %s", c.tex, got, want)
		}
	}
	for _, bad := range []string{`\weird`, `{`, `}`, `x_`, `\frac1`, `\left(x`, `\begin{matrix}`, `\mathrm{\x}`, `x_1_2`, strings.Repeat("{", 1000), `\`, "\x00", `\begin{cases}1\end{matrix}`, `\sqrt[`} {
		if got, ok := mathML(bad, false); ok {
			t.Errorf("%.20q gave %s", bad, got)
		}
	}
}

func FuzzMathML(f *testing.F) {
	for _, s := range []string{`\frac{a}{b}`, `\left[\begin{pmatrix}1&2\\\end{pmatrix}\right.`, `\mathbb{R}^n`, `\text{a<b}`, `'^_`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, tex string) {
		s, ok := mathML(tex, true)
		if !ok {
			return
		}
		// It is closed: cleaning it changes no tag count.
		for _, tag := range []string{"mrow", "mtd", "mo", "mi", "mfrac"} {
			if strings.Count(s, "<"+tag+">")+strings.Count(s, "<"+tag+" ") != strings.Count(s, "</"+tag+">") {
				t.Fatalf("%q: <%s> is not balanced in %s", tex, tag, s)
			}
		}
		if _, err := xhtml.Parse(strings.NewReader(s)); err != nil {
			t.Fatal(err)
		}
	})
}
