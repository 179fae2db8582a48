package cell

import (
	"go/ast"
	"go/parser"
	"slices"
	"strconv"
)

// asFunction returns a method as a function that takes the receiver first: Go
// allows methods only beside their type, which may be of an earlier cell.
func asFunction(f *ast.FuncDecl, spec *ast.TypeSpec) *ast.FuncDecl {
	b := *blank(f)
	t := *f.Type
	recv := *f.Recv.List[0]
	params := *t.Params
	if len(recv.Names) == 0 && (len(params.List) == 0 || len(params.List[0].Names) > 0) {
		recv.Names = []*ast.Ident{{NamePos: recv.Pos(), Name: "_"}}
	} else if len(recv.Names) > 0 && len(params.List) > 0 && len(params.List[0].Names) == 0 {
		list := slices.Clone(params.List)
		for i, p := range list {
			q := *p
			q.Names = []*ast.Ident{{NamePos: p.Pos(), Name: "_"}}
			list[i] = &q
		}
		params.List = list
	}
	t.TypeParams, recv.Type = receiverParams(recv.Type, spec)
	params.List = append([]*ast.Field{&recv}, params.List...)
	t.Params = &params
	b.Recv, b.Type = nil, &t
	return &b
}

// receiverParams returns the type parameters that a receiver of a generic type
// names, with the constraints of the type's declaration, and the receiver with
// names in place of blanks.
func receiverParams(recv ast.Expr, spec *ast.TypeSpec) (*ast.FieldList, ast.Expr) {
	if spec.TypeParams == nil {
		return nil, recv
	}
	var args []ast.Expr
	for t := recv; args == nil; {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.ParenExpr:
			t = x.X
		case *ast.IndexExpr:
			args = []ast.Expr{x.Index}
		case *ast.IndexListExpr:
			args = x.Indices
		default:
			return nil, recv
		}
	}
	names := map[string]string{}
	var ids []*ast.Ident
	for _, f := range spec.TypeParams.List {
		for _, n := range f.Names {
			if len(ids) == len(args) {
				return nil, recv
			}
			id, ok := args[len(ids)].(*ast.Ident)
			if !ok {
				return nil, recv
			}
			if id.Name == "_" {
				id = &ast.Ident{NamePos: id.NamePos, Name: "_" + n.Name + "·" + strconv.Itoa(len(ids))}
				recv = withArg(recv, len(ids), id)
			}
			names[n.Name] = id.Name
			ids = append(ids, id)
		}
	}
	out := &ast.FieldList{Opening: recv.Pos(), Closing: recv.Pos()}
	for _, f := range spec.TypeParams.List {
		x, err := parser.ParseExpr("interface{" + text(f.Type) + "}")
		if err != nil {
			return nil, recv
		}
		ast.Inspect(x, func(n ast.Node) bool {
			if id, ok := n.(*ast.Ident); ok {
				id.NamePos = recv.Pos()
				if to, ok := names[id.Name]; ok {
					id.Name = to
				}
			}
			return true
		})
		out.List = append(out.List, &ast.Field{Names: ids[:len(f.Names)], Type: x})
		ids = ids[len(f.Names):]
	}
	return out, recv
}

// withArg returns a receiver's type with another type argument.
func withArg(recv ast.Expr, i int, id *ast.Ident) ast.Expr {
	switch x := recv.(type) {
	case *ast.StarExpr:
		y := *x
		y.X = withArg(x.X, i, id)
		return &y
	case *ast.ParenExpr:
		y := *x
		y.X = withArg(x.X, i, id)
		return &y
	case *ast.IndexExpr:
		y := *x
		y.Index = id
		return &y
	case *ast.IndexListExpr:
		y := *x
		y.Indices = slices.Clone(x.Indices)
		y.Indices[i] = id
		return &y
	}
	return recv
}
