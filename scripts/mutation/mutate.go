package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// mutant is one change.
type mutant struct {
	id    int
	place string // file:line
	what  string
}

// support is compiled into the package: it knows which mutant is on.
const support = `package %s

import (
	"os"
	"strconv"
)

var mutantOn = func() int { n, _ := strconv.Atoi(os.Getenv("MUTANT")); return n }()

func mutantNot(id int, b bool) bool { return b != (id == mutantOn) }

func mutantKeep(id int) bool { return id != mutantOn }

func mutantSwap[T any](id int, have, other T) T {
	if id == mutantOn {
		return other
	}
	return have
}

func mutantDrop[T any](first int, list []T) []T {
	if n := mutantOn - first; n >= 0 && n < len(list) {
		return append(append([]T{}, list[:n]...), list[n+1:]...)
	}
	return list
}
`

// good is what each bad outcome is turned into: the worst that a check can do.
var good = map[string]string{"Fail": "OK", "Unknown": "OK", "Warn": "OK",
	"VerdictConflict": "VerdictOK", "VerdictUnknown": "VerdictOK", "VerdictPlaintext": "VerdictOK", "VerdictMayConflict": "VerdictOK", "VerdictPartial": "VerdictOK"}

// mutator rewrites the files of one package, and numbers what it changed.
type mutator struct {
	fset    *token.FileSet
	mutants []mutant
}

// rewrite gives the text of a file with every mutant in it, each off.
func (m *mutator) rewrite(file string) ([]byte, error) {
	f, err := parser.ParseFile(m.fset, file, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	for _, d := range f.Decls {
		switch d := d.(type) {
		case *ast.FuncDecl:
			if d.Body != nil {
				m.block(d.Body)
				ast.Inspect(d.Body, m.visit)
			}
		case *ast.GenDecl:
			if d.Tok == token.VAR {
				ast.Inspect(d, m.visit)
			}
		}
	}
	var out bytes.Buffer
	if err := format.Node(&out, m.fset, f); err != nil {
		return nil, fmt.Errorf("print %s: %w", file, err)
	}
	return out.Bytes(), nil
}

func (m *mutator) add(n ast.Node, what string) int {
	p := m.fset.Position(n.Pos())
	id := len(m.mutants) + 1
	m.mutants = append(m.mutants, mutant{id, fmt.Sprintf("%s:%d", filepath.Base(p.Filename), p.Line), what})
	return id
}

func (m *mutator) text(n ast.Node) string {
	var b bytes.Buffer
	if format.Node(&b, m.fset, n) != nil {
		return "?"
	}
	return strings.Join(strings.Fields(b.String()), " ")
}

// visit changes what hangs below one node. Calls of ours are not looked into again.
func (m *mutator) visit(n ast.Node) bool {
	switch n := n.(type) {
	case *ast.IfStmt:
		n.Cond = m.condition(n.Cond)
	case *ast.ForStmt:
		if n.Cond != nil {
			n.Cond = m.condition(n.Cond)
		}
	case *ast.SwitchStmt:
		if n.Tag == nil {
			m.cases(n.Body)
		}
	case *ast.ReturnStmt:
		m.values(n.Results)
	case *ast.AssignStmt:
		m.values(n.Rhs)
	case *ast.ValueSpec:
		m.values(n.Values)
	case *ast.KeyValueExpr:
		n.Value = m.value(n.Value)
	case *ast.CompositeLit:
		m.values(n.Elts)
	case *ast.CallExpr:
		if ours(n) {
			return m.text(n.Fun) != "mutantSwap" // conditions may hold functions
		}
		m.values(n.Args)
	}
	return true
}

func (m *mutator) cases(body *ast.BlockStmt) {
	for _, c := range body.List {
		list := c.(*ast.CaseClause).List
		for i := range list {
			list[i] = m.condition(list[i])
		}
	}
}

func (m *mutator) values(list []ast.Expr) {
	for i := range list {
		list[i] = m.value(list[i])
	}
}

// value changes an expression that is a condition, a bad outcome, or the list of all checks.
func (m *mutator) value(e ast.Expr) ast.Expr {
	switch e := e.(type) {
	case *ast.BinaryExpr:
		if logical(e.Op) || compares(e.Op) {
			return m.condition(e)
		}
	case *ast.UnaryExpr:
		if e.Op == token.NOT {
			return m.condition(e)
		}
	case *ast.Ident:
		if to, bad := good[e.Name]; bad {
			return call("mutantSwap", number(m.add(e, e.Name+" becomes "+to)), e, ast.NewIdent(to))
		}
	case *ast.SelectorExpr:
		if x, ok := e.X.(*ast.Ident); ok && x.Name == "check" && good[e.Sel.Name] != "" {
			to := good[e.Sel.Name]
			return call("mutantSwap", number(m.add(e, e.Sel.Name+" becomes "+to)), e, &ast.SelectorExpr{X: x, Sel: ast.NewIdent(to)})
		}
	case *ast.CompositeLit:
		if a, ok := e.Type.(*ast.ArrayType); ok && a.Len == nil && len(e.Elts) > 1 && slices.Contains([]string{"*Check", "conflict", "Conflict"}, m.text(a.Elt)) {
			return m.dropped(e)
		}
	}
	return e
}

// dropped leaves out one element of a list.
func (m *mutator) dropped(e *ast.CompositeLit) ast.Expr {
	first := 0
	for i, x := range e.Elts {
		if id := m.add(x, "without "+m.text(x)); i == 0 {
			first = id
		}
	}
	return call("mutantDrop", number(first), e)
}

// condition inverts every part of a condition.
func (m *mutator) condition(e ast.Expr) ast.Expr {
	if ours(e) {
		return e
	}
	switch x := e.(type) {
	case *ast.ParenExpr:
		x.X = m.condition(x.X)
		return x
	case *ast.BinaryExpr:
		if logical(x.Op) {
			x.X, x.Y = m.condition(x.X), m.condition(x.Y)
			return x
		}
	case *ast.UnaryExpr:
		if x.Op == token.NOT {
			x.X = m.condition(x.X)
			return x
		}
	}
	return call("mutantNot", number(m.add(e, "not ("+m.text(e)+")")), e)
}

// block takes out statements that add to a list.
func (m *mutator) block(b *ast.BlockStmt) {
	ast.Inspect(b, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IfStmt:
			return !ours(n.Cond)
		case *ast.BlockStmt:
			m.statements(n.List)
		case *ast.CaseClause:
			m.statements(n.Body)
		}
		return true
	})
}

