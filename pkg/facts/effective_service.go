package facts

import (
	"slices"
	"strings"
)

// serviceNamespace gives the namespace of the service that a client's sidecar
// takes for a host: one of its own namespace, else a Kubernetes Service, else the
// one that is private to or exported to it, else the oldest (istio
// pilot/pkg/model/sidecar.go, selectServices). "" when none is known.
func (c *Config) serviceNamespace(client, host string) string {
	best := -1
	for n, s := range c.Services {
		if !slices.Contains(s.Hosts, host) || !s.VisibleTo(client) {
			continue
		}
		if best < 0 || s.before(c.Services[best], client) {
			best = n
		}
	}
	if best >= 0 {
		return c.Services[best].Object.Namespace
	}
	// The Services may not have been read; their names tell the namespace.
	parts := strings.SplitN(host, ".", 3)
	if len(parts) == 3 && parts[2] == "svc."+clusterDomain {
		return parts[1]
	}
	return ""
}

// VisibleTo tells whether exportTo lets the clients of a namespace see the host.
func (s Service) VisibleTo(ns string) bool {
	if len(s.ExportTo) == 0 {
		return true
	}
	return containsAny(s.ExportTo, "*", ns) || s.Object.Namespace == ns && slices.Contains(s.ExportTo, ".")
}

func (s Service) before(o Service, client string) bool {
	if a, b := s.Object.Namespace == client, o.Object.Namespace == client; a != b {
		return a
	}
	if a, b := s.Object.Kind == "Service", o.Object.Kind == "Service"; a != b {
		return a
	}
	if a, b := s.public(), o.public(); a != b {
		return !a
	}
	return s.Created.Before(o.Created)
}

func (s Service) public() bool { return len(s.ExportTo) == 0 || slices.Contains(s.ExportTo, "*") }
