package report

import (
	"errors"
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestTarget compares a whole target but for the findings' sentences, which are
// the checks' own.
func TestTarget(t *testing.T) {
	got := build(input(), false)
	for _, f := range got.Findings {
		if f.Outcome != OK {
			t.Errorf("false alarm: %+v", f)
		}
	}
	got.Findings = nil
	ca := []Certificate{{Subject: "CN=redis-ca", Issuer: "CN=redis-ca", NotAfter: "2026-11-30T12:00:00Z", Fingerprint: "aa11"}}
	want := TargetReport{
		Context: "lab", Namespace: "redis", Pod: "redis-client-1", Envoy: "1.39.3", Istio: "1.31.1", Outcome: OK,
		Upstreams: []Upstream{{
			Cluster: redisTLS, Transport: "tls", CA: "sds:" + caSecret, SNI: redis, SANs: []string{redis, "prefix:a."}, ClientCert: "none", Evidence: "exercised", Outcome: OK,
			Host: redis, Port: 16222, State: "active", Protocol: "tcp", Mode: "SIMPLE", Meant: true, Why: "DestinationRule redis/external-redis", Rule: "DestinationRule redis/external-redis",
			NameChecked: "yes", NameCheckedHow: redis + ", prefix:a.", SNISent: "yes", MinTLS: "TLSv1_2", MaxTLS: "TLSv1_3",
			Endpoints: &Endpoints{Total: 1, TLS: 1}, Handshakes: &Handshakes{Completed: 3}, CACertificates: ca,
		}},
		Inbound: []Inbound{}, Secrets: []Secret{{Name: caSecret, State: "active", Certificates: ca}},
		Missing: []Missing{{Fact: "tls-counters", Why: "not exported"}},
		NotRun: []NotRun{
			{"MT009", "client-certificate", "no client certificate is asked for or configured"},
			{"MT010", "as-intended", "no intent of this tool covers these upstreams"},
			{"MT013", "server-accepted", "no TLS conversation with a server was made (--probe)"},
			{"MT016", "inbound-mode", "no intent of recipe strict and no PeerAuthentication covers this pod, or --to asked about upstreams"},
			{"MT018", "traffic-captured", "the pod was not read, or its upstreams have no cluster"},
			{"MT019", "gateway-serves", "no intent of recipe mutual, role gateway, covers this pod"},
			{"MT020", "ends-fit", "no service of the mesh was named (--to svc/NAME), so the other end was not asked"},
			{"MT021", "ends-trust", "no mutual TLS to a service that was named (--to svc/NAME)"},
			{"MT022", "ends-counted", "no counters of both ends of a service that was named (--to svc/NAME)"},
			{"MT023", "workload-identity", "nothing that is judged stands on the workload's certificate, or none was seen"},
			{"MT024", "ca-object", "no CA of these upstreams is an object of the cluster that may be read"},
			{"MT026", "upstream-tls-policy", "no policy for TLS was asked for (--min-tls, --policy), or no upstream has TLS"},
			{"MT027", "inbound-tls-policy", "no policy for TLS was asked for (--min-tls, --policy), or no port takes TLS"},
		},
		Problems: []string{},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestEveryKindOfUpstream reads the promised fields of one upstream of each kind.
func TestEveryKindOfUpstream(t *testing.T) {
	in := zoo()
	in.To = []check.To{{Host: "gone", Port: 9}}
	type row struct{ transport, ca, cert, state, name, evidence string }
	want := map[string]row{
		redisTLS:               {"tls", "sds:" + caSecret, "none", "active", "yes", "configured"},
		"outbound|80||web":     {"per-endpoint", "sds:ROOTCA", "sds:default", "active", "yes", "none"},
		"outbound|81||plain":   {"plaintext", "none", "none", "active", "no", "none"},
		"outbound|82||inner":   {"other:type.googleapis.com/x.InternalUpstreamTransport", "unknown", "unknown", "active", "unknown", "none"},
		"outbound|83||broken":  {"unknown", "unknown", "unknown", "active", "unknown", "none"},
		"outbound|84||waits":   {"tls", "sds:" + caSecret, "none", "warming", "yes", "none"},
		"outbound|85||anybody": {"tls", "none", "file:/etc/c.pem", "active", "no", "ready"},
		"xds-grpc":             {"plaintext", "none", "none", "static", "no", "none"},
		"outbound|9||gone":     {"unknown", "none", "none", "absent", "no", "none"},
	}
	got := map[string]row{}
	for _, u := range build(in, true).Upstreams {
		if _, twice := got[u.Cluster]; twice {
			t.Errorf("%s is listed twice", u.Cluster)
		}
		got[u.Cluster] = row{u.Transport, u.CA, u.ClientCert, u.State, u.NameChecked, u.Evidence}
		if judged := u.Outcome != NotJudged; judged != u.Meant {
			t.Errorf("%s: meant %v, outcome %s", u.Cluster, u.Meant, u.Outcome)
		}
		if u.NewerWarming != (u.Cluster == redisTLS) {
			t.Errorf("%s: newerWarming %v", u.Cluster, u.NewerWarming)
		}
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(row{})); diff != "" {
		t.Error(diff)
	}
}

func TestCAInEffect(t *testing.T) {
	for _, c := range []struct {
		name string
		v    facts.Validation
		want string
	}{
		{"no context", facts.Validation{}, "none"},
		{"empty context", facts.Validation{Present: true, CA: none()}, "none"},
		{"inline", facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceInline}, Inline: []facts.Certificate{redisCA()}}, "inline"},
		{"file", facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceFile, Name: "/x"}}, "file:/x"},
		{"secret", facts.Validation{Present: true, CA: sds(caSecret)}, "sds:" + caSecret},
		{"secret not delivered", facts.Validation{Present: true, CA: sds("late")}, "sds:late"},
		{"secret without a CA", facts.Validation{Present: true, CA: sds("empty")}, "none"},
		{"accepts all", facts.Validation{Present: true, CA: sds(caSecret), AcceptUntrusted: true}, "none"},
		{"spiffe", facts.Validation{Present: true, CA: none(), SPIFFE: []facts.TrustDomainCA{{Name: "td", CA: []facts.Certificate{redisCA()}}}}, "spiffe"},
		{"unreadable", facts.Validation{Present: true}, "unknown"},
	} {
		in := input()
		in.Proxy.Secrets = append(in.Proxy.Secrets, facts.Secret{Name: "empty", State: facts.StateActive, Validation: &facts.Validation{Present: true, CA: none()}}, facts.Secret{Name: "late", State: facts.StateWarming})
		in.Proxy.Upstreams[0].Socket.Validation = c.v
		u := build(in, false).Upstreams[0]
		if u.CA != c.want {
			t.Errorf("%s: ca %s, want %s", c.name, u.CA, c.want)
		}
		if c.want == "none" && (len(u.CACertificates) > 0 || u.NameChecked != "no" || u.Outcome != Fail) {
			t.Errorf("%s: nothing is validated, and yet %d certificates, name checked %s, %s", c.name, len(u.CACertificates), u.NameChecked, u.Outcome)
		}
	}
}

