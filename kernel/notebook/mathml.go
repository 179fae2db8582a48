package notebook

import (
	"errors"
	"html"
	"strings"
	"unicode/utf8"
)

// mathML turns the LaTeX of a formula into MathML, which browsers draw without
// a script. It knows letters, numbers, scripts, fractions, roots, accents,
// brackets, matrices, cases and the symbols of the tables below; ok is false
// for anything else.
func mathML(tex string, display bool) (markup string, ok bool) {
	if len(tex) > 4000 {
		return "", false
	}
	p := &texParser{s: tex, display: display}
	row, err := p.row("")
	if err != nil || p.i < len(p.s) {
		return "", false
	}
	mode := ""
	if display {
		mode = ` display="block"`
	}
	return "<math" + mode + "><mrow>" + row + "</mrow></math>", true
}

var errTeX = errors.New("unknown LaTeX")

type texParser struct {
	s       string
	i       int
	depth   int
	display bool
}

func (p *texParser) blanks() {
	for p.i < len(p.s) && (isBlank(p.s[p.i]) || p.s[p.i] == '~') {
		p.i++
	}
}

// at tells whether a text comes next.
func (p *texParser) at(s string) bool { return strings.HasPrefix(p.s[p.i:], s) }

// atRight tells whether \right comes next, and not \rightarrow.
func (p *texParser) atRight() bool {
	j := p.i + len(`\right`)
	return p.at(`\right`) && (j == len(p.s) || !(p.s[j] >= 'a' && p.s[j] <= 'z'))
}

// command reads the name behind a backslash.
func (p *texParser) command() string {
	start := p.i + 1
	j := start
	for j < len(p.s) && (p.s[j] >= 'a' && p.s[j] <= 'z' || p.s[j] >= 'A' && p.s[j] <= 'Z') {
		j++
	}
	if j == start && j < len(p.s) {
		_, n := utf8.DecodeRuneInString(p.s[j:])
		j += n
	}
	p.i = j
	return p.s[start:j]
}

// row reads atoms up to one of the ends: a closing brace, \right, & or \\ and
// \end of a table, which it leaves unread. With end "" it reads to the end.
func (p *texParser) row(end string) (string, error) {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > 40 {
		return "", errTeX
	}
	var out strings.Builder
	for {
		p.blanks()
		switch {
		case p.i >= len(p.s):
			if end != "" {
				return "", errTeX
			}
			return out.String(), nil
		case end == "}" && p.s[p.i] == '}', end == "]" && p.s[p.i] == ']',
			end == "right" && p.atRight(),
			end == "table" && (p.s[p.i] == '&' || p.at(`\\`) || p.at(`\end`)):
			return out.String(), nil
		}
		a, err := p.scripted()
		if err != nil {
			return "", err
		}
		out.WriteString(a)
	}
}

// scripted reads an atom with its sub- and superscript.
func (p *texParser) scripted() (string, error) {
	limits := false
	if p.s[p.i] == '\\' {
		at := p.i
		limits = p.display && under[p.command()]
		p.i = at
	}
	base := "<mrow></mrow>"
	if p.s[p.i] != '_' && p.s[p.i] != '^' {
		var err error
		if base, err = p.atom(); err != nil {
			return "", err
		}
	}
	sub, sup := "", ""
	for {
		p.blanks()
		if p.i >= len(p.s) {
			break
		}
		c := p.s[p.i]
		if c == '\'' {
			p.i++
			sup += "<mo>′</mo>"
			continue
		}
		if c != '_' && c != '^' {
			break
		}
		p.i++
		x, err := p.argument()
		if err != nil || c == '_' && sub != "" {
			return "", errTeX
		}
		if c == '_' {
			sub = x
		} else {
			sup += x
		}
	}
	if sup != "" {
		sup = "<mrow>" + sup + "</mrow>"
	}
	tag := [2]string{"sub", "sup"}
	if limits {
		tag = [2]string{"under", "over"}
	}
	switch {
	case sub != "" && sup != "":
		return "<m" + tag[0] + tag[1] + ">" + base + sub + sup + "</m" + tag[0] + tag[1] + ">", nil
	case sub != "":
		return "<m" + tag[0] + ">" + base + sub + "</m" + tag[0] + ">", nil
	case sup != "":
		return "<m" + tag[1] + ">" + base + sup + "</m" + tag[1] + ">", nil
	}
	return base, nil
}

