package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// Subject is one upstream with everything that is known about why it should be
// TLS. Active is the cluster that serves (nil: none), Warming a newer version of
// it that waits.
type Subject struct {
	Cluster, Host, Subset string
	Port                  int
	Active, Warming       *facts.Upstream

	Meant bool   // somebody wants TLS here
	Why   string // who: an intent, a rule, the user, the proxy's own socket

	Intent   *intent.Intent
	Decision facts.Decision // what the DestinationRules say for this client

	used *used // while the subject is judged: every check asks for it; nil: it is looked up
}

// Serving is the upstream to describe: the active one, else the one that waits.
func (s Subject) Serving() *facts.Upstream {
	if s.Active != nil {
		return s.Active
	}
	return s.Warming
}

// InEffect returns the sockets that connections to the subject use, each once.
// known is false when the endpoints decide and were not seen. Nobody changes them.
func (s Subject) InEffect() (sockets []facts.Socket, known bool) {
	if s.used != nil {
		return s.used.sockets, s.used.known
	}
	u := s.Serving()
	if u == nil {
		return nil, false
	}
	if len(u.Matches) == 0 {
		return []facts.Socket{u.Socket}, true
	}
	if !u.EndpointsKnown {
		return nil, false
	}
	return u.InUse(), true
}

// TLSSockets returns the TLS contexts to judge: those in effect, or, where the
// endpoints are not known, every one that could be. Nobody changes them.
func (s Subject) TLSSockets() []facts.Socket {
	if s.used != nil {
		return s.used.tls
	}
	all, known := s.InEffect()
	if u := s.Serving(); !known && u != nil {
		all = u.Candidates()
	}
	if !slices.ContainsFunc(all, func(k facts.Socket) bool { return k.Kind != facts.SocketTLS }) {
		return slices.Clip(all)
	}
	return slices.DeleteFunc(slices.Clone(all), func(k facts.Socket) bool { return k.Kind != facts.SocketTLS })
}

// Subjects lists the upstreams of the proxy, and the hosts that an intent or the
// user names and the proxy does not know, sorted by name. Those that nobody meant
// to be TLS are there too, with Meant false.
func Subjects(in Input) []Subject {
	if in.Proxy == nil {
		return nil
	}
	byName := map[string]*Subject{}
	var order []string
	for i := range in.Proxy.Upstreams {
		u := &in.Proxy.Upstreams[i]
		if u.Direction == "inbound" || u.HandsOn {
			continue
		}
		s, seen := byName[u.Cluster]
		if !seen {
			s = &Subject{Cluster: u.Cluster, Host: u.Host, Port: u.Port, Subset: u.Subset}
			byName[u.Cluster] = s
			order = append(order, u.Cluster)
		}
		if u.State == facts.StateWarming {
			s.Warming = u
		} else {
			s.Active = u
		}
	}
	slices.Sort(order)
	out := make([]Subject, 0, len(order))
	in = in.Indexed()
	in.foreign = len(in.To) > 0 && in.Proxy.Foreign()
	for _, name := range order {
		s := *byName[name]
		in.judge(&s)
		out = append(out, s)
	}
	return append(out, in.absent(out)...)
}

// client is the proxy as the lookup of rules sees it.
func (in Input) client() facts.Client {
	t := in.Proxy.Target
	ns := t.Namespace
	if ns == "" {
		ns = in.Proxy.Node.Namespace
	}
	return facts.Client{Namespace: ns, Labels: t.Labels}
}

// judge fills in who means the subject to be TLS.
func (in Input) judge(s *Subject) {
	if in.Config != nil && s.Host != "" {
		s.Decision = in.rules().Effective(in.client(), s.Host, s.Port, s.Subset)
	}
	s.Intent = in.intentOf(s.Host, s.Port, s.Subset)
	asked, named := in.asked(s.Host, s.Port, s.Subset)
	if i := in.reaching(*s); i >= 0 {
		asked, named = true, in.To[i].String()
	}
	switch {
	case len(in.To) > 0 && !asked:
	case asked:
		s.Meant, s.Why = true, "--to "+named
	case s.Intent != nil:
		s.Meant, s.Why = true, "intent "+s.Intent.Namespace+"/"+s.Intent.Name
	case s.Decision.Found && wantsTLS(s.Decision.Rule) && !in.leftPlain(s.Decision.Rule):
		s.Meant, s.Why = true, s.Decision.Rule.Object.String()
	case s.Decision.Found && !wantsTLS(s.Decision.Rule) && replacedRule(*s) != nil:
		s.Meant, s.Why = true, replacedRule(*s).Rule.Object.String()
	case !s.Decision.Found && in.hiddenRule(s.Decision) != nil:
		s.Meant, s.Why = true, in.hiddenRule(s.Decision).Object.String()
	case !(s.Decision.Found && wantsTLS(s.Decision.Rule)) && unusedRule(*s) != nil:
		s.Meant, s.Why = true, unusedRule(*s).Object.String()
	case in.All && s.hasTLS():
		s.Meant, s.Why = true, "its sidecar has a TLS socket for it"
	case in.All && s.Serving().TLSAsked:
		s.Meant, s.Why = true, "a rule asked for TLS"
	case in.All && s.undecided():
		s.Meant, s.Why = true, "its socket is of a kind that is not known to be plaintext"
	}
}

// wantsTLS tells whether a rule has an opinion on TLS. DISABLE counts: somebody
// switched TLS off, which is shown and not passed over.
func wantsTLS(r facts.Rule) bool { return r.HasTLS && r.Mode != "" }

