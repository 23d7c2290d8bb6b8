package arch

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"sort"
	"strings"
	"testing"
)

const module = "github.com/mesh-tls/kubectl-mesh-tls"

// listed is what `go list -json` tells of one package.
type listed struct {
	ImportPath   string
	Standard     bool
	Imports      []string
	TestImports  []string
	XTestImports []string
	ImportMap    map[string]string
	Error        *struct{ Err string }
}

// graph is the import graph of the plugin with everything it pulls in.
type graph struct{ pkgs map[string]*listed }

// load asks the go command for the graph. A package of ours that does not load fails the test: a table that
// is checked over half of the tree would be green for no reason.
func load(t *testing.T) graph {
	t.Helper()
	cmd := exec.Command("go", "list", "-e", "-deps",
		"-json=ImportPath,Standard,Imports,TestImports,XTestImports,ImportMap,Error", "./...")
	cmd.Stderr = os.Stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("listing the imports with go list: %v", err)
	}
	g := graph{pkgs: map[string]*listed{}}
	dec := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("reading the answer of go list: %v", err)
		}
		for i, imp := range p.Imports {
			if real, ok := p.ImportMap[imp]; ok {
				p.Imports[i] = real
			}
		}
		if p.Error != nil && g.isOurs(p.ImportPath) {
			t.Errorf("loading %s: %s", p.ImportPath, p.Error.Err)
		}
		g.pkgs[p.ImportPath] = &p
	}
	if len(g.everyPackage()) == 0 {
		t.Fatal("go list knows no package of ours: nothing was checked")
	}
	return g
}

// reach returns every package that from pulls in, each with the shortest chain of imports that leads there.
func (g graph) reach(from string) map[string]string {
	seen := map[string]string{from: g.short(from)}
	for queue := []string{from}; len(queue) > 0; queue = queue[1:] {
		p := g.pkgs[queue[0]]
		if p == nil {
			continue
		}
		for _, imp := range p.Imports {
			if _, known := seen[imp]; !known {
				seen[imp] = seen[p.ImportPath] + " -> " + g.short(imp)
				queue = append(queue, imp)
			}
		}
	}
	delete(seen, from)
	return seen
}

// shortest returns the shortest chain to a package that is bad, or "" when there is none.
func shortest(reached map[string]string, bad func(string) bool) string {
	best := ""
	for dep, path := range reached {
		if bad(dep) && (best == "" || len(path) < len(best) || len(path) == len(best) && path < best) {
			best = path
		}
	}
	return best
}

// under returns our packages at or below a path that is written from the module's root.
func (g graph) under(path string) []string {
	var out []string
	for _, p := range g.everyPackage() {
		if covers(ourPaths([]string{path}), p) {
			out = append(out, p)
		}
	}
	return out
}

func (g graph) everyPackage() []string {
	var out []string
	for p := range g.pkgs {
		if g.isOurs(p) {
			out = append(out, p)
		}
	}
	sort.Strings(out)
	return out
}

func (g graph) testImports(p string) []string {
	return append(g.pkgs[p].TestImports, g.pkgs[p].XTestImports...)
}

func (g graph) isOurs(p string) bool { return covers([]string{module}, p) }

// isStandard says whether the package comes with Go. "C" and "unsafe" are not always listed.
func (g graph) isStandard(p string) bool {
	if l := g.pkgs[p]; l != nil {
		return l.Standard
	}
	return !strings.Contains(strings.SplitN(p, "/", 2)[0], ".")
}

func (g graph) short(p string) string { return strings.TrimPrefix(p, module+"/") }

func ourPaths(short []string) []string {
	out := make([]string, len(short))
	for i, s := range short {
		out[i] = module + "/" + s
	}
	return out
}

// covers says whether p is one of the paths or lies below one.
func covers(paths []string, p string) bool {
	for _, path := range paths {
		if p == path || strings.HasPrefix(p, path+"/") {
			return true
		}
	}
	return false
}
