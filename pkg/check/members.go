package check

import (
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

const (
	maxMembers  = 16   // of one cluster; of more nothing is judged
	maxChoosing = 1000 // clusters that choose, in one proxy
)

// behind are the clusters of one proxy that others choose among, by name; nil where none does.
type behind struct {
	of  *facts.Proxy
	all map[string]Subject
}

// membersOf finds what the proxy's clusters choose among. A cluster that chooses among others itself is not followed.
func membersOf(p *facts.Proxy) *behind {
	b, choosing := &behind{of: p, all: map[string]Subject{}}, 0
	for i := range p.Upstreams {
		if list := p.Upstreams[i].Members; len(list) > 0 && len(list) <= maxMembers {
			choosing++
			for _, m := range list {
				b.all[m] = Subject{}
			}
		}
	}
	if choosing == 0 || choosing > maxChoosing { // of more nothing is judged
		b.all = nil
		return b
	}
	for i := range p.Upstreams {
		u := &p.Upstreams[i]
		s, named := b.all[u.Cluster]
		if !named || len(u.Members) > 0 {
			continue
		}
		s.Cluster, s.Host, s.Port, s.Subset = u.Cluster, u.Host, u.Port, u.Subset
		if u.State == facts.StateWarming {
			s.Warming = u
		} else {
			s.Active = u
		}
		b.all[u.Cluster] = s
	}
	return b
}

// member is one of the clusters that the subject chooses among, as what the subject is wanted to be.
func (in Input) member(s Subject, name string) (Subject, bool) {
	if in.behind == nil || in.behind.of != in.Proxy {
		in.behind = membersOf(in.Proxy)
	}
	m := in.behind.all[name]
	if m.Active == nil || len(s.Serving().Members) > maxMembers {
		return Subject{}, false
	}
	in.judge(&m)
	m.Meant, m.Why = true, s.Why
	return m, true
}

// byMembers judges a cluster that makes no connections of its own by those that it chooses among: all that is judged of
// them counts, except who leads there.
func byMembers(in Input, s Subject) []Finding {
	u := s.Serving()
	worst := Finding{Outcome: OK, Summary: "the cluster chooses among others, and each of them has TLS: " + strings.Join(u.Members, ", ")}
	checks := slices.DeleteFunc(All(), func(c *Check) bool { return c.Proxy != nil || c.ID == "MT017" })
	for _, name := range u.Members {
		m, seen := in.member(s, name)
		if !seen {
			worst = worseOf(worst, Finding{Summary: "the cluster makes no connections of its own: it chooses among others, whose sockets count, and one was not seen",
				Got: u.Type + " of " + strings.Join(u.Members, ", ") + ": no " + name, Want: "TLS on each of them"})
			continue
		}
		Each(checks, in, []Subject{m}, func(_ *Subject, found []Finding) {
			for _, f := range found {
				f.Summary = "the cluster chooses among others, of which " + name + " counts, too: " + f.ID + " " + f.Summary
				worst = worseOf(worst, f)
			}
		})
	}
	return one(worst)
}
