package report

import (
	"slices"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

const unknownWord = "unknown"

// upstreamOf describes one subject.
func upstreamOf(in check.Input, s check.Subject, verdict Outcome) Upstream {
	out := Upstream{
		Cluster: s.Cluster, Host: s.Host, Port: s.Port, Subset: s.Subset, Meant: s.Meant, Why: s.Why,
		Evidence: check.EvidenceOf(in, s).String(), Outcome: verdict,
		NewerWarming: s.Active != nil && s.Warming != nil,
		Transport:    unknownWord, CA: unknownWord, ClientCert: unknownWord, SANs: []string{}, CACertificates: []Certificate{},
		State: "absent", Protocol: unknownWord, NameChecked: unknownWord, SNISent: unknownWord,
	}
	if s.Decision.Found {
		out.Rule = s.Decision.Rule.Object.String()
	}
	u := s.Serving()
	if u == nil {
		out.absent(in)
		return out
	}
	out.State = stateWord(u.State)
	if u.Protocol != facts.ProtocolUnknown {
		out.Protocol = string(u.Protocol)
	}
	if u.Rule.Name != "" {
		out.Rule = u.Rule.String()
	}
	k := described(u)
	out.Transport = transport(u)
	out.Endpoints = endpoints(u)
	if done, failed, known := check.Completed(s); known {
		out.Handshakes = &Handshakes{Completed: done, Failed: failed}
	}
	out.socket(in, s, k)
	return out
}

// absent: a sidecar without the cluster applies nothing at all, but without its
// list of clusters nothing can be said.
func (u *Upstream) absent(in check.Input) {
	if _, missing := in.Proxy.Lacks(facts.FactClusters); missing || in.Proxy.Foreign() {
		u.State = unknownWord
		return
	}
	u.CA, u.ClientCert = "none", "none"
	u.NameChecked, u.NameCheckedHow, u.SNISent = check.No.String(), "the sidecar has no cluster for it", check.No.String()
}

// socket fills in what the transport socket says.
func (u *Upstream) socket(in check.Input, s check.Subject, k facts.Socket) {
	switch k.Kind {
	case facts.SocketPlaintext:
		u.CA, u.ClientCert = "none", "none"
		u.NameChecked, u.NameCheckedHow, u.SNISent = check.No.String(), "not TLS", check.No.String()
		return
	case facts.SocketTLS:
	default:
		return
	}
	trust := check.TrustOf(in.Proxy, k)
	u.CA = caWord(k, trust)
	u.CACertificates = certificates(trust.CA)
	if u.CA == "none" {
		u.CACertificates = []Certificate{}
	}
	for _, n := range trust.SANs {
		u.SANs = append(u.SANs, n.String())
	}
	u.SNI, u.ClientCert, u.MinTLS, u.MaxTLS = k.SNI, k.Cert.String(), k.MinTLS, k.MaxTLS
	u.Mode = mode(k)
	named, how := check.NameChecked(in, s, k)
	u.NameChecked, u.NameCheckedHow = named.String(), how
	u.SNISent = check.SNISent(s, k).String()
}

func transport(u *facts.Upstream) string {
	switch {
	case len(u.Matches) > 0:
		return "per-endpoint"
	case u.Socket.Kind == facts.SocketTLS:
		return "tls"
	case u.Socket.Kind == facts.SocketPlaintext:
		return "plaintext"
	case u.Socket.Kind == facts.SocketOther:
		return "other:" + u.Socket.TypeURL
	}
	return unknownWord
}

// described picks the socket that a row is about: the cluster's own, or the first
// TLS one among the matches; without a TLS one, the first that is not plaintext.
func described(u *facts.Upstream) facts.Socket {
	all := append(slices.Clone(u.Matches), u.Socket)
	if len(u.Matches) == 0 {
		return u.Socket
	}
	for _, k := range all {
		if k.Kind == facts.SocketTLS {
			return k
		}
	}
	for _, k := range u.Matches {
		if k.Kind != facts.SocketPlaintext {
			return k
		}
	}
	return u.Matches[0]
}

// caWord spells the CA that is in effect.
func caWord(k facts.Socket, t check.Trust) string {
	if t.SPIFFE && !t.Untrusted && t.Source.Kind != facts.SourceSDS {
		return "spiffe"
	}
	return t.Source.String()
}

// mode is the mode of a DestinationRule that makes such a socket. default and
// ROOTCA are the workload's own identity (istio: pkg/security/security.go).
func mode(k facts.Socket) string {
	switch {
	case k.Cert.Kind == facts.SourceUnknown:
		return ""
	case k.Cert.Kind == facts.SourceNone:
		return "SIMPLE"
	case k.Cert.Name == "default" && k.Validation.CA.Name == "ROOTCA":
		return "ISTIO_MUTUAL"
	}
	return "MUTUAL"
}

func endpoints(u *facts.Upstream) *Endpoints {
	if !u.EndpointsKnown {
		return nil
	}
	n := &Endpoints{Total: len(u.Endpoints)}
	for _, e := range u.Endpoints {
		switch u.SocketFor(e).Kind {
		case facts.SocketTLS:
			n.TLS++
		case facts.SocketPlaintext:
			n.Plaintext++
		case facts.SocketOther:
			n.Other++
		default:
			n.Unknown++
		}
	}
	return n
}
