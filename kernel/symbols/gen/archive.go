package main

import (
	"bytes"
	"compress/flate"
	"encoding/binary"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"

	"golang.org/x/tools/go/gcexportdata"
)

// archive packs, for each package, its export data and its documentation.
// Layout: a JSON index [{Path, Name, Synopsis, Export, Doc}] whose last two are
// the lengths of the compressed pieces that follow, in order, preceded by its
// own length as uint32, little endian.
func archive(pkgs []*pkg) ([]byte, error) {
	type entry struct {
		Path, Name, Synopsis string
		Export, Doc          int
	}
	var index []entry
	var body bytes.Buffer
	for _, p := range pkgs {
		var exp bytes.Buffer
		if err := gcexportdata.Write(&exp, token.NewFileSet(), p.types); err != nil {
			return nil, err
		}
		docs, synopsis, err := documentation(p)
		if err != nil {
			return nil, err
		}
		j, err := json.Marshal(docs)
		if err != nil {
			return nil, err
		}
		e := entry{Path: p.path, Name: p.types.Name(), Synopsis: synopsis}
		for i, data := range [][]byte{exp.Bytes(), j} {
			was := body.Len()
			z, err := flate.NewWriter(&body, flate.BestCompression)
			if err != nil {
				return nil, err
			}
			if _, err := z.Write(data); err != nil {
				return nil, err
			}
			if err := z.Close(); err != nil {
				return nil, err
			}
			if i == 0 {
				e.Export = body.Len() - was
			} else {
				e.Doc = body.Len() - was
			}
		}
		index = append(index, e)
	}
	j, err := json.Marshal(index)
	if err != nil {
		return nil, err
	}
	out := binary.LittleEndian.AppendUint32(nil, uint32(len(j)))
	return append(append(out, j...), body.Bytes()...), nil
}

// documentation returns the doc comment of each exported name: "F", "T",
// "T.M" for methods, "T.F" for fields, "" for the package.
func documentation(p *pkg) (map[string]string, string, error) {
	docs := map[string]string{}
	put := func(key string, groups ...*ast.CommentGroup) {
		if docs[key] != "" {
			return
		}
		for _, g := range groups {
			if t := g.Text(); t != "" {
				docs[key] = strings.TrimSpace(t)
				return
			}
		}
	}
	fset := token.NewFileSet()
	for _, name := range p.goFiles {
		f, err := parser.ParseFile(fset, filepath.Join(p.dir, name), nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return nil, "", err
		}
		put("", f.Doc)
		for _, d := range f.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				if key := funcKey(d); key != "" {
					put(key, d.Doc)
				}
			case *ast.GenDecl:
				for _, s := range d.Specs {
					switch s := s.(type) {
					case *ast.ValueSpec:
						for _, n := range s.Names {
							if n.IsExported() {
								put(n.Name, s.Doc, s.Comment, d.Doc)
							}
						}
					case *ast.TypeSpec:
						if !s.Name.IsExported() {
							continue
						}
						put(s.Name.Name, s.Doc, s.Comment, d.Doc)
						members(s, put)
					}
				}
			}
		}
	}
	synopsis, _, _ := strings.Cut(docs[""], "\n\n")
	synopsis = strings.Join(strings.Fields(synopsis), " ")
	if i := strings.Index(synopsis, ". "); i >= 0 {
		synopsis = synopsis[:i+1]
	}
	return docs, synopsis, nil
}

func members(s *ast.TypeSpec, put func(string, ...*ast.CommentGroup)) {
	var list *ast.FieldList
	switch t := s.Type.(type) {
	case *ast.StructType:
		list = t.Fields
	case *ast.InterfaceType:
		list = t.Methods
	default:
		return
	}
	for _, f := range list.List {
		for _, n := range f.Names {
			if n.IsExported() {
				put(s.Name.Name+"."+n.Name, f.Doc, f.Comment)
			}
		}
	}
}

func funcKey(d *ast.FuncDecl) string {
	if !d.Name.IsExported() {
		return ""
	}
	if d.Recv == nil {
		return d.Name.Name
	}
	if len(d.Recv.List) != 1 {
		return ""
	}
	t := d.Recv.List[0].Type
	for {
		switch x := t.(type) {
		case *ast.StarExpr:
			t = x.X
		case *ast.IndexExpr:
			t = x.X
		case *ast.IndexListExpr:
			t = x.X
		case *ast.ParenExpr:
			t = x.X
		case *ast.Ident:
			if !x.IsExported() {
				return ""
			}
			return x.Name + "." + d.Name.Name
		default:
			return ""
		}
	}
}
