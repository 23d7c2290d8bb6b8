package check

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestOtherFamily: an endpoint of a family that the pod lacks is a warning where another one answers, and a failure where none does,
// or where the pod has the family.
func TestOtherFamily(t *testing.T) {
	const v4, v6 = "10.244.0.1:16222", "[2001:db8::1]:16222"
	for name, c := range map[string]struct {
		pod, second string
		do          func(first, second *facts.Handshake)
		want        Outcome
		says        string
	}{
		"IPv6, a pod with IPv4":                {"10.244.0.9", v6, nil, Warn, "has no IPv6 address: no call gets to this endpoint, and the others are judged by themselves"},
		"IPv4, a pod with IPv6":                {"2001:db8::9", v4, nil, Warn, "has no IPv4 address"},
		"IPv6, a pod with both":                {"10.244.0.9 2001:db8::9", v6, nil, Fail, "the server cannot be reached from the pod"},
		"IPv4 in IPv6's clothes":               {"::ffff:10.244.0.9", v4, nil, Fail, "the server cannot be reached from the pod"},
		"nothing known of the pod":             {"", v6, nil, Fail, "the server cannot be reached from the pod"},
		"an address of the pod that is none":   {"x", v6, nil, Fail, "the server cannot be reached from the pod"},
		"a name":                               {"10.244.0.9", "v6.example:16222", nil, Fail, "the server cannot be reached from the pod"},
		"none answers":                         {"10.244.0.9", v6, func(first, _ *facts.Handshake) { first.Chain, first.Failure = nil, facts.FailureConnect }, Fail, "cannot be reached from the pod, which has no IPv6 address: no call gets to this endpoint"},
		"the other is plain, and told of, too": {"10.244.0.9", v6, func(first, _ *facts.Handshake) { first.Chain, first.Failure = nil, facts.FailureNotTLS }, Warn, "are judged by themselves"},
		"it was reached, and is no TLS":        {"10.244.0.9", v6, func(_, second *facts.Handshake) { second.Failure = facts.FailureNotTLS }, Fail, "does not speak TLS"},
	} {
		in := healthy(t)
		if in.Proxy.Target.IPs = nil; c.pod != "" {
			in.Proxy.Target.IPs = strings.Fields(c.pod)
		}
		second := facts.Handshake{Cluster: up(&in).Cluster, Address: c.second, Failure: facts.FailureConnect, ErrorText: "no route"}
		in.Proxy.Handshakes[0].Address = "first.example:1"
		in.Proxy.Handshakes = append(in.Proxy.Handshakes, second)
		if c.do != nil {
			c.do(&in.Proxy.Handshakes[0], &in.Proxy.Handshakes[1])
		}
		got := pick(byID(Run(All(), in), "MT013"), func(f Finding) bool { return f.Endpoint == c.second })
		if len(got) != 1 || got[0].Outcome != c.want || !holds(got[0].Summary, c.says) {
			t.Errorf("%s: %+v, want %s %q", name, got, c.want, c.says)
		}
	}
}
