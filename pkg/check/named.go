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

// takes finds the cluster that calls to a host take which has none of its own: the closest of those whose host covers it.
func (in Input) takes(host string, port int) *facts.Upstream {
	var best *facts.Upstream
	length := 0
	for i := range in.Proxy.Upstreams {
		u := &in.Proxy.Upstreams[i]
		if u.Direction == "inbound" || u.Host == "" || u.Subset != "" {
			continue
		}
		if strings.EqualFold(u.Host, host) {
			return nil
		}
		if n := coveredBy(u, host); n > length && (port == 0 || u.Port == port) {
			best, length = u, n
		}
	}
	return best
}

// coveredBy gives the length of the name of the upstream that a host fits, 0 for none. TCP of a headless service has no
// routes, but its cluster learns the address from the connection to a pod.
func coveredBy(u *facts.Upstream, host string) int {
	names := append([]string{u.Host}, u.Names...)
	if u.Type == "ORIGINAL_DST" {
		names = append(names, "*."+u.Host)
	}
	longest := 0
	for _, n := range names {
		end, wild := strings.CutPrefix(n, "*")
		if strings.EqualFold(n, host) || wild && len(host) > len(end) && strings.EqualFold(host[len(host)-len(end):], end) {
			longest = max(longest, len(n))
		}
	}
	return longest
}
