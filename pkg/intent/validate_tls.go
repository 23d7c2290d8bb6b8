package intent

import (
	"net/url"
	"path"
	"strings"
)

// checkNames: SNI and subjectAltNames. Istio treats them as a pair: on TCP it sets
// neither by itself, and sni alone switches its own name check off on HTTP too
// (pilot/pkg/networking/core/cluster_tls.go, setAutoSniAndAutoSanValidation).
func (i Intent) checkNames(p *problems) {
	const sni, san = "sni", "subjectAltNames"
	if i.isWildcard() {
		return // checkWildcard: both come from each request
	}
	switch {
	case i.SNI == "":
		p.add(sni, "--sni", "is empty: the server would not learn which host is meant; Istio sets it by itself on HTTP only")
	case isIP(i.SNI) || strings.HasPrefix(i.SNI, "*") || checkName(i.SNI) != nil:
		p.add(sni, "--sni", "%q is not one DNS name in lower case (addresses and wildcards are not allowed in SNI, RFC 6066)", i.SNI)
	}
	if len(i.SANs) == 0 {
		p.add(san, "--san", "is empty: with sni set and no subjectAltNames Istio checks no name at all, "+
			"so any certificate of the CA would be good; name the host")
	}
	i.checkSANs(p, san, "--san")
}

// checkSANs: the names of a peer, one by one.
func (i Intent) checkSANs(p *problems, san, flag string) {
	seen := map[string]bool{}
	for _, name := range i.SANs {
		switch {
		case strings.HasPrefix(name, "*"):
			p.add(san, flag, "%q: Istio compares names exactly, a wildcard here is not one; give the host's own name "+
				"(a certificate for *.x is good for it)", name)
		case !isSAN(name):
			p.add(san, flag, "%q is no DNS name in lower case, address or URI", name)
		case seen[name]:
			p.add(san, flag, "%q stands twice", name)
		}
		seen[name] = true
	}
}

// isSAN tells whether a certificate can hold the name: DNS, IP or URI (a SPIFFE id).
func isSAN(name string) bool {
	if isIP(name) || checkName(name) == nil {
		return true
	}
	u, err := url.Parse(name)
	return err == nil && u.Scheme != "" && u.Host != ""
}

func (i Intent) checkCA(p *problems) {
	switch i.CA.Kind {
	case CAPath:
		checkPath(p, "ca.name", "--ca-path", i.CA.Name)
	case CASystem:
		if i.CA.Name != "" {
			p.add("ca.name", "--ca system", "%q is given, but the system's roots have no name", i.CA.Name)
		}
	case CASecret:
		checkObjectName(p, "ca.name", "--ca-secret", i.CA.Name)
		if strings.HasSuffix(i.CA.Name, "-cacert") {
			p.add("ca.name", "--ca-secret", "%q: Istio puts -cacert behind the name itself; give it as %q", i.CA.Name, strings.TrimSuffix(i.CA.Name, "-cacert"))
		}
		if len(i.Workload) == 0 && !i.ThroughGateway() {
			p.add("workload", "--workload", "a CA from a Secret (credentialName) needs the labels of the clients: without a workload selector "+
				"Istio gives a sidecar no TLS at all and the traffic stays plain; name them, for example --workload app=web, "+
				"or take the CA from a ConfigMap or a file")
		}
	case CAConfigMap:
		checkObjectName(p, "ca.name", "--ca-configmap", i.CA.Name)
	default:
		p.add("ca.kind", "--ca", "%q is unknown: valid are %s, %s, %s, %s", i.CA.Kind, CAPath, CASystem, CASecret, CAConfigMap)
	}
	for _, print := range i.CA.Fingerprints {
		if !isPrint(print) {
			p.add("ca.fingerprints", "", "%q is no SHA-256 in 64 lower-case hex digits", print)
		}
	}
}

// checkPath: Istio turns the path into the name of an SDS resource, "file-root:PATH",
// in which "~" separates two files: a path with one is never delivered (istio
// pkg/security/security.go, SdsCertificateConfigFromResourceName). A bare
// "system" there means the system's roots.
func checkPath(p *problems, field, flag, name string) {
	switch {
	case !path.IsAbs(name):
		p.add(field, flag, "%q is not an absolute path inside the sidecar", name)
	case path.Clean(name) != name || name == "/":
		p.add(field, flag, "%q is not the plain path of a file", name)
	case strings.Contains(name, "~"):
		p.add(field, flag, "%q has a ~, at which Istio cuts the path: the file would never be delivered", name)
	}
}

func checkObjectName(p *problems, field, flag, name string) {
	if name == "" || strings.HasPrefix(name, "*") || len(name) > maxHost-len("-cacert") || checkObject(name) {
		p.add(field, flag, "%q is not the name of an object: lower-case letters, digits, inner dashes and dots", name)
	}
}

// checkObject is true for what is no object name; unlike host names those may end
// in a number.
func checkObject(name string) bool {
	for part := range strings.SplitSeq(name, ".") {
		if !isLabel(part) {
			return true
		}
	}
	return false
}
