package check

import (
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
		if subset == "" && strings.EqualFold(it.Host, host) && hasPort(*it, port) && in.covers(*it) {
			return it
		}
	}
	return nil
}

func hasPort(it intent.Intent, port int) bool {
	return slices.ContainsFunc(it.Ports, func(p intent.Port) bool { return p.Number == port })
}

// covers tells whether an intent is meant for the workload that was read: it is
// visible in its namespace and its selector matches the pod's labels.
func (in Input) covers(it intent.Intent) bool {
	ns := in.client().Namespace
	visible := len(it.ExportTo) == 0
	for _, e := range it.ExportTo {
		visible = visible || e == "*" || e == ns || (e == "." && ns == it.Namespace)
	}
	for k, v := range it.Workload {
		if in.Proxy.Target.Labels[k] != v {
			return false
		}
	}
	return visible
}

// absent gives a subject for each host that an intent or --to names and that
// the proxy has no cluster for.
func (in Input) absent(have []Subject) []Subject {
	var out []Subject
	add := func(host string, port int, why string, it *intent.Intent) {
		for _, s := range slices.Concat(have, out) {
			if strings.EqualFold(s.Host, host) && (port == 0 || s.Port == port) {
				return
			}
		}
		s := Subject{Cluster: fmt.Sprintf("outbound|%d||%s", port, host), Host: host, Port: port, Meant: true, Why: why, Intent: it}
		if in.Config != nil {
			s.Decision = in.Config.Effective(in.client(), host, port, "")
		}
		out = append(out, s)
	}
	for _, t := range in.To {
		add(t.Host, t.Port, "named by --to "+t.String(), in.intentOf(t.Host, t.Port, ""))
	}
	if len(in.To) > 0 {
		return out
	}
	for i := range in.Intents {
		it := &in.Intents[i]
		for _, p := range it.Ports {
			if in.covers(*it) {
				add(it.Host, p.Number, "intent "+it.Namespace+"/"+it.Name, it)
			}
		}
	}
	return out
}
