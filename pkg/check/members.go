package check

import (
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// member is one of the clusters that the subject chooses among, as what the subject is wanted to be. One that chooses among
// others itself is not followed.
func (in Input) member(s Subject, name string) (Subject, bool) {
	i := slices.IndexFunc(in.Proxy.Upstreams, func(u facts.Upstream) bool { return u.Cluster == name && u.State != facts.StateWarming })
	if i < 0 || len(in.Proxy.Upstreams[i].Members) > 0 {
		return Subject{}, false
	}
	u := &in.Proxy.Upstreams[i]
	m := Subject{Cluster: u.Cluster, Host: u.Host, Port: u.Port, Subset: u.Subset, Active: u}
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
