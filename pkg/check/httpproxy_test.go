package check

import (
	"slices"
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestThroughProxy: calls that the environment leads to an HTTP proxy do not reach the cluster; whether any does is known
// only once one did.
func TestThroughProxy(t *testing.T) {
	idle := func(u *facts.Upstream) {
		u.Protocol, u.TLS = facts.ProtocolHTTP, nil
		for i := range u.Endpoints {
			u.Endpoints[i].Hosts = &facts.HostCounters{}
		}
	}
	for name, c := range map[string]struct {
		is     func(*facts.Upstream)
		except []string
		want   Outcome
	}{
		"HTTP, no call yet":         {idle, nil, Unknown},
		"HTTP and TCP":              {func(u *facts.Upstream) { idle(u); u.Protocol = facts.ProtocolMixed }, nil, Unknown},
		"TCP":                       {func(u *facts.Upstream) { idle(u); u.Protocol = facts.ProtocolTCP }, nil, OK},
		"no TLS anyway":             {func(u *facts.Upstream) { idle(u); u.Socket = facts.Socket{Kind: facts.SocketPlaintext} }, nil, OK},
		"a call completed":          {func(u *facts.Upstream) { idle(u); u.Endpoints[0].Hosts = &facts.HostCounters{Total: 1} }, nil, OK},
		"the host is excepted":      {idle, []string{"other", strings.ToUpper(host) + ":80"}, OK},
		"its domain is excepted":    {idle, []string{".example.internal"}, OK},
		"by a star":                 {idle, []string{"*.example.internal"}, OK},
		"everything is excepted":    {idle, []string{"*"}, OK},
		"a part of its name":        {idle, []string{"ample.internal", "10.0.0.0/8"}, Unknown},
		"another name of it":        {func(u *facts.Upstream) { idle(u); u.Names = []string{"db.shop"} }, []string{"db.shop"}, OK},
		"a host below the excepted": {idle, []string{"x." + host}, Unknown},
		"a call came and failed":    {func(u *facts.Upstream) { idle(u); u.Endpoints[0].Hosts = &facts.HostCounters{Total: 1, Failed: 1} }, nil, OK},
	} {
		in := healthy(t)
		note(&in, excludePorts, "1")
		c.is(up(&in))
		in.Proxy.Target.HTTPProxies = []facts.HTTPProxy{{Container: "app", Host: "proxy.example:3128", Except: c.except}}
		f := in.Around(Subjects(in)[0])
		if f.Outcome != c.want || c.want != OK && (!strings.Contains(f.Summary, "proxy.example:3128") || f.Fix == "") {
			t.Errorf("%s: %s %q, want %s", name, f.Outcome, f.Summary, c.want)
		}
	}
}

// TestThroughProxyAndGateway: where calls are led to an egress gateway the application names the host and not the gateway's
// Service: only whether no_proxy has the host counts.
func TestThroughProxyAndGateway(t *testing.T) {
	for except, want := range map[string]Outcome{".svc,.cluster.local": Unknown, egressService: Unknown, host: OK} {
		in := throughGateway(t)
		note(&in, excludePorts, "1")
		up(&in).Endpoints[0].Hosts = &facts.HostCounters{}
		up(&in).Names = []string{"gw.egress"}
		in.Proxy.Target.HTTPProxies = []facts.HTTPProxy{{Container: "app", Host: "proxy.example:3128", Except: strings.Split(except+",gw.egress", ",")}}
		f := in.Around(Subjects(in)[slices.IndexFunc(Subjects(in), func(s Subject) bool { return s.Host == egressService })])
		if f.Outcome != want || want != OK && (!strings.Contains(f.Summary, "calls to "+host) || !strings.Contains(f.Fix, "add "+host)) {
			t.Errorf("no_proxy %s: %s %q, %q, want %s", except, f.Outcome, f.Summary, f.Fix, want)
		}
	}
}
