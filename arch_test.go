// Package arch holds the tests of the tree itself: who may import whom, the house style, the size of the binary.
// They read the sources and never run the program.
package arch

import (
	"strings"
	"testing"
)

// rule is one row of the import table. Paths of ours are written from the module's root ("pkg/facts"); a path
// covers the packages under it. Direct bans look at the package's own import lines, reach bans at everything
// that these pull in. (fmt imports os and apimachinery imports net/http, so some bans can only be direct.)
type rule struct {
	pkg    string
	ours   []string // the only packages of ours it may import
	theirs []string // the only third-party packages it may import
	direct []string // standard packages it may not import itself
	reach  []string // packages that may not be pulled in by any path
	pure   bool     // no third-party package may be pulled in by any path
	why    string
}

var table = []rule{
	{
		pkg: "pkg/intent", direct: []string{"os"}, reach: []string{"net/http", "os/exec"}, pure: true,
		why: "an intent is what the user wants: it is parsed and validated without I/O, so that it can be tested by value",
	},
	{
		pkg: "pkg/facts", direct: []string{"os"}, reach: []string{"net/http", "os/exec"}, pure: true,
		why: "facts are plain values that every package speaks: they fetch nothing and judge nothing",
	},
	{
		pkg: "pkg/redact", direct: []string{"os"}, reach: []string{"net/http", "os/exec"}, pure: true,
		why: "redact takes secrets out of text: one list of what looks like one, for everything that is written",
	},
	{
		pkg: "pkg/check", ours: []string{"pkg/intent", "pkg/facts"},
		direct: []string{"os"}, reach: []string{"net/http", "os/exec"}, pure: true,
		why: "a check judges facts and reads nothing: the same facts must always give the same verdict",
	},
	{
		pkg: "pkg/status", ours: []string{"pkg/intent", "pkg/facts", "pkg/check"},
		direct: []string{"os"}, reach: []string{"net/http", "os/exec"}, pure: true,
		why: "status puts the two ends of a connection together: it judges facts, as check does, and reads nothing",
	},
	{
		pkg: "pkg/istio", ours: []string{"pkg/intent", "pkg/facts"},
		theirs: []string{"istio.io/api", "istio.io/client-go/pkg/apis", "k8s.io/api", "k8s.io/apimachinery"},
		direct: []string{"os", "net/http"},
		reach:  []string{"k8s.io/client-go", "istio.io/client-go/pkg/clientset", "github.com/envoyproxy", "os/exec"},
		why:    "istio translates between intents and objects; sending them is the work of apply and kube, and Envoy's language that of envoy",
	},
	{
		pkg: "pkg/envoy", ours: []string{"pkg/facts"},
		theirs: []string{"github.com/envoyproxy/go-control-plane", "google.golang.org/protobuf", "github.com/go-json-experiment/json"},
		direct: []string{"os"},
		reach:  []string{"net/http", "google.golang.org/grpc", "k8s.io", "istio.io", "os/exec"},
		why:    "envoy decodes answers that someone else fetched: a live sidecar, a saved folder and a test are the same call",
	},
	{
		pkg: "pkg/cert", ours: []string{"pkg/facts"}, direct: []string{"os"}, reach: []string{"net/http", "os/exec"}, pure: true,
		why: "cert makes and compares certificates as values: keys must have no way out but the one that the caller takes",
	},
	{
		pkg: "pkg/conflict", ours: []string{"pkg/intent", "pkg/facts", "pkg/cert", "pkg/check"},
		direct: []string{"os"}, reach: []string{"net/http", "os/exec"}, pure: true,
		why: "a conflict judges a plan together with what is there: it gives findings as checks do, compares certificates, and reads nothing",
	},
	{
		pkg: "pkg/document", ours: []string{"pkg/intent"}, theirs: []string{"go.yaml.in/yaml/v3"},
		direct: []string{"os"}, reach: []string{"net/http", "os/exec", "k8s.io", "istio.io"},
		why: "documents are intents as text: who reads the file and what it becomes is not their business; the YAML parser is the one with line numbers",
	},
	{
		pkg: "pkg/legacy", theirs: []string{"go.yaml.in/yaml/v3", "k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"},
		direct: []string{"os", "net/http"}, reach: []string{"k8s.io/client-go", "istio.io", "github.com/envoyproxy", "os/exec"},
		why: "legacy turns yesterday's text into today's objects: what the cluster knows is given to it; the YAML parser is the one with lines and columns",
	},
	{
		pkg: "pkg/runbook", reach: []string{"net/http", "os/exec"}, pure: true,
		why: "runbooks are embedded text: they must be readable without a cluster and cost nothing",
	},
	{
		pkg: "pkg/report", ours: []string{"pkg/intent", "pkg/facts", "pkg/check", "pkg/status", "pkg/runbook", "pkg/redact"}, // the runbooks' titles are the help of SARIF's rules
		theirs: []string{"sigs.k8s.io/yaml", "github.com/fatih/color", "github.com/aymanbagabas/go-udiff", "github.com/jstemmer/go-junit-report/v2", "github.com/go-json-experiment/json", "maragu.dev/gomponents"},
		direct: []string{"os"},
		reach:  []string{"net/http", "k8s.io/client-go", "github.com/envoyproxy", "os/exec"},
		why:    "a report speaks to the writer it is given; it looks nothing up",
	},
	{
		pkg: "pkg/bundle", ours: []string{"pkg/facts", "pkg/redact"},
		theirs: []string{"github.com/go-json-experiment/json"},
		direct: []string{"os"},
		reach:  []string{"net/http", "k8s.io", "istio.io", "github.com/envoyproxy", "os/exec"},
		why:    "a bundle keeps bytes of the answers and drops what could be secret: what they mean, and where the file lies, is not its business",
	},
	{
		pkg: "pkg/apply", theirs: []string{"k8s.io/client-go", "k8s.io/api", "k8s.io/apimachinery"},
		reach: []string{"github.com/envoyproxy"},
		why:   "apply takes objects and returns changes: it must not know what the objects mean",
	},
	{
		pkg: "pkg/probe", ours: []string{"pkg/facts"},
		reach: []string{"k8s.io", "os/exec"}, pure: true,
		why: "a probe is one TLS conversation: how the connection was made and what the answer is worth is not its business",
	},
	{
		pkg: "pkg/kube", ours: []string{"pkg/facts"},
		theirs: []string{"k8s.io/client-go", "k8s.io/cli-runtime", "k8s.io/api", "k8s.io/apimachinery", "k8s.io/streaming", "k8s.io/klog/v2", "github.com/go-logr/logr", "github.com/go-json-experiment/json"},
		reach:  []string{"github.com/envoyproxy"},
		why:    "kube fetches and never judges; its admin client satisfies envoy.Getter without importing it",
	},
	{
		pkg: "pkg/cli", ours: []string{"pkg"},
		theirs: []string{"github.com/spf13/cobra", "github.com/spf13/pflag", "golang.org/x/term", "sigs.k8s.io/yaml", "k8s.io/cli-runtime", "k8s.io/apimachinery"},
		why:    "cli joins the other packages; whatever needs a further library belongs into one of them",
	},
	{
		pkg: "cmd", ours: []string{"pkg/cli"},
		why: "main only turns signals into a context and an error into an exit code",
	},
}

