package check

import (
	"fmt"
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
				for _, k := range s.TLSSockets() {
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
	if h.Failure != facts.FailureNone && len(h.Chain) == 0 {
		f.Summary, f.Want = failureText(h), "a server that speaks TLS on "+h.Address
		f.Got = strings.TrimSpace(string(h.Failure) + ": " + h.ErrorText)
		f.Fix = fixServer(s, h)
		return f
	}
	t := TrustOf(in.Proxy, k)
	if h.AsksCert && !hasCert(k) && h.Failure == facts.FailureAlert {
		f.Summary, f.Got, f.Want = "the server demands a client certificate and the sidecar presents none", h.ErrorText, "mode MUTUAL with a client certificate"
		f.Fix = editRule(s)
		return f
	}
	switch why := rejected(in, s, k, t, h.Chain); {
	case why.summary == "" && !t.Known:
		return Finding{Outcome: Unknown, Endpoint: h.Address, Summary: "the server's certificate was seen, the CA in the proxy was not", Got: t.Why, Want: "the CA's content"}
	case why.summary == "":
		return Finding{Outcome: OK, Endpoint: h.Address, Summary: fmt.Sprintf("the server speaks %s and its certificate is accepted", h.Version)}
	default:
		f.Summary, f.Got, f.Want, f.Fix = why.summary, why.got, why.want, why.fix
		return f
	}
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
			return "kubectl edit destinationrule " + r.Name + " -n " + r.Namespace
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
	return "the server refuses the TLS handshake"
}
