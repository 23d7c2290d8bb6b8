package check

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestNamed: a host without a cluster of its own is judged by the cluster that takes its calls, as Istio's routes and
// wildcards lead them; one that has a cluster, whatever its port, is judged by that.
func TestNamed(t *testing.T) {
	headless := facts.Upstream{Cluster: "outbound|80||h.s.svc.cluster.local", Host: "h.s.svc.cluster.local", Port: 80, Type: "ORIGINAL_DST"}
	web := facts.Upstream{Cluster: "outbound|80||b.s.svc.cluster.local", Host: "b.s.svc.cluster.local", Port: 80, Type: "EDS", Names: []string{"ext.s.svc.cluster.local", "10.96.0.7"}}
	wild := facts.Upstream{Cluster: "outbound|80||*.internal", Host: "*.internal", Port: 80}
	closer := facts.Upstream{Cluster: "outbound|80||*.ext.internal", Host: "*.ext.internal", Port: 80}
	inbound := facts.Upstream{Cluster: "inbound|80||*.b.s.svc.cluster.local", Host: "*.b.s.svc.cluster.local", Port: 80, Direction: "inbound"}
	for name, tt := range map[string]struct {
		to   To
		want string
	}{
		"a pod of a headless service":    {To{Host: "h-0.h.s.svc.cluster.local", Port: 80}, headless.Host},
		"an alias":                       {To{Host: "Ext.s.svc.cluster.local"}, web.Host},
		"its address":                    {To{Host: "10.96.0.7", Port: 80}, web.Host},
		"a name and its namespace":       {To{Host: "b.s", Port: 80}, web.Host},
		"and svc":                        {To{Host: "B.s.svc"}, web.Host},
		"of another namespace":           {To{Host: "b.t", Port: 80}, ""},
		"a wildcard":                     {To{Host: "a.internal", Port: 80}, wild.Host},
		"the closer of two":              {To{Host: "x.ext.internal", Port: 80}, closer.Host},
		"a wildcard has more than a dot": {To{Host: ".ext.internal", Port: 80}, wild.Host},
		"another port":                   {To{Host: "x.ext.internal", Port: 81}, ""},
		"itself":                         {To{Host: web.Host, Port: 80}, ""},
		"itself, another port":           {To{Host: web.Host, Port: 81}, ""},
		"a pod of a service with an IP":  {To{Host: "b-0.b.s.svc.cluster.local", Port: 80}, ""},
		"nobody":                         {To{Host: "nobody.example"}, ""},
		"a subset is named exactly":      {To{Host: "x.ext.internal", Port: 80, Subset: "v1"}, ""},
	} {
		in := Input{Proxy: &facts.Proxy{Upstreams: []facts.Upstream{headless, web, wild, closer, inbound}, Missing: map[facts.Fact]string{}}, To: []To{tt.to}}
		got := in.Named()[0]
		want := tt.want
		if want == "" {
			want = tt.to.Host
		}
		if got.Host != want || got.String() != tt.to.String() {
			t.Errorf("%s: %s is judged as %s (shown as %s), want %s", name, tt.to, got.Host, got, want)
		}
		if in.Lost() != (tt.want != "" || tt.to.Host == "nobody.example" || tt.to.Port == 81 || tt.to.Subset != "" || strings.HasPrefix(tt.to.Host, "b-0") || tt.to.Host == "b.t") {
			t.Errorf("%s: lost is %t", name, in.Lost())
		}
		if in.To = in.Named(); tt.want != "" && in.Lost() {
			t.Errorf("%s: lost, although its name was found", name)
		}
	}
}

