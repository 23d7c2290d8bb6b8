package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// Answer is what can be said to a yes-or-no question about an upstream; the zero
// value is NotKnown.
type Answer int

// Answers.
const (
	NotKnown Answer = iota
	Yes
	No
)

// String gives the word that reports use.
func (a Answer) String() string {
	switch a {
	case Yes:
		return "yes"
	case No:
		return "no"
	}
	return "unknown"
}

// Completed counts the TLS handshakes that the subject's endpoints completed (a
// lower bound where only host counters exist) and the connections that failed;
// known is false where no counter was seen, which is not zero.
func Completed(s Subject) (done, failed uint64, known bool) {
	if s.Active == nil {
		return 0, 0, false
	}
	return handshakes(s.Active)
}

// NameChecked tells whether the server's name is checked on connections through
// this TLS socket, and how. It follows MT006, so that a table never says other
// than the verdict; without a CA a name proves nothing, which is a No.
func NameChecked(in Input, s Subject, k facts.Socket) (Answer, string) {
	t := TrustOf(in.Proxy, k)
	if t.Source.Kind == facts.SourceNone && !t.SPIFFE && t.Pins == 0 {
		return No, "the server's certificate is not validated"
	}
	switch f := nameOf(in, s, k); f.Outcome {
	case OK:
		return Yes, nameCheckedBy(k, t)
	case Unknown:
		return NotKnown, f.Got
	default:
		return No, f.Got
	}
}

func nameCheckedBy(k facts.Socket, t Trust) string {
	switch {
	case len(t.SANs) > 0:
		var in []string
		for _, n := range t.SANs {
			in = append(in, n.String())
		}
		return strings.Join(in, ", ")
	case t.SPIFFE:
		return "SPIFFE trust domain"
	case t.Pins > 0:
		return fmt.Sprintf("%d pinned certificates or keys", t.Pins)
	case k.AutoSNISAN:
		return "auto: the SNI that is sent"
	}
	return "auto: the host of the HTTP request"
}

// SNISent tells whether connections through this TLS socket carry a server name.
// auto_sni acts in Envoy's HTTP router only.
func SNISent(s Subject, k facts.Socket) Answer {
	u := s.Serving()
	switch {
	case k.SNI != "":
		return Yes
	case u == nil:
		return NotKnown
	case k.AutoHostSNI && hostsNamed(u) != No:
		return hostsNamed(u)
	case !u.AutoSNI, u.Protocol == facts.ProtocolTCP:
		return No
	case u.Protocol == facts.ProtocolHTTP:
		return Yes
	}
	return NotKnown
}

// hostsNamed tells whether every endpoint has a name for auto_host_sni to send: those of
// DNS have, others where it is written (Envoy: UpstreamTlsContext.auto_host_sni).
func hostsNamed(u *facts.Upstream) Answer {
	switch {
	case strings.HasSuffix(strings.ToLower(u.Type), "dns"), strings.HasSuffix(u.Type, "dynamic_forward_proxy"):
		return Yes
	case !u.EndpointsKnown || len(u.Endpoints) == 0:
		return NotKnown
	case slices.ContainsFunc(u.Endpoints, func(e facts.Endpoint) bool { return e.Hostname == "" }):
		return No
	}
	return Yes
}