// nowhere lists what no package of the plugin may pull in, and why.
var nowhere = map[string]string{
	"k8s.io/kubectl/pkg/cmd/util": "it links most of kubectl; cli-runtime has the flags that we need",
	"istio.io/istio":              "it is the control plane itself, with every Envoy type: 65 MB",
	"github.com/stretchr/testify": "the tests use the standard library and go-cmp",
}

// mostEnvoyPackages caps the go-control-plane packages in the binary. All 490 of them weigh 65 MB; the decoder
// reads the rest as plain JSON, so that 5 are enough.
const mostEnvoyPackages = 20

const envoyTypes = "github.com/envoyproxy/go-control-plane"

func TestImportTable(t *testing.T) {
	g := load(t)
	for _, r := range table {
		pkgs := g.under(r.pkg)
		if len(pkgs) == 0 {
			t.Errorf("%s has a row in the import table and does not exist: take the row out", r.pkg)
		}
		for _, p := range pkgs {
			checkRule(t, g, r, p)
		}
	}
}

func checkRule(t *testing.T, g graph, r rule, p string) {
	t.Helper()
	for _, imp := range g.pkgs[p].Imports {
		var allowed []string
		switch {
		case g.isOurs(imp):
			allowed = ourPaths(append(r.ours, r.pkg))
		case g.isStandard(imp):
			if covers(r.direct, imp) {
				t.Errorf("%s imports %s.\nwhy not: %s", g.short(p), imp, r.why)
			}
			continue
		default:
			allowed = r.theirs
		}
		if !covers(allowed, imp) {
			t.Errorf("%s imports %s, which the table does not allow.\nwhy not: %s", g.short(p), g.short(imp), r.why)
		}
	}
	reached := g.reach(p)
	for _, bad := range r.reach {
		if path := shortest(reached, func(dep string) bool { return covers([]string{bad}, dep) }); path != "" {
			t.Errorf("%s pulls in %s\nby way of %s\nwhy not: %s", g.short(p), bad, path, r.why)
		}
	}
	foreign := func(dep string) bool { return !g.isOurs(dep) && !g.isStandard(dep) }
	if path := shortest(reached, foreign); r.pure && path != "" {
		t.Errorf("%s pulls in a third-party package\nby way of %s\nwhy not: %s", g.short(p), path, r.why)
	}
}

