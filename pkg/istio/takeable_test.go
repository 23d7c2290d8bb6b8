package istio

import (
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// TestTakeable: what would lose something by being taken over, or not become what the intent says, is refused.
func TestTakeable(t *testing.T) {
	entry := func(meta, hosts string) string {
		return "apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {name: theirs, namespace: shop" + meta + "}\nspec: {hosts: " + hosts + ", ports: [{number: 80, name: http, protocol: HTTP}]}"
	}
	rule := func(meta, more string) string {
		return "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: theirs, namespace: shop" + meta + "}\nspec: {host: www.example.internal" + more + "}"
	}
	other := ", labels: {mesh-tls.io/name: other, app.kubernetes.io/managed-by: kubectl-mesh-tls}"
	for name, c := range map[string]struct{ live, want string }{
		"an entry of the host":                {entry("", "[www.example.internal]"), ""},
		"an entry of other hosts too":         {entry("", "[www.example.internal, db.example.internal]"), "is about db.example.internal too"},
		"an entry of another intent":          {entry(other, "[www.example.internal]"), "kubectl mesh-tls disable other -n shop"},
		"a rule of the host":                  {rule("", ""), ""},
		"a rule of other pods":                {rule("", ", workloadSelector: {matchLabels: {tier: x, app: web}}"), "is for other pods, those with app=web, tier=x"},
		"a rule of another intent":            {rule(other, ""), "is of \"other\""},
		"its own rule, for other pods so far": {rule(", labels: {mesh-tls.io/name: www-example-internal, app.kubernetes.io/managed-by: kubectl-mesh-tls}", ", workloadSelector: {matchLabels: {app: web}}"), ""},
	} {
		plan, err := Build(web(), Options{NetworkingVersion: "v1"})
		if err != nil {
			t.Fatal(err)
		}
		err = Join(&plan, []*unstructured.Unstructured{object(t, c.live)})
		if got := errText(err); (c.want == "") != (err == nil) || !strings.Contains(got, c.want) {
			t.Errorf("%s: want %q, got %q", name, c.want, got)
		}
	}
}

func errText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// TestUnrelated: an object of the plan's name that is about another host is not taken over.
func TestUnrelated(t *testing.T) {
	for kind, c := range map[string]struct{ spec, want string }{
		"ServiceEntry":    {"{hosts: [db.example.internal]}", "is about db.example.internal and not about www.example.internal"},
		"DestinationRule": {"{host: www.example.internal}", ""},
	} {
		plan, err := Build(web(), Options{NetworkingVersion: "v1"})
		if err != nil {
			t.Fatal(err)
		}
		live := object(t, "apiVersion: networking.istio.io/v1beta1\nkind: "+kind+"\nmetadata: {name: "+plan.Intent.Name+", namespace: shop}\nspec: "+c.spec)
		err = Unrelated(plan, []*unstructured.Unstructured{live})
		if got := errText(err); (c.want == "") != (err == nil) || !strings.Contains(got, c.want) {
			t.Errorf("%s: want %q, got %q", kind, c.want, got)
		}
	}
}

// TestAboutHosts: a rule's short host is that of its namespace.
func TestAboutHosts(t *testing.T) {
	for spec, want := range map[string]string{"{host: db}": "db.shop.svc.cluster.local", "{host: www.example.internal}": "www.example.internal", "{hosts: [b, a]}": "a b"} {
		u := object(t, "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: x, namespace: shop}\nspec: "+spec)
		if got := strings.Join(aboutHosts(u), " "); got != want {
			t.Errorf("%s: %q, want %q", spec, got, want)
		}
	}
}
