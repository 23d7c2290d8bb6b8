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

// field is a mesh: Services and other objects as YAML, and pods as namespace/name of their app.
func field(t *testing.T, pods []string, texts ...string) Around {
	t.Helper()
	var a Around
	for _, text := range texts {
		u := object(t, text)
		u.SetResourceVersion("7")
		a.Objects = append(a.Objects, u)
	}
	for _, p := range pods {
		name, plain := strings.CutSuffix(p, "-")
		namespace, app, _ := strings.Cut(name, "/")
		pod := facts.Pod{Target: facts.Target{Namespace: namespace, Pod: app + "-1", Labels: map[string]string{"app": app}}}
		if !plain {
			pod.Target.Container = "istio-proxy"
		}
		a.Pods = append(a.Pods, pod)
	}
	return a
}

func service(namespace, name string) string {
	return "{apiVersion: v1, kind: Service, metadata: {name: " + name + ", namespace: " + namespace + "}, spec: {selector: {app: " + name + "}, ports: [{name: http, port: 80, targetPort: 8080}]}}"
}

func rule(namespace, name, spec string) string {
	return "{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: " + name + ", namespace: " + namespace + "}, spec: {" + spec + "}}"
}

const subsets = `host: front, trafficPolicy: {loadBalancer: {simple: ROUND_ROBIN}, portLevelSettings: [{port: {number: 81}, connectionPool: {tcp: {maxConnections: 9}}}]},
  subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}, trafficPolicy: {portLevelSettings: [{port: {number: 80}, loadBalancer: {simple: RANDOM}}]}}]`

func led(t *testing.T, i intent.Intent, a Around) (Plan, error) {
	t.Helper()
	o := Options{NetworkingVersion: "v1", SecurityVersion: "v1"}
	plan, err := Build(i, o)
	if err != nil {
		t.Fatal(err)
	}
	return plan, ClientRules(&plan, a, "istio-system", o)
}

// What clients need is written first; a rule of somebody else is kept and completed, and
// whoever takes plaintext only is left in peace.
func TestClientRulesGolden(t *testing.T) {
	twoPorts := "{apiVersion: v1, kind: Service, metadata: {name: web, namespace: shop}, spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}, {name: admin, port: 81, targetPort: 9090}]}}"
	a := field(t, []string{"shop/front", "shop/web", "shop/legacy-", "other/client", "kube-system/dns-"},
		service("shop", "front"), service("shop", "legacy"), service("other", "client"), service("kube-system", "dns"), rule("shop", "front", subsets), twoPorts,
		"{apiVersion: v1, kind: Service, metadata: {name: hand, namespace: other}, spec: {ports: [{port: 80}]}}")
	for name, i := range map[string]intent.Intent{
		"clients-namespace": tight(),
		"clients-mesh":      tight(func(i *intent.Intent) { i.Namespace, i.Mesh = "istio-system", true }),
		"clients-workload": tight(func(i *intent.Intent) {
			i.Workload, i.PortModes = map[string]string{"app": "web"}, []intent.PortMode{{Port: 8080, Mode: "DISABLE"}}
		}),
	} {
		t.Run(name, func(t *testing.T) {
			plan, err := led(t, i, a)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("testdata", "strict", name+".yaml"), text(t, plan))
			if last := plan.Objects[len(plan.Objects)-1]; plan.Ahead != len(plan.Objects)-1 || last.GetKind() != kindPolicy {
				t.Errorf("%d of %d objects are ahead, and the last is a %s", plan.Ahead, len(plan.Objects), last.GetKind())
			}
		})
	}
}