// argument reads a group in braces or one atom, as one element.
func (p *texParser) argument() (string, error) {
	p.blanks()
	if p.i >= len(p.s) {
		return "", errTeX
	}
	if c := p.s[p.i]; c >= '0' && c <= '9' {
		p.i++
		return "<mn>" + string(c) + "</mn>", nil
	}
	return p.atom()
}

// plainText reads a group of letters in braces.
func (p *texParser) plainText() (string, error) {
	p.blanks()
	if !p.at("{") {
		return "", errTeX
	}
	body, _, ok := strings.Cut(p.s[p.i+1:], "}")
	if !ok || strings.ContainsAny(body, `{\$`) {
		return "", errTeX
	}
	p.i += len(body) + 2
	return body, nil
}

func (p *texParser) atom() (string, error) {
	r, n := utf8.DecodeRuneInString(p.s[p.i:])
	switch {
	case r == '{':
		p.i++
		row, err := p.row("}")
		if err != nil {
			return "", err
		}
		p.i++
		return "<mrow>" + row + "</mrow>", nil
	case r == '\\':
		return p.backslash(p.command())
	case r >= '0' && r <= '9':
		j := p.i
		for j < len(p.s) && (p.s[j] >= '0' && p.s[j] <= '9' || p.s[j] == '.' && j+1 < len(p.s) && p.s[j+1] >= '0' && p.s[j+1] <= '9') {
			j++
		}
		num := p.s[p.i:j]
		p.i = j
		return "<mn>" + num + "</mn>", nil
	case r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z':
		p.i += n
		return "<mi>" + string(r) + "</mi>", nil
	case strings.ContainsRune("+=<>()[]|/,.;:!?", r):
		p.i += n
		stretchy := ""
		if strings.ContainsRune("()[]|/", r) {
			stretchy = ` stretchy="false"`
		}
		return "<mo" + stretchy + ">" + html.EscapeString(string(r)) + "</mo>", nil
	case r == '-':
		p.i++
		return "<mo>−</mo>", nil
	case r == '*':
		p.i++
		return "<mo>∗</mo>", nil
	case r >= 0x80 && r != utf8.RuneError:
		p.i += n
		return "<mi>" + string(r) + "</mi>", nil
	}
	return "", errTeX
}

