package cell

import (
	"go/ast"
	"go/token"
	"go/types"
)

func (l *lowerer) forStmt(s *ast.ForStmt, label string) []ast.Stmt {
	out := &ast.ForStmt{For: s.For, Init: l.one(s.Init)}
	if s.Cond != nil {
		out.Cond = l.expr(s.Cond)
	}
	if s.Post != nil {
		out.Post = l.one(s.Post)
	}
	out.Body = l.block(s.Body)
	return []ast.Stmt{out}
}

func (l *lowerer) rangeStmt(s *ast.RangeStmt, label string) []ast.Stmt {
	t := l.typeOf(s.X)
	switch u := t.Underlying().(type) {
	case *types.Basic:
		if u.Info()&types.IsInteger != 0 {
			return l.rangeInt(s, t)
		}
	case *types.Signature:
		refuse(s, "range over a function is not supported in a cell yet: call it with a function literal")
	}
	out := &ast.RangeStmt{For: s.For, TokPos: s.TokPos, Tok: s.Tok, X: l.expr(s.X)}
	if s.Key != nil {
		out.Key = l.lhs(s.Key)
	}
	if s.Value != nil {
		out.Value = l.lhs(s.Value)
	}
	out.Body = l.block(s.Body)
	return []ast.Stmt{out}
}

// rangeInt writes for i := range n with a counter of its own: what the body
// does to i does not change the number of turns.
func (l *lowerer) rangeInt(s *ast.RangeStmt, t types.Type) []ast.Stmt {
	pos := s.For
	if s.Key != nil {
		if kt := l.typeOf(s.Key); kt != nil && !isBlank(s.Key) {
			t = kt
		}
		if id, ok := s.Key.(*ast.Ident); ok && s.Tok == token.DEFINE && id.Name != "_" {
			t = l.env.subst(l.info.Defs[id].Type())
		}
	}
	t = types.Default(t)
	n, h := l.newName("n"), l.newName("h")
	te := func() ast.Expr { return l.typeExpr(pos, t) }
	limit := l.expr(s.X)
	if tv := l.info.Types[s.X]; tv.Value != nil {
		limit = l.constant(s.X.Pos(), tv.Value, t, false)
	}
	out := &ast.ForStmt{For: pos,
		Init: &ast.AssignStmt{Lhs: []ast.Expr{ident(pos, n), ident(pos, h)}, TokPos: pos, Tok: token.DEFINE,
			Rhs: []ast.Expr{&ast.CallExpr{Fun: te(), Args: []ast.Expr{limit}}, &ast.CallExpr{Fun: te(), Args: []ast.Expr{&ast.BasicLit{ValuePos: pos, Kind: token.INT, Value: "0"}}}}},
		Cond: &ast.BinaryExpr{X: ident(pos, h), OpPos: pos, Op: token.LSS, Y: ident(pos, n)},
		Post: &ast.IncDecStmt{X: ident(pos, h), TokPos: pos, Tok: token.INC},
	}
	var head []ast.Stmt
	if s.Key != nil && !isBlank(s.Key) {
		head = []ast.Stmt{&ast.AssignStmt{Lhs: []ast.Expr{l.lhs(s.Key)}, TokPos: pos, Tok: s.Tok, Rhs: []ast.Expr{ident(pos, h)}}}
	}
	body := l.block(s.Body)
	body.List = append(head, body.List...)
	out.Body = body
	return []ast.Stmt{out}
}

func isBlank(e ast.Expr) bool {
	id, ok := e.(*ast.Ident)
	return ok && id.Name == "_"
}