// leftPlain tells whether a DISABLE is that of an intent of recipe strict: where auto mTLS
// is off, its rule leaves plaintext to what takes nothing else.
func (in Input) leftPlain(r facts.Rule) bool {
	return r.Mode == "DISABLE" && slices.ContainsFunc(in.Intents, func(it intent.Intent) bool {
		return it.Recipe == intent.RecipeStrict && it.Name == r.Owner && it.Namespace == r.Object.Namespace
	})
}

// replacedRule finds the setting that asks for TLS to this very host, and that one which says nothing of TLS goes before:
// one for the port, which replaces the rule's whole, or another rule (istio: MergeTrafficPolicy, destinationRule).
func replacedRule(s Subject) *facts.Rejected {
	for i := range s.Decision.Rejected {
		r := &s.Decision.Rejected[i]
		here := strings.EqualFold(r.Rule.FullHost(), s.Host) && (r.Rule.Subset == "" || r.Rule.Subset == s.Subset) && (r.Rule.Port == 0 || r.Rule.Port == s.Port)
		if r.Reason == facts.ReasonOther && here && wantsTLS(r.Rule) && r.Rule.Mode != "DISABLE" {
			return r
		}
	}
	return nil
}

// unusedRule finds what asks for TLS and is refused by Istio: a BackendTLSPolicy that names no port of its Service.
func unusedRule(s Subject) *facts.Rule {
	at := slices.IndexFunc(s.Decision.Rejected, func(r facts.Rejected) bool {
		return r.Reason == facts.ReasonUnused && (r.Rule.Port == 0 || r.Rule.Port == s.Port)
	})
	if at < 0 {
		return nil
	}
	return &s.Decision.Rejected[at].Rule
}

// hiddenRule finds a rule for this host that asks for TLS and that this client
// does not see: the classic silent plaintext. One for everything, or for all
// services, is what a namespace sets for its own clients and says nothing of
// another's, unless it is in the root namespace, or the services are its own.
// An egress gateway's for its own pods is no mistake either.
func (in Input) hiddenRule(d facts.Decision) *facts.Rule {
	for i := range d.Rejected {
		r := &d.Rejected[i].Rule
		own := forAllServices(r.Host) && r.Host != "*."+r.Object.Namespace+".svc.cluster.local" && r.Object.Namespace != in.Config.RootNamespace
		if !d.Rejected[i].Reason.Hidden() || !wantsTLS(*r) || r.Mode == "DISABLE" || own || in.ofGateway(*r) {
			continue
		}
		return r
	}
	return nil
}

// forAllServices tells whether a rule's host is a wildcard for everything, or for services of the mesh.
func forAllServices(host string) bool {
	end, wild := strings.CutPrefix(host, "*")
	return wild && (end == "" || end == ".local" || end == ".cluster.local" || strings.HasSuffix(end, ".svc.cluster.local"))
}

// hasTLS tells whether connections to the subject use, or may use, a TLS socket.
// With auto mTLS the endpoints decide: where none of them takes TLS (no sidecar,
// or no endpoint at all) nobody promised any.
func (s Subject) hasTLS() bool {
	for _, u := range []*facts.Upstream{s.Active, s.Warming} {
		if u != nil && len((Subject{Active: u}).TLSSockets()) > 0 {
			return true
		}
	}
	return false
}

// undecided tells whether connections to a subject that has a cluster may use a socket that is not known to be
// plaintext. A cluster that only chooses among others is judged by those.
func (s Subject) undecided() bool {
	u := s.Serving()
	if len(u.Members) > 0 {
		return false
	}
	sockets, known := s.InEffect()
	if !known {
		sockets = u.Candidates()
	}
	for _, k := range sockets {
		if k.Kind == facts.SocketUnknown || k.Kind == facts.SocketOther {
			return true
		}
	}
	return false
}

// asked tells whether the user named the upstream. A port whose calls an intent
// leads to another cluster, or to a subset, stands for that cluster.
func (in Input) asked(host string, port int, subset string) (bool, string) {
	if len(in.To) == 0 {
		return false, ""
	}
	if i := slices.IndexFunc(in.To, func(t To) bool {
		return t.Subset != "" && t.Subset == subset && t.Port == port && strings.EqualFold(t.Host, host)
	}); i >= 0 {
		return true, in.To[i].String()
	}
	if _, away := in.Routed(host, port); away {
		return false, ""
	}
	if with := in.inSubset(host, port); with != "" && with != subset {
		return false, ""
	}
	for _, t := range in.To {
		to, routed := in.Routed(t.Host, t.Port)
		if t.Subset == "" && strings.EqualFold(t.Host, host) && (t.Port == 0 || t.Port == port || routed && to == port) {
			return true, t.String()
		}
	}
	return false, ""
}

// reaching is the place in --to of what a cluster of a foreign proxy leads to; -1 is none.
func (in Input) reaching(s Subject) int {
	u := s.Serving()
	if !in.foreign || u == nil {
		return -1
	}
	return slices.IndexFunc(in.To, func(t To) bool { return u.Reaches(t.Host, t.Port) })
}

// String gives HOST or HOST:PORT, as the user named it.
func (t To) String() string {
	host := cmp.Or(t.As, t.Host)
	if t.Port == 0 {
		return host
	}
	return fmt.Sprintf("%s:%d", host, t.Port)
}
