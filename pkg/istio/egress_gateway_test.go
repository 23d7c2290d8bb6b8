package istio

import (
	"math/rand/v2"
	"path/filepath"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// through leads an egress intent of namespace shop through a gateway of namespace egress.
func through(i *intent.Intent) {
	i.Namespace, i.ExportTo, i.Form, i.Subset = "egress", []string{"shop"}, "", ""
	i.Through = intent.Through{Service: "istio-egressgateway.egress.svc.cluster.local", Port: 443,
		Workload: map[string]string{"istio": "egressgateway"}, Identities: []string{"spiffe://cluster.local/ns/egress/sa/gateway"}}
}

func TestEgressThroughGatewayGolden(t *testing.T) {
	for name, tt := range map[string]struct {
		i intent.Intent
		o Options
	}{
		"gateway":        {web(through), Options{NetworkingVersion: "v1"}},
		"gateway-secret": {web(through, ca(intent.CASecret, "web-ca")), Options{NetworkingVersion: "v1", CABundle: bundle(t)}},
		"gateway-some-pods": {web(through, forSome, func(i *intent.Intent) {
			i.ExportTo, i.Through.Port, i.Ports[0].Number, i.TLSPort = []string{"shop", "till", "."}, 8443, 8080, 9443
		}), Options{NetworkingVersion: "v1"}},
	} {
		t.Run(name, func(t *testing.T) {
			plan, err := Build(tt.i, tt.o)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("testdata", "egress", name+".yaml"), text(t, plan))
		})
	}
}

// What is written reads back as the same intent, and each proxy on the way has TLS where
// its hop wants it, and nobody else has.
func TestEgressThroughGatewayReadsBack(t *testing.T) {
	for seed := range uint64(generated) {
		i := anyThrough(rand.New(rand.NewPCG(seed, 5)))
		plan, err := Build(i, Options{NetworkingVersion: networkingVersions[seed%3]})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		got, err := Intents(plan.Objects)
		if diff := cmp.Diff([]intent.Intent{i}, got); err != nil || diff != "" {
			t.Fatalf("seed %d: %v %s", seed, err, diff)
		}
		c, err := Config(plan.Objects, "istio-system")
		if err != nil || c.Problems != nil {
			t.Fatalf("seed %d: %v %q", seed, err, c.Problems)
		}
		hops := i.Hops()
		client := facts.Client{Namespace: clientNamespace(i), Labels: map[string]string{"app": "x"}}
		gateway := facts.Client{Namespace: i.Namespace, Labels: i.Through.Workload}
		if d := c.Effective(client, hops[0].Host, hops[0].TLSPort, hops[0].Subset); d.Rule.Mode != "ISTIO_MUTUAL" || d.Rule.SNI != i.Host || !slices.Equal(d.Rule.SANs, i.Through.Identities) {
			t.Fatalf("seed %d: to the gateway: %+v", seed, d)
		}
		if d := c.Effective(gateway, i.Host, i.TLSPort, ""); d.Rule.Mode != string(i.Mode) || !slices.Equal(d.Rule.SANs, i.SANs) {
			t.Fatalf("seed %d: from the gateway: %+v", seed, d)
		}
		for _, other := range []facts.Client{client, {Namespace: i.Namespace, Labels: map[string]string{"app": "other"}}} {
			if d := c.Effective(other, i.Host, i.TLSPort, ""); d.Found && d.Rule.HasTLS {
				t.Fatalf("seed %d: %v has the gateway's TLS: %+v", seed, other, d)
			}
			if d := c.Effective(other, hops[0].Host, hops[0].TLSPort, ""); d.Found && d.Rule.HasTLS {
				t.Fatalf("seed %d: %v has TLS to the gateway outside the subset: %+v", seed, other, d)
			}
		}
	}
}

// anyThrough makes an intent with a gateway out of one of egress.
func anyThrough(r *rand.Rand) intent.Intent {
	i := anyEgress(r)
	to := [][]string{{"shop"}, {"*"}, {"shop", "."}}[r.IntN(3)]
	through(&i)
	i.ExportTo = to
	i.Through.Port = []int{443, 8443, 15443}[r.IntN(3)]
	return i.Complete()
}

// A second enable meets its own six objects, two of a kind among them, and stays what it is.
func TestJoinThroughGateway(t *testing.T) {
	build := func() Plan {
		plan, err := Build(web(through), Options{NetworkingVersion: "v1"})
		if err != nil {
			t.Fatal(err)
		}
		return plan
	}
	first, second := build(), build()
	var live []*unstructured.Unstructured
	for _, u := range first.Objects {
		live = append(live, u.DeepCopy())
	}
	slices.Reverse(live)
	if err := Join(&second, live); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(text(t, first), text(t, second)); diff != "" {
		t.Errorf("a second enable changes something: %s", diff)
	}
}
