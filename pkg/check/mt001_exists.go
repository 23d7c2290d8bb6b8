package check

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// upstreamExists: MT001.
func upstreamExists() *Check {
	return &Check{
		ID: "MT001", Name: "upstream-exists",
		Doc:   "the sidecar has an active cluster for the upstream",
		Needs: []facts.Fact{facts.FactClusters},
		Upstream: func(in Input, s Subject) []Finding {
			switch {
			case s.Active != nil:
				return ok("the sidecar has the cluster")
			case in.Proxy.Starting:
				return one(Finding{Outcome: Unknown, Summary: "the proxy is starting: it has no configuration yet", Got: "server.state INITIALIZING", Want: "a proxy that is LIVE", Fix: in.again(s, "")})
			case s.Warming != nil:
				return one(Finding{Outcome: Fail, Summary: "the cluster is not in use yet: it waits for a secret or an address, calls to it fail",
					Got: "only a warming version of the cluster", Want: "an active cluster",
					Fix: "kubectl get events -A --field-selector reason=Failed   # then verify again"})
			}
			if s.Intent == nil && len(in.To) == 0 {
				return one(ruleWithoutCluster(in, s))
			}
			return one(in.unknownHost(s))
		},
	}
}

// unknownHost is of an upstream that somebody named, or an intent is for, and the proxy has no cluster for.
func (in Input) unknownHost(s Subject) Finding {
	if in.Proxy.Foreign() && s.Intent == nil {
		return Finding{Outcome: Unknown, Summary: "which cluster takes calls to " + strings.TrimSuffix(hostPort(s), ":0") + " is not known: clusters of another control plane than Istio have names of its own",
			Got: "no cluster of that name, and none with an endpoint of that name", Want: "the name of a cluster, or of one of its endpoints", Fix: "kubectl mesh-tls verify --dump DUMP --all   # in place of --to: every cluster that has TLS"}
	}
	f := Finding{Outcome: Fail, Summary: fmt.Sprintf("the sidecar does not know %s: its calls %s", hostPort(s), in.unknownCalls()),
		Got: "no cluster for this host and port", Want: s.Why + " to take effect"}
	f.Fix, f.Object = in.register(s)
	if ports := in.portsOf(s.Host); len(ports) > 0 {
		f.Got += ": the sidecar has the host for port " + strings.Join(ports, ", ")
	}
	if _, _, service := ServiceName(s.Host); service {
		f.Fix = "kubectl get services,sidecars.networking.istio.io -A   # is there such a Service, and does a Sidecar of the client's namespace hide it?"
	}
	if s.Port == 0 {
		f.Summary = fmt.Sprintf("the sidecar does not know %s: its calls %s", s.Host, in.unknownCalls())
	}
	if _, err := netip.ParseAddr(s.Host); err == nil && s.Intent == nil {
		return in.byAddress(s, f)
	}
	if s.Intent == nil && !strings.Contains(s.Host, ".") {
		return in.shortName(s, f)
	}
	return f
}

// portsOf gives the ports for which the proxy has clusters of a host.
func (in Input) portsOf(host string) []string {
	var ports []string
	for _, u := range in.Proxy.Upstreams {
		if p := strconv.Itoa(u.Port); u.Host == host && u.Port != 0 && !slices.Contains(ports, p) {
			ports = append(ports, p)
		}
	}
	return ports
}

// byAddress is for an address: clusters have names of hosts, and a listener, for one address or for all, decides which of
// them takes a call to an address.
func (in Input) byAddress(s Subject, f Finding) Finding {
	f.Outcome, f.Summary = Unknown, s.Host+" is an address, and clusters have names: which of them takes calls to it is not known"
	f.Want, f.Fix = "the name of the host", ""
	if t := in.Proxy.Target; t.Pod != "" {
		f.Fix = fmt.Sprintf("kubectl mesh-tls verify pod/%s -n %s --all   # or --to the host's name", t.Pod, t.Namespace)
	}
	return f
}

// shortName is for a name that only the pod's resolver completes: calls to a service by it take the cluster of the whole name.
func (in Input) shortName(s Subject, f Finding) Finding {
	f.Outcome, f.Summary = Unknown, s.Host+" is a short name: no cluster has it, and which host the pod's resolver makes of it is not known"
	f.Want, f.Fix = "the whole name of the host, or --to svc/"+s.Host, ""
	if t := in.Proxy.Target; t.Pod != "" {
		f.Fix = fmt.Sprintf("kubectl mesh-tls verify pod/%s -n %s --to svc/%s", t.Pod, t.Namespace, s.Host)
	}
	return f
}