// TestOrder: the order of what was read does not matter.
func TestOrder(t *testing.T) {
	first := build(zoo(), true)
	for seed := range uint64(5) {
		in := zoo()
		r := rand.New(rand.NewPCG(seed, 1))
		r.Shuffle(len(in.Proxy.Upstreams), func(i, j int) {
			us := in.Proxy.Upstreams
			us[i], us[j] = us[j], us[i]
		})
		r.Shuffle(len(in.Proxy.Secrets), func(i, j int) {
			in.Proxy.Secrets[i], in.Proxy.Secrets[j] = in.Proxy.Secrets[j], in.Proxy.Secrets[i]
		})
		in.Proxy.Inbound[0], in.Proxy.Inbound[1] = in.Proxy.Inbound[1], in.Proxy.Inbound[0]
		if diff := cmp.Diff(first, build(in, true)); diff != "" {
			t.Errorf("seed %d: %s", seed, diff)
		}
	}
	a, b := build(input(), false), TargetError(facts.Target{Context: "lab", Namespace: "a", Pod: "z"}, errors.New("x"))
	if diff := cmp.Diff(New([]TargetReport{a, b}, clock(), "v", FailOn{}), New([]TargetReport{b, a}, clock(), "v", FailOn{})); diff != "" {
		t.Error(diff)
	}
}

// TestNothingJudged: a proxy on which nothing is meant to be TLS is not OK.
func TestNothingJudged(t *testing.T) {
	in := input()
	in.Config = nil
	if got := build(in, false); got.Outcome != Unknown || len(got.Upstreams) != 0 {
		t.Errorf("outcome %s, %d upstreams", got.Outcome, len(got.Upstreams))
	}
	if got := build(in, true); got.Outcome != Unknown || len(got.Upstreams) != 1 || got.Upstreams[0].Outcome != NotJudged {
		t.Errorf("with all: %+v", got)
	}
	in.Proxy = nil
	if got := Target(in, nil, true); got.Outcome != Unknown || got.Error == "" {
		t.Errorf("no proxy: %+v", got)
	}
}

// TestAbsentNeedsTheList: without the list of clusters a host is not said to be
// absent.
func TestAbsentNeedsTheList(t *testing.T) {
	in := input()
	in.Proxy.Upstreams, in.Proxy.Missing[facts.FactClusters] = nil, "cut off"
	in.To = []check.To{{Host: redis, Port: 16222}}
	u := build(in, false).Upstreams[0]
	if u.State != "unknown" || u.CA != "unknown" || u.NameChecked != "unknown" || u.Outcome != Unknown {
		t.Errorf("%+v", u)
	}
}

func TestNotRunExplains(t *testing.T) {
	in := input()
	in.Proxy.Missing[facts.FactHandshakes] = "the pod has no network"
	in.Config.Missing = map[facts.Fact]string{facts.FactRules: "forbidden", facts.FactPolicies: "forbidden, too"}
	in.To = []check.To{{Host: redis}}
	why := map[string]string{}
	for _, n := range build(in, false).NotRun {
		why[n.ID] = n.Why
	}
	if why["MT013"] != "the pod has no network" || why["MT011"] != "forbidden" || why["MT016"] != "forbidden, too" {
		t.Errorf("%v", why)
	}
	for id := range idle {
		known := false
		for _, c := range check.All() {
			known = known || c.ID == id
		}
		if !known {
			t.Errorf("a reason for %s, which is no check", id)
		}
	}
	for _, c := range check.All() {
		if _, has := idle[c.ID]; c.Applies != nil && !has {
			t.Errorf("%s does not always apply and has no reason for that", c.ID)
		}
	}
}
