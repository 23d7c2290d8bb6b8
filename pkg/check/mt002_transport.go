package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// transportTLS: MT002, the detector of silent plaintext.
func transportTLS() *Check {
	return &Check{
		ID: "MT002", Name: "transport-tls",
		Doc:     "every connection to the upstream goes through a TLS transport socket",
		Needs:   []facts.Fact{facts.FactClusters},
		Applies: func(_ Input, s Subject) bool { return s.Serving() != nil },
		Upstream: func(in Input, s Subject) []Finding {
			u := s.Serving()
			if u.Problem != "" {
				return one(Finding{Outcome: Unknown, Summary: "the cluster could not be read whole", Got: u.Problem, Want: "a cluster that can be decoded"})
			}
			if len(u.Matches) > 0 {
				return perEndpoint(in, s)
			}
			if len(u.Members) > 0 {
				return byMembers(in, s)
			}
			f := transportOf(in, s, u.Socket)
			if f.Outcome == OK && nowhere(u) && s.Subset != "" && u.Protocol == facts.ProtocolUnknown {
				f = Finding{Outcome: Warn, Object: ruleObject(s), Summary: "the subset has no endpoint, and nothing is sent to it", Got: "0 endpoints", Want: "a subset whose labels fit some endpoint"}
			} else if f.Outcome == OK && nowhere(u) {
				f = Finding{Outcome: Unknown, Object: ruleObject(s), Summary: "the upstream has no endpoint: every call fails, and nothing can be told of the server",
					Got: "0 endpoints", Want: "an address that " + s.Host + " resolves to, or an endpoint of the ServiceEntry that is there", Fix: "kubectl get serviceentries -A   # does its endpoint, or the host itself, resolve in the cluster's DNS?"}
			}
			return one(f)
		},
	}
}

// nowhere tells whether the upstream was resolved to nothing. Clusters that learn
// the address from the connection never have endpoints.
func nowhere(u *facts.Upstream) bool {
	switch u.Type {
	case "STRICT_DNS", "LOGICAL_DNS", "EDS", "STATIC":
		return u.EndpointsKnown && len(u.Endpoints) == 0
	}
	return false
}

func transportOf(in Input, s Subject, k facts.Socket) Finding {
	switch k.Kind {
	case facts.SocketTLS:
		if why := overheard(k); why != "" {
			return Finding{Outcome: Warn, Object: ruleObject(s), Summary: "traffic leaves the sidecar as TLS, and can be read all the same: " + why, Got: why, Want: "nothing that keeps the keys or the plain bytes", Fix: "kubectl get envoyfilters -A"}
		}
		return Finding{Outcome: OK, Summary: "traffic leaves the sidecar as TLS" + carrier(k)}
	case facts.SocketPlaintext:
		if f := in.Handed(s); f.Summary != "" {
			return f
		}
		if f := ofApplication(in, s); f.Summary != "" {
			return f
		}
		why, object, fix := plaintextReason(in, s)
		want := "TLS, because of " + s.Why
		if r := s.Decision.Rule; s.Decision.Found && r.Mode == "DISABLE" && s.Why == r.Object.String() {
			want = "TLS, or an entry of a --baseline where it is switched off with intent"
		}
		return Finding{Outcome: Fail, Summary: "traffic leaves the sidecar in plaintext: " + why, Object: object,
			Got: "no TLS transport socket on the cluster", Want: want, Fix: fix}
	case facts.SocketOther:
		return Finding{Outcome: Unknown, Summary: "the transport socket is of a type that this tool does not judge",
			Got: k.TypeURL, Want: "a TLS transport socket"}
	}
	return Finding{Outcome: Unknown, Summary: "the transport socket could not be read", Got: k.Problem, Want: "a TLS transport socket"}
}

// overheard tells who can read along (Envoy: TlsKeyLog, transport_sockets.tap).
func overheard(k facts.Socket) string {
	if k.KeyLog != "" {
		return "the keys of every session are written to " + k.KeyLog
	}
	if slices.ContainsFunc(k.Wrappers, func(w string) bool { return strings.HasSuffix(w, ".Tap") }) {
		return "a tap socket records the plain bytes"
	}
	return ""
}

// carrier names the tunnel that the TLS belongs to, where it is not the connection's own.
func carrier(sockets ...facts.Socket) string {
	for _, k := range sockets {
		if k.Through != "" {
			return ", in the mesh's tunnel (HBONE, cluster " + k.Through + ")"
		}
	}
	return ""
}

// perEndpoint resolves transport_socket_matches for each endpoint.
func perEndpoint(in Input, s Subject) []Finding {
	u := s.Serving()
	if !u.EndpointsKnown { // those of DNS and static ones stand in the cluster itself
		why, missing := in.Proxy.Lacks(facts.FactEndpoints)
		if !missing {
			why = "the endpoints of this cluster are not in the answers"
		}
		return one(Finding{Outcome: Unknown, Summary: "each endpoint has its own socket, and the endpoints are not known", Got: why,
			Want: "config_dump?include_eds", Fix: "kubectl mesh-tls verify TARGET --all   # live; or a dump taken with ?include_eds"})
	}
	count := map[facts.SocketKind]int{}
	plain := ""
	for _, e := range u.Endpoints {
		k := u.SocketFor(e)
		count[k.Kind]++
		if k.Kind != facts.SocketTLS && plain == "" {
			plain = e.Address
		}
	}
	n, total := count[facts.SocketTLS], len(u.Endpoints)
	got := fmt.Sprintf("TLS to %d of %d endpoints", n, total)
	switch {
	case total == 0:
		return one(Finding{Outcome: Unknown, Summary: "the upstream has no endpoint: what would be sent cannot be told", Got: "0 endpoints", Want: "at least one"})
	case n == total && slices.ContainsFunc(u.InUse(), func(k facts.Socket) bool { return overheard(k) != "" }):
		return one(transportOf(in, s, u.InUse()[slices.IndexFunc(u.InUse(), func(k facts.Socket) bool { return overheard(k) != "" })]))
	case n == total:
		return one(Finding{Outcome: OK, Summary: got + carrier(u.InUse()...)})
	case count[facts.SocketPlaintext] == 0:
		return one(Finding{Outcome: Unknown, Summary: "some endpoints use a socket that this tool does not judge", Got: got, Want: "TLS to all", Object: plain})
	}
	if f := ofApplication(in, s); count[facts.SocketPlaintext] == total && f.Summary != "" {
		return one(f)
	}
	f := Finding{Outcome: Fail, Endpoint: plain, Summary: got + ": the others have no sidecar, or a policy that switches mutual TLS off, and get plaintext", Got: got + ", plaintext to " + plain,
		Want: "TLS to all, because of " + s.Why, Fix: inject(s.Host, plain)}
	if why, object, fix := endpointReason(in, s); why != "" {
		f.Summary, f.Object, f.Fix = f.Summary+"; "+why, object, fix
	}
	if s.Intent == nil && len(in.To) == 0 && unusedRule(s) == nil {
		f.Outcome = Warn // auto mTLS promises TLS only where the endpoint can take it
	}
	if to := in.idle(s); to != "" {
		f.Outcome, f.Summary = Warn, got+", and no call takes this cluster: the routes lead to "+to+", with TLS"
	}
	return one(f)
}
