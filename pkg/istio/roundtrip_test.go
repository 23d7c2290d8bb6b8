package istio

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

const generated = 300

// What enable writes, verify must read back: the same intent.
func TestIntentsOfBuild(t *testing.T) {
	for seed := range uint64(generated) {
		i := anyIntent(rand.New(rand.NewPCG(seed, 1)))
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
	}
}

// The rules say what the intent says: read back as facts, and chosen by Istio's
// lookup for a client that the intent is for.
func TestConfigOfBuild(t *testing.T) {
	for seed := range uint64(generated) {
		i := anyIntent(rand.New(rand.NewPCG(seed, 2)))
		plan, err := Build(i, Options{NetworkingVersion: networkingVersions[seed%3]})
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		c, err := Config(plan.Objects, "istio-system")
		if err != nil || c.Problems != nil {
			t.Fatalf("seed %d: %v %q", seed, err, c.Problems)
		}
		ref := facts.Ref{Kind: kindRule, Namespace: i.Namespace, Name: i.Name}
		want := []facts.Rule{{Object: ref, Host: i.Host, Policy: true, Selector: i.Workload, ExportTo: wantExport(i), Owner: i.Name}}
		for _, p := range i.Ports {
			want = append(want, wantRule(want[0], i, p.Number))
		}
		if diff := cmp.Diff(want, c.Rules); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
		if diff := cmp.Diff([]facts.Service{wantService(i)}, c.Services); diff != "" {
			t.Fatalf("seed %d: %s", seed, diff)
		}
		client := facts.Client{Namespace: clientNamespace(i), Labels: i.Workload}
		if client.Labels == nil {
			client.Labels = map[string]string{}
		}
		for n, p := range i.Ports {
			if d := c.Effective(client, i.Host, p.Number, ""); !d.Found || cmp.Diff(want[n+1], d.Rule) != "" {
				t.Fatalf("seed %d: the rule does not count for %+v: %+v", seed, client, d)
			}
		}
	}
}

func wantExport(i intent.Intent) []string {
	if i.Workload == nil && slices.Equal(i.ExportTo, []string{"."}) {
		return []string{i.Namespace}
	}
	return i.ExportTo
}

func wantRule(base facts.Rule, i intent.Intent, port int) facts.Rule {
	r := base
	r.Port, r.HasTLS, r.Mode, r.SNI, r.SANs = port, true, "SIMPLE", i.SNI, i.SANs
	r.Policy = true
	switch i.CA.Kind {
	case intent.CAPath:
		r.CA = i.CA.Name
	case intent.CASystem:
		r.CA = "system"
	case intent.CASecret:
		r.CredName = i.CA.Name
	case intent.CAConfigMap:
		r.CredName = "configmap://" + i.Namespace + "/" + i.CA.Name
	}
	return r
}

func wantService(i intent.Intent) facts.Service {
	s := facts.Service{
		Object: facts.Ref{Kind: kindEntry, Namespace: i.Namespace, Name: i.Name}, Hosts: []string{i.Host}, External: true,
		Resolution: i.Resolution, Addresses: i.Addresses, Endpoints: i.Endpoints, ExportTo: i.ExportTo, Owner: i.Name,
	}
	for _, p := range i.Ports {
		s.Ports = append(s.Ports, facts.Port{Number: p.Number, Target: p.Number, Protocol: p.Protocol, Name: portName(p)})
	}
	return s
}

func portName(p intent.Port) string {
	return map[string]string{"TCP": "tcp", "HTTP": "http", "HTTP2": "http2", "GRPC": "grpc"}[p.Protocol] + fmt.Sprintf("-%d", p.Number)
}

func clientNamespace(i intent.Intent) string {
	for _, to := range i.ExportTo {
		switch to {
		case ".":
			return i.Namespace
		case "*":
			return "anyone"
		}
	}
	return i.ExportTo[0]
}

