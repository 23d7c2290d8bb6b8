package check

import (
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// Named is what the user asked about, with the host whose cluster takes the calls in place of another name of it: a pod of
// a headless service, an alias (ExternalName), a host that a ServiceEntry covers by a wildcard.
func (in Input) Named() []To {
	out := slices.Clone(in.To)
	for i, t := range out {
		if u := in.takes(t.Host, t.Port); u != nil && t.Subset == "" {
			out[i].Host, out[i].As = u.Host, t.Host
		}
	}
	return out
}

// Lost tells whether something that is to be judged has no cluster among those that were read: one of another name may
// take its calls.
func (in Input) Lost() bool {
	return slices.ContainsFunc(Subjects(in), func(s Subject) bool { return s.Meant && s.Serving() == nil })
}

// NameOf is the name that HTTP calls to a subject carry, and by that the one which the sidecar sends and checks: what its
// routes give them, else its host, and of a wildcard the host that the user asked about; "" where nothing tells.
func (in Input) NameOf(s Subject) string {
	if u := s.Serving(); u != nil && u.Authority != "" {
		return u.Authority
	}
	if !strings.HasPrefix(s.Host, "*") {
		return s.Host
	}
	name := ""
	for _, t := range in.To {
		switch {
		case !strings.EqualFold(t.Host, s.Host) || t.Port != 0 && t.Port != s.Port:
		case t.As == "" || strings.HasPrefix(t.As, "*") || name != "" && name != t.As:
			return ""
		default:
			name = t.As
		}
	}
	return name
}

// takes finds the cluster that calls to a host take which has none of its own: the closest of those whose host covers it.
func (in Input) takes(host string, port int) *facts.Upstream {
	return in.coverage().takes(host, port)
}

// coverage knows which calls the clusters of a proxy take, for many questions.
type coverage struct {
	hosts map[string]bool              // that have a cluster of their own
	exact map[string][]*facts.Upstream // by other names
	wild  []wildName
}

type wildName struct {
	end string // what follows the star
	of  *facts.Upstream
}

func (in Input) coverage() coverage {
	c := coverage{hosts: map[string]bool{}, exact: map[string][]*facts.Upstream{}}
	for i := range in.Proxy.Upstreams {
		if u := &in.Proxy.Upstreams[i]; u.Direction != "inbound" && u.Host != "" && u.Subset == "" {
			c.add(u)
		}
	}
	return c
}

// add: TCP of a headless service has no routes, but its cluster learns the address from the connection to a pod.
func (c *coverage) add(u *facts.Upstream) {
	names := u.Names
	if u.Type == "ORIGINAL_DST" {
		names = append([]string{"*." + u.Host}, names...)
	}
	if name, namespace, service := ServiceName(u.Host); service { // as the pod's resolver completes it (search svc.cluster.local)
		names = append([]string{name + "." + namespace, name + "." + namespace + ".svc"}, names...)
	}
	if strings.HasPrefix(u.Host, "*") {
		names = append([]string{u.Host}, names...)
	}
	c.hosts[strings.ToLower(u.Host)] = true
	for _, n := range names {
		n = strings.ToLower(n)
		if end, wild := strings.CutPrefix(n, "*"); wild {
			c.wild = append(c.wild, wildName{end, u})
		} else {
			c.exact[n] = append(c.exact[n], u)
		}
	}
}

// takes: the longest name counts, and of several the first cluster.
func (c coverage) takes(host string, port int) *facts.Upstream {
	host = strings.ToLower(host)
	if c.hosts[host] {
		return nil
	}
	for _, u := range c.exact[host] {
		if port == 0 || u.Port == port {
			return u
		}
	}
	var best wildName
	for _, w := range c.wild {
		if len(w.end) > len(best.end) && len(host) > len(w.end) && strings.HasSuffix(host, w.end) && (port == 0 || w.of.Port == port) {
			best = w
		}
	}
	return best.of
}
