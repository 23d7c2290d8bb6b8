package cli

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/apply"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

func partOf(c *cluster, namespace, name string, targets int) *part {
	p := &part{cluster: c, enableOptions: enableOptions{intent: intent.Intent{Name: name, Namespace: namespace}, where: place{file: name + ".yaml", line: 1}},
		checked: []apply.Change{{Action: apply.Created}}}
	u := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule", "spec": map[string]any{"host": name + ".example.com"}}}
	u.SetName(name)
	u.SetNamespace(namespace)
	p.plan = istio.Plan{Intent: p.intent, Objects: []*unstructured.Unstructured{u}}
	p.targets = make([]facts.Target, targets)
	return p
}

// TestApart: two parts that would write the same object are refused, and so are two of one name.
func TestApart(t *testing.T) {
	one, two := &cluster{}, &cluster{}
	a, b, c := partOf(one, "shop", "a", 0), partOf(one, "shop", "b", 0), partOf(two, "shop", "a", 0)
	if err := (&transaction{parts: []*part{a, b, c}}).apart(); err != nil {
		t.Errorf("two names, and one of another cluster: %v", err)
	}
	b.plan.Objects[0].SetName("a")
	err := (&transaction{parts: []*part{a, b}}).apart()
	if err == nil || !strings.Contains(err.Error(), "intent shop/a (a.yaml:1) and intent shop/b (b.yaml:1) both make DestinationRule shop/a") {
		t.Errorf("the same object: %v", err)
	}
	if err := (&transaction{parts: []*part{a, partOf(one, "shop", "a", 0)}}).apart(); err == nil {
		t.Error("the same name twice is let through")
	}
}

// TestChosen: each part has a sidecar that is verified, however many another has.
func TestChosen(t *testing.T) {
	c := &cluster{}
	many, few, none := partOf(c, "shop", "many", 3*maxVerified), partOf(c, "shop", "few", 2), partOf(c, "shop", "none", 0)
	visits, total := (&transaction{parts: []*part{many, few, none}}).chosen()
	of := map[*part]int{}
	for _, v := range visits {
		of[v.p]++
	}
	if total != 3*maxVerified+2 || len(visits) != maxVerified || of[few] != 2 || of[many] != maxVerified-2 {
		t.Errorf("%d of %d: %d of the many, %d of the few", len(visits), total, of[many], of[few])
	}
	var crowd []*part
	for range 2 * maxVerified {
		crowd = append(crowd, partOf(c, "shop", "x", 2))
	}
	if visits, _ := (&transaction{parts: crowd}).chosen(); len(visits) != len(crowd) {
		t.Errorf("%d parts are verified at %d sidecars", len(crowd), len(visits))
	}
}

// TestContextOf: with two clusters each part is shown with its own; with one nobody asks.
func TestContextOf(t *testing.T) {
	here, far := partOf(&cluster{}, "shop", "a", 0), partOf(&cluster{}, "shop", "b", 0)
	alone := &transaction{parts: []*part{here}}
	if got := alone.contextOf(here); got != "" {
		t.Errorf("one cluster: %q", got)
	}
	far.context = "B"
	both := &transaction{parts: []*part{far, here}}
	if got := both.contextOf(far); got != "B" {
		t.Errorf("the other cluster: %q", got)
	}
	config := clientcmdapi.Config{Clusters: map[string]*clientcmdapi.Cluster{"x": {Server: "https://127.0.0.1:1"}}, Contexts: map[string]*clientcmdapi.Context{"A": {Cluster: "x"}}, CurrentContext: "A"}
	file := filepath.Join(t.TempDir(), "config")
	if err := clientcmd.WriteToFile(config, file); err != nil {
		t.Fatal(err)
	}
	flags := genericclioptions.NewConfigFlags(true)
	flags.KubeConfig = &file
	client, err := kube.New(flags)
	if err != nil {
		t.Fatal(err)
	}
	here.c = client
	if got := both.contextOf(here); got != "A" {
		t.Errorf("the command's own: %q", got)
	}
}

// TestWith: what the other parts make is there for the conflicts, with the age of what it replaces.
func TestWith(t *testing.T) {
	old, now := time.Unix(1e9, 0).UTC(), time.Unix(2e9, 0).UTC()
	ref := facts.Ref{Kind: "DestinationRule", Namespace: "shop", Name: "b"}
	there := &surroundings{config: &facts.Config{RootNamespace: "istio-system", Rules: []facts.Rule{{Object: ref, Host: "b.example.com", Created: old}, {Object: ref, Host: "b.example.com", Port: 9, Created: old}}}}
	c := &cluster{}
	a, b, fresh := partOf(c, "shop", "a", 0), partOf(c, "shop", "b", 0), partOf(c, "shop", "new", 0)
	tx := &transaction{parts: []*part{a, b, fresh, partOf(&cluster{}, "shop", "far", 0)}}
	got, err := tx.with(there, a, now)
	if err != nil {
		t.Fatal(err)
	}
	type rule struct {
		name string
		port int
		at   time.Time
	}
	var rules []rule
	for _, r := range got.config.Rules {
		rules = append(rules, rule{r.Object.Name, r.Port, r.Created})
	}
	want := []rule{{"b", 9, old}, {"b", 0, old}, {"new", 0, now}}
	if diff := cmp.Diff(want, rules, cmp.AllowUnexported(rule{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if len(there.config.Rules) != 2 || !there.config.Rules[0].Created.Equal(old) {
		t.Error("what was read is changed")
	}
	found := tx.origin(a, []check.Finding{{Object: "DestinationRule shop/b"}, {Object: "DestinationRule shop/a"}})
	if !strings.Contains(found[0].Got, "b.yaml:1") || found[1].Got != "" {
		t.Errorf("where they come from: %q, %q", found[0].Got, found[1].Got)
	}
}

// TestGroups: each cluster's journals name each other, and what of the change is elsewhere.
func TestGroups(t *testing.T) {
	c := &cluster{}
	a, b, same := partOf(c, "shop", "a", 0), partOf(c, "bank", "b", 0), partOf(c, "bank", "same", 0)
	same.checked = []apply.Change{{Action: apply.Unchanged}}
	if got := (&transaction{parts: []*part{a, same}}).groups(); got != nil {
		t.Errorf("one part that changes something is no group: %v", got)
	}
	g := (&transaction{parts: []*part{a, b, same}}).groups()[c]
	if g == nil || g.ID == "" || !cmp.Equal(g.Members, []apply.Member{{Owner: "a", Namespace: "shop"}, {Owner: "b", Namespace: "bank"}}) {
		t.Fatalf("%+v", g)
	}
	if got := ofMembers(g); got != ", of 2 intents: shop/a, bank/b" {
		t.Errorf("%q", got)
	}
	about := aboutChange(apply.Journal{Step: apply.StepApplying, Group: &apply.Group{Members: g.Members, Elsewhere: []string{"x in namespace y of context z"}}})
	if about != "applying, of 2 intents: shop/a, bank/b; with x in namespace y of context z: interrupted, or somebody is at it" {
		t.Errorf("%q", about)
	}
}
