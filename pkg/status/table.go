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
	for _, s := range in.Seen {
		if !s.Client || s.Proxy == nil {
			continue
		}
		c := client{seen: s, subjects: map[key]check.Subject{}}
		c.input = check.Input{Proxy: s.Proxy, Config: in.Config, Intents: in.Intents, Now: in.Now, Warn: in.Warn}
		for _, sub := range check.Subjects(c.input) {
			if sub.Serving() != nil && sub.Host != "" {
				c.subjects[key{sub.Host, sub.Port, sub.Subset}] = sub
			}
		}
		out = append(out, c)
	}
	return out
}

// subsets lists those of which a client has a cluster; "" is always there.
func (t *table) subsets(host string, port int) []string {
	out := []string{""}
	for _, c := range t.clients {
		for k := range c.subjects {
			if k.host == host && k.port == port && !slices.Contains(out, k.subset) {
				out = append(out, k.subset)
			}
		}
	}
	slices.Sort(out)
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