// Where no honest rule is possible nothing is planned, and the reason and a way out are named.
func TestClientRulesRefused(t *testing.T) {
	mesh := func(i *intent.Intent) { i.Namespace, i.Mesh = "istio-system", true }
	front := func(i *intent.Intent) { i.Workload = map[string]string{"app": "front"} }
	for name, c := range map[string]struct {
		i    intent.Intent
		pods []string
		more []string
		want []string // of the error; none: it is fine
	}{
		"nothing there":       {i: tight()},
		"DISABLE":             {i: tight(), more: []string{rule("shop", "theirs", "host: front, trafficPolicy: {tls: {mode: DISABLE}}")}, want: []string{"DestinationRule shop/theirs says DISABLE for shop/front:80", "kubectl edit destinationrule theirs -n shop"}},
		"a client's SIMPLE":   {i: tight(), more: []string{rule("other", "own", "host: front.shop.svc.cluster.local, trafficPolicy: {tls: {mode: SIMPLE}}")}, want: []string{"DestinationRule other/own says SIMPLE for shop/front:80"}},
		"a subset's DISABLE":  {i: tight(), more: []string{rule("shop", "theirs", "host: front, subsets: [{name: v1, trafficPolicy: {tls: {mode: DISABLE}}}]")}, want: []string{"says DISABLE of subset v1 for"}},
		"DISABLE elsewhere":   {i: tight(front), more: []string{service("shop", "web"), rule("shop", "theirs", "host: web, trafficPolicy: {tls: {mode: DISABLE}}")}},
		"mutual already":      {i: tight(), more: []string{rule("istio-system", "all", "host: '*.local', trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}")}},
		"a wider rule":        {i: tight(), more: []string{rule("istio-system", "all", "host: '*.local', trafficPolicy: {loadBalancer: {simple: RANDOM}}")}, want: []string{"DestinationRule istio-system/all (host *.local)", "write a rule for *.shop.svc.cluster.local that repeats"}},
		"the same for all":    {i: tight(mesh), more: []string{rule("istio-system", "all", "host: '*.local', trafficPolicy: {loadBalancer: {simple: RANDOM}}")}},
		"hidden by ours":      {i: tight(), more: []string{rule("istio-system", "front", "host: front.shop.svc.cluster.local, trafficPolicy: {loadBalancer: {simple: RANDOM}}")}, want: []string{"DestinationRule istio-system/front would be hidden by DestinationRule shop/strict", "move it to namespace shop"}},
		"of the namespace":    {i: tight(), more: []string{rule("shop", "all", "host: '*.shop.svc.cluster.local', trafficPolicy: {loadBalancer: {simple: RANDOM}}")}},
		"and one without":     {i: tight(), pods: []string{"shop/legacy-"}, more: []string{service("shop", "legacy"), rule("shop", "all", "host: '*.shop.svc.cluster.local', trafficPolicy: {loadBalancer: {simple: RANDOM}}")}, want: []string{"shop/legacy:80 takes plaintext only (pod shop/legacy-1 has no sidecar)", "mode DISABLE"}},
		"with and without":    {i: tight(), pods: []string{"shop/front-"}, want: []string{"will take mutual TLS only, and pod shop/front-1 has no sidecar"}},
		"plaintext until now": {i: tight(front), more: []string{"{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: theirs, namespace: shop}, spec: {mtls: {mode: DISABLE}}}"}, want: []string{"set its policy to PERMISSIVE first"}},
	} {
		t.Run(name, func(t *testing.T) {
			a := field(t, append([]string{"shop/front", "other/client"}, c.pods...), append([]string{service("shop", "front")}, c.more...)...)
			plan, err := led(t, c.i, a)
			if (err == nil) != (c.want == nil) {
				t.Fatalf("%v, want %q\n%s", err, c.want, text(t, plan))
			}
			for _, w := range c.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%v\ndoes not say %q", err, w)
				}
			}
			if err != nil && (plan.Ahead != 0 || len(plan.Objects) != 1) {
				t.Error("the plan was changed all the same")
			}
		})
	}
}

// For any mesh: the plan reads back as its intent, every call to what becomes strict is
// mutual TLS, what was there beside TLS is kept, a second plan is the same, and what is
// added is taken out again to the last field.
func TestClientRulesHold(t *testing.T) {
	fine := 0
	for seed := range uint64(generated) {
		r := rand.New(rand.NewPCG(seed, 9))
		i, a := anyStrict(r), anyField(t, r)
		if len(i.Workload) > 0 {
			i.Workload = map[string]string{"app": "front"}
			i.PortModes = nil
		}
		plan, err := led(t, i, a)
		if err != nil {
			continue
		}
		fine++
		got, err := Intents(plan.Objects)
		if diff := cmp.Diff([]intent.Intent{i}, got); err != nil || diff != "" {
			t.Fatalf("seed %d: %v %s", seed, err, diff)
		}
		after := applied(t, a, plan)
		c, err := Config(after.Objects, "istio-system")
		if err != nil {
			t.Fatal(err)
		}
		for _, p := range a.Pods {
			if !p.Proxied() || c.InboundPolicy(facts.Client{Namespace: p.Target.Namespace, Labels: p.Target.Labels}, 8080).Mode != facts.ModeStrict {
				continue
			}
			host := p.Target.Labels["app"] + "." + p.Target.Namespace + ".svc.cluster.local"
			for _, from := range []string{"shop", "other"} {
				for _, subset := range []string{"", "v1"} {
					if d := c.Effective(facts.Client{Namespace: from, Labels: map[string]string{}}, host, 80, subset); !sendsMutual(d) {
						t.Fatalf("seed %d: %s calls %s %q with %+v", seed, from, host, subset, d)
					}
				}
			}
		}
		again, err := led(t, i, after)
		if diff := cmp.Diff(text(t, plan), text(t, again)); err != nil || diff != "" {
			t.Fatalf("seed %d: a second enable: %v\n%s", seed, err, diff)
		}
		for n, u := range a.Objects {
			if back := Release(after.Objects[n], u); !cmp.Equal(u.Object, back.Object) {
				t.Fatalf("seed %d: given back:\n%s", seed, cmp.Diff(u.Object, back.Object))
			}
		}
	}
	if fine < generated/4 {
		t.Errorf("only %d of %d meshes had a plan", fine, generated)
	}
}