// TestVoid: a rule that asks for TLS to a host without a cluster does nothing. It is a failure where its host's calls are
// known to leave in plaintext, and a warning else; rules that nobody wrote for this client are not told.
func TestVoid(t *testing.T) {
	const other = "x.ext.internal"
	wildcard := func(in *Input, k facts.Socket) {
		in.Proxy.Upstreams = append(in.Proxy.Upstreams, facts.Upstream{Cluster: "outbound|80||*.ext.internal", Direction: "outbound", Host: "*.ext.internal", Port: 80, State: facts.StateActive, Socket: k})
		in.Config.Services = append(in.Config.Services, facts.Service{Object: facts.Ref{Kind: "ServiceEntry", Namespace: "elsewhere", Name: "wild"}, Hosts: []string{"*.ext.internal"}, External: true})
	}
	plainSocket, tls := facts.Socket{Kind: facts.SocketPlaintext}, facts.Socket{Kind: facts.SocketTLS}
	added := func(in *Input) *facts.Rule { return &in.Config.Rules[len(in.Config.Rules)-1] }
	for name, tt := range map[string]struct {
		is    func(*Input)
		want  Outcome
		words string
	}{
		"nobody has the host":     {func(*Input) {}, Warn, "calls to it, if there are any, go out as they are"},
		"a wildcard in plaintext": {func(in *Input) { wildcard(in, plainSocket) }, Fail, "only as *.ext.internal, whose own rules count for it; its calls leave in plaintext"},
		"a wildcard in TLS":       {func(in *Input) { wildcard(in, tls) }, Warn, "only as *.ext.internal, whose own rules count for it"},
		"beside the wildcard":     {func(in *Input) { wildcard(in, plainSocket); added(in).Object.Namespace = "elsewhere" }, Fail, "its calls leave in plaintext"},
		"beside it, not exported": {func(in *Input) {
			wildcard(in, plainSocket)
			added(in).Object.Namespace, added(in).ExportTo = "elsewhere", []string{"."}
		}, NotJudged, ""},
		"in a namespace of others":      {func(in *Input) { added(in).Object.Namespace = "elsewhere" }, NotJudged, ""},
		"for other pods":                {func(in *Input) { added(in).Selector = map[string]string{"app": "other"} }, NotJudged, ""},
		"that says DISABLE":             {func(in *Input) { added(in).Mode = "DISABLE" }, NotJudged, ""},
		"of an intent":                  {func(in *Input) { added(in).Owner = "x" }, NotJudged, ""},
		"for every host":                {func(in *Input) { added(in).Host = "*.nowhere" }, NotJudged, ""},
		"not all clusters were read":    {func(in *Input) { in.Void = false }, NotJudged, ""},
		"at a gateway":                  {func(in *Input) { in.Proxy.Node.Kind = facts.NodeRouter }, NotJudged, ""},
		"the user asks of another host": {func(in *Input) { in.To = []To{{Host: host}} }, NotJudged, ""},
		"the rules were not read":       {func(in *Input) { in.Config.Missing = map[facts.Fact]string{facts.FactRules: "forbidden"} }, NotJudged, ""},
		"the host is known":             {func(in *Input) { added(in).Host = host }, NotJudged, ""},
	} {
		in := healthy(t)
		in.Void = true
		in.Config.Rules = append(in.Config.Rules, facts.Rule{Object: facts.Ref{Kind: "DestinationRule", Namespace: "redis", Name: "x"}, Host: other, HasTLS: true, Policy: true, Mode: "SIMPLE"})
		tt.is(&in)
		got, words := NotJudged, ""
		for _, f := range Run(All(), in) {
			if f.ID == "MT001" && strings.HasSuffix(f.Cluster, other) {
				got, words = f.Outcome, f.Summary
				if !strings.HasPrefix(f.Object, "DestinationRule ") || !strings.HasPrefix(f.Fix, "kubectl get serviceentries,services") {
					t.Errorf("%s: object %q, fix %q", name, f.Object, f.Fix)
				}
			}
		}
		if got != tt.want || !strings.Contains(words, tt.words) {
			t.Errorf("%s: %s %q, want %s naming %q", name, got, words, tt.want, tt.words)
		}
	}
}

// TestMeshReason: why auto mTLS sends plaintext to a Service of the mesh, and whose object says so.
func TestMeshReason(t *testing.T) {
	const service = "db.shop.svc.cluster.local"
	off := func(in *Input, p facts.Policy) {
		p.Object = facts.Ref{Kind: "PeerAuthentication", Namespace: "shop", Name: "off"}
		in.Config.Policies = append(in.Config.Policies, p)
	}
	perEndpoints := func(in *Input) {
		up(in).Matches = []facts.Socket{{Kind: facts.SocketTLS, Match: map[string]any{"tlsMode": "istio"}}, {Kind: facts.SocketPlaintext}}
	}
	for name, tt := range map[string]struct {
		is                 func(*Input)
		words, object, fix string
	}{
		"headless":               {func(in *Input) { up(in).Type = "ORIGINAL_DST" }, "every pod behind it has a sidecar", "", "kubectl mesh-tls status svc/db -n shop -o wide"},
		"namespace switched off": {func(in *Input) { off(in, facts.Policy{Mode: facts.ModeDisable}) }, "says DISABLE for all of namespace shop", "PeerAuthentication shop/off", "kubectl edit peerauthentication off -n shop"},
		"a workload switched off": {func(in *Input) {
			off(in, facts.Policy{Mode: facts.ModeDisable, Selector: map[string]string{"app": "db"}})
		}, "auto mTLS makes none", "", "grep enableAutoMtls"},
		"policies not read": {func(in *Input) {
			in.Config.Missing = map[facts.Fact]string{facts.FactPolicies: "x"}
			off(in, facts.Policy{Mode: facts.ModeDisable})
		}, "auto mTLS makes none", "", "grep enableAutoMtls"},
		"outside the mesh":          {func(in *Input) { up(in).External = true }, "no DestinationRule asks for TLS for this host", "", "kubectl mesh-tls enable origination"},
		"endpoints, nobody says so": {perEndpoints, "no sidecar, or a policy", "", "kubectl get pods -n shop -o wide | grep -wF 10.244.0.1   # it needs a sidecar"},
		"endpoints, a port's policy": {func(in *Input) {
			perEndpoints(in)
			off(in, facts.Policy{Ports: map[int]facts.Mode{8080: facts.ModeDisable}})
		}, "PeerAuthentication shop/off says DISABLE in their namespace", "PeerAuthentication shop/off", "kubectl edit peerauthentication off -n shop"},
		"endpoints, the namespace's policy": {func(in *Input) {
			perEndpoints(in)
			off(in, facts.Policy{Mode: facts.ModeDisable})
		}, "PeerAuthentication shop/off says DISABLE in their namespace", "PeerAuthentication shop/off", "kubectl edit peerauthentication off -n shop"},
		"endpoints, a policy that says STRICT": {func(in *Input) {
			perEndpoints(in)
			off(in, facts.Policy{Mode: facts.ModeStrict, Ports: map[int]facts.Mode{8080: facts.ModePermissive}})
		}, "no sidecar, or a policy", "", "kubectl get pods -n shop -o wide | grep -wF 10.244.0.1   # it needs a sidecar"},
		"endpoints, the whole host's": {func(in *Input) {
			perEndpoints(in)
			in.Config.Rules = []facts.Rule{{Object: facts.Ref{Kind: "DestinationRule", Namespace: "shop", Name: "db"}, Host: service, HasTLS: true, Policy: true, Mode: "DISABLE"}, {Object: facts.Ref{Kind: "DestinationRule", Namespace: "shop", Name: "db"}, Host: service, Policy: true, Port: 16222}}
		}, "says DISABLE for the whole host", "DestinationRule shop/db", "kubectl edit destinationrule db -n shop"},
		"a rule without TLS": {func(in *Input) {
			off(in, facts.Policy{Mode: facts.ModeDisable})
			in.Config.Rules = []facts.Rule{{Object: facts.Ref{Kind: "DestinationRule", Namespace: "shop", Name: "db"}, Host: service, Policy: true}}
		}, "the rule that wins says nothing about TLS here; PeerAuthentication shop/off", "PeerAuthentication shop/off", "kubectl edit peerauthentication off -n shop"},
	} {
		in := healthy(t)
		plain(&in)
		in.Intents, in.Config.Rules, in.To = nil, nil, []To{{Host: service}}
		up(&in).Host, up(&in).Cluster, up(&in).External = service, "outbound|16222||"+service, false
		tt.is(&in)
		found := byID(Run(All(), in), "MT002")
		if len(found) != 1 || found[0].Outcome != Fail || !strings.Contains(found[0].Summary, tt.words) || found[0].Object != tt.object || !strings.Contains(found[0].Fix, tt.fix) {
			t.Errorf("%s: %+v", name, found)
		}
	}
}

