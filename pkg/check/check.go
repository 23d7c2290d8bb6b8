// Package check judges facts. A check is data: an id, a name, one sentence that
// is true when it is OK, the facts that it needs, and a function that looks at
// one upstream (or at the proxy as a whole). The package reads nothing, knows
// neither Kubernetes nor Envoy's wire types, and takes the time as an input.
package check

import (
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// Outcome is the result of a check; the zero value is Unknown, so that nothing
// becomes OK by being forgotten.
type Outcome int

// Outcomes. NotJudged is for upstreams that nobody meant to be TLS: no check
// ran on them, which is neither good nor bad.
const (
	Unknown Outcome = iota
	OK
	Warn
	Fail
	NotJudged
)

// String gives the word that every output uses.
func (o Outcome) String() string {
	switch o {
	case OK:
		return "OK"
	case Warn:
		return "WARN"
	case Fail:
		return "FAIL"
	case NotJudged:
		return "NOT_JUDGED"
	}
	return "UNKNOWN"
}

// Check is one thing to verify. Exactly one of Upstream and Proxy is set.
type Check struct {
	ID    string // "MT003": stable, never re-used
	Name  string // "ca-validated"
	Doc   string // what is true when it is OK, one sentence
	Needs []facts.Fact

	// Applies tells whether the check has anything to say about the upstream;
	// nil is always. A check that applies and reports nothing is Unknown.
	Applies  func(in Input, s Subject) bool
	Upstream func(in Input, s Subject) []Finding
	Proxy    func(in Input) []Finding
}

// Input is all that a check may see.
type Input struct {
	Intents []intent.Intent
	Config  *facts.Config // nil: the objects were not read
	Proxy   *facts.Proxy
	To      []To                      // what the user asked about; empty is everything that is meant to be TLS
	Pairs   []Pair                    // the other ends of upstreams that the user named as services; empty: not asked for
	CAs     map[string]facts.CAObject // what the cluster's objects hold, by the CA's name in the proxy; nil: not read
	All     bool                      // every upstream that has or should have TLS, not only those of rules and intents
	Void    bool                      // judge rules for hosts without a cluster, too: the clusters of all rules were read
	Policy  TLSPolicy                 // what TLS itself must be like; zero: nothing is demanded
	Traffic *facts.Traffic            // what happened between two readings of the counters; nil: nobody watched. The proxy's counters are then the newer ones
	Now     time.Time
	Warn    time.Duration // certificates that end sooner get a warning

	index   *facts.Index // of Config, see Indexed; nil: rules makes one
	behind  *behind      // of Proxy, see Indexed; nil: member makes one
	foreign bool         // while subjects are listed: --to may name clusters that have no host
}

// Indexed is the input with the objects of its cluster put in order once, for whoever asks of many subjects or proxies.
// Neither Config nor Proxy nor what is in them may change any more; for another proxy it may be asked for again.
func (in Input) Indexed() Input {
	if in.Config != nil && in.index == nil {
		in.index = in.Config.Index()
	}
	if in.Proxy != nil && (in.behind == nil || in.behind.of != in.Proxy) {
		in.behind = membersOf(in.Proxy)
	}
	return in
}

// rules orders the objects of the cluster, which were read.
func (in Input) rules() *facts.Index {
	if in.index != nil {
		return in.index
	}
	return in.Config.Index()
}

// To is an upstream that the user named: HOST or HOST:PORT.
type To struct {
	Host   string
	Port   int    // 0 is every port
	Subset string // "" is whichever an intent has

	As string // the host as the user wrote it, where that is another name of Host
}

// Finding is one result. Cluster, Endpoint and Object say where; Got, Want and
// Fix are sentences for a person, Fix a command where one exists.
type Finding struct {
	ID, Name          string
	Outcome           Outcome
	Cluster, Endpoint string
	Object            string
	Summary           string
	Got, Want, Fix    string
}

// ok is the finding of a check that found what it wants.
func ok(format string) []Finding { return []Finding{{Outcome: OK, Summary: format}} }

// one wraps a single finding.
func one(f Finding) []Finding { return []Finding{f} }
