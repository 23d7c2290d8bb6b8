package arch

import (
	"go/ast"
	"go/token"
	"go/types"
	"strings"
	"testing"
)

const noState = "why not: package state joins what should be apart, and two tests or two proxies at once share it"

// TestNoPackageState allows package variables that nobody writes: error values, tables, compiled patterns,
// embedded files, "var _ I = T{}", and the version that the linker sets in main.
func TestNoPackageState(t *testing.T) {
	for _, s := range sources(t) {
		if s.isTest() {
			continue
		}
		for _, d := range s.file.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.VAR || isEmbed(g.Doc) {
				continue
			}
			for _, spec := range g.Specs {
				v := spec.(*ast.ValueSpec)
				for i, name := range v.Names {
					if name.Name == "_" || isEmbed(v.Doc) || s.file.Name.Name == "main" && name.Name == "version" {
						continue
					}
					if i >= len(v.Values) || !isConstant(v.Values[i]) {
						t.Errorf("%s: package variable %s is neither an error, a table, a pattern nor an embedded file.\n%s", s.at(name), name.Name, noState)
					}
				}
			}
		}
	}
}

func isEmbed(doc *ast.CommentGroup) bool {
	if doc == nil {
		return false
	}
	for _, c := range doc.List {
		if strings.HasPrefix(c.Text, "//go:embed ") {
			return true
		}
	}
	return false
}

// makers are the calls whose result is a value that does not change.
var makers = map[string]bool{
	"errors.New": true, "fmt.Errorf": true, "regexp.MustCompile": true, "strings.NewReplacer": true,
	"template.Must": true, "netip.MustParsePrefix": true, "resource.MustParse": true,
}

func isConstant(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.CompositeLit:
		if sel, ok := e.Type.(*ast.SelectorExpr); ok {
			if pkg, ok := sel.X.(*ast.Ident); ok && (pkg.Name == "sync" || pkg.Name == "atomic") {
				return false
			}
		}
		return true
	case *ast.CallExpr:
		if _, bytes := e.Fun.(*ast.ArrayType); bytes && len(e.Args) == 1 { // []byte("literal")
			_, literal := e.Args[0].(*ast.BasicLit)
			return literal
		}
		return makers[types.ExprString(e.Fun)]
	case *ast.UnaryExpr:
		return e.Op == token.AND && isConstant(e.X)
	}
	return false
}

// TestNobodyWritesATable finds assignments to package variables. The type checker runs without the imports:
// names of the package itself resolve all the same.
func TestNobodyWritesATable(t *testing.T) {
	packages := map[string][]source{}
	for _, s := range sources(t) {
		if !s.isTest() {
			packages[s.dir()] = append(packages[s.dir()], s)
		}
	}
	for dir, files := range packages {
		info := &types.Info{Uses: map[*ast.Ident]types.Object{}}
		conf := types.Config{Importer: noImports{}, Error: func(error) {}}
		var asts []*ast.File
		for _, s := range files {
			asts = append(asts, s.file)
		}
		pkg, _ := conf.Check(dir, files[0].fset, asts, info) // the missing imports are errors, and expected
		for _, s := range files {
			for _, id := range written(s.file) {
				v, ok := info.Uses[id].(*types.Var)
				if ok && pkg != nil && v.Parent() == pkg.Scope() {
					t.Errorf("%s: writes to the package variable %s.\n%s", s.at(id), id.Name, noState)
				}
			}
		}
	}
}

// written returns the leftmost name of everything that the file assigns to, counts up, or deletes from.
func written(f *ast.File) []*ast.Ident {
	var out []*ast.Ident
	add := func(e ast.Expr) {
		if id := leftmost(e); id != nil {
			out = append(out, id)
		}
	}
	ast.Inspect(f, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.AssignStmt:
			for _, e := range n.Lhs {
				add(e)
			}
		case *ast.IncDecStmt:
			add(n.X)
		case *ast.CallExpr:
			if fun, ok := n.Fun.(*ast.Ident); ok && (fun.Name == "delete" || fun.Name == "clear") && len(n.Args) > 0 {
				add(n.Args[0])
			}
		}
		return true
	})
	return out
}

func leftmost(e ast.Expr) *ast.Ident {
	for {
		switch x := e.(type) {
		case *ast.Ident:
			return x
		case *ast.SelectorExpr:
			e = x.X
		case *ast.IndexExpr:
			e = x.X
		case *ast.StarExpr:
			e = x.X
		case *ast.ParenExpr:
			e = x.X
		default:
			return nil
		}
	}
}

type noImports struct{}

// Import always fails: the test needs the names of one package, not the types of all.
func (noImports) Import(path string) (*types.Package, error) {
	return nil, types.Error{Msg: "not imported: " + path}
}
