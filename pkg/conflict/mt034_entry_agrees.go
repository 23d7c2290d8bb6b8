package conflict

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// entryAgrees: other ServiceEntries for the host. A client takes those of its own
// namespace and then none of another one, so that a new entry can hide ports that
// others gave (istio pilot/pkg/model/sidecar.go, selectServices).
func entryAgrees() *Conflict {
	return &Conflict{
		ID: "MT034", Name: "entry-agrees",
		Doc: "no other ServiceEntry of the host says other than the plan's, the plan's hides none, and the host is no Service's short name",
		Find: func(in Input) []check.Finding {
			out := in.hiddenEntries()
			for _, mine := range in.Plan.Services {
				for _, s := range in.others().Services {
					if short(s, mine.Hosts) {
						out = append(out, fail(s.Object.String(), fmt.Sprintf("%s is a name of %s: an entry for it would stand beside the Service, and sidecars of other namespaces would call either", mine.Hosts[0], s.Object),
							"this recipe is for hosts outside the mesh; inside it mutual TLS of the mesh is there already: kubectl mesh-tls status svc/"+s.Object.Name+" -n "+s.Object.Namespace))
					}
					if s.Object.Kind == "ServiceEntry" && slices.ContainsFunc(mine.Hosts, func(h string) bool { return slices.Contains(s.Hosts, h) }) {
						out = append(out, in.entries(mine, s)...)
					}
				}
			}
			return out
		},
	}
}

// short tells whether one of the hosts is a name under which pods of the cluster find a Service: NAME.NAMESPACE, with .svc and
// the cluster's domain behind it or not. Istio answers to all of them (pilot/pkg/networking/core/httproute.go, generateAltVirtualHosts).
func short(s facts.Service, hosts []string) bool {
	name := s.Object.Name + "." + s.Object.Namespace
	return s.Object.Kind == "Service" && slices.ContainsFunc(hosts, func(h string) bool {
		return h == name || h == name+".svc" || slices.Contains(s.Hosts, h)
	})
}

func (in Input) entries(mine, s facts.Service) []check.Finding {
	var shared, odd, hidden []string
	for _, p := range s.Ports {
		n := slices.IndexFunc(mine.Ports, func(q facts.Port) bool { return q.Number == p.Number })
		switch {
		case n < 0:
			hidden = append(hidden, fmt.Sprint(p.Number))
		case !strings.EqualFold(mine.Ports[n].Protocol, p.Protocol):
			odd = append(odd, fmt.Sprintf("port %d is %s there and %s in the plan", p.Number, p.Protocol, mine.Ports[n].Protocol))
			fallthrough
		default:
			shared = append(shared, fmt.Sprint(p.Number))
		}
	}
	host := mine.Hosts[0]
	if s.Object.Namespace == mine.Object.Namespace {
		if len(shared) == 0 {
			return nil // entries of one namespace add up port by port
		}
		f := alreadyThere(s.Object, host, in.Intent.Name, s.Owner)
		if len(odd) > 0 {
			f.Got = strings.Join(odd, "; ")
		}
		return []check.Finding{f}
	}
	if !sees(mine.Object.Namespace, s.Object, s.ExportTo) {
		return nil
	}
	var out []check.Finding
	if len(odd) > 0 {
		out = append(out, warn(s.Object.String(), fmt.Sprintf("%s names %s too, and they disagree: %s; clients outside namespace %s may get either", s.Object, host, strings.Join(odd, "; "), mine.Object.Namespace),
			"give both the same protocol, or keep the other one out of sight by its exportTo"))
	}
	if len(hidden) > 0 {
		f := warn(s.Object.String(), fmt.Sprintf("the plan's ServiceEntry hides %s from namespace %s: port %s of %s is no longer known there, because sidecars take a host from their own namespace or from another, never both",
			s.Object, mine.Object.Namespace, strings.Join(hidden, ", "), host), fmt.Sprintf("add these ports in namespace %s: a ServiceEntry for %s with port %s", mine.Object.Namespace, host, strings.Join(hidden, ", ")))
		if mode, _ := in.outbound(); mode == facts.OutboundRegistry {
			f.Outcome, f.Summary = check.Fail, f.Summary+"; and where only registered hosts are let through (REGISTRY_ONLY) calls to it are refused"
		}
		out = append(out, f)
	}
	return out
}

// outbound is the mode for the intent's clients, and the object of the Sidecar that says
// it; "" where that is the mesh's configuration.
func (in Input) outbound() (mode, object string) {
	for _, c := range in.clients() {
		if side := in.Steering.SidecarOf(c.Client, in.There.RootNamespace); c.ours && side != nil && side.Outbound != "" {
			return side.Outbound, side.Object.String()
		}
	}
	return in.Outbound, ""
}
