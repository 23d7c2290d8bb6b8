package facts

import "time"

// Steering is what the objects say that lead calls elsewhere or hide hosts, beside the
// rules and services of Config.
type Steering struct {
	Routes   []Route
	Sidecars []Sidecar
	Gateways []Gateway
	Problems []string // objects that could not be understood whole, in plain words
}

// Route is one VirtualService.
type Route struct {
	Object   Ref
	Hosts    []string
	Mesh     bool // sidecars use it: it names the gateway mesh, or none
	ExportTo []string
	To       []Destination
	Created  time.Time
	Owner    string // the intent that made it (our label), "" for others
}

// Destination is one place where a Route leads calls. Port 0 is the port that was dialled.
type Destination struct {
	From   []int // ports that the route is for; none: every one
	Host   string
	Subset string
	Port   int
}

// Sidecar is one Sidecar resource: what its workloads see of the mesh.
type Sidecar struct {
	Object   Ref
	Selector map[string]string // nil: the whole namespace, in the root namespace the mesh's default
	Limits   bool              // egress hosts are listed, so that all others are hidden
	Hosts    []string          // NAMESPACE/HOST of every egress listener
	Outbound string            // mode of outboundTrafficPolicy, "" when the mesh's counts
	Created  time.Time
}

// Gateway is one server of a Gateway: a port that it opens.
type Gateway struct {
	Object   Ref
	Selector map[string]string
	Port     int
	Hosts    []string // without their namespaces
	Mode     string   // of tls, "" without
	SANs     []string
	Owner    string
}

// Modes of outboundTrafficPolicy.
const (
	OutboundAny      = "ALLOW_ANY"
	OutboundRegistry = "REGISTRY_ONLY"
)

// SidecarOf finds the Sidecar resource that counts for a client, nil for none: one that
// selects it, else the namespace's, else that of the root namespace without a selector;
// of several the oldest (istio pilot/pkg/model/push_context.go, getSidecarScope and
// initSidecarScopes).
func (s *Steering) SidecarOf(c Client, root string) *Sidecar {
	var best *Sidecar
	rank := 0
	for n := range s.Sidecars {
		side := &s.Sidecars[n]
		here := side.Object.Namespace == c.Namespace
		r := 0
		switch {
		case here && len(side.Selector) > 0 && subsetOf(side.Selector, c.Labels):
			r = 3
		case here && len(side.Selector) == 0:
			r = 2
		case side.Object.Namespace == root && len(side.Selector) == 0:
			r = 1
		}
		if r > rank || r == rank && r > 0 && side.Created.Before(best.Created) {
			best, rank = side, r
		}
	}
	return best
}
