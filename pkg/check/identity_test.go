package check

import (
	"testing"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

func identityCases() []sabotage {
	signed := func(do func(t *testing.T, in *Input, a authority)) func(*testing.T, *Input) {
		return paired1(func(t *testing.T, in *Input) {
			a := newAuthority(t, "mesh-root", now.AddDate(0, -1, 0), now.AddDate(1, 0, 0))
			in.Proxy.Secrets = a.identities(t, "web")
			do(t, in, a)
		})
	}
	mine := func(in *Input) *facts.Certificate { return &in.Proxy.Secrets[0].Chain[0] }
	return []sabotage{
		{"another namespace's identity", signed(func(_ *testing.T, in *Input, _ authority) { in.Proxy.Target.Namespace = "other" }), "MT023", Fail, "another workload"},
		{"another account's identity", signed(func(_ *testing.T, in *Input, _ authority) { in.Proxy.Node.ServiceAccount = "db" }), "MT023", Fail, "another workload"},
		{"no SPIFFE ID", signed(func(t *testing.T, in *Input, a authority) {
			*mine(in) = a.leaf(t, "web.example", now.Add(-time.Hour), now.Add(23*time.Hour))
		}), "MT023", Fail, "no SPIFFE ID"},
		{"identity has ended", signed(func(_ *testing.T, in *Input, _ authority) { mine(in).NotAfter = now.Add(-time.Minute) }), "MT023", Fail, "has ended"},
		{"identity has ended: where to look", signed(func(_ *testing.T, in *Input, _ authority) { mine(in).NotAfter = now.Add(-time.Minute) }), "MT023", Fail, "\nPod shop/redis-client-1\nkubectl logs redis-client-1 -n shop -c istio-proxy --tail=50\n"},
		{"identity has ended, in a dump", signed(func(_ *testing.T, in *Input, _ authority) {
			mine(in).NotAfter, in.Proxy.Target.Pod = now.Add(-time.Minute), ""
		}), "MT023", Fail, "\n\nistioctl proxy-config secret\n"},
		{"identity has ended, nothing asked", signed(func(_ *testing.T, in *Input, _ authority) { mine(in).NotAfter, in.To = now.Add(-time.Minute), nil }), "MT023", Fail, "has ended"},
		{"identity of tomorrow", signed(func(_ *testing.T, in *Input, _ authority) { mine(in).NotBefore = now.Add(2 * time.Minute) }), "MT023", Fail, "not valid yet"},
		{"identity not renewed", signed(func(_ *testing.T, in *Input, _ authority) { mine(in).NotAfter = now.Add(6 * time.Minute) }), "MT023", Warn, "not renewed in time"},
		{"root changed under the identity", signed(func(t *testing.T, in *Input, _ authority) {
			in.Proxy.Secrets[1].Validation.Inline = []facts.Certificate{newAuthority(t, "new-root", now.AddDate(0, 0, -1), now.AddDate(1, 0, 0)).fact(t)}
		}), "MT023", Fail, "does not chain to the mesh's root"},
	}
}

// TestIdentitySilent: an identity that nothing stands on is nobody's business here.
func TestIdentitySilent(t *testing.T) {
	in := healthy(t)
	in.Proxy.Secrets = append(in.Proxy.Secrets, facts.Secret{Name: "default", State: facts.StateActive, Chain: []facts.Certificate{{NotAfter: now.Add(-time.Hour)}}})
	if fs := byID(Run(All(), in), "MT023"); len(fs) != 0 {
		t.Errorf("TLS to an external server: %+v", fs)
	}
	strictly(&in)
	if fs := byID(Run(All(), in), "MT023"); len(fs) != 1 || fs[0].Outcome != Fail {
		t.Errorf("a strict workload: %+v", fs)
	}
	in = healthy(t)
	pairUp(t, &in)
	in.Proxy.Secrets = in.Proxy.Secrets[1:]
	if fs := byID(Run(All(), in), "MT023"); len(fs) != 0 {
		t.Errorf("an identity that was not seen: %+v", fs)
	}
}
