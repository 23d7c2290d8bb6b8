package status

import (
	"cmp"
	"slices"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// key names a row.
type key struct {
	host   string
	port   int
	subset string
}

func (r Row) key() key { return key{r.Host, r.Port, r.Subset} }

func compare(a, b Row) int {
	return cmp.Or(cmp.Compare(a.Host, b.Host), cmp.Compare(a.Port, b.Port), cmp.Compare(a.Subset, b.Subset))
}

// table is the input with its indexes.
type table struct {
	Input
	clients []client
	subsets map[key][]string // of a host and port, those of which a client has a cluster
	peers   []check.Peer
}

// client is one sidecar with its clusters by name.
type client struct {
	seen     Seen
	subjects map[key]check.Subject
	input    check.Input
	findings map[string][]check.Finding // by cluster; made when an external row asks first
}

func clientsOf(in Input) []client {
	var out []client
	mesh := check.Input{Config: in.Config, Intents: in.Intents, Now: in.Now, Warn: in.Warn}.Indexed()
	for _, s := range in.Seen {
		if !s.Client || s.Proxy == nil {
			continue
		}
		c := client{seen: s, subjects: map[key]check.Subject{}}
		c.input = mesh
		c.input.Proxy = s.Proxy
		for _, sub := range check.Subjects(c.input) {
			if sub.Serving() != nil && sub.Host != "" {
				c.subjects[key{sub.Host, sub.Port, sub.Subset}] = sub
			}
		}
		out = append(out, c)
	}
	return out
}

func subsetsOf(clients []client) map[key][]string {
	out := map[key][]string{}
	for _, c := range clients {
		for k := range c.subjects {
			at := key{host: k.host, port: k.port}
			if k.subset != "" && !slices.Contains(out[at], k.subset) {
				out[at] = append(out[at], k.subset)
			}
		}
	}
	return out
}

// asked is what the rules ask of a client for an upstream: AUTO where none speaks of
// TLS; "" where they were not read.
func (t *table) asked(sub check.Subject) (mode string, rule facts.Ref) {
	switch {
	case t.Config == nil || t.Config.Missing[facts.FactRules] != "":
		return "", facts.Ref{}
	case !sub.Decision.Found || !sub.Decision.Rule.HasTLS || sub.Decision.Rule.Mode == "":
		return "AUTO", facts.Ref{}
	}
	return sub.Decision.Rule.Mode, sub.Decision.Rule.Object
}

// wanted tells whether somebody wants TLS on the upstream: an intent, or a rule that
// counts or would count if the client saw it.
func wanted(sub check.Subject) bool {
	return sub.Intent != nil || sub.Meant && !(sub.Decision.Found && sub.Decision.Rule.Mode == "DISABLE")
}

// add keeps a sentence once.
func (r *Row) add(why string) {
	if why != "" && !slices.Contains(r.Why, why) {
		r.Why = append(r.Why, why)
	}
}
