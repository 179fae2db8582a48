package cell

import (
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/scanner"
	"go/token"
	"strings"
)

// A parsed cell: its pieces in Go's own syntax trees, whose positions read
// In[n]:line:column of the cell's text.
type parsed struct {
	n       int
	text    string
	file    *ast.File // holds all of them
	imports []*ast.ImportSpec
	decls   []*ast.GenDecl  // types and constants
	funcs   []*ast.FuncDecl // functions and methods
	body    *ast.FuncDecl   // func _() { the statements, in order }
	quiet   bool            // the last statement ends in a semicolon

	tf    *token.File
	marks []mark
}

// A mark says where in the made-up file a piece of the text stands.
type mark struct {
	offset int
	c      chunk
}

// offset returns the place in the cell's text of a position in its tree.
func (p *parsed) offset(pos token.Pos) (int, bool) {
	if !pos.IsValid() || p.tf == nil || int(pos) < p.tf.Base() || int(pos) > p.tf.Base()+p.tf.Size() {
		return 0, false
	}
	at := p.tf.Offset(pos)
	for i := len(p.marks) - 1; i >= 0; i-- {
		if m := p.marks[i]; m.offset <= at {
			return m.c.from + at - m.offset, at-m.offset <= m.c.to-m.c.from
		}
	}
	return 0, false
}

// maxText bounds a cell's text: what is larger is no cell that a person wrote.
const maxText = 4 << 20

// maxDepth bounds the nesting of brackets, maxTree that of all else; the parser
// and the passes below recurse, and some take the square of the depth.
const (
	maxDepth = 500
	maxTree  = 1500
)

// A chunk is one top-level piece of a cell: text[from:to].
type chunk struct {
	from, to  int
	line, col int
	kind      token.Token // IMPORT, TYPE (types and constants), FUNC, or ILLEGAL: a statement
}

// parse reads the text of cell n, any mixture of imports, declarations and
// statements.
func parse(fset *token.FileSet, n int, text string) (*parsed, *Error) {
	if len(text) > maxText {
		return nil, tooLong(len(text))
	}
	chunks, quiet, err := split(n, text)
	if err != nil {
		return nil, err
	}
	p, err := assemble(fset, n, text, chunks)
	if p != nil {
		p.quiet = quiet
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// parseTolerant reads as much as can be read; it returns nil if that is nothing.
func parseTolerant(fset *token.FileSet, text string) (*parsed, *Error) {
	if len(text) > maxText {
		return nil, nil
	}
	chunks, _, err := split(1, text)
	if err != nil {
		return nil, err
	}
	return assemble(fset, 1, text, chunks)
}

// assemble parses the pieces of a cell. With an error it returns what could be
// read all the same, or nil.
func assemble(fset *token.FileSet, n int, text string, chunks []chunk) (*parsed, *Error) {
	p := &parsed{n: n, text: text}
	// One file is made of the pieces: imports, declarations, then all
	// statements in a function. Line directives keep the places of the cell.
	var src strings.Builder
	src.WriteString("package main\n")
	var marks []mark
	add := func(kinds ...token.Token) {
		for _, k := range kinds {
			for _, c := range chunks {
				if c.kind == k {
					src.WriteByte('\n')
					marks = append(marks, mark{src.Len(), c})
					src.WriteString(text[c.from:c.to])
					src.WriteByte('\n')
				}
			}
		}
	}
	add(token.IMPORT, token.TYPE, token.FUNC)
	src.WriteString("\nfunc _() {\n")
	add(token.ILLEGAL)
	src.WriteString("\n}\n")
	f, perr := parser.ParseFile(fset, fileName(n), src.String(), parser.ParseComments|parser.SkipObjectResolution|parser.AllErrors)
	var tf *token.File
	if f != nil {
		tf = fset.File(f.FileStart)
	}
	var fail *Error
	p.tf, p.marks = tf, marks
	if tf != nil {
		for _, m := range marks {
			tf.AddLineColumnInfo(m.offset, fileName(n), m.c.line, m.c.col)
		}
	}
	if perr != nil {
		var list scanner.ErrorList
		if !errors.As(perr, &list) || len(list) == 0 {
			return nil, &Error{Name: "SyntaxError", Message: perr.Error()}
		}
		e := list[0]
		// The list's places are those of the made-up file: find the piece.
		at, msg := e.Pos.Offset, e.Msg
		c, off := chunk{line: 1, col: 1}, 0
		for _, m := range marks {
			if m.offset <= at {
				c, off = m.c, m.offset
			}
		}
		pos := c.from + at - off
		if pos >= c.to {
			pos = c.to
			msg = strings.NewReplacer("found '}'", "found the end", "found 'EOF'", "found the end").Replace(msg)
		}
		fail = located("SyntaxError", msg, n, text, pos)
	}
	if f == nil || len(f.Decls) == 0 {
		return nil, fail
	}
	p.file = f
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.GenDecl:
			if d.Tok == token.IMPORT {
				for _, s := range d.Specs {
					p.imports = append(p.imports, s.(*ast.ImportSpec))
				}
				continue
			}
			p.decls = append(p.decls, d)
		case *ast.FuncDecl:
			p.funcs = append(p.funcs, d)
		}
	}
	last := len(p.funcs) - 1 // the statements stand last
	if last < 0 || p.funcs[last].Name.Name != "_" {
		return nil, fail
	}
	p.body, p.funcs = p.funcs[last], p.funcs[:last]
	if at := tooDeep(f); at.IsValid() && fail == nil {
		pos := fset.Position(at)
		return nil, &Error{Name: "SyntaxError", Message: fmt.Sprintf("this is nested more than %d deep", maxTree), Pos: pos, Source: sourceLine(text, pos.Line)}
	}
	return p, fail
}

