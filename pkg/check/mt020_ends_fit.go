package check

import (
	"fmt"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// endsFit: MT020. It speaks where the user named a service of the mesh (--to svc/NAME),
// so that the pods behind it were asked, too.
func endsFit() *Check {
	return &Check{
		ID: "MT020", Name: "ends-fit",
		Doc:     "what the client's sidecar sends to each endpoint is mutual TLS, and the filter chains of the pod behind it open it",
		Needs:   []facts.Fact{facts.FactClusters},
		Applies: paired,
		Upstream: func(in Input, s Subject) []Finding {
			ends, why := EndsOf(s.Serving(), *in.pairOf(s))
			if why == "" && len(ends) == 0 {
				why = "no ready pod is behind the service"
			}
			if why != "" {
				return one(Finding{Outcome: Unknown, Summary: "what becomes of a connection cannot be told: " + why, Got: why, Want: "the endpoints of the service"})
			}
			return in.meetAll(s, ends)
		},
	}
}

// meetAll gives one finding for all ends that stand alike.
func (in Input) meetAll(s Subject, ends []End) []Finding {
	var out []Finding
	var names [][]string
	at := map[string]int{}
	for _, e := range ends {
		f := in.meeting(s, e)
		key := f.Outcome.String() + f.Summary + f.Object
		i, seen := at[key]
		if !seen {
			i = len(out)
			at[key] = i
			out, names = append(out, f), append(names, nil)
		}
		names[i] = append(names[i], e.Name)
	}
	for i := range out {
		out[i].Endpoint = strings.Join(names[i], ", ")
		out[i].Summary += fmt.Sprintf(" (%d of %s)", len(names[i]), count(uint64(len(ends)), "endpoint"))
	}
	return out
}

func (in Input) meeting(s Subject, e End) Finding {
	sends, unsure := SendsOf(e.Socket)
	v, why := Meet(sends, e.Accepts)
	if object, protocol, passes := in.passesOn(s); passes && sends == SendsPlain && Unopened(in.pairOf(s).Service, e) {
		return Finding{Object: object, Summary: "the port is declared " + protocol + ", on which the application speaks TLS by itself, and no sidecar opens what comes in there: whether it does is not seen here",
			Got: "the sidecar passes on what the application sends", Want: "TLS of the application"}
	}
	if fits, because := in.Fits(s, e); v == VerdictMayConflict && (fits == VerdictOK || fits == VerdictPartial) { // what refuses is MT021's
		v, why = fits, because
	}
	f := Finding{Want: "mutual TLS of the mesh, which the server opens", Got: fmt.Sprintf("the client sends %s, %s accepts %s", word(sends), e.Name, e.mode())}
	if unsure != "" {
		why += ": " + unsure
	}
	switch f.Summary = why; v {
	case VerdictOK:
		f.Outcome, f.Summary = OK, fmt.Sprintf("%s meets %s", sends, e.mode())
		return f
	case VerdictMayConflict, VerdictPartial:
		if f.Outcome = Warn; v == VerdictMayConflict && e.Accepts.Instead != 0 {
			f.Outcome = Unknown // at which port the application calls
		}
	case VerdictConflict, VerdictPlaintext:
		f.Outcome = Fail
	}
	if to := in.idle(s); f.Outcome == Fail && to != "" {
		f.Outcome, f.Summary = Warn, "no call takes this cluster: the routes lead to "+to+"; if one did, "+why
	}
	f.Object, f.Fix = in.blame(s, e)
	if svc := in.pairOf(s).Service.Object; f.Outcome == Unknown && e.Accepts.Instead != 0 {
		f.Object, f.Fix = svc.String(), fmt.Sprintf("kubectl edit service %s -n %s   # of a headless Service port and targetPort have to be the same: %d", svc.Name, svc.Namespace, e.Accepts.Instead)
	}
	return f
}

func word(s Sends) string {
	if s == SendsUnknown {
		return "what is not known"
	}
	return string(s)
}

// mode is what the end accepts, in a word.
func (e End) mode() string {
	switch e.Accepts.Mode {
	case ModeNone:
		return "what comes (" + e.Accepts.Why + ")"
	case "", facts.ModeUnknown:
		return "what is not known"
	}
	return string(e.Accepts.Mode)
}

// blame names the object that decides, and a command: the client's rule, the pod that
// has no sidecar, or the server's policy.
func (in Input) blame(s Subject, e End) (object, fix string) {
	if r := s.Decision.Rule; s.Decision.Found && wantsTLS(r) {
		return r.Object.String(), r.Object.Edit()
	}
	if e.Peer == nil {
		return "", "kubectl get endpointslices -A"
	}
	pod := e.Peer.Pod.Target
	look := "kubectl mesh-tls verify pod/" + pod.Pod + " -n " + pod.Namespace
	if OwnTLS(e.Accepts.Mode) {
		return "Pod " + pod.String(), "kubectl get sidecars.networking.istio.io -n " + pod.Namespace + " -o yaml   # the ingress listener's tls, which clients' rules have to fit"
	}
	if e.Accepts.Mode == ModeNone || in.Config == nil {
		return "Pod " + pod.String(), look
	}
	d := in.Config.InboundPolicy(facts.Client{Namespace: pod.Namespace, Labels: pod.Labels}, e.Port)
	if d.Object.Name == "" {
		return "Pod " + pod.String(), look
	}
	return d.Object.String(), "kubectl edit peerauthentication " + d.Object.Name + " -n " + d.Object.Namespace
}
