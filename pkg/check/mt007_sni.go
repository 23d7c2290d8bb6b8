package check

import "github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"

// sniSent: MT007.
func sniSent() *Check {
	return &Check{
		ID: "MT007", Name: "sni-sent",
		Doc:     "the sidecar sends the server's name (SNI)",
		Needs:   []facts.Fact{facts.FactClusters},
		Applies: hasTLSSocket,
		Upstream: func(_ Input, s Subject) []Finding {
			u := s.Serving()
			for _, k := range s.TLSSockets() {
				switch {
				case k.SNI != "" || meshCA(k) || k.AutoHostSNI && SNISent(s, k) == Yes:
					continue
				case u.AutoSNI && u.Protocol == facts.ProtocolHTTP:
					continue
				case u.Direction == "": // a control plane's own cluster: one server, one name
					continue
				}
				f := Finding{Outcome: Warn, Object: ruleObject(s), Summary: "no SNI is sent: a server of several names may answer with another certificate, or refuse",
					Got: "sni empty", Want: "sni " + s.Host, Fix: enableAgain(s)}
				if u.AutoSNI && u.Protocol == facts.ProtocolUnknown {
					f.Summary = "whether SNI is sent is not known: auto SNI works for HTTP only, and no listener or route that uses the cluster was seen"
				}
				return one(f)
			}
			return ok("SNI is sent")
		},
	}
}
