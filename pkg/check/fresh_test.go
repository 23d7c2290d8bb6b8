package check

import (
	"testing"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// times sets, in seconds before now, when the rule was changed and when what the proxy accepted was made.
func times(in *Input, changed, made int) {
	rule(in).Changed = now.Add(-time.Duration(changed) * time.Second)
	in.Proxy.Updates.ClustersMade = now.Add(-time.Duration(made) * time.Second)
	up(in).Updated = in.Proxy.Updates.ClustersMade
}

// unclear makes the rule one that cannot be compared with the cluster.
func unclear(in *Input) { rule(in).CA, rule(in).CredName = "", "sds://elsewhere" }

func freshCases() []sabotage {
	stale := func(do func(in *Input)) func(*testing.T, *Input) {
		return func(_ *testing.T, in *Input) { times(in, 60, 600); do(in) }
	}
	return []sabotage{
		{"stale: sni taken out", stale(func(in *Input) { rule(in).SNI = "" }), "MT025", Unknown, "before the last change"},
		{"stale: names taken out", stale(func(in *Input) { rule(in).SANs = nil }), "MT025", Unknown, "neither the rule nor the ServiceEntry"},
		{"stale: CA taken out", stale(func(in *Input) { rule(in).CA = "" }), "MT025", Unknown, "names no CA"},
		{"stale: mode of the mesh", stale(func(in *Input) { rule(in).Mode = "ISTIO_MUTUAL" }), "MT025", Unknown, "client certificate default"},
		{"stale: mode with a pair", stale(func(in *Input) { rule(in).Mode, rule(in).Cert, rule(in).Key = "MUTUAL", "c", "k" }), "MT025", Unknown, "file-cert:c~k"},
		{"stale: TLS taken out", stale(func(in *Input) { rule(in).HasTLS, rule(in).Mode = false, "" }), "MT025", Unknown, "says nothing of TLS"},
		{"stale: selector taken out", stale(func(in *Input) { in.Proxy.Node.Kind = facts.NodeSidecar; rule(in).CA, rule(in).CredName = "", "redis" }), "MT025", Unknown, "ignores on sidecars"},
		{"stale: skip taken back", stale(func(in *Input) { sock(in).Validation.CA = facts.Source{Kind: facts.SourceNone} }), "MT025", Unknown, "validates nothing"},
		{"stale: skip taken back, CA of a credential", stale(func(in *Input) {
			rule(in).CA, rule(in).CredName, rule(in).Selector = "", "redis", in.Proxy.Target.Labels
			sock(in).Validation.CA = facts.Source{Kind: facts.SourceNone}
		}), "MT025", Unknown, "the rule names a CA, the cluster validates nothing"},
		{"stale: nothing to compare", stale(unclear), "MT025", Unknown, "before the last change"},
		{"refused", stale(func(in *Input) { unclear(in); *in.Proxy.Updates.ClustersRejected = 2 }), "MT025", Unknown, "refused what came later"},
		{"refused, some of a push taken", func(_ *testing.T, in *Input) {
			unclear(in)
			times(in, 60, 30)
			*in.Proxy.Updates.ClustersRejected, up(in).Updated = 1, now.Add(-time.Hour)
		}, "MT025", Unknown, "refused 1"},
		{"no time of the push", func(_ *testing.T, in *Input) {
			unclear(in)
			times(in, 60, 30)
			in.Proxy.Updates.ClustersMade = time.Time{}
		}, "MT025", Unknown, "is not known"},
		{"no time of the change", func(_ *testing.T, in *Input) { unclear(in); in.Proxy.Updates.ClustersMade = now }, "MT025", Unknown, "a time that is not known"},
		{"changed just now", func(_ *testing.T, in *Input) { times(in, 2, 9); rule(in).SNI = "new" }, "MT025", Unknown, "before the last change"},
		{"ServiceEntry changed: endpoints", stale(func(in *Input) {
			rule(in).Changed = now.Add(-time.Hour)
			in.Config.Services[0].Changed, in.Config.Services[0].Endpoints = now.Add(-time.Minute), []string{"10.9.9.9"}
		}), "MT025", Unknown, "before the last change"},
		{"ServiceEntry changed: target port", stale(func(in *Input) {
			in.Config.Services[0].Changed, in.Config.Services[0].Ports[0].Target = now, 6380
		}), "MT025", Unknown, "before the last change"},
		{"ServiceEntry changed: resolution", stale(func(in *Input) {
			in.Config.Services[0].Changed, in.Config.Services[0].Resolution = now, "STATIC"
		}), "MT025", Unknown, "resolution"},
	}
}

// TestFresh: what is no reason to doubt. The clock of the API server and that of istiod are not the same, so a cluster
// that says what the rule says is fresh whatever the times are.
func TestFresh(t *testing.T) {
	for _, c := range []struct {
		name string
		do   func(in *Input)
	}{
		{"changed a second ago, the cluster has it", func(in *Input) { times(in, 1, 600) }},
		{"istiod's clock is behind", func(in *Input) { times(in, 60, 63) }},
		{"labels of the rule changed, which istiod does not push", func(in *Input) { times(in, 60, 6000) }},
		{"no times at all", func(*Input) {}},
		{"not comparable, pushed in the same second", func(in *Input) { unclear(in); times(in, 60, 60) }},
		{"not comparable, refused, and this cluster taken after the change", func(in *Input) {
			unclear(in)
			times(in, 60, 30)
			*in.Proxy.Updates.ClustersRejected = 1
		}},
		{"a pair that cannot be compared, pushed after", func(in *Input) {
			unclear(in)
			times(in, 60, 30)
			rule(in).Mode, sock(in).Cert = "MUTUAL", facts.Source{Kind: facts.SourceSDS, Name: "elsewhere"}
		}},
		{"names that a ServiceEntry may give, pushed after", func(in *Input) {
			times(in, 60, 30)
			rule(in).SANs, in.Config.Services = nil, nil
		}},
		{"names of the ServiceEntry", func(in *Input) { times(in, 60, 600); rule(in).SANs, in.Config.Services[0].SANs = nil, []string{host} }},
		{"endpoints of the ServiceEntry, by address", func(in *Input) { times(in, 60, 600); in.Config.Services[0].Endpoints = []string{"10.244.0.1"} }},
		{"target port of the ServiceEntry", func(in *Input) {
			times(in, 60, 600)
			in.Config.Services[0].Ports[0].Target, up(in).Endpoints[0].Address = 6380, "10.244.0.1:6380"
		}},
		{"ports of endpoints by hand", func(in *Input) {
			times(in, 60, 600)
			in.Config.Services[0].Endpoints, up(in).Endpoints[0].Address = []string{"10.244.0.1"}, "10.244.0.1:6380"
		}},
		{"ports that connections tell", func(in *Input) {
			times(in, 60, 600)
			in.Config.Services[0].Resolution, up(in).Type, up(in).Endpoints[0].Address = "NONE", "ORIGINAL_DST", "10.244.0.1:6380"
		}},
		{"a ServiceEntry that this client does not see", func(in *Input) {
			times(in, 60, 600)
			other := in.Config.Services[0]
			other.Object.Namespace, other.ExportTo, other.Changed, other.Endpoints = "else", []string{"."}, now, []string{"10.9.9.9"}
			in.Config.Services = append(in.Config.Services, other)
		}},
	} {
		in := healthy(t)
		c.do(&in)
		if fs := byID(Run(All(), in), "MT025"); Worst(fs) != OK {
			t.Errorf("%s: false alarm: %+v", c.name, fs)
		}
	}
}
