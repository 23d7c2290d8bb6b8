package status

import (
	"slices"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// Input is all that the table is made of.
type Input struct {
	Intents  []intent.Intent
	Config   *facts.Config
	Services []facts.Service // those that get rows
	Seen     []Seen          // every running pod that may be a server or a client
	Now      time.Time
	Warn     time.Duration // certificates that end sooner get a warning
}

// Seen is one pod, and whether it counts as a client.
type Seen struct {
	check.Peer
	Client bool
	Bare   bool // it would count as a client if it had a sidecar
}

// Row is one service, port and subset, or one external host and port.
type Row struct {
	Host, Subset string
	Port         int
	Protocol     string    // as declared; "" when Istio has to guess
	Service      facts.Ref // Service or ServiceEntry
	External     bool
	Servers      []Server
	Clients      []Client

	Verdict  check.Verdict
	Outcome  check.Outcome
	Evidence facts.Evidence
	Why      []string // sentences, the most important first; each once

	PolicyFix string // what to change in a policy that names the port and is not heard; "" where none is
}

// Server is one pod behind the service, and what it accepts on the port's target.
type Server struct {
	Pod     facts.Target
	Port    int // of the container
	Accepts check.Accepts
	Policy  facts.PolicyDecision // what the policies say; Mode "" when they were not read
}

// Client is one sidecar that has a cluster for the row.
type Client struct {
	Pod      facts.Target
	Asked    string // AUTO, or the mode of the rule that wins; "" when the rules were not read
	Wanted   bool   // a rule or an intent wants TLS
	Rule     facts.Ref
	Sends    []Sent
	Evidence facts.Evidence
	Used     bool // its counters show connections
	Past     bool // its calls, or some, do not take the cluster that was made for them
	Verdict  check.Verdict
	Why      string
}

// Sent is what goes to a number of endpoints.
type Sent struct {
	What      check.Sends
	Endpoints int
}

// Of makes the rows, sorted by host, port and subset. Facts that are missing give
// Unknown rows, never good ones.
func Of(in Input) []Row {
	t := &table{Input: in, clients: clientsOf(in)}
	t.subsets = subsetsOf(t.clients)
	for _, s := range in.Seen {
		t.peers = append(t.peers, s.Peer)
	}
	var out []Row
	for _, s := range in.Services {
		for _, host := range s.Hosts {
			for _, port := range s.Ports {
				for _, subset := range append([]string{""}, t.subsets[key{host: host, port: port.Number}]...) {
					r := Row{Host: host, Port: port.Number, Subset: subset, Protocol: port.Protocol, Service: s.Object, External: s.External}
					if s.External {
						t.external(&r, s)
					} else {
						t.inside(&r, s, port)
					}
					out = append(out, r)
				}
			}
		}
	}
	slices.SortStableFunc(out, compare)
	return slices.CompactFunc(out, func(a, b Row) bool { return a.key() == b.key() }) // two entries of one host and port
}
