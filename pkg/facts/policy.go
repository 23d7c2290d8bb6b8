package facts

import (
	"cmp"
	"fmt"
	"time"
)

// Policy is one PeerAuthentication.
type Policy struct {
	Object   Ref
	Selector map[string]string // nil or empty: the whole namespace, or in the root namespace the mesh
	Mode     Mode              // ModeUnset: inherited
	Ports    map[int]Mode      // by container port
	Created  time.Time
	Owner    string // the intent that made it (our label), "" for others
}

// ModeUnset is a policy's mode that is inherited from the wider scope.
const ModeUnset Mode = "UNSET"

// PolicyDecision is the inbound mode that the policies of the cluster give a
// workload's port.
type PolicyDecision struct {
	Mode   Mode
	Object Ref    // the policy that says so; zero for Istio's default
	Why    string // a sentence: its scope, and by what it wins
}

// InboundPolicy merges the PeerAuthentications for one container port of a workload
// (port 0: every port without a mode of its own), as istiod does
// (pilot/pkg/security/authn/policy_applier.go, ComposePeerAuthentication; the
// selection in pilot/pkg/model/authentication.go): the workload's policy goes before
// the namespace's and that before the mesh's, of several at one scope the oldest
// counts, UNSET inherits, a port's mode goes before all. A policy with a selector in
// the root namespace is ignored. Without any the mode is PERMISSIVE.
func (c *Config) InboundPolicy(w Client, port int) PolicyDecision {
	d := PolicyDecision{Mode: ModePermissive, Why: "no PeerAuthentication says otherwise: Istio's default"}
	for _, scope := range policyScopes {
		p, others := oldest(c.Policies, func(p Policy) bool { return scope.has(p, w, c.RootNamespace) })
		if p == nil {
			continue
		}
		why := fmt.Sprintf("%s counts for %s", p.Object, scope.name)
		if others > 0 {
			why += fmt.Sprintf("; of %d policies there the oldest counts", others+1)
		}
		if p.Mode != ModeUnset && p.Mode != "" {
			d = PolicyDecision{Mode: p.Mode, Object: p.Object, Why: why}
		}
		if m, there := p.Ports[port]; scope.ports && there && m != ModeUnset {
			d = PolicyDecision{Mode: m, Object: p.Object, Why: why + fmt.Sprintf(", and sets port %d by itself", port)}
		}
	}
	return d
}

// WorkloadPolicy is the PeerAuthentication with a selector that counts for a workload, nil where there is none.
func (c *Config) WorkloadPolicy(w Client) *Policy {
	own := policyScopes[len(policyScopes)-1]
	p, _ := oldest(c.Policies, func(p Policy) bool { return own.has(p, w, c.RootNamespace) })
	return p
}

// policyScopes from the widest to the narrowest.
var policyScopes = []struct {
	name  string
	ports bool // modes of ports count
	has   func(p Policy, w Client, root string) bool
}{
	{"the mesh", false, func(p Policy, _ Client, root string) bool { return len(p.Selector) == 0 && p.Object.Namespace == root }},
	{"the namespace", false, func(p Policy, w Client, root string) bool {
		return len(p.Selector) == 0 && p.Object.Namespace == w.Namespace && w.Namespace != root
	}},
	{"the workload", true, func(p Policy, w Client, root string) bool {
		return len(p.Selector) > 0 && p.Object.Namespace == w.Namespace && w.Namespace != root && subsetOf(p.Selector, w.Labels)
	}},
}

func oldest(list []Policy, belongs func(Policy) bool) (found *Policy, others int) {
	for n := range list {
		p := &list[n]
		switch {
		case !belongs(*p):
		case found == nil:
			found = p
		default:
			others++
			if cmp.Or(p.Created.Compare(found.Created), cmp.Compare(p.Object.Name, found.Object.Name)) < 0 {
				found = p
			}
		}
	}
	return found, others
}
