package status

import (
	"fmt"
	"slices"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// Fix is one command for a row that is not OK, "" for the others: the policy or the rule to edit,
// the Service whose port has to name its protocol, the pod to ask why it has no sidecar, or the two ends to look at closely.
func (r Row) Fix() string {
	if r.Outcome == check.OK || r.Outcome == check.NotJudged {
		return ""
	}
	if r.PolicyFix != "" {
		return r.PolicyFix
	}
	guessed := func(s Server) bool { return s.Accepts.First && s.Accepts.Guessed }
	if r.Verdict == check.VerdictMayConflict && r.Service.Kind == "Service" && slices.ContainsFunc(r.Servers, guessed) {
		return fmt.Sprintf("kubectl edit service %s -n %s", r.Service.Name, r.Service.Namespace)
	}
	culprit := slices.IndexFunc(r.Clients, func(c Client) bool { return c.Verdict == r.Verdict })
	if culprit < 0 { // PARTIAL, where each client is OK or PLAINTEXT
		culprit = slices.IndexFunc(r.Clients, func(c Client) bool { return c.Verdict != check.VerdictOK && c.Verdict != check.VerdictNotJudged })
	}
	if culprit >= 0 && r.Clients[culprit].Past {
		return verify(r.Clients[culprit].Pod) + fmt.Sprintf(" --to %s:%d", r.Host, r.Port)
	}
	if culprit >= 0 {
		if rule := r.Clients[culprit].Rule; rule.Name != "" && r.Verdict != check.VerdictUnknown {
			return rule.Edit()
		}
	}
	for _, s := range r.Servers {
		if s.Accepts.Mode == check.ModeNone {
			return bare(s)
		}
	}
	if culprit >= 0 {
		return verify(r.Clients[culprit].Pod) + fmt.Sprintf(" --to %s:%d", r.Host, r.Port)
	}
	if len(r.Servers) > 0 {
		return verify(r.Servers[0].Pod)
	}
	return ""
}

// bare shows why no sidecar stands before a pod's port.
func bare(s Server) string {
	pod := fmt.Sprintf("kubectl get pod %s -n %s ", s.Pod.Pod, s.Pod.Namespace)
	if s.Pod.Container == "" {
		return pod + "--show-labels   # sidecar.istio.io/inject there, or istio-injection of its namespace, keeps the sidecar out; a pod from before that has to be restarted"
	}
	return pod + "-o yaml   # the sidecar does not get the port: " + s.Accepts.Why
}

func verify(p facts.Target) string {
	return fmt.Sprintf("kubectl mesh-tls verify pod/%s -n %s", p.Pod, p.Namespace)
}