// TestHeadlessPort: a headless service is called on its pods' own port, whatever targetPort says; endpoints that somebody
// wrote by hand are known as far as they were called.
func TestHeadlessPort(t *testing.T) {
	pod := facts.Pod{Target: facts.Target{Namespace: "shop", Pod: "db-0", Labels: map[string]string{"app": "db"}}, IPs: []string{"10.0.0.9"}}
	pair := Pair{Service: facts.Service{Object: facts.Ref{Kind: "Service", Namespace: "shop", Name: "db"}, Selector: map[string]string{"app": "db"}, Ports: []facts.Port{{Number: 80, Target: 8080}}}, Peers: []Peer{{Pod: pod}}}
	u := facts.Upstream{Type: "ORIGINAL_DST", Port: 80, Endpoints: []facts.Endpoint{{Address: "10.0.0.9:80"}}, Socket: facts.Socket{Kind: facts.SocketPlaintext}}
	if ends, why := EndsOf(&u, pair); why != "" || len(ends) != 1 || ends[0].Port != 8080 {
		t.Errorf("with a cluster IP: %v %q", ends, why)
	}
	pair.Service.Exposure.Headless = true
	if ends, why := EndsOf(&u, pair); why != "" || len(ends) != 1 || ends[0].Port != 80 {
		t.Errorf("headless: %v %q", ends, why)
	}
	pair.Service.Selector = nil
	if ends, why := EndsOf(&u, pair); why != "" || len(ends) != 1 || ends[0].Port != 80 || ends[0].Peer == nil || ends[0].Accepts.Mode != ModeNone {
		t.Errorf("written by hand, and called: %v %q", ends, why)
	}
	u.Endpoints = nil
	if ends, _ := EndsOf(&u, pair); len(ends) != 0 {
		t.Errorf("written by hand, and not called: %v", ends)
	}
}

// TestHostOfAnotherControlPlane: where clusters have names of their own, a host that none is named after may have one all the same.
func TestHostOfAnotherControlPlane(t *testing.T) {
	in := Input{To: []To{{Host: "db.example", Port: 5432}}, Proxy: &facts.Proxy{Missing: map[facts.Fact]string{}, Upstreams: []facts.Upstream{{Cluster: "postgres", State: facts.StateActive, Socket: facts.Socket{Kind: facts.SocketPlaintext}}}}}
	for istio, want := range map[string]Outcome{"": Unknown, "1.31.1": Fail} {
		in.Proxy.Istio = istio
		f := byID(Run(All(), in), "MT001")
		if len(f) != 1 || f[0].Outcome != want || strings.Contains(f[0].Summary, "another control plane") != (want == Unknown) {
			t.Errorf("Istio %q: %+v, want %s", istio, f, want)
		}
	}
}
