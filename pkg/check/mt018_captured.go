package check

import (
	"slices"
	"strconv"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// Annotations by which a pod takes traffic out of its sidecar's hands (istio:
// pkg/config/annotation, tools/istio-iptables).
const (
	excludePorts  = "traffic.sidecar.istio.io/excludeOutboundPorts"
	excludeRanges = "traffic.sidecar.istio.io/excludeOutboundIPRanges"
	includeRanges = "traffic.sidecar.istio.io/includeOutboundIPRanges"
	includePorts  = "traffic.sidecar.istio.io/includeOutboundPorts" // captured whatever the address
	interception  = "sidecar.istio.io/interceptionMode"
	noInterfaces  = "traffic.sidecar.istio.io/excludeInterfaces"
)

// trafficCaptured: MT018.
func trafficCaptured() *Check {
	return &Check{
		ID: "MT018", Name: "traffic-captured",
		Doc:   "the pod sends its traffic to the upstream through its sidecar, and nothing in its environment leads HTTP calls to a proxy instead",
		Needs: []facts.Fact{facts.FactClusters},
		Applies: func(in Input, s Subject) bool {
			return s.Serving() != nil && in.Proxy.Target.Annotations != nil && in.Proxy.Node.Kind != facts.NodeRouter
		},
		Upstream: func(in Input, s Subject) []Finding {
			f := captured(in, s)
			if f.Outcome == OK {
				return ok("the sidecar captures the traffic")
			}
			return one(f)
		},
	}
}

// captured follows tools/istio-iptables: ports first, then addresses.
func captured(in Input, s Subject) Finding {
	a := in.Proxy.Target.Annotations
	f := Finding{Outcome: Fail, Want: "traffic that the sidecar captures"}
	because := func(key, summary string) Finding {
		f.Summary, f.Got, f.Fix = summary, steeredBy(in.Proxy.Target, key), in.recapture(key)
		return f
	}
	named := func(list string) bool {
		return slices.ContainsFunc(dialled(s), func(port string) bool { return slices.Contains(words(list), port) })
	}
	only, limited := a[includeRanges]
	switch {
	case len(in.Proxy.Target.ProxyUser) > 0:
		f.Summary, f.Fix = "what container "+strings.Join(in.Proxy.Target.ProxyUser, ", ")+" sends goes around the sidecar, as the application sends it: it runs as the sidecar's own user", in.edit("another runAsUser and runAsGroup for the container")
		f.Got = "securityContext with the sidecar's user or group (1337)"
		return f
	case a[interception] == "NONE":
		f.Outcome = Unknown
		return because(interception, "the sidecar captures nothing: only what the application sends to it by name is TLS")
	case slices.Contains(words(a[noInterfaces]), mainInterface):
		return because(noInterfaces, "the pod's traffic goes around its sidecar, as the application sends it")
	case named(a[excludePorts]):
		return because(excludePorts, "the pod's traffic to this port goes around its sidecar, as the application sends it")
	}
	if n, of, sure := inRanges(in, a[excludeRanges], s); n > 0 {
		return because(excludeRanges, "the pod's traffic to this address goes around its sidecar, as the application sends it").unless(sure || n == of)
	}
	n, of, sure := inRanges(in, only, s)
	switch {
	case !limited || named(a[includePorts]) || n == of && of > 0:
		return throughProxy(in, s)
	case strings.TrimSpace(only) == "":
		return because(includeRanges, "the pod's sidecar captures no address: traffic goes around it, as the application sends it")
	}
	return because(includeRanges, "the pod's sidecar captures other addresses only: traffic to this one goes around it").unless(of > 0 && (sure || n == 0))
}

// unless makes a failure a doubt where it is not sure: some addresses of the host are meant, others are not.
func (f Finding) unless(sure bool) Finding {
	if !sure {
		f.Outcome, f.Summary = Unknown, "whether the sidecar captures the calls hangs on the address that the application gets for the host: "+f.Summary
	}
	return f
}

// dialled are the ports that applications dial to get to the upstream: its own, except
// where it is a gateway's, and those that an intent leads to it.
func dialled(s Subject) []string {
	if s.Intent == nil {
		return []string{strconv.Itoa(s.Port)}
	}
	var out []string
	if !s.Intent.LeadsToGateway() {
		out = []string{strconv.Itoa(s.Port)}
	}
	for _, p := range s.Intent.Ports {
		if _, led := s.Intent.RoutedFrom(p.Number); led {
			out = append(out, strconv.Itoa(p.Number))
		}
	}
	return out
}