func (m *mutator) statements(list []ast.Stmt) {
	for i, s := range list {
		a, ok := s.(*ast.AssignStmt)
		if !ok || a.Tok != token.ASSIGN || len(a.Rhs) != 1 {
			continue
		}
		if c, ok := a.Rhs[0].(*ast.CallExpr); ok && m.text(c.Fun) == "append" {
			keep := call("mutantKeep", number(m.add(s, "without "+m.text(s))))
			list[i] = &ast.IfStmt{If: s.Pos(), Cond: keep, Body: &ast.BlockStmt{List: []ast.Stmt{s}}}
		}
	}
}

// ours tells a call that this command put there.
func ours(e ast.Expr) bool {
	c, ok := e.(*ast.CallExpr)
	if !ok {
		return false
	}
	id, ok := c.Fun.(*ast.Ident)
	return ok && strings.HasPrefix(id.Name, "mutant")
}

func logical(op token.Token) bool { return op == token.LAND || op == token.LOR }

func compares(op token.Token) bool {
	return slices.Contains([]token.Token{token.EQL, token.NEQ, token.LSS, token.LEQ, token.GTR, token.GEQ}, op)
}

func call(name string, args ...ast.Expr) ast.Expr {
	return &ast.CallExpr{Fun: ast.NewIdent(name), Args: args}
}

func number(n int) ast.Expr { return &ast.BasicLit{Kind: token.INT, Value: strconv.Itoa(n)} }
