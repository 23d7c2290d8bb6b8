package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// intentOf returns the intent that covers this host and port for the proxy's
// workload, or nil.
func (in Input) intentOf(host string, port int, subset string) *intent.Intent {
	for i := range in.Intents {
		it := &in.Intents[i]
		if it.Subset == subset && strings.EqualFold(it.Host, host) && slices.Contains(it.TLSPorts(), port) && in.Covers(*it) {
			return it
		}
	}
	return nil
}

// Covers tells whether an intent is meant for the workload that was read: it is
// visible in its namespace and its selector matches the pod's labels. An egress gateway
// is no client of itself, where both are in one namespace.
func (in Input) Covers(it intent.Intent) bool {
	ns := in.client().Namespace
	if it.LeadsToGateway() && ns == it.Namespace && hasLabels(in.Proxy.Target.Labels, it.Through.Workload) {
		return false
	}
	visible := len(it.ExportTo) == 0
	for _, e := range it.ExportTo {
		visible = visible || e == "*" || e == ns || (e == "." && ns == it.Namespace)
	}
	return visible && hasLabels(in.Proxy.Target.Labels, it.Workload)
}

// hasLabels tells whether labels have all that a selector asks for.
func hasLabels(labels, selector map[string]string) bool {
	for k, v := range selector {
		if got, there := labels[k]; !there || got != v {
			return false
		}
	}
	return true
}

// Routed tells whether an intent leads the workload's calls to this port of the host to
// another port's cluster: that one is judged in its place.
func (in Input) Routed(host string, port int) (to int, yes bool) {
	for _, it := range in.Intents {
		if to, yes = it.RoutedFrom(port); yes && strings.EqualFold(it.Host, host) && in.Covers(it) {
			return to, true
		}
	}
	return 0, false
}

// inSubset tells whether an intent covers this port of the host by TLS in a subset, and
// in which: the host's other clusters of that port are for the application's own TLS.
func (in Input) inSubset(host string, port int) string {
	for _, it := range in.Intents {
		if it.Subset != "" && strings.EqualFold(it.Host, host) && slices.Contains(it.TLSPorts(), port) && in.Covers(it) {
			return it.Subset
		}
	}
	return ""
}

// absent gives a subject for each host that an intent or --to names and that
// the proxy has no cluster for.
func (in Input) absent(have []Subject) []Subject {
	var out []Subject
	add := func(host string, port int, subset, why string) {
		same := func(s Subject) bool {
			return strings.EqualFold(s.Host, host) && (port == 0 || s.Port == port && s.Subset == subset || s.Port == port && subset == "")
		}
		if slices.ContainsFunc(have, same) || slices.ContainsFunc(out, same) {
			return
		}
		s := Subject{Cluster: fmt.Sprintf("outbound|%d|%s|%s", port, subset, host), Host: host, Port: port, Subset: subset, Meant: true, Why: why, Intent: in.intentOf(host, port, subset)}
		if in.Config != nil {
			s.Decision = in.rules().Effective(in.client(), host, port, subset)
		}
		out = append(out, s)
	}
	for _, t := range in.To {
		if in.foreign && slices.ContainsFunc(have, func(s Subject) bool { return s.Serving().Reaches(t.Host, t.Port) }) {
			continue
		}
		port := t.Port
		if to, routed := in.Routed(t.Host, t.Port); routed {
			port = to
		}
		if port == 0 { // every port of the host: those where an intent wants TLS must be there
			for _, it := range in.Intents {
				if it.Subset != "" && strings.EqualFold(it.Host, t.Host) && in.Covers(it) {
					add(t.Host, it.TLSPort, it.Subset, "--to "+t.String())
				}
			}
		}
		add(t.Host, port, cmp.Or(t.Subset, in.inSubset(t.Host, port)), "--to "+t.String())
	}
	if len(in.To) > 0 {
		return out
	}
	for i := range in.Intents {
		it := &in.Intents[i]
		for _, port := range it.TLSPorts() {
			if in.Covers(*it) {
				add(it.Host, port, it.Subset, "intent "+it.Namespace+"/"+it.Name)
			}
		}
	}
	return append(out, in.void(slices.Concat(have, out))...)
}
