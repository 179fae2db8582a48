package notebook

import (
	"go/scanner"
	"go/token"
	"html"
	"strings"
)

// highlight returns Go source as HTML, with the classes k (keyword), s (text),
// n (number) and c (comment). What is not Go, such as a line that begins with
// %, comes out plain.
func highlight(src string) string {
	fset := token.NewFileSet()
	file := fset.AddFile("", -1, len(src))
	var sc scanner.Scanner
	sc.Init(file, []byte(src), func(token.Position, string) {}, scanner.ScanComments)
	var out strings.Builder
	done := 0
	for {
		pos, tok, lit := sc.Scan()
		if tok == token.EOF {
			break
		}
		class := ""
		switch {
		case tok.IsKeyword():
			class = "k"
		case tok == token.STRING || tok == token.CHAR:
			class = "s"
		case tok == token.INT || tok == token.FLOAT || tok == token.IMAG:
			class = "n"
		case tok == token.COMMENT:
			class = "c"
		}
		// Carriage returns are taken out of literals: keep to the source.
		at := file.Offset(pos)
		end := at + len(lit)
		if class == "" || at < done || end > len(src) || src[at:end] != lit {
			continue
		}
		out.WriteString(html.EscapeString(src[done:at]))
		out.WriteString(`<span class="` + class + `">` + html.EscapeString(lit) + `</span>`)
		done = end
	}
	return out.String() + html.EscapeString(src[done:])
}
