// Package conflict judges a plan together with what is in the cluster already, before
// anything is written: what would win over it, what it would win over, and what would
// let it have no effect. A conflict is data, like a check: an id, a name, one sentence
// that is true when there is none, and a function. The package reads nothing, writes
// nothing and knows neither Kubernetes nor Istio's wire types; a private key that it is
// given is compared and never told.
package conflict

import (
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/cert"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// Conflict is one thing that can be in a plan's way.
type Conflict struct {
	ID   string // "MT032": stable, never re-used, one numbering with the checks
	Name string
	Doc  string // what is true when there is none, one sentence
	Find func(in Input) []check.Finding
}

// Input is all that a conflict may see.
type Input struct {
	Intent   intent.Intent
	Plan     facts.Config  // what would be written
	There    *facts.Config // what is in the cluster
	Steering facts.Steering
	Pods     []facts.Pod // of the intent's namespace
	Outbound string      // outboundTrafficPolicy of the mesh, "" when it is not known
	Captures bool        // sidecars answer DNS themselves, so that each host has an address of its own
	Secrets  []Secret    // those that the plan names and does not make
	Rights   []Right     // those that the enable needs
	Speakers []Speaker   // live clients that speak to the plan's TLS port by themselves
	Missing  []Missing
	Now      time.Time
	Warn     time.Duration // certificates that end sooner get a warning

	plans map[facts.Ref]bool // what the plan writes, and the cluster without it: see prepared
	rest  facts.Config
}

// Missing is something that could not be read, and which conflicts were not looked for
// because of it.
type Missing struct {
	What, Why string
	IDs       []string
}

// Speaker is a pod whose sidecar let connections pass as they came, to the host and port
// where the plan puts TLS.
type Speaker struct {
	Pod         string
	Connections uint64 // of those that are in use, or were some seconds ago
}

// Secret is a Secret that the plan refers to.
type Secret struct {
	Namespace, Name string
	Found           bool
	Elsewhere       []string          // namespaces that have one of the name
	Values          map[string][]byte // nil unless Found; may hold a key, which is never told
	Unread          string            // why it could not be read
}

// Right is one thing that the enable does to the cluster.
type Right struct {
	Verb, Resource, Namespace string // the resource with its group: serviceentries.networking.istio.io
	For                       string // what it is needed for
	Writes                    bool   // without it something cannot be written
	Allowed                   bool
	Unread                    string // why nobody could tell
}

// All returns every conflict, by id.
func All() []*Conflict {
	return []*Conflict{
		policyAlone(), policyEffective(), ruleWins(), ruleReplaced(), entryAgrees(), portFree(), routeAlone(),
		tlsOnce(), ruleVerifies(), secretUsable(), gatewayDemands(), hostVisible(), portsRegistered(), rightsThere(), gatewayThere(),
	}
}

// Find looks for every conflict. What could not be looked for, because something could
// not be read, is in the answer as Unknown.
func Find(all []*Conflict, in Input) []check.Finding {
	var out []check.Finding
	hops := in.hops()
	for i := range hops {
		hops[i] = hops[i].prepared()
	}
	for _, c := range all {
		for _, f := range findOnTheWay(c, hops) {
			f.ID, f.Name = c.ID, c.Name
			out = append(out, f)
		}
		for _, m := range in.Missing {
			for _, id := range m.IDs {
				if id == c.ID {
					out = append(out, check.Finding{ID: c.ID, Name: c.Name, Outcome: check.Unknown, Summary: m.What + ": " + m.Why, Want: c.Doc})
				}
			}
		}
	}
	return out
}

func fail(object, summary, fix string) check.Finding {
	return check.Finding{Outcome: check.Fail, Object: object, Summary: summary, Fix: fix}
}

func warn(object, summary, fix string) check.Finding {
	return check.Finding{Outcome: check.Warn, Object: object, Summary: summary, Fix: fix}
}

// outcomeOf says what a result of package cert is here.
var outcomeOf = map[cert.Outcome]check.Outcome{cert.Warn: check.Warn, cert.Fail: check.Fail, cert.Unknown: check.Unknown}
