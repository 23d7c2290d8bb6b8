package check

import (
	"cmp"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// endsTrust: MT021.
func endsTrust() *Check {
	return &Check{
		ID: "MT021", Name: "ends-trust",
		Doc:   "each end's certificate is valid, chains to the CA that the other end holds, and carries a name that the other end takes",
		Needs: []facts.Fact{facts.FactClusters, facts.FactSecrets},
		Applies: func(in Input, s Subject) bool {
			return paired(in, s) && len(in.handshaking(s)) > 0
		},
		Upstream: func(in Input, s Subject) []Finding {
			var out []Finding
			for _, e := range in.handshaking(s) {
				out = append(out, in.trusts(s, e))
			}
			return out
		},
	}
}

// handshaking are the ends where a client certificate meets a server that opens TLS.
func (in Input) handshaking(s Subject) []End {
	ends, _ := EndsOf(s.Serving(), *in.pairOf(s))
	var out []End
	for _, e := range ends {
		if e.opened() {
			out = append(out, e)
		}
	}
	return out
}

// opened tells whether the server's sidecar opens what the client sends. A port that takes
// plaintext too opens TLS of the mesh alone, told by its ALPN.
func (e End) opened() bool {
	own := OwnTLS(e.Accepts.Mode) && !e.Accepts.Gateway
	switch sends, _ := SendsOf(e.Socket); sends {
	case SendsMesh:
		return own || e.Accepts.Mode == facts.ModeStrict || e.Accepts.Mode == facts.ModePermissive
	case SendsMutual:
		return own || e.Accepts.Mode == facts.ModeStrict
	case SendsSimple:
		return own && e.Accepts.Mode != facts.ModeMutual
	}
	return false
}

// presented tells whether the server looks at a certificate of the client.
func (e End) presented() bool {
	sends, _ := SendsOf(e.Socket)
	return sends != SendsSimple && e.Accepts.Mode != facts.ModeSimple
}

// Trust tells whether the two ends accept each other's certificate where mutual TLS meets a
// server that opens it (see MT021), and why not: OK, Fail, or Unknown where that was not seen
// or no certificate is asked for.
func (in Input) Trust(s Subject, e End) (Outcome, string) {
	if !e.opened() {
		return Unknown, ""
	}
	f := in.trusts(s, e)
	if f.Got == "" {
		return f.Outcome, f.Summary
	}
	return f.Outcome, f.Summary + " (" + f.Got + ")"
}

// trusts judges every kind of door that the port has; several chains have the same as a rule.
func (in Input) trusts(s Subject, e End) Finding {
	doors := openers(e)
	if len(doors) == 0 {
		return Finding{Endpoint: e.Name, Object: "Pod " + e.Name, Summary: "the server's certificate was not seen", Got: "no TLS filter chain of port " + fmt.Sprint(e.Port), Want: "certificates that the other end accepts"}
	}
	worst := in.through(s, e, doors[0])
	for _, door := range doors[1:] {
		worst = worseOf(worst, in.through(s, e, door))
	}
	return worst
}

func (in Input) through(s Subject, e End, door facts.Socket) Finding {
	f := Finding{Outcome: Unknown, Endpoint: e.Name, Object: "Pod " + e.Name, Want: "certificates that the other end accepts"}
	server, client := chainOf(e.Peer.Proxy, door.Cert.Name), chainOf(in.Proxy, e.Socket.Cert.Name)
	clientTrusts, serverTrusts := TrustOf(in.Proxy, e.Socket), TrustOf(e.Peer.Proxy, door)
	switch {
	case len(server) == 0:
		f.Summary, f.Got = "the server's certificate was not seen", "the server's sidecar lists no secret "+door.Cert.Name
		return f
	case e.presented() && len(client) == 0:
		f.Summary, f.Got = "the client's certificate was not seen", "the client's sidecar lists no secret "+e.Socket.Cert.Name
		return f
	case !clientTrusts.Known || e.presented() && !serverTrusts.Known:
		f.Summary, f.Got = "what an end trusts was not seen", strings.TrimSpace(clientTrusts.Why+" "+serverTrusts.Why)
		return f
	}
	byClient, byServer := rejected(in, s, e.Socket, clientTrusts, server), refusal{}
	account := "kubectl get pod " + e.Peer.Pod.Target.Pod + " -n " + e.Peer.Pod.Target.Namespace + " -o jsonpath='{.spec.serviceAccountName}'"
	if other := otherDomain(clientTrusts.SANs, server[0]); other != "" && byClient.summary == forAnotherHost {
		account = in.alias(other)
	}
	f.Outcome, f.Summary = OK, "the client accepts the server's certificate, and the server asks for none"
	if e.presented() {
		f.Summary, byServer = "both ends accept each other's certificate", in.refusedClient(serverTrusts, client)
	}
	for _, end := range []struct {
		who string
		refusal
		fix string
	}{
		{"the client refuses: ", byClient, account},
		{"the server refuses: ", byServer, cmp.Or(byServer.fix, "kubectl get configmap istio-ca-root-cert -A")},
	} {
		if end.begins {
			end.who = ""
		}
		if r := end.refusal; r.summary != "" && severity(r.outcome()) > severity(f.Outcome) {
			f.Outcome, f.Summary, f.Got, f.Want, f.Fix = r.outcome(), end.who+r.summary, r.got, r.want, end.fix
		}
	}
	return f
}

// openers are the TLS sockets of the chains that serve a port, each once.
func openers(e End) []facts.Socket {
	if e.Peer == nil || e.Peer.Proxy == nil {
		return nil
	}
	in := inboundOf(e.Peer.Proxy, e.Port)
	if in == nil {
		return nil
	}
	var out []facts.Socket
	for _, c := range in.Chains {
		same := func(k facts.Socket) bool {
			return k.Cert == c.Socket.Cert && k.Validation.CA == c.Socket.Validation.CA && slices.Equal(names(k.Validation.SANs), names(c.Socket.Validation.SANs))
		}
		if c.Socket.Kind == facts.SocketTLS && !slices.ContainsFunc(out, same) {
			out = append(out, c.Socket)
		}
	}
	return out
}

// chainOf is the certificate chain of a secret as the proxy holds it, leaf first.
func chainOf(p *facts.Proxy, name string) []facts.Certificate {
	for _, s := range p.Secret(name) {
		if s.State != facts.StateWarming && len(s.Chain) > 0 {
			return s.Chain
		}
	}
	return nil
}

// refusedClient judges a client's chain as a server's sidecar does.
func (in Input) refusedClient(t Trust, chain []facts.Certificate) refusal {
	leaf := chain[0]
	if in.Now.After(leaf.NotAfter) || in.early(leaf) > clocksApart {
		return refusal{summary: "the client's certificate is outside its validity", got: period(leaf), want: "a certificate that is valid now"}
	}
	if r := t.pinned(leaf); r.summary != "" || t.Source.Kind == facts.SourceNone {
		return r
	}
	ca, r := t.caFor(leaf)
	if r.summary != "" {
		return r
	}
	if _, err := chainsFor(in, ca, chain, x509.ExtKeyUsageClientAuth); err != nil {
		return refusal{summary: "the client's certificate does not chain to the CA that the server has", got: fmt.Sprintf("certificate of %s; the server trusts %s (%v)", leaf.Label(), subjects(ca), err), want: "one root for both ends"}
	}
	if len(t.SANs) > 0 && !nameFits(t.SANs, leaf) {
		r := refusal{summary: "the client is of another trust domain, or has another name", got: "names in the certificate: " + allNames(leaf), want: "one of " + strings.Join(names(t.SANs), ", ")}
		if other := otherDomain(t.SANs, leaf); other != "" {
			r.summary, r.fix = "the client is of another trust domain", in.alias(other)
		}
		return r
	}
	return in.notYet("the client's certificate", leaf)
}
