package status

import (
	"fmt"
	"slices"
	"sync"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// meet judges one client.
func (t *table) meet(c client, sub check.Subject, s facts.Service, port facts.Port) Client {
	out := t.newClient(c, sub)
	u := sub.Serving()
	if u.Problem != "" {
		out.Why = "the cluster could not be read whole: " + u.Problem
		return out
	}
	ends, why := check.EndsOf(u, check.Pair{Service: s, Peers: t.peers})
	if why != "" {
		out.Why = why
		return out
	}
	var verdicts []check.Verdict
	worst := check.VerdictNotJudged
	validated := sync.OnceValues(func() (check.Verdict, string) { return c.validated(sub) })
	for _, e := range ends {
		sends, _ := check.SendsOf(e.Socket)
		v, because := c.input.Fits(sub, e)
		if v == check.VerdictOK && (sends == check.SendsSimple || sends == check.SendsMutual) {
			if judged, why := validated(); judged != check.VerdictOK {
				v, because = judged, why
			}
		}
		if check.Unopened(s, e) && sends == check.SendsPlain && !out.Wanted && check.PassesTLS(sub, port) {
			v, because, sends = check.VerdictNotJudged, "the port is declared "+port.Protocol+", and no sidecar opens what comes in there: the application speaks TLS itself", check.SendsAsIs
		}
		out.count(sends)
		verdicts = append(verdicts, v)
		if j := check.Join([]check.Verdict{worst, v}); out.Why == "" || j != worst {
			if out.Why == "" || v != check.VerdictOK { // of TLS for some and plaintext for others the plaintext is to be told
				out.Why = because
			}
			worst = j
		}
	}
	out.Verdict = check.Join(verdicts)
	done, failed, _ := check.Completed(sub)
	if out.Verdict == check.VerdictOK && done == 0 && failed > 0 {
		out.Verdict = check.VerdictMayConflict
		out.Why = fmt.Sprintf("both sides fit by their configuration, and none of %d connections completed the handshake", failed)
	}
	return out
}

// validated judges TLS that a rule asks for instead of the mesh's own as that to hosts outside is
// judged: it is OK only where the server's certificate and name are checked.
func (c *client) validated(sub check.Subject) (check.Verdict, string) {
	checks := slices.DeleteFunc(check.All(), func(one *check.Check) bool { return one.ID != "MT003" && one.ID != "MT006" })
	sub.Meant = true
	var found []check.Finding
	check.Each(checks, c.input, []check.Subject{sub}, func(_ *check.Subject, fs []check.Finding) { found = append(found, fs...) })
	judged, _ := encrypted(Client{}, found)
	return judged.Verdict, judged.Why
}
