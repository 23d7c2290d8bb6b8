package envoy

import (
	"errors"
	"fmt"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// Bounds against hostile answers; real proxies stay ten times below. What is kept
// several times, or compared with each other, has to be bounded by its number, not only
// by its bytes.
const (
	maxClusters    = 50_000
	maxEndpoints   = 500_000
	maxSecrets     = 50_000
	maxOfName      = 1000 // secrets of one name: one for each place where Envoy asks for it
	maxListeners   = 50_000
	maxChains      = 50_000 // filter chains of all listeners
	maxMore        = 100    // other ports of one listener: its chains count for each
	maxProblems    = 50
	maxEntries     = 300_000
	maxMembers     = 100_000    // of one object
	maxValidations = 4096       // validation contexts that are remembered
	maxMatches     = 10_000     // sockets of one cluster
	maxWrapped     = 4 << 20    // bytes of a socket inside another one: it is read at each level
	maxNameRules   = 5000       // rules for the peer's name in one context
	maxPatterns    = 1000       // of the filter for counters
	maxWord        = 8192       // bytes of a name of a cluster, listener, secret or host
	maxPairs       = 2_000_000  // pairs of clusters that get parts of the same calls
	maxChoices     = 10_000_000 // endpoints, each times the sockets that it may get
)

var (
	errTooMany = errors.New("it holds more clusters, endpoints, listeners or secrets than one proxy can have")
	errSeveral = errors.New("it holds the dumps of several proxies: give one of them")
	errTwice   = errors.New("it holds two clusters of one name: give the dump of one proxy, taken once")
	errWord    = errors.New("it holds a name of more than 8192 bytes: no cluster, listener, secret or host has such a name")
)

// wordy refuses names that are no names: each stands in every finding about its bearer.
func (e *element) wordy() error {
	names := []string{e.name}
	if e.listener != nil {
		names = append(names, e.listener.name)
	}
	if u := e.upstream; u != nil {
		names = append(names, u.Cluster, u.StatName, u.Type)
		for _, k := range append([]facts.Socket{u.Socket}, u.Matches...) {
			names = append(names, k.Name, k.TypeURL, k.SNI, k.Cert.Name, k.Validation.CA.Name)
		}
	}
	for _, n := range names {
		if len(n) > maxWord {
			return errWord
		}
	}
	return nil
}

// short cuts a text of the dump that is quoted in a sentence.
func short(text string) string {
	const most = 200
	if len(text) > most {
		return strings.ToValidUTF8(text[:most], "") + "..."
	}
	return text
}

// choose gives up on clusters whose endpoints may each get one of so many sockets that
// resolving them, which every check does, takes too long.
func (c *collector) choose() {
	left := maxChoices
	for i := range c.upstreams {
		u := &c.upstreams[i]
		if left -= len(u.Endpoints) * len(u.Matches); left >= 0 {
			continue
		}
		left += len(u.Endpoints) * len(u.Matches)
		u.Problem = fmt.Sprintf("%d endpoints with %d sockets to choose from are more than one proxy can have", len(u.Endpoints), len(u.Matches))
		u.Socket, u.Matches, u.Endpoints, u.EndpointsKnown = unknownSocket(facts.Socket{}, u.Problem), nil, nil, false
	}
}
