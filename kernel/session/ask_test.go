package session

import (
	"strings"
	"testing"
)

// Documentation keeps its lines: math.Hypot's table of special cases.
func TestInspectionBundle(t *testing.T) {
	b := inspection{
		Decl: "func math.Hypot(p float64, q float64) float64", Value: "a < b",
		Doc: "Hypot returns [Sqrt](p*p + q*q).\n\nSpecial cases are:\n\n\tHypot(±Inf, q) = +Inf\n\tHypot(p, <Inf) = +Inf\n",
	}.bundle()
	for mime, want := range map[string][]string{
		"text/html":     {"<pre><code>func math.Hypot", "<pre>= a &lt; b</pre>", "<p>Hypot returns Sqrt(p*p + q*q).", "<pre>Hypot(±Inf, q) = +Inf\nHypot(p, &lt;Inf) = +Inf\n</pre>"},
		"text/plain":    {"\n\n= a < b\n\nHypot returns Sqrt(p*p + q*q).\n", "\n\tHypot(±Inf, q) = +Inf\n\tHypot(p, <Inf) = +Inf"},
		"text/markdown": {"```go\nfunc math.Hypot", "\n\n\tHypot(±Inf, q) = +Inf\n\tHypot(p, <Inf) = +Inf\n"},
	} {
		for _, w := range want {
			if got := b[mime].(string); !strings.Contains(got, w) {
				t.Errorf("%s has no %q:\n%s", mime, w, got)
			}
		}
	}
}
