package facts

import (
	"slices"
	"strings"
	"time"
)

// Proxy is what one Envoy told about itself at one moment.
type Proxy struct {
	Target     Target
	Envoy      string // e.g. "1.39.3"; empty when unknown
	Istio      string // ISTIO_VERSION of the node metadata; empty when unknown
	TLSLibrary string // BoringSSL, BoringSSL-FIPS, OpenSSL ...; empty when unknown (envoy: VersionInfo::sslVersion)
	Node       Node
	TakenAt    time.Time // zero when unknown (a saved dump)
	Upstreams  []Upstream
	Inbound    []Inbound
	Plain      []PlainHost // that a gateway answers without TLS
	Secrets    []Secret
	ByName     bool // Secrets are sorted by name, so that one is found without looking at all
	Rejected   []Rejection
	Starting   bool   // the proxy said that it waits for its first configuration
	AnyCluster string // what has calls themselves, or an extension, choose among all clusters, by a route; "" where no route that was read does
	Outbound   string // what becomes of calls to hosts that it does not know: OutboundAny, OutboundRegistry; "" was not seen
	Updates    Updates
	Stats      StatsMatcher
	Handshakes []Handshake
	Missing    map[Fact]string // fact -> why we do not have it
	Lost       int             // clusters in the answers of which not even the name could be read
	Problems   []string        // parts of the answers that could not be decoded, in plain words
}

// Node is the proxy's own idea of who it is (bootstrap node and its metadata).
type Node struct {
	ID, Namespace, Workload, ServiceAccount, TrustDomain string
	Kind                                                 NodeKind
}

// NodeKind tells a sidecar from a gateway; the zero value is unknown.
type NodeKind string

// Kinds of proxies, after the first part of Istio's node id.
const (
	NodeUnknown  NodeKind = ""
	NodeSidecar  NodeKind = "sidecar"
	NodeRouter   NodeKind = "router"
	NodeWaypoint NodeKind = "waypoint"
)

// Rejection is a listener whose newest configuration Envoy refused; an older one
// may still serve. Envoy tells this for listeners only (error_state of LDS).
type Rejection struct {
	Listener string
	Serving  bool // an older configuration is active
	Why      string
	At       time.Time
}

// Updates are the counters of refused configuration; nil means not seen.
type Updates struct {
	ClustersRejected, ListenersRejected *uint64

	// ClustersMade is when the control plane made the newest clusters that the proxy accepted, by the control plane's
	// own clock, in whole seconds; zero: unknown, or another control plane than istiod (istio:
	// pilot/pkg/xds/discovery.go, NextVersion: TIME/NUMBER; envoy: cluster_manager.cds.version_text).
	ClustersMade time.Time
}

// StatsMatcher is the filter that decides which counters exist at all
// (bootstrap.stats_config.stats_matcher); Known is false when it was not seen.
type StatsMatcher struct {
	Known                      bool
	All                        bool // no matcher: everything is recorded
	Prefixes, Suffixes, Regexs []string
}

// Lacks returns why a fact is missing, and whether it is.
func (p *Proxy) Lacks(f Fact) (string, bool) {
	if p == nil {
		return "no proxy was read", true
	}
	why, missing := p.Missing[f]
	return why, missing
}

// Secret returns every secret of that name: Envoy keeps one per SDS provider,
// so a name may stand twice.
func (p *Proxy) Secret(name string) []Secret {
	if p.ByName {
		compare := func(s Secret, name string) int { return strings.Compare(s.Name, name) }
		first, _ := slices.BinarySearchFunc(p.Secrets, name, compare)
		end := first
		for end < len(p.Secrets) && p.Secrets[end].Name == name {
			end++
		}
		return slices.Clip(p.Secrets[first:end])
	}
	var found []Secret
	for _, s := range p.Secrets {
		if s.Name == name {
			found = append(found, s)
		}
	}
	return found
}