// tooDeep returns where a tree is deeper than maxTree, if it is.
func tooDeep(f *ast.File) (at token.Pos) {
	depth := 0
	ast.Inspect(f, func(n ast.Node) bool {
		if n == nil {
			depth--
			return true
		}
		if depth++; depth > maxTree && !at.IsValid() {
			at = n.Pos()
		}
		return true
	})
	return at
}

// located makes an error at a byte offset of the cell's text.
func located(name, msg string, n int, text string, off int) *Error {
	off = min(max(off, 0), len(text))
	line := 1 + strings.Count(text[:off], "\n")
	col := off - strings.LastIndexByte(text[:off], '\n')
	return &Error{
		Name: name, Message: msg,
		Pos:    token.Position{Filename: fileName(n), Offset: off, Line: line, Column: col},
		Source: sourceLine(text, line),
	}
}

func tooLong(n int) *Error {
	return &Error{Name: "SyntaxError", Message: fmt.Sprintf("the cell has %d bytes; at most %d are read", n, maxText)}
}

// split cuts a cell into its top-level pieces: at the semicolons, written or
// implied, that stand outside all brackets.
func split(n int, text string) (chunks []chunk, quiet bool, fail *Error) {
	fset := token.NewFileSet()
	file := fset.AddFile("", -1, len(text))
	var s scanner.Scanner
	s.Init(file, []byte(text), func(pos token.Position, msg string) {
		if fail == nil {
			fail = located("SyntaxError", msg, n, text, pos.Offset)
			if strings.Contains(msg, "not terminated") && !strings.Contains(msg, "rune") && strings.IndexByte(text[pos.Offset:], '`') == 0 || msg == "comment not terminated" {
				fail.Name = "Incomplete"
			}
		}
	}, 0)
	type open struct {
		tok token.Token
		off int
	}
	var stack []open
	var cur *chunk
	var head []token.Token // the first tokens of the piece that stand outside brackets
	between := false       // the last token was a semicolon that is written
	finish := func(end int, explicit bool) {
		if cur == nil {
			return
		}
		cur.to, cur.kind = end, kindOf(head)
		if head[0] != token.PACKAGE {
			chunks = append(chunks, *cur)
			quiet = explicit && cur.kind == token.ILLEGAL || quiet && cur.kind != token.ILLEGAL
		}
		cur, head = nil, nil
	}
	for {
		pos, tok, lit := s.Scan()
		if fail != nil && fail.Name != "Incomplete" {
			return nil, false, fail
		}
		off := file.Offset(pos)
		if tok == token.EOF {
			finish(len(text), false)
			break
		}
		if tok == token.SEMICOLON && len(stack) == 0 {
			explicit := lit == ";"
			if cur == nil && explicit {
				quiet = true
				if between { // for i := 0; ; i++
					p := fset.Position(pos)
					chunks = append(chunks, chunk{off, off + 1, p.Line, p.Column, token.ILLEGAL})
				}
			}
			between = explicit
			if explicit {
				off++ // the head of a for, an if or a switch keeps its own
			}
			finish(off, explicit)
			continue
		}
		between = false
		if cur == nil {
			p := fset.Position(pos)
			cur = &chunk{from: off, line: p.Line, col: p.Column}
		}
		if len(stack) == 0 && len(head) < 4 {
			head = append(head, tok)
		}
		switch tok {
		case token.LPAREN, token.LBRACK, token.LBRACE:
			stack = append(stack, open{tok, off})
			if len(stack) > maxDepth {
				return nil, false, located("SyntaxError", fmt.Sprintf("brackets are nested more than %d deep", maxDepth), n, text, off)
			}
		case token.RPAREN, token.RBRACK, token.RBRACE:
			if len(stack) == 0 {
				return nil, false, located("SyntaxError", fmt.Sprintf("%q closes nothing", tok.String()), n, text, off)
			}
			if want := closing(stack[len(stack)-1].tok); tok != want {
				return nil, false, located("SyntaxError", fmt.Sprintf("expected %q, found %q", want.String(), tok.String()), n, text, off)
			}
			stack = stack[:len(stack)-1]
		}
	}
	if fail != nil {
		return nil, false, fail
	}
	if len(stack) > 0 {
		top := stack[len(stack)-1]
		e := located("Incomplete", fmt.Sprintf("%q is never closed", top.tok.String()), n, text, top.off)
		return nil, false, e
	}
	return chunks, quiet, nil
}

func closing(t token.Token) token.Token {
	switch t {
	case token.LPAREN:
		return token.RPAREN
	case token.LBRACK:
		return token.RBRACK
	}
	return token.RBRACE
}

// kindOf tells what a piece is from its first tokens outside brackets.
func kindOf(head []token.Token) token.Token {
	switch head[0] {
	case token.IMPORT:
		return token.IMPORT
	case token.TYPE, token.CONST:
		return token.TYPE
	case token.FUNC:
		// func name …; func (recv) name (…) …; all else begins with a literal.
		if len(head) > 1 && head[1] == token.IDENT ||
			len(head) == 4 && head[1] == token.LPAREN && head[2] == token.IDENT && head[3] == token.LPAREN {
			return token.FUNC
		}
	}
	return token.ILLEGAL
}
