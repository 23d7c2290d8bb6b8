package istio

import (
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

func tight(edit ...func(*intent.Intent)) intent.Intent {
	i := intent.Intent{Recipe: intent.RecipeStrict, Name: "strict", Namespace: "shop"}
	for _, e := range edit {
		e(&i)
	}
	return i.Complete()
}

func TestStrictGolden(t *testing.T) {
	for name, i := range map[string]intent.Intent{
		"namespace": tight(),
		"mesh":      tight(func(i *intent.Intent) { i.Namespace, i.Mesh = "istio-system", true }),
		"workload": tight(func(i *intent.Intent) {
			i.Workload, i.PortModes = map[string]string{"app": "db"}, []intent.PortMode{{Port: 8080, Mode: "PERMISSIVE"}, {Port: 9090, Mode: "DISABLE"}}
		}),
	} {
		t.Run(name, func(t *testing.T) {
			plan, err := Build(i, Options{NetworkingVersion: "v1", SecurityVersion: "v1"})
			if err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("testdata", "strict", name+".yaml"), text(t, plan))
		})
	}
	if _, err := Build(tight(), Options{NetworkingVersion: "v1"}); err == nil || !strings.Contains(err.Error(), "security.istio.io") {
		t.Errorf("without a version of the API: %v", err)
	}
}

// What enable strict writes reads back as the same intent, and the merged policy of
// the workload says what the intent says, port by port.
func TestStrictReadsBack(t *testing.T) {
	for seed := range uint64(generated) {
		r := rand.New(rand.NewPCG(seed, 4))
		i := anyStrict(r)
		plan, err := Build(i, Options{NetworkingVersion: "v1", SecurityVersion: []string{"v1", "v1beta1"}[seed%2]})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		got, err := Intents(plan.Objects)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if diff := cmp.Diff([]intent.Intent{i}, got); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
		c, err := Config(plan.Objects, "istio-system")
		if err != nil || c.Problems != nil {
			t.Fatalf("seed %d: %v %q", seed, err, c.Problems)
		}
		w := facts.Client{Namespace: i.Namespace, Labels: i.Workload}
		if i.Mesh {
			w.Namespace = "anywhere"
		}
		for port := 79; port < 90; port++ {
			if d := c.InboundPolicy(w, port); string(d.Mode) != i.InboundMode(port) || d.Object.Name != i.Name {
				t.Fatalf("seed %d: port %d is %+v, want %s", seed, port, d, i.InboundMode(port))
			}
		}
	}
}

func anyStrict(r *rand.Rand) intent.Intent {
	return tight(func(i *intent.Intent) {
		switch r.IntN(3) {
		case 0:
			i.Namespace, i.Mesh = "istio-system", true
		case 1:
			i.Workload = map[string]string{"app": "x", "example.com/v": "1"}
			for _, n := range r.Perm(10)[:r.IntN(4)] {
				i.PortModes = append(i.PortModes, intent.PortMode{Port: 80 + n, Mode: []string{"STRICT", "PERMISSIVE", "DISABLE"}[r.IntN(3)]})
			}
		}
	})
}

// Policies at the same scope are found; what a take-over would leave is refused.
func TestForeignPolicies(t *testing.T) {
	policy := func(ns, spec string) *unstructured.Unstructured {
		return object(t, "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: theirs, namespace: "+ns+"}\nspec: {"+spec+"}")
	}
	db := func(i *intent.Intent) { i.Workload = map[string]string{"app": "db"} }
	for name, c := range map[string]struct {
		u    *unstructured.Unstructured
		i    intent.Intent
		n    int
		join string // part of JoinPolicy's error, "" for none
	}{
		"namespace":              {policy("shop", "mtls: {mode: PERMISSIVE}"), tight(), 1, ""},
		"another namespace":      {policy("other", "mtls: {mode: PERMISSIVE}"), tight(), 0, ""},
		"workload, for ours all": {policy("shop", "selector: {matchLabels: {app: db}}"), tight(), 0, ""},
		"same workload":          {policy("shop", "selector: {matchLabels: {app: db}}"), tight(db), 1, ""},
		"other workload":         {policy("shop", "selector: {matchLabels: {app: web}}"), tight(db), 0, ""},
		"wider selector":         {policy("shop", "selector: {matchLabels: {tier: back}}"), tight(db), 1, "for other pods too"},
		"its ports would stay":   {policy("shop", "selector: {matchLabels: {app: db}}, portLevelMtls: {9090: {mode: DISABLE}}"), tight(db), 1, "--port 9090=STRICT"},
	} {
		found := ForeignPolicies([]*unstructured.Unstructured{c.u}, c.i)
		if len(found) != c.n {
			t.Errorf("%s: %d found, want %d", name, len(found), c.n)
		}
		plan, err := Build(c.i, Options{NetworkingVersion: "v1", SecurityVersion: "v1"})
		if err != nil {
			t.Fatal(err)
		}
		err = JoinPolicy(&plan, found)
		if (err == nil) != (c.join == "") || err != nil && !strings.Contains(err.Error(), c.join) {
			t.Errorf("%s: %v, want %q", name, err, c.join)
		}
		if err == nil && c.n == 1 && plan.Objects[0].GetName() != "theirs" {
			t.Errorf("%s: written as %s", name, plan.Objects[0].GetName())
		}
	}
}
