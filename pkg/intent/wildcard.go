package intent

import "strings"

func (i Intent) isWildcard() bool { return strings.HasPrefix(i.Host, "*") }

// completeWildcard: nothing resolves a wildcard, so the sidecar connects to where the
// application wanted to; SNI and the name to check are those of each request.
func (i Intent) completeWildcard() Intent {
	if len(i.ExportTo) == 0 {
		i.ExportTo = []string{ExportHere}
	}
	if i.Resolution == "" {
		i.Resolution = ResolutionNone
	}
	return i
}

// checkWildcard: what Istio can do for all hosts of a domain at once. SNI and name
// check must come from the request, which Envoy does from the Host header: HTTP only
// (envoy config/core/v3/protocol.proto, auto_sni and auto_san_validation), and only
// while the rule has neither sni nor subjectAltNames (istio cluster_tls.go,
// setAutoSniAndAutoSanValidation).
func (i Intent) checkWildcard(p *problems) {
	const each = "; enable each host by its name"
	if rest, ok := strings.CutPrefix(i.Host, "*."); !ok || checkName(rest) != nil {
		p.add("host", "HOST:PORT", "%q is no wildcard: it must be *. and a DNS name", i.Host)
	}
	if i.Recipe != RecipeOrigination {
		p.add("host", "HOST", "%s is a wildcard, which cannot be resolved: the sidecar connects to the very port that the application dialled, and calls cannot be led to another"+each, i.Host)
		return
	}
	for _, port := range i.Ports {
		if port.Protocol == ProtocolTCP {
			p.add("host", "HOST:PORT", "%s is a wildcard, and which host of it a connection to port %d means is unknown on TCP"+each+", or say --protocol http if that is what the application speaks", i.Host, port.Number)
		}
	}
	if i.Resolution != ResolutionNone {
		p.add("resolution", "--resolution", "%q: a wildcard cannot be resolved, so the sidecar connects to where the application wanted to: use %s"+each, i.Resolution, ResolutionNone)
	}
	if i.SNI != "" || len(i.SANs) > 0 {
		p.add("sni", "--sni", "%s is a wildcard: a rule has one SNI, which would be wrong for every other host of it; leave --sni and --san out, and both are taken from each request"+each, i.Host)
	}
}
