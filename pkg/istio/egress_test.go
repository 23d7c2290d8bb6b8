package istio

import (
	"math/rand/v2"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

func web(edit ...func(*intent.Intent)) intent.Intent {
	i := intent.Intent{
		Recipe: intent.RecipeEgress, Namespace: "shop", Host: "www.example.internal", Ports: []intent.Port{{Number: 80, Protocol: intent.ProtocolHTTP}},
		CA: intent.CA{Kind: intent.CASystem},
	}
	for _, e := range edit {
		e(&i)
	}
	return i.Complete()
}

func byRoute(i *intent.Intent) { i.Form = intent.FormVirtualService }

func forSome(i *intent.Intent) { i.Workload = map[string]string{"app": "shop"} }

func TestEgressGolden(t *testing.T) {
	for name, i := range map[string]intent.Intent{
		"targetport":     web(),
		"virtualservice": web(byRoute),
		"some-pods":      web(forSome, ca(intent.CASecret, "web-ca")),
		"other-ports": web(func(i *intent.Intent) {
			i.Ports[0].Number, i.TLSPort, i.ExportTo = 8080, 8443, []string{"*"}
		}),
	} {
		t.Run(name, func(t *testing.T) {
			plan, err := Build(i, Options{NetworkingVersion: "v1"})
			if err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("testdata", "egress", name+".yaml"), text(t, plan))
		})
	}
}

// What enable egress writes reads back as the same intent, and the rule asks for TLS
// at exactly the ports whose clusters carry it.
func TestEgressReadsBack(t *testing.T) {
	for seed := range uint64(generated) {
		i := anyEgress(rand.New(rand.NewPCG(seed, 3)))
		plan, err := Build(i, Options{NetworkingVersion: networkingVersions[seed%3]})
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
		client := facts.Client{Namespace: clientNamespace(i), Labels: map[string]string{"app": "x", "v": "1", "example.com/v": "1"}}
		for k := range i.Workload {
			client.Labels[k] = i.Workload[k]
		}
		for _, port := range []int{i.Ports[0].Number, i.TLSPort} {
			d := c.Effective(client, i.Host, port, "")
			if tls := d.Found && d.Rule.HasTLS; tls != slices.Contains(i.TLSPorts(), port) {
				t.Fatalf("seed %d: port %d has TLS: %t, form %s", seed, port, tls, i.Form)
			}
		}
	}
}

// anyEgress makes a valid intent out of one of origination.
func anyEgress(r *rand.Rand) intent.Intent {
	i := anyIntent(r)
	i.Recipe, i.Ports, i.TLSPort = intent.RecipeEgress, []intent.Port{{Number: 1 + r.IntN(1000), Protocol: intent.ProtocolHTTP}}, []int{0, 8443, 65535}[r.IntN(3)]
	if i.Ports[0].Number == 443 {
		i.Ports[0].Number = 80
	}
	if i.Resolution == intent.ResolutionNone {
		i.Resolution, i.Endpoints = intent.ResolutionDNS, nil
	}
	if i.Form = intent.FormVirtualService; len(i.Workload) == 0 && r.IntN(2) == 0 {
		i.Form = intent.FormTargetPort
	}
	return i.Complete()
}

func object(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	raw, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	u := &unstructured.Unstructured{}
	if err := u.UnmarshalJSON(raw); err != nil {
		t.Fatal(err)
	}
	return u
}

const roundRobin = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: theirs, namespace: shop}
spec:
  host: www.example.internal
  trafficPolicy:
    loadBalancer: {simple: ROUND_ROBIN}
    portLevelSettings:
    - {port: {number: 9000}, connectionPool: {tcp: {maxConnections: 7}}}
`

// A policy that the host has survives: the rule's own stays where it is and counts at
// the port too, other ports' settings stay, and a second time changes nothing.
func TestJoinKeepsThePolicy(t *testing.T) {
	live := object(t, roundRobin)
	plan, err := Build(web(), Options{NetworkingVersion: "v1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := Join(&plan, []*unstructured.Unstructured{live}); err != nil {
		t.Fatal(err)
	}
	rule := plan.Objects[1]
	settings, _, _ := unstructured.NestedSlice(rule.Object, "spec", "trafficPolicy", "portLevelSettings")
	if rule.GetName() != "theirs" || len(settings) != 2 {
		t.Fatalf("%s: %v", rule.GetName(), settings)
	}
	for n, want := range []string{"loadBalancer", "connectionPool"} {
		if m := settings[n].(map[string]any); m[want] == nil {
			t.Errorf("setting %d has no %s: %v", n, want, m)
		}
	}
	again, err := Build(web(), Options{NetworkingVersion: "v1"})
	if err != nil {
		t.Fatal(err)
	}
	if err := Join(&again, []*unstructured.Unstructured{rule}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(rule.Object, again.Objects[1].Object); diff != "" {
		t.Errorf("a second time: %s", diff)
	}
	if err := Join(&again, []*unstructured.Unstructured{live, rule}); err == nil || !strings.Contains(err.Error(), "only one can be taken over") {
		t.Errorf("two rules: %v", err)
	}
}
