package facts

import (
	"fmt"
	"regexp"
	"strconv"
)

// Release is a release of Envoy or Istio, as far as behaviour goes: 1.39. The zero Release is unknown.
type Release struct{ Major, Minor int }

var releaseText = regexp.MustCompile(`^v?(\d{1,3})\.(\d{1,4})(?:[.\-+].*)?$`)

// ParseRelease reads the front of a version ("1.39.3", "1.26-alpha.0", "v1.20.8-tetrate"); what does not begin like one
// is unknown.
func ParseRelease(version string) Release {
	m := releaseText.FindStringSubmatch(version)
	if m == nil {
		return Release{}
	}
	major, _ := strconv.Atoi(m[1])
	minor, _ := strconv.Atoi(m[2])
	return Release{major, minor}
}

// Known tells whether there is a release at all.
func (r Release) Known() bool { return r != Release{} }

// String gives 1.39, and "unknown".
func (r Release) String() string {
	if !r.Known() {
		return "unknown"
	}
	return fmt.Sprintf("%d.%d", r.Major, r.Minor)
}

// Before tells whether r is older than o. Both must be known.
func (r Release) Before(o Release) bool {
	return r.Major < o.Major || r.Major == o.Major && r.Minor < o.Minor
}

// Behaviour is something that Envoy or Istio does in one way in some releases and in another way in others.
type Behaviour string

// The behaviours of the table.
const (
	EnvoyClientMinTLS     Behaviour = "envoy: lowest TLS version of clients, where tls_params gives none"
	EnvoyClientMaxTLS     Behaviour = "envoy: highest TLS version of clients, where tls_params gives none"
	EnvoyServerMinTLS     Behaviour = "envoy: lowest TLS version of servers, where tls_params gives none"
	EnvoyServerMaxTLS     Behaviour = "envoy: highest TLS version of servers, where tls_params gives none"
	EnvoyClientCiphers    Behaviour = "envoy: TLS 1.2 ciphers of clients, where tls_params gives none"
	EnvoyServerCiphers    Behaviour = "envoy: TLS 1.2 ciphers of servers, where tls_params gives none"
	EnvoyCurves           Behaviour = "envoy: key exchange, where tls_params gives none"
	EnvoyRSAKeyUsage      Behaviour = "envoy: key usage digitalSignature of a server's RSA certificate, as a client"
	EnvoySystemRoots      Behaviour = "envoy: system_root_certs of a validation context"
	EnvoyAdminAPI         Behaviour = "envoy: version of the types in config_dump"
	EnvoyNameRegex        Behaviour = "envoy: config_dump takes name_regex"
	IstioEmptyCA          Behaviour = "istio: what SIMPLE without caCertificates validates against"
	IstioStatNames        Behaviour = "istio: how the names of clusters end in counters"
	IstioCredentialName   Behaviour = "istio: credentialName of a DestinationRule on sidecars"
	IstioConfigMapCA      Behaviour = "istio: credentialName configmap:// on sidecars"
	IstioAutoSNI          Behaviour = "istio: SNI where the rule gives none, for HTTP"
	IstioPolicyGeneration Behaviour = "istio: the objects that demand mutual TLS"
)

// Row is one line of the table: from release From on, and before Until, it is so. A zero From or Until leaves that end open.
type Row struct {
	Behaviour   Behaviour
	From, Until Release
	Value       string // words, or a list with commas
	Source      string
}

// BehaviourIn finds the row of a release. Where the release is not known, or is outside of what was looked up, found is
// false: what nobody read is not assumed. That goes for another count of releases too: OpenShift Service Mesh 2.6 is Istio 1.20.
func BehaviourIn(b Behaviour, r Release) (row Row, found bool) {
	if r.Major != 1 {
		return Row{}, false
	}
	for _, row := range Releases() {
		if row.Behaviour == b && !(row.From.Known() && r.Before(row.From)) && (!row.Until.Known() || r.Before(row.Until)) {
			return row, true
		}
	}
	return Row{}, false
}

// Since is the release from which on the newest row of a behaviour holds; unknown for a behaviour without rows.
func Since(b Behaviour) Release {
	var newest Release
	for _, row := range Releases() {
		if row.Behaviour == b && newest.Before(row.From) {
			newest = row.From
		}
	}
	return newest
}
