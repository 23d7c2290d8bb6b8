package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// serverAccepted: MT013, by a real TLS conversation from the pod's network.
func serverAccepted() *Check {
	return &Check{
		ID: "MT013", Name: "server-accepted",
		Doc:   "the server speaks TLS and presents a certificate that the sidecar accepts",
		Needs: []facts.Fact{facts.FactClusters},
		Applies: func(in Input, s Subject) bool {
			return hasTLSSocket(in, s) && len(handshakesOf(in, s)) > 0
		},
		Upstream: func(in Input, s Subject) []Finding {
			var out []Finding
			for _, h := range handshakesOf(in, s) {
				for _, k := range s.SocketsTo(h.Address) {
					out = append(out, accepted(in, s, k, h))
				}
			}
			if all, seen := len(s.Serving().Endpoints), len(handshakesOf(in, s)); seen < all {
				out = append(out, Finding{Outcome: OK, Summary: fmt.Sprintf("%d of %d endpoints were probed", seen, all)})
			}
			return out
		},
	}
}

// SocketsTo are the TLS sockets that connections to an address may use: that of its endpoint, else all of them.
func (s Subject) SocketsTo(address string) []facts.Socket {
	u := s.Serving()
	i := slices.IndexFunc(u.Endpoints, func(e facts.Endpoint) bool { return e.Address == address })
	if !u.EndpointsKnown || i < 0 {
		return s.TLSSockets()
	}
	if k := u.SocketFor(u.Endpoints[i]); k.Kind == facts.SocketTLS {
		return []facts.Socket{k}
	}
	return nil
}

func handshakesOf(in Input, s Subject) []facts.Handshake {
	var out []facts.Handshake
	for _, h := range in.Proxy.Handshakes {
		if h.Cluster == s.Cluster && h.Failure != facts.FailureInternal {
			out = append(out, h)
		}
	}
	return out
}

func accepted(in Input, s Subject, k facts.Socket, h facts.Handshake) Finding {
	f := Finding{Outcome: Fail, Endpoint: h.Address, Object: ruleObject(s)}
	if f, ok := otherFamily(in, s, h); ok {
		return f
	}
	if h.Failure != facts.FailureNone && len(h.Chain) == 0 {
		f.Summary, f.Want = failureText(h), "a server that speaks TLS on "+h.Address
		f.Got = strings.TrimSpace(string(h.Failure) + ": " + h.ErrorText)
		f.Fix = fixServer(s, h)
		return f
	}
	t := TrustOf(in.Proxy, k)
	if h.AsksCert && !hasCert(k) && (h.Failure == facts.FailureAlert || h.Failure == facts.FailureClosed) {
		f.Summary, f.Got, f.Want = "the server demands a client certificate and the sidecar presents none", h.ErrorText, "mode MUTUAL with a client certificate"
		f.Fix = editRule(s)
		return f
	}
	why := tooOld(in, s, k, h)
	if why.summary == "" {
		why = rejected(in, s, k, t, h.Chain)
	}
	switch weak := weakness(h.Chain); {
	case why.summary != "" && (!why.begins || h.Failure == facts.FailureNone || h.AsksCert):
		f.Outcome, f.Summary, f.Got, f.Want, f.Fix = why.outcome(), why.summary, why.got, why.want, why.fix
	case h.Failure != facts.FailureNone && !h.AsksCert: // a probe has no client certificate, the sidecar may have
		f.Summary, f.Got, f.Want, f.Fix = failureText(h), strings.TrimSpace(string(h.Failure)+": "+h.ErrorText), "a handshake that completes", fixServer(s, h)
	case !t.Known:
		return Finding{Outcome: Unknown, Endpoint: h.Address, Summary: "the server's certificate was seen, the CA in the proxy was not", Got: t.Why, Want: "the CA's content"}
	case weak != "":
		f.Outcome, f.Summary, f.Got, f.Want, f.Fix = Warn, "the server's certificate is accepted, and is weaker than it should be", weak, "RSA of 2048 bits or more, SHA-256 or better", renew
	default:
		return Finding{Outcome: OK, Endpoint: h.Address, Summary: fmt.Sprintf("the server speaks %s and its certificate is accepted", h.Version)}
	}
	return f
}

// tooOld refuses a server that speaks a version which the sidecar does not: a probe begins at the oldest.
func tooOld(in Input, s Subject, k facts.Socket, h facts.Handshake) refusal {
	spoke := slices.Index(tlsVersions, "TLSv"+strings.ReplaceAll(strings.TrimPrefix(h.Version, "TLS "), ".", "_"))
	least := paramsOf(in.Proxy, k, false).min
	r := refusal{got: h.Version, want: "TLS 1.2 or newer at the server", fix: fixServer(s, h)}
	switch {
	case spoke < 0:
		return refusal{}
	case least.known && spoke < slices.Index(tlsVersions, least.values[0]):
		r.summary, r.want = "the server speaks "+h.Version+" at most, and the sidecar begins at TLS "+spoken(least.values[0]), "TLS "+spoken(least.values[0])+" or newer at the server"
		return r
	case !least.known && spoke < slices.Index(tlsVersions, "TLSv1_2"): // where every release has begun, or below
		r.doubt, r.summary = true, "whether the sidecar speaks "+h.Version+" is not known, and the server speaks nothing newer"
		return r
	}
	return refusal{}
}

// fixServer is a command that shows the server as the pod sees it.
func fixServer(s Subject, h facts.Handshake) string {
	cmd := "openssl s_client -connect " + h.Address
	if h.SNI != "" {
		cmd += " -servername " + h.SNI
	}
	return cmd + "   # from the pod's network: is it the right port, and does the server speak TLS there?"
}

// editRule opens the rule that made the cluster.
func editRule(s Subject) string {
	for _, r := range []facts.Ref{s.Decision.Rule.Object, s.Serving().Rule} {
		if r.Name != "" {
			return r.Edit()
		}
	}
	return ""
}

func failureText(h facts.Handshake) string {
	switch h.Failure {
	case facts.FailureNotTLS:
		return "the server does not speak TLS: it answers in plaintext (WRONG_VERSION_NUMBER)"
	case facts.FailureConnect:
		return "the server cannot be reached from the pod"
	case facts.FailureTimeout:
		return "the server does not answer the TLS handshake in time: it may speak plaintext, or something drops the packets"
	case facts.FailureClosed:
		return "the server closes the connection in the TLS handshake: it may speak plaintext"
	}
	if strings.Contains(h.ErrorText, "handshake failure") {
		return "the server refuses the TLS handshake: it may take no version, cipher or key exchange that the sidecar offers"
	}
	return "the server refuses the TLS handshake"
}
