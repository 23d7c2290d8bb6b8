package intent

const defaultTLSPort = 443 // of HTTPS

// Complete fills what a user may leave out: the mode (SIMPLE, or MUTUAL where a
// certificate is given), the name (from the host), SNI and subjectAltNames (both the host), visibility
// (the intent's own namespace only), resolution (DNS), and for egress and mutual
// the TLS port (443) and the form (DefaultForm; VirtualService for mutual). A wildcard
// gets no SNI, no names and resolution NONE, a gateway's end no more than it has.
//
// SNI and names are filled one without the other, because Istio treats them as a
// pair: a rule with sni and no subjectAltNames checks no name at all (istio
// pilot/pkg/networking/core/cluster_tls.go, setAutoSniAndAutoSanValidation).
// What was given is kept.
func (i Intent) Complete() Intent {
	if i.Recipe == "" {
		i.Recipe = RecipeOrigination
	}
	if i.Recipe == RecipeStrict {
		return i // it has no host, and nothing else that could be left out
	}
	if i.Recipe == RecipeMutual {
		if i = i.completeMutual(); i.AtGateway() {
			return i
		}
	}
	if i.Mode == ModeUnset {
		if i.Mode = ModeSimple; i.Certificate.Kind != PairNone {
			i.Mode = ModeMutual
		}
	}
	if i.Name == "" {
		i.Name = DefaultName(i.Host)
	}
	if i.isWildcard() {
		return i.completeWildcard()
	}
	if i.SNI == "" {
		i.SNI = i.Host
	}
	if len(i.SANs) == 0 && i.Host != "" {
		i.SANs = []string{i.Host}
	}
	if len(i.ExportTo) == 0 && !i.ThroughGateway() { // the clients are elsewhere: their namespaces must be named
		i.ExportTo = []string{ExportHere}
	}
	if i.Resolution == "" {
		i.Resolution = ResolutionDNS
	}
	if i.ThroughGateway() && i.Form == FormUnset {
		i.Form = FormVirtualService
	}
	if i.Leads() {
		if i.TLSPort == 0 {
			i.TLSPort = defaultTLSPort
		}
		if i.Form == FormUnset {
			i.Form = DefaultForm(i.Workload)
		}
	}
	return i
}