// anyField is a mesh of two namespaces with some rules that say nothing of TLS, or mutual TLS.
func anyField(t *testing.T, r *rand.Rand) Around {
	t.Helper()
	pods := []string{"shop/front", "other/client"}
	texts := []string{service("shop", "front"), service("other", "client")}
	if r.IntN(3) == 0 {
		pods, texts = append(pods, "shop/legacy-"), append(texts, service("shop", "legacy"))
	}
	policies := []string{"", ", trafficPolicy: {loadBalancer: {simple: RANDOM}}", ", trafficPolicy: {tls: {mode: ISTIO_MUTUAL}, portLevelSettings: [{port: {number: 80}, loadBalancer: {simple: RANDOM}}]}",
		", trafficPolicy: {portLevelSettings: [{port: {number: 9}, tls: {mode: SIMPLE}}]}", ", subsets: [{name: v1, trafficPolicy: {portLevelSettings: [{port: {number: 80}, loadBalancer: {simple: RANDOM}}]}}]"}
	for n, h := range []struct{ namespace, host string }{{"shop", "front"}, {"other", "front.shop.svc.cluster.local"}, {"other", "client"}, {"shop", "'*.shop.svc.cluster.local'"}} {
		if r.IntN(4) == 0 {
			texts = append(texts, rule(h.namespace, "theirs-"+string(rune('a'+n)), "host: "+h.host+policies[r.IntN(len(policies))]))
		}
	}
	return field(t, pods, texts...)
}

// applied is the mesh after the plan, the objects that were there first and in their order.
func applied(t *testing.T, a Around, plan Plan) Around {
	t.Helper()
	out := Around{Pods: a.Pods}
	made := map[facts.Ref]*unstructured.Unstructured{}
	for _, u := range plan.Objects {
		made[facts.Ref{Kind: u.GetKind(), Namespace: u.GetNamespace(), Name: u.GetName()}] = u
	}
	for _, u := range a.Objects {
		ref := facts.Ref{Kind: u.GetKind(), Namespace: u.GetNamespace(), Name: u.GetName()}
		if made[ref] != nil {
			u = merged(u, made[ref])
			notes := made[ref].GetAnnotations()
			u.SetAnnotations(notes)
			delete(made, ref)
		}
		out.Objects = append(out.Objects, u)
	}
	for _, u := range plan.Objects {
		if !Completes(u) {
			u = u.DeepCopy()
			u.SetResourceVersion("8")
			out.Objects = append(out.Objects, u)
		}
	}
	return out
}

// Clients keep their rules as long as a server is strict by another policy.
func TestStranded(t *testing.T) {
	policy := "{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: theirs, namespace: shop}, spec: {mtls: {mode: STRICT}}}"
	ours := rule("shop", "strict", "host: '*.shop.svc.cluster.local', trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}")
	a := field(t, []string{"shop/front", "other/client"}, service("shop", "front"), service("shop", "empty"), ours, policy)
	for name, c := range map[string]struct {
		after []*unstructured.Unstructured
		lost  bool
	}{
		"both go":           {a.Objects[:2], false},
		"the rule alone":    {[]*unstructured.Unstructured{a.Objects[0], a.Objects[1], a.Objects[3]}, true},
		"the policy alone":  {a.Objects[:3], false},
		"the policy is new": {a.Objects, false},
	} {
		lost, err := Stranded(a, c.after, "istio-system")
		if err != nil || (len(lost) > 0) != c.lost {
			t.Errorf("%s: %q, %v", name, lost, err)
		}
		for _, l := range lost {
			if !strings.Contains(l, "shop/front:80") {
				t.Errorf("%s: %s", name, l)
			}
		}
	}
}
