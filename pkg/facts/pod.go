package facts

// Pod is one running pod, with a proxy of its own or without.
type Pod struct {
	Target         Target // Container is "" where the pod has no proxy
	IPs            []string
	Ports          map[string]int // container ports by name; unnamed ones by their number
	ServiceAccount string
	Owner          Ref // the workload that runs it; zero without one
	Ready          bool
	Ambient        bool // ztunnel does for it what a sidecar would
	Probes         []AppProbe
}

// Proxied tells whether the pod has a proxy of its own.
func (p Pod) Proxied() bool { return p.Target.Container != "" }

// PortOf gives the container port that a Service's port leads to in this pod; 0
// when it is named and the pod declares no such name.
func (p Pod) PortOf(port Port) int {
	if port.Target == 0 && port.TargetName != "" {
		return p.Ports[port.TargetName]
	}
	return port.Target
}

// Dialled is a port of the Service as its pods get it. The name of a headless one gives their own addresses: what
// arrives is the port that was called, whatever targetPort says.
func (s Service) Dialled(port Port) Port {
	if s.Exposure.Headless {
		port.Target, port.TargetName = port.Number, ""
	}
	return port
}

// Missed is the container port that a Service's port leads to in this pod, where calls get to another port instead that the
// pod does not declare; 0 where they get there, or to one of the pod's own.
func (p Pod) Missed(port Port, dialled int) int {
	said := p.PortOf(port)
	for _, declared := range p.Ports {
		if declared == dialled {
			return 0
		}
	}
	if said == dialled {
		return 0
	}
	return said
}

// Has tells whether the pod has the address (an IP without a port).
func (p Pod) Has(ip string) bool {
	for _, own := range p.IPs {
		if own == ip {
			return true
		}
	}
	return false
}

// Picks tells whether the Service's selector picks the pod. A Service without a
// selector picks none: its endpoints are named by hand.
func (s Service) Picks(p Pod) bool {
	return len(s.Selector) > 0 && s.Object.Namespace == p.Target.Namespace && subsetOf(s.Selector, p.Target.Labels)
}
