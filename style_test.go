package arch

import (
	"go/ast"
	"os"
	"regexp"
	"strings"
	"testing"
)

const (
	mostLines         = 300
	mostFunctionLines = 60
)

func TestFilesAreShort(t *testing.T) {
	for _, s := range sources(t) {
		if s.lines > mostLines && !s.isTest() {
			t.Errorf("%s has %d lines, more than %d.\nwhy not: a file is named after the one thing in it, and one thing fits in about 100 lines", s.name, s.lines, mostLines)
		}
	}
}

func TestFunctionsAreShort(t *testing.T) {
	for _, s := range sources(t) {
		if s.isTest() {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			var name string
			switch f := n.(type) {
			case *ast.FuncDecl:
				name = f.Name.Name
			case *ast.FuncLit:
				name = "a function literal"
			default:
				return true
			}
			if lines := s.fset.Position(n.End()).Line - s.at(n).Line + 1; lines > mostFunctionLines {
				t.Errorf("%s: %s has %d lines, more than %d.\nwhy not: a function is read in one look", s.at(n), name, lines, mostFunctionLines)
			}
			return true
		})
	}
}

func TestNoInit(t *testing.T) {
	for _, s := range sources(t) {
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s: init().\nwhy not: it runs at every start, --help included, and nobody sees it called", s.at(f))
			}
		}
	}
}

// TestOnlyMainExits: the plugin has one main; the lab and the scripts are programs with a main of their own.
func TestOnlyMainExits(t *testing.T) {
	for _, s := range sources(t) {
		if s.isTest() {
			continue
		}
		exits := append(s.calls("os", "Exit"), s.calls("log", "Fatal", "Fatalf", "Fatalln")...)
		for _, n := range exits {
			if !inMain(s, n) {
				t.Errorf("%s: ends the process outside main.\nwhy not: deferred clean-up is skipped and no test survives it; return an error", s.at(n))
			}
		}
	}
}

func inMain(s source, n ast.Node) bool {
	if s.file.Name.Name != "main" {
		return false
	}
	for _, d := range s.file.Decls {
		if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "main" {
			return f.Pos() <= n.Pos() && n.End() <= f.End()
		}
	}
	return false
}

func TestOnlyCliReadsTheClock(t *testing.T) {
	for _, s := range sources(t) {
		if !s.isProduct() || strings.HasPrefix(s.name, "pkg/cli/") {
			continue
		}
		for _, n := range s.calls("time", "Now", "Since", "Until") {
			t.Errorf("%s: reads the clock.\nwhy not: the same facts must give the same answer at any time; take the time as an argument", s.at(n))
		}
	}
}

func TestPackagesAreExplained(t *testing.T) {
	comment, seen := map[string]string{}, map[string]string{}
	for _, s := range sources(t) {
		if s.isTest() {
			continue
		}
		seen[s.dir()] = s.name
		if s.file.Doc != nil {
			comment[s.dir()] += s.file.Doc.Text()
		}
	}
	limits := regexp.MustCompile(`(?i)\b(not|never|nothing|no|only)\b`)
	for dir, file := range seen {
		text := comment[dir]
		if text == "" {
			t.Errorf("%s (%s) has no package comment.\nwhy: a reader who opens it must learn what it does and what it must not do", dir, file)
		} else if strings.HasPrefix(dir, "pkg/") && !limits.MatchString(text) {
			t.Errorf("%s: the package comment does not say what the package must not do", dir)
		}
	}
}

func TestExportedNamesAreExplained(t *testing.T) {
	wellKnown := map[string]bool{"String": true, "Error": true, "Unwrap": true}
	for _, s := range sources(t) {
		if !s.isProduct() {
			continue
		}
		missing := func(n ast.Node, name string) {
			t.Errorf("%s: %s has no comment.\nwhy: others read the comment, not the code: what goes in, what comes out, units, errors", s.at(n), name)
		}
		for _, d := range s.file.Decls {
			switch d := d.(type) {
			case *ast.FuncDecl:
				ofOurs := d.Recv == nil || ast.IsExported(receiver(d))
				if d.Name.IsExported() && ofOurs && d.Doc == nil && (d.Recv == nil || !wellKnown[d.Name.Name]) {
					missing(d, d.Name.Name)
				}
			case *ast.GenDecl:
				undocumented(d, missing)
			}
		}
	}
}

func receiver(f *ast.FuncDecl) string {
	typ := f.Recv.List[0].Type
	for {
		switch x := typ.(type) {
		case *ast.StarExpr:
			typ = x.X
		case *ast.IndexExpr:
			typ = x.X
		case *ast.Ident:
			return x.Name
		default:
			return ""
		}
	}
}

// undocumented calls missing for each exported name that neither its own line, nor its group, nor a comment behind it explains.
func undocumented(d *ast.GenDecl, missing func(ast.Node, string)) {
	for _, spec := range d.Specs {
		switch spec := spec.(type) {
		case *ast.TypeSpec:
			if spec.Name.IsExported() && spec.Doc == nil && d.Doc == nil {
				missing(spec, spec.Name.Name)
			}
		case *ast.ValueSpec:
			for _, name := range spec.Names {
				if name.IsExported() && spec.Doc == nil && spec.Comment == nil && d.Doc == nil {
					missing(name, name.Name)
				}
			}
		}
	}
}

// TestNoMachineInTheTree looks for package registries and for paths of the machine that wrote a file. Both
// work for one person only. (The words are put together here so that this file does not name them itself.)
func TestNoMachineInTheTree(t *testing.T) {
	hosts := []string{"proxy.golang" + ".org", "sum.golang" + ".org", "pypi" + ".org", "pythonhosted" + ".org",
		"registry.npmjs" + ".org", "crates" + ".io", "repo1.maven" + ".org", "deb.debian" + ".org", "security.debian" + ".org"}
	for i, h := range hosts {
		hosts[i] = regexp.QuoteMeta(h)
	}
	bad := regexp.MustCompile(`(` + strings.Join(hosts, "|") + `)|(^|[^A-Za-z0-9_.*})-])/(work|root|tmp|home)/[A-Za-z0-9_.]`)
	for _, name := range tracked(t) {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatalf("reading %s: %v", name, err)
		}
		for i, line := range strings.Split(string(text), "\n") {
			if found := bad.FindString(line); found != "" {
				t.Errorf("%s:%d names %q.\nwhy not: it is true on one machine only; use the ordinary clients, and paths from the project's root", name, i+1, found)
			}
		}
	}
}