// A rule for a whole namespace goes on counting when somebody adds one for a few of
// its pods. With exportTo "." it would not: Istio would merge it away.
func TestRuleBesideOneWithSelector(t *testing.T) {
	plan, err := Build(redis(), Options{NetworkingVersion: "v1"})
	if err != nil {
		t.Fatal(err)
	}
	c, err := Config(plan.Objects, "istio-system")
	if err != nil {
		t.Fatal(err)
	}
	other := facts.Rule{Object: facts.Ref{Kind: kindRule, Namespace: "redis", Name: "few"}, Host: "redis.example.internal", Selector: map[string]string{"app": "few"}}
	c.Rules = append(c.Rules, other)
	client := facts.Client{Namespace: "redis", Labels: map[string]string{"app": "many"}}
	if d := c.Effective(client, "redis.example.internal", 16222, ""); !d.Found || d.Rule.Mode != "SIMPLE" {
		t.Errorf("the rule is lost: %+v", d)
	}
	for n := range c.Rules[:len(c.Rules)-1] {
		c.Rules[n].ExportTo = []string{"."}
	}
	if d := c.Effective(client, "redis.example.internal", 16222, ""); d.Found {
		t.Errorf("the trap is gone, and with it the reason for ruleExport: %+v", d)
	}
}

// anyIntent makes a valid intent; every field takes several values.
func anyIntent(r *rand.Rand) intent.Intent {
	pick := func(words ...string) string { return words[r.IntN(len(words))] }
	host := pick("redis.example.com", "a.b", "very-long-"+pick("x", "y")+".name.of.a.host.that.needs.to.be.cut.because.it.is.too.long.example.com")
	i := intent.Intent{
		Name: pick("", "n", "some-name"), Namespace: pick("redis", "a", "team-1"), Host: host,
		SNI: pick("", "sni.example.com"), Resolution: pick("", "DNS", "DNS_ROUND_ROBIN", "STATIC", "NONE"),
	}
	for _, n := range r.Perm(65535)[:1+r.IntN(4)] {
		i.Ports = append(i.Ports, intent.Port{Number: n + 1, Protocol: pick("TCP", "HTTP", "HTTP2", "GRPC")})
	}
	i.SANs = some(r, host, "other.example.com", "10.0.0.9", "spiffe://td/ns/a/sa/b")
	i.ExportTo = [][]string{nil, {"."}, {"*"}, {"team-2", "team-3"}, {i.Namespace}}[r.IntN(5)]
	i.Addresses = some(r, "240.0.0.1", "fd00::1")
	switch i.Resolution {
	case "STATIC":
		i.Endpoints = []string{"10.0.0.1", "10.0.0.2"}[:1+r.IntN(2)]
	case "DNS_ROUND_ROBIN":
		i.Endpoints = some(r, "real.example.com")
	case "DNS", "":
		i.Endpoints = some(r, "real.example.com", "10.0.0.1")
	}
	i.CA.Kind = []intent.CAKind{intent.CAPath, intent.CASystem, intent.CASecret, intent.CAConfigMap}[r.IntN(4)]
	i.CA.Name = map[intent.CAKind]string{intent.CAPath: "/etc/ca.crt", intent.CASecret: pick("ca", "ca.1"), intent.CAConfigMap: pick("ca", "x-cacert")}[i.CA.Kind]
	i.CA.Fingerprints = some(r, fmt.Sprintf("%064x", r.Uint64()), fmt.Sprintf("%064x", r.Uint64()))
	if i.CA.Kind == intent.CASecret || r.IntN(3) == 0 {
		i.Workload = map[string]string{"app": "x", pick("v", "example.com/v"): pick("1", "")}
		if slices.ContainsFunc(i.ExportTo, func(to string) bool { return to != "." && to != i.Namespace }) {
			i.ExportTo = nil
		}
	}
	return i.Complete()
}

func some(r *rand.Rand, words ...string) []string {
	return append([]string(nil), words[:r.IntN(len(words)+1)]...) // nil, not empty, when none
}
