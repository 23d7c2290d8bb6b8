package check

import (
	"net/netip"
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
)

// trafficCaptured: MT018.
func trafficCaptured() *Check {
	return &Check{
		ID: "MT018", Name: "traffic-captured",
		Doc:   "the pod sends its traffic to the upstream through its sidecar",
		Needs: []facts.Fact{facts.FactClusters},
		Applies: func(in Input, s Subject) bool {
			return s.Serving() != nil && in.Proxy.Target.Annotations != nil && in.Proxy.Node.Kind != facts.NodeRouter
		},
		Upstream: func(in Input, s Subject) []Finding {
			a := in.Proxy.Target.Annotations
			f := Finding{Outcome: Fail, Want: "traffic that the sidecar captures", Fix: "remove the annotation from the pod's template"}
			switch {
			case len(in.Proxy.Target.ProxyUser) > 0:
				f.Summary, f.Fix = "what container "+strings.Join(in.Proxy.Target.ProxyUser, ", ")+" sends goes around the sidecar, as the application sends it: it runs as the sidecar's own user", "another runAsUser and runAsGroup for the container"
				f.Got = "securityContext with the sidecar's user or group (1337)"
			case a[interception] == "NONE":
				f.Outcome, f.Summary, f.Got = Unknown, "the sidecar captures nothing: only what the application sends to it by name is TLS", interception+": NONE"
			case slices.ContainsFunc(dialled(s), func(port string) bool { return slices.Contains(words(a[excludePorts]), port) }):
				f.Summary, f.Got = "the pod's traffic to this port goes around its sidecar, as the application sends it", excludePorts+": "+a[excludePorts]
			case inRanges(in, a[excludeRanges], s):
				f.Summary, f.Got = "the pod's traffic to this address goes around its sidecar, as the application sends it", excludeRanges+": "+a[excludeRanges]
			case a[includeRanges] != "" && !inRanges(in, a[includeRanges], s) && !slices.ContainsFunc(dialled(s), func(port string) bool { return slices.Contains(words(a[includePorts]), port) }):
				f.Summary, f.Got = "the pod's sidecar captures other addresses only: traffic to this one goes around it", includeRanges+": "+a[includeRanges]
			default:
				return ok("the sidecar captures the traffic")
			}
			return one(f)
		},
	}
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

// inRanges tells whether an address that applications dial is in one of the ranges: with a
// gateway on the way those are the host's, not the upstream's.
func inRanges(in Input, ranges string, s Subject) bool {
	if s.Intent == nil || !s.Intent.LeadsToGateway() {
		return covered(ranges, s)
	}
	return slices.ContainsFunc(in.Proxy.Upstreams, func(u facts.Upstream) bool {
		return strings.EqualFold(u.Host, s.Intent.SNI) && covered(ranges, Subject{Active: &u})
	})
}

func words(list string) []string {
	out := strings.Split(list, ",")
	for i := range out {
		out[i] = strings.TrimSpace(out[i])
	}
	return out
}

// covered tells whether an address that the upstream has is in one of the ranges.
func covered(ranges string, s Subject) bool {
	for _, r := range words(ranges) {
		if r == "*" {
			return true
		}
		prefix, err := netip.ParsePrefix(r)
		if err != nil {
			continue
		}
		for _, e := range s.Serving().Endpoints {
			if at, err := netip.ParseAddrPort(e.Address); err == nil && prefix.Contains(at.Addr()) {
				return true
			}
		}
	}
	return false
}
