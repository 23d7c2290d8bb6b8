package intent

import "fmt"

// RecipeStrict means that workloads take connections of the mesh only: mutual TLS
// with a certificate of the mesh, by a PeerAuthentication. Such an intent has a scope
// (a namespace, the mesh, or the workloads of a selector) and no host.
const RecipeStrict Recipe = "strict"

// PortMode is an exception of a strict intent: the mode of one container port.
type PortMode struct {
	Port int    `json:"port"` // of the container, never of a Service
	Mode string `json:"mode"` // as PeerAuthentication spells it
}

// Modes of PeerAuthentication for a port.
const (
	InboundStrict     = "STRICT"
	InboundPermissive = "PERMISSIVE"
	InboundDisable    = "DISABLE"
)

// InboundMode is the mode that the intent wants for a container port.
func (i Intent) InboundMode(port int) string {
	for _, p := range i.PortModes {
		if p.Port == port {
			return p.Mode
		}
	}
	return InboundStrict
}

// ScopeRank orders strict intents by how specific they are: the mesh, a namespace,
// some workloads. The more specific one counts for a workload.
func (i Intent) ScopeRank() int {
	switch {
	case i.Mesh:
		return 0
	case len(i.Workload) == 0:
		return 1
	}
	return 2
}

// checkStrict is Validate for this recipe. What the scope may not have follows
// Istio's webhook (pkg/config/validation, ValidatePeerAuthentication).
func (i Intent) checkStrict(p *problems) {
	if i.Host != "" || len(i.Ports) > 0 || i.CA.Kind != CAUnset || i.Mode != ModeUnset {
		p.add("host", "", "an intent of recipe %s has no host, ports, mode or CA: it is about what workloads accept", RecipeStrict)
	}
	for _, key := range sortedKeys(i.Workload) {
		if err := checkLabel(key, i.Workload[key]); err != nil {
			p.add("workload", "TARGET", "%w", err)
		}
	}
	if i.Mesh && len(i.Workload) > 0 {
		p.add("workload", "TARGET", "a policy for the mesh is for every workload: leave one of the two out")
	}
	if len(i.PortModes) > 0 && len(i.Workload) == 0 {
		p.add("portModes", "--port", "Istio takes modes of ports in a policy for some workloads only: name the workload, for example deploy/web")
	}
	seen := map[int]bool{}
	for n, m := range i.PortModes {
		field := fmt.Sprintf("portModes[%d]", n)
		if m.Port < 1 || m.Port > 65535 {
			p.add(field+".port", "--port", "%d is not from 1 to 65535", m.Port)
		}
		if seen[m.Port] {
			p.add(field+".port", "--port", "%d stands twice", m.Port)
		}
		seen[m.Port] = true
		if m.Mode != InboundStrict && m.Mode != InboundPermissive && m.Mode != InboundDisable {
			p.add(field+".mode", "--port", "%q is unknown: valid are %s, %s, %s", m.Mode, InboundStrict, InboundPermissive, InboundDisable)
		}
	}
}
