package arch

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path"
	"strings"
	"testing"
)

// source is one Go file of the project, parsed.
type source struct {
	name  string // from the root, with slashes
	lines int
	fset  *token.FileSet
	file  *ast.File
}

func (s source) isTest() bool { return strings.HasSuffix(s.name, "_test.go") }

// isProduct says whether the file is part of what users run, not of the lab, the tests or the scripts.
func (s source) isProduct() bool {
	return !s.isTest() && (strings.HasPrefix(s.name, "pkg/") || strings.HasPrefix(s.name, "cmd/"))
}

func (s source) dir() string { return path.Dir(s.name) }

// at tells where a node is, as file:line.
func (s source) at(n ast.Node) token.Position { return s.fset.Position(n.Pos()) }

// tracked lists the files that are in git or would be with the next `git add`.
func tracked(t *testing.T) []string {
	t.Helper()
	out, err := exec.Command("git", "ls-files", "-z", "--cached", "--others", "--exclude-standard").Output()
	if err != nil {
		t.Fatalf("listing the project's files with git: %v (the style is checked in a clone, not in an unpacked archive)", err)
	}
	var files []string
	for _, f := range strings.Split(string(out), "\x00") {
		if _, err := os.Stat(f); f != "" && err == nil {
			files = append(files, f)
		}
	}
	if len(files) == 0 {
		t.Fatal("git knows no files here: nothing was checked")
	}
	return files
}

// sources parses every Go file of the project, whatever its build tags.
func sources(t *testing.T) []source {
	t.Helper()
	var out []source
	fset := token.NewFileSet()
	for _, name := range tracked(t) {
		if !strings.HasSuffix(name, ".go") || strings.Contains(name, "testdata/") {
			continue
		}
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatalf("reading %s: %v", name, err)
		}
		file, err := parser.ParseFile(fset, name, text, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			t.Errorf("parsing: %v", err)
			continue
		}
		out = append(out, source{name: name, lines: strings.Count(string(text), "\n"), fset: fset, file: file})
	}
	return out
}

// calls reports every use of one of the named functions of a standard package, such as os.Exit.
func (s source) calls(importPath string, names ...string) []ast.Node {
	local := path.Base(importPath)
	imported := false
	for _, imp := range s.file.Imports {
		if strings.Trim(imp.Path.Value, `"`) != importPath {
			continue
		}
		imported = true
		if imp.Name != nil {
			local = imp.Name.Name
		}
	}
	var found []ast.Node
	ast.Inspect(s.file, func(n ast.Node) bool {
		sel, ok := n.(*ast.SelectorExpr)
		if !ok || !imported {
			return true
		}
		if x, ok := sel.X.(*ast.Ident); ok && x.Name == local {
			for _, name := range names {
				if sel.Sel.Name == name {
					found = append(found, sel)
				}
			}
		}
		return true
	})
	return found
}