// TestEveryPackageHasARule keeps a new package from living outside the table.
func TestEveryPackageHasARule(t *testing.T) {
	g := load(t)
	for _, p := range append(g.under("pkg"), g.under("cmd")...) {
		known := false
		for _, r := range table {
			known = known || covers(ourPaths([]string{r.pkg}), p)
		}
		if !known {
			t.Errorf("%s has no row in the import table of arch_test.go: say what it may import, and why", g.short(p))
		}
	}
}

func TestNobodyImportsCli(t *testing.T) {
	g := load(t)
	for _, p := range g.under("pkg") {
		if covers(ourPaths([]string{"pkg/cli"}), p) {
			continue
		}
		if path, bad := g.reach(p)[module+"/pkg/cli"]; bad {
			t.Errorf("%s pulls in pkg/cli\nby way of %s\nwhy not: cli is the top; what others need of it belongs below", g.short(p), path)
		}
	}
}

func TestNeverLinked(t *testing.T) {
	g := load(t)
	for _, p := range append(g.under("cmd"), g.under("pkg")...) {
		envoy := 0
		reached := g.reach(p)
		for bad, why := range nowhere {
			if path := shortest(reached, func(dep string) bool { return covers([]string{bad}, dep) }); path != "" {
				t.Errorf("%s pulls in %s\nby way of %s\nwhy not: %s", g.short(p), bad, path, why)
			}
		}
		for dep := range reached {
			if covers([]string{envoyTypes}, dep) {
				envoy++
			}
		}
		if envoy > mostEnvoyPackages {
			t.Errorf("%s pulls in %d packages of %s, more than %d.\nwhy not: all Envoy types at once weigh 65 MB; decode by type URL what is really read",
				g.short(p), envoy, envoyTypes, mostEnvoyPackages)
		} else if envoy > 0 {
			t.Logf("%s pulls in %d packages of %s (at most %d)", g.short(p), envoy, envoyTypes, mostEnvoyPackages)
		}
	}
	for _, p := range g.everyPackage() {
		for _, imp := range g.testImports(p) {
			if strings.HasPrefix(imp, "github.com/stretchr/testify") {
				t.Errorf("the tests of %s import %s.\nwhy not: %s", g.short(p), imp, nowhere["github.com/stretchr/testify"])
			}
		}
	}
}