// backslash reads what a command stands for.
func (p *texParser) backslash(name string) (string, error) {
	if s, ok := greek[name]; ok {
		return "<mi>" + s + "</mi>", nil
	}
	if s, ok := operators[name]; ok {
		return "<mo>" + s + "</mo>", nil
	}
	if functions[name] {
		return "<mi>" + name + "</mi><mo>\u2061</mo>", nil
	}
	if w, ok := spaces[name]; ok {
		return `<mspace width="` + w + `"></mspace>`, nil
	}
	if a, ok := accents[name]; ok {
		x, err := p.argument()
		return `<mover accent="true">` + x + "<mo>" + a + "</mo></mover>", err
	}
	switch name {
	case "frac", "tfrac", "dfrac":
		a, err := p.argument()
		if err != nil {
			return "", err
		}
		b, err := p.argument()
		return "<mfrac>" + a + b + "</mfrac>", err
	case "sqrt":
		p.blanks()
		if p.i < len(p.s) && p.s[p.i] == '[' {
			p.i++
			root, err := p.row("]")
			if err != nil {
				return "", err
			}
			p.i++
			x, err := p.argument()
			return "<mroot>" + x + "<mrow>" + root + "</mrow></mroot>", err
		}
		x, err := p.argument()
		return "<msqrt>" + x + "</msqrt>", err
	case "mathrm", "text", "operatorname", "textrm", "mathit", "textit", "mathbf", "textbf", "boldsymbol":
		if name == "boldsymbol" || name == "mathbf" {
			if x, err := p.boldSymbol(); err == nil {
				return x, nil
			}
		}
		s, err := p.plainText()
		variant := ` mathvariant="normal"`
		if utf8.RuneCountInString(s) > 1 {
			variant = ""
		}
		switch name {
		case "mathbf", "textbf", "boldsymbol":
			variant = ` style="font-weight:bold"`
		case "text", "textrm":
			return "<mtext>" + html.EscapeString(s) + "</mtext>", err
		case "mathit", "textit":
			variant = ` style="font-style:italic"`
		}
		return "<mi" + variant + ">" + html.EscapeString(s) + "</mi>", err
	case "mathbb", "mathcal":
		s, err := p.plainText()
		if err != nil || len(s) != 1 || s[0] < 'A' || s[0] > 'Z' {
			return "", errTeX
		}
		if d := doubleStruck[s[0]]; name == "mathbb" && d != "" {
			return "<mi>" + d + "</mi>", nil
		}
		if name == "mathbb" {
			return "<mi>" + string(rune(0x1D538+int(s[0]-'A'))) + "</mi>", nil
		}
		return `<mi style="font-style:italic">` + s + "</mi>", nil
	case "left":
		return p.brackets()
	case "begin":
		return p.table()
	}
	return "", errTeX
}

// boldSymbol reads one Greek letter in braces.
func (p *texParser) boldSymbol() (string, error) {
	at := p.i
	p.blanks()
	if p.at(`{\`) {
		p.i++
		if s, ok := greek[p.command()]; ok && p.at("}") {
			p.i++
			return `<mi style="font-weight:bold">` + s + "</mi>", nil
		}
	}
	p.i = at
	return "", errTeX
}

// delimiter reads what follows \left or \right.
func (p *texParser) delimiter() (string, error) {
	p.blanks()
	if p.i >= len(p.s) {
		return "", errTeX
	}
	d := p.s[p.i : p.i+1]
	if d == `\` {
		d = operators[p.command()]
		if d == "" {
			return "", errTeX
		}
		return d, nil
	}
	if !strings.Contains("()[]|./", d) {
		return "", errTeX
	}
	p.i++
	if d == "." {
		d = ""
	}
	return d, nil
}

func (p *texParser) brackets() (string, error) {
	open, err := p.delimiter()
	if err != nil {
		return "", err
	}
	row, err := p.row("right")
	if err != nil {
		return "", err
	}
	p.i += len(`\right`)
	shut, err := p.delimiter()
	return fenced(open, row, shut), err
}

func fenced(open, row, shut string) string {
	mark := func(s string) string {
		if s == "" {
			return ""
		}
		return `<mo stretchy="true">` + s + "</mo>"
	}
	return "<mrow>" + mark(open) + row + mark(shut) + "</mrow>"
}

// table reads \begin{kind} … \end{kind}.
func (p *texParser) table() (string, error) {
	kind, err := p.plainText()
	if err != nil {
		return "", err
	}
	around, ok := tables[strings.TrimSuffix(kind, "*")]
	if !ok {
		return "", errTeX
	}
	var out strings.Builder
	out.WriteString("<mtable><mtr><mtd>")
	for {
		row, err := p.row("table")
		if err != nil {
			return "", err
		}
		out.WriteString(row)
		switch {
		case p.at("&"):
			p.i++
			out.WriteString("</mtd><mtd>")
		case p.at(`\\`):
			p.i += 2
			out.WriteString("</mtd></mtr><mtr><mtd>")
		default:
			p.i += len(`\end`)
			if end, err := p.plainText(); err != nil || end != kind {
				return "", errTeX
			}
			out.WriteString("</mtd></mtr></mtable>")
			return fenced(around[0], out.String(), around[1]), nil
		}
	}
}
