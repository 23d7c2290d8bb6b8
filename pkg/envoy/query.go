package envoy

import (
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// maxHosts is how many hosts are asked for one by one; the pattern travels in
// the request line, which Envoy bounds.
const maxHosts = 40

// The patterns are RE2 (std::regex in Envoy before 1.23): plain groups only.
const (
	tlsStats = `\.ssl\.(handshake|connection_error|fail_verify_error|fail_verify_san|fail_verify_no_cert|fail_verify_cert_hash)$` +
		`|\.client_ssl_socket_factory\.upstream_context_secrets_not_ready$`
	updateStats = `^(cluster_manager\.cds|listener_manager\.lds)\.update_rejected$|^cluster_manager\.cds\.version_text$|^server\.state$`
	allStats    = `^cluster\..*(` + tlsStats + `)|` + updateStats
)

func escape(pattern string) string { return url.QueryEscape(pattern) }

// namePattern matches the whole name of every cluster of the hosts, Istio's or
// another control plane's: the host between characters that no host has, or
// after the "_." of Istio's names for SNI.
func (s Scope) namePattern() string {
	var hosts []string
	for _, h := range s.Hosts {
		h = strings.ToValidUTF8(h, "")
		if rest, ok := strings.CutPrefix(h, "*."); ok {
			hosts = append(hosts, `[a-zA-Z0-9.*-]*\.`+regexp.QuoteMeta(rest))
			continue
		}
		if h != "" {
			hosts = append(hosts, regexp.QuoteMeta(h))
		}
	}
	return `(.*([^a-zA-Z0-9.*-]|_\.))?(` + strings.Join(hosts, "|") + `)([^a-zA-Z0-9.*-].*)?`
}

// portPattern matches the whole name of listeners (10.0.0.1_80) and routes (80,
// host:80, http.80, https.443.name.gateway.ns) of the ports, and no cluster:
// their names have bars.
func portPattern(ports []int) string {
	var text []string
	for _, p := range ports {
		text = append(text, strconv.Itoa(p))
	}
	return `([^|]*[_:.])?(` + strings.Join(text, "|") + `)([_.][^|]*)?`
}

// secretNames lists the secrets that the sockets of upstreams name, and Istio's
// own two, which tell the workload's identity.
func secretNames(upstreams []facts.Upstream) []string {
	names := []string{"default", "ROOTCA"}
	for _, u := range upstreams {
		names = append(names, named(append([]facts.Socket{u.Socket}, u.Matches...))...)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// named lists the secrets that sockets name.
func named(sockets []facts.Socket) (names []string) {
	for _, s := range sockets {
		for _, source := range append([]facts.Source{s.Cert, s.Validation.CA}, s.MoreCerts...) {
			if source.Kind == facts.SourceSDS {
				names = append(names, source.Name)
			}
		}
	}
	return names
}

// secretPattern asks for these secrets only; too many are asked for as all.
func secretPattern(names []string) string {
	if len(names) > maxHosts {
		return ""
	}
	var quoted []string
	for _, n := range names {
		quoted = append(quoted, regexp.QuoteMeta(n))
	}
	return "(" + strings.Join(quoted, "|") + ")"
}

// statPattern asks for the TLS counters of these upstreams only.
func statPattern(upstreams []facts.Upstream) string {
	var names []string
	for _, u := range upstreams {
		names = append(names, regexp.QuoteMeta(statKey(u.StatName)))
	}
	slices.Sort(names)
	names = slices.Compact(names)
	if len(names) == 0 || len(names) > maxHosts {
		return allStats
	}
	return `^cluster\.(` + strings.Join(names, "|") + `);?(` + tlsStats + `)|` + updateStats
}

// nameMatcher is namePattern as Envoy applies it.
func (s Scope) nameMatcher() *regexp.Regexp {
	return regexp.MustCompile(`^(` + s.namePattern() + `)$`)
}

// matcher tells whether an upstream is in the scope.
func (s Scope) matcher() func(facts.Upstream) bool {
	if s.All || len(s.Hosts) == 0 {
		return func(facts.Upstream) bool { return true }
	}
	name := s.nameMatcher()
	return func(u facts.Upstream) bool {
		switch {
		case u.Direction == "inbound":
			return false
		case u.Host == "":
			return name.MatchString(u.Cluster)
		case len(s.Ports) > 0 && !slices.Contains(s.Ports, u.Port):
			return false
		}
		return slices.ContainsFunc(s.Hosts, func(h string) bool { return hostMatches(h, u.Host) })
	}
}

func hostMatches(want, host string) bool {
	if rest, ok := strings.CutPrefix(want, "*."); ok {
		return strings.HasSuffix(host, "."+rest)
	}
	return want == host
}
