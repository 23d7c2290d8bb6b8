package intent

import (
	"net/netip"
	"slices"
	"strings"
)

var resolutions = []string{ResolutionDNS, ResolutionDNSRoundRobin, ResolutionStatic, ResolutionNone}

// checkResolution follows Istio's own rules for a ServiceEntry (pkg/config/validation,
// ValidateServiceEntry), because a webhook may be absent.
func (i Intent) checkResolution(p *problems) {
	if !slices.Contains(resolutions, i.Resolution) {
		p.add("resolution", "--resolution", "%q is unknown: valid are %s", i.Resolution, strings.Join(resolutions, ", "))
	}
	for _, a := range i.Addresses {
		_, addrErr := netip.ParseAddr(a)
		_, cidrErr := netip.ParsePrefix(a)
		switch {
		case addrErr != nil && cidrErr != nil:
			p.add("addresses", "--address", "%q is no IP address or range", a)
		case addrErr != nil && i.Resolution != ResolutionNone && i.Resolution != ResolutionStatic:
			p.add("addresses", "--address", "%q is a range, which Istio takes with resolution %s or %s only", a, ResolutionNone, ResolutionStatic)
		}
	}
	i.checkEndpoints(p)
}

func (i Intent) checkEndpoints(p *problems) {
	const field, flag = "endpoints", "--endpoint"
	switch i.Resolution {
	case ResolutionStatic:
		if len(i.Endpoints) == 0 {
			p.add(field, flag, "resolution %s needs at least one address to connect to", i.Resolution)
		}
	case ResolutionNone:
		if len(i.Endpoints) > 0 {
			p.add(field, flag, "resolution %s connects to where the application wanted to: endpoints have no meaning", i.Resolution)
		}
	case ResolutionDNSRoundRobin:
		if len(i.Endpoints) > 1 {
			p.add(field, flag, "resolution %s takes one endpoint, not %d", i.Resolution, len(i.Endpoints))
		}
	}
	for _, e := range i.Endpoints {
		switch {
		case isIP(e):
		case i.Resolution == ResolutionStatic:
			p.add(field, flag, "%q is no IP address, which resolution %s needs", e, i.Resolution)
		case checkName(e) != nil:
			p.add(field, flag, "%q is no IP address and no DNS name in lower case", e)
		}
	}
}
