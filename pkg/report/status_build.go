package report

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/status"
)

// StatusInput is what a StatusReport is made of.
type StatusInput struct {
	Scope   StatusScope
	Rows    []status.Row
	Plain   status.Plain
	Intents []intent.Intent
	Changes []StatusChange
	Errors  []StatusError
	Config  *facts.Config
	Now     time.Time
	Version string
	FailOn  FailOn
}

// NewStatus makes the document. Nothing judged, and a pod that could not be read, is
// Unknown.
func NewStatus(in StatusInput) StatusReport {
	r := StatusReport{
		APIVersion: APIVersion, Kind: StatusKind, GeneratedAt: stamp(in.Now), Tool: Tool{Name: "kubectl-mesh-tls", Version: in.Version},
		Scope: in.Scope, Rows: []StatusRow{}, Vanished: []StatusRow{}, ComparedNotes: []string{}, Intents: []StatusIntent{},
		WithoutSidecar: statusPlain(in.Plain),
		Changes:        append([]StatusChange{}, in.Changes...), Errors: append([]StatusError{}, in.Errors...), Missing: []Missing{}, Problems: []string{},
	}
	for _, list := range []*[]string{&r.Scope.Namespaces, &r.Scope.Targets, &r.Scope.From} {
		*list = append([]string{}, *list...)
	}
	r.Outcome = NotJudged
	for _, row := range in.Rows {
		out := statusRow(row)
		r.Rows = append(r.Rows, out)
		r.Summary.add(out.Outcome)
		r.Outcome = worse(r.Outcome, out.Outcome)
	}
	if len(r.Errors) > 0 {
		r.Outcome = worse(r.Outcome, Unknown)
	}
	for _, it := range in.Intents {
		r.Intents = append(r.Intents, StatusIntent{Name: it.Name, Namespace: it.Namespace, Recipe: string(it.Recipe), About: about(it)})
	}
	if in.Config != nil {
		for _, f := range slices.Sorted(maps.Keys(in.Config.Missing)) {
			r.Missing = append(r.Missing, Missing{Fact: string(f), Why: in.Config.Missing[f]})
		}
		r.Problems = append(r.Problems, in.Config.Problems...)
	}
	r.ExitCode = ExitCode(r.Outcome, in.FailOn)
	return r
}

func statusRow(row status.Row) StatusRow {
	out := StatusRow{
		Host: row.Host, Port: row.Port, Subset: row.Subset, Service: row.Service.String(), External: row.External, Protocol: row.Protocol,
		Policies: []string{}, Rules: []string{}, Evidence: row.Evidence.String(), Verdict: row.Verdict.String(), Outcome: outcomeOf(row.Outcome),
		Why: append([]string{}, row.Why...), Fix: row.Fix(), Servers: []StatusServer{}, Clients: []StatusClient{},
	}
	for _, s := range row.Servers {
		mode := s.Accepts.Mode
		if mode == "" {
			mode = facts.ModeUnknown
		}
		server := StatusServer{Pod: s.Pod.String(), Port: s.Port, Mode: string(mode), Why: s.Accepts.Why, Policy: s.Policy.Object.String(), PolicyMode: string(s.Policy.Mode)}
		out.Servers = append(out.Servers, server)
		out.Policies = once(out.Policies, server.Policy)
	}
	for _, c := range row.Clients {
		client := StatusClient{Pod: c.Pod.String(), Asked: c.Asked, Rule: c.Rule.String(), Sends: []StatusSent{}, Evidence: c.Evidence.String(), Verdict: c.Verdict.String(), Why: c.Why}
		for _, s := range c.Sends {
			client.Sends = append(client.Sends, StatusSent{What: cmp.Or(string(s.What), unknownWord), Endpoints: s.Endpoints})
		}
		out.Clients = append(out.Clients, client)
		out.Rules = once(out.Rules, client.Rule)
	}
	out.ServerAccepts, out.ClientsSend = accepted(out), sent(out)
	return out
}

func once(list []string, s string) []string {
	if s == "" || slices.Contains(list, s) {
		return list
	}
	return append(list, s)
}
