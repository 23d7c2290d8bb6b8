package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// connectionsComplete: MT012.
func connectionsComplete() *Check {
	return &Check{
		ID: "MT012", Name: "connections-complete",
		Doc:   "the connections that the sidecar made completed their TLS handshake",
		Needs: []facts.Fact{facts.FactClusters},
		Applies: func(in Input, s Subject) bool {
			return s.Active != nil && hasTLSSocket(in, s) && counted(s.Active)
		},
		Upstream: func(in Input, s Subject) []Finding {
			done, failed, _ := handshakes(s.Active)
			cause, fix := counterCause(in, s)
			f := Finding{Object: ruleObject(s), Got: fmt.Sprintf("%d completed, %d failed", done, failed), Want: "0 failed", Fix: fix}
			switch {
			case in.failsNow(s):
				f.Outcome, f.Summary = Fail, "every connection that was made while it was watched failed: "+cause
			case failed == 0 && done == 0:
				f = Finding{Outcome: OK, Summary: "no connection was made yet"}
			case done > 0 && lost(s) != "":
				f.Outcome, f.Endpoint, f.Summary = Warn, lost(s), "no connection to one of the endpoints completes, to others they do: "+cause
			case failed*rarely <= done:
				f = Finding{Outcome: OK, Summary: fmt.Sprintf("%s completed the handshake, %d failed", count(done, "connection"), failed)}
			case done == 0 && !announces(s) && !presents(s) && probeAccepted(in, s):
				f.Outcome, f.Summary = Unknown, causeMayBeGone
				f.Fix = in.calledAgain(s)
			case done == 0:
				f.Outcome, f.Summary = Fail, "no connection completes: "+cause
			default:
				f.Outcome, f.Summary = Warn, "some connections failed since the cluster was made: "+cause
			}
			return one(f)
		},
	}
}

const causeMayBeGone = "no connection completed since the cluster was made, and a probe completes now: the cause may be gone"

// FailedBefore tells whether a finding is only about connections that failed before a
// probe of the same run completed. A connection count that is missing is not that.
func FailedBefore(f Finding) bool { return f.ID == "MT012" && f.Summary == causeMayBeGone }

// lost is an endpoint to which connections fail and none has completed, however many complete to others.
func lost(s Subject) string {
	for _, e := range s.Active.Endpoints {
		if h := e.Hosts; h != nil && s.Active.SocketFor(e).Kind == facts.SocketTLS && h.Failed >= hopeless && completed(*h, s.Active.Protocol) == 0 {
			return e.Address
		}
	}
	return ""
}

// hopeless: so many failures are no accident of an endpoint that is starting.
const hopeless = 3

// rarely: a proxy that runs for months has some failed connections behind it; one
// in so many is no news.
const rarely = 20

// probeAccepted tells whether every handshake of this run was accepted.
func probeAccepted(in Input, s Subject) bool {
	seen := false
	for _, h := range handshakesOf(in, s) {
		for _, k := range s.SocketsTo(h.Address) {
			if seen = true; accepted(in, s, k, h).Outcome != OK {
				return false
			}
		}
	}
	return seen
}

func counted(u *facts.Upstream) bool {
	_, _, known := handshakes(u)
	return known
}

// counterCause reads the cause out of ssl.* where Istio exports them.
func counterCause(in Input, s Subject) (cause, fix string) {
	if t := s.Active.TLS; t != nil {
		switch {
		case moved(t.FailVerifySAN):
			return "the server's certificate has another name (ssl.fail_verify_san)", ""
		case moved(t.FailVerifyError):
			return "the server's certificate does not chain to the CA, or is expired (ssl.fail_verify_error)", ""
		case moved(t.SecretsNotReady):
			return "a secret was not delivered (secrets_not_ready)", ""
		case moved(t.ConnectionError):
			return "the server does not speak TLS, or refused the handshake (ssl.connection_error)", ""
		}
	}
	if announces(s) {
		return "before the TLS the sidecar sends a header of the PROXY protocol, which the server may not expect (a probe sends none)", editRule(s)
	}
	if presents(s) && probeAccepted(in, s) {
		return "a probe without the sidecar's client certificate meets a server that is as it should be, so it is that certificate: the server refuses it, or its key does not fit", editRule(s)
	}
	return "the server cannot be reached, does not speak TLS, or its certificate is refused",
		"kubectl mesh-tls verify TARGET --probe always --to " + s.Host
}

// announces tells whether the sidecar sends something before the TLS that a probe does
// not send (Envoy: upstream_proxy_protocol; istio: proxyProtocol of a traffic policy).
func announces(s Subject) bool {
	return slices.ContainsFunc(s.TLSSockets(), func(k facts.Socket) bool {
		return slices.ContainsFunc(k.Wrappers, func(w string) bool { return strings.HasSuffix(w, ".ProxyProtocolUpstreamTransport") })
	})
}

// presents tells whether the sidecar presents a client certificate of its own, which a probe cannot.
func presents(s Subject) bool {
	return slices.ContainsFunc(s.TLSSockets(), func(k facts.Socket) bool { return hasCert(k) && !meshCA(k) })
}

func moved(c *uint64) bool { return c != nil && *c > 0 }
