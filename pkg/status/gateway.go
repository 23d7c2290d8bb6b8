package status

import (
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// ledToGateway is the intent that leads the client's calls to the row's port to an egress
// gateway, nil for none: the row of the gateway's Service tells of the hop then.
func (t *table) ledToGateway(c *client, r Row) *intent.Intent {
	for i := range t.Intents {
		it := &t.Intents[i]
		if _, away := it.RoutedFrom(r.Port); away && it.LeadsToGateway() && strings.EqualFold(it.SNI, r.Host) && c.input.Covers(*it) {
			return it
		}
	}
	return nil
}

// pastGateway judges the host's own cluster of a client whose calls should take a gateway:
// nothing may go there, whatever it is.
func (t *table) pastGateway(c *client, out Client, it intent.Intent) (Client, check.Outcome) {
	if out.Verdict, out.Why = t.wayTaken(c, it, ""); out.Verdict == check.VerdictOK {
		out.Verdict, out.Why = check.VerdictNotJudged, "an intent leads calls to this port to gateway "+it.Host+", whose row in namespace "+it.Namespace+" counts"
	}
	return out, outcomeOf(out.Verdict, true)
}

// toGateway judges the hop to an egress gateway: what the client sends, what the gateway's
// pods take, and whether all calls go that way.
func (t *table) toGateway(c *client, it intent.Intent, r Row, got Client) (check.Verdict, string) {
	if len(got.Sends) != 1 || got.Sends[0].What != check.SendsMesh {
		return check.VerdictUnknown, "what is sent to the gateway is not mutual TLS of the mesh alone"
	}
	for _, s := range r.Servers {
		if s.Accepts.Mode != facts.ModeMutual {
			return check.VerdictUnknown, "what the gateway's pod " + s.Pod.String() + " accepts is not known to be mutual TLS"
		}
	}
	return t.wayTaken(c, it, "")
}

// wayTaken tells whether all calls of the client take the way to the gateway: both ends of
// that may be in order while calls go past it.
func (t *table) wayTaken(c *client, it intent.Intent, why string) (check.Verdict, string) {
	verdict := check.VerdictOK
	for _, f := range t.hop(c, it) {
		switch f.Outcome {
		case check.Fail:
			return check.VerdictPlaintext, f.ID + " " + f.Summary
		case check.Unknown:
			verdict, why = check.VerdictUnknown, f.ID+" "+f.Summary
		}
	}
	return verdict, why
}

// hop runs the check that compares a proxy with its intent on the client's way to a gateway.
func (t *table) hop(c *client, it intent.Intent) []check.Finding {
	in := c.input
	in.To = []check.To{{Host: it.Host, Port: it.TLSPort, Subset: it.Subset}}
	var out []check.Finding
	for _, f := range check.Run(check.All(), in) {
		if f.ID == "MT001" || f.ID == "MT010" {
			out = append(out, f)
		}
	}
	return out
}
