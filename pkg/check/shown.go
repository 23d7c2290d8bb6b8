package check

import (
	"cmp"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// shown is how a cluster compares with the objects that it should be made of: what of them it does not say, or what
// cannot be compared. Both empty: it says all of them.
type shown struct{ differs, unclear string }

func (s shown) same() bool { return s.differs == "" && s.unclear == "" }

func (s shown) why() string {
	if s.differs != "" {
		return s.differs
	}
	return s.unclear + " cannot be compared"
}

// shownBy compares all that the winning rule and the ServiceEntry say of TLS. It goes further than MT011, which looks at
// what a rule asks for: what a rule asks for no more counts here too.
func shownBy(in Input, s Subject) shown {
	r := s.Decision.Rule
	entries := entriesOf(in, s)
	if r.HasTLS && ignoredCredential(r) && in.Proxy.Node.Kind == facts.NodeSidecar {
		return shown{differs: "the rule uses credentialName without workloadSelector, which Istio ignores on sidecars, and the cluster has TLS"}
	}
	var unclear []string
	for _, k := range s.TLSSockets() {
		for _, compare := range []func(facts.Rule, facts.Socket) (string, string){wanted, unwanted, pairShown} {
			d, u := compare(r, k)
			if d != "" {
				return shown{differs: d}
			}
			unclear = append(unclear, u)
		}
		d, u := namesShown(r, entries, s, k)
		if d != "" {
			return shown{differs: d}
		}
		unclear = append(unclear, u)
	}
	d, u := entriesShown(entries, s)
	if d != "" {
		return shown{differs: d}
	}
	unclear = slices.DeleteFunc(append(unclear, u), func(u string) bool { return u == "" })
	slices.Sort(unclear)
	return shown{unclear: strings.Join(slices.Compact(unclear), ", ")}
}

// wanted is what the rule asks for, as MT011 compares it.
func wanted(r facts.Rule, k facts.Socket) (difference, unclear string) {
	if d := differs(r, k); d != "" || !r.HasTLS || r.Mode != "SIMPLE" && r.Mode != "MUTUAL" || r.SkipCA || caSource(r) != "" {
		return d, ""
	}
	ca := k.Validation.CA
	switch {
	case strings.HasPrefix(r.CredName, "configmap://") && ca.Name == r.CredName+"-cacert":
	case r.CredName != "":
		return "", "the CA of credentialName " + r.CredName
	case ca.Kind == facts.SourceSDS && ca.Name != publicCAs: // without one: the system's, or before Istio 1.21 none
		return "the rule names no CA, the cluster validates against " + ca.String(), ""
	}
	return "", ""
}

// unwanted is what the cluster has beyond the rule (istio: cluster_tls.go buildUpstreamClusterTLSContext, constructUpstreamTLS).
func unwanted(r facts.Rule, k facts.Socket) (differs, unclear string) {
	if !r.HasTLS || r.Mode == "" {
		if !meshCA(k) && k.Cert.Name != "default" {
			return "the rule says nothing of TLS, the cluster has TLS that is not the mesh's own", ""
		}
		return "", ""
	}
	own := r.Mode == "SIMPLE" || r.Mode == "MUTUAL"
	switch {
	case own && r.SNI == "" && k.SNI != "":
		return "the rule says no sni, the cluster has sni " + k.SNI, ""
	case own && !r.SkipCA && caSource(r) != "" && k.Validation.CA.Kind == facts.SourceNone:
		return "the rule names a CA, the cluster validates nothing", ""
	}
	return "", ""
}

// pairShown compares the client certificate that the mode means.
func pairShown(r facts.Rule, k facts.Socket) (differs, unclear string) {
	if k.Cert.Kind != facts.SourceSDS && k.Cert.Kind != facts.SourceNone {
		return "", "the client certificate" // of an Istio before SDS, or of another control plane
	}
	want := ""
	switch {
	case !r.HasTLS:
		return "", ""
	case r.Mode == "ISTIO_MUTUAL":
		want = "default"
	case r.Mode == "MUTUAL" && r.CredName != "":
		if strings.Contains(r.CredName, "://") {
			return "", "the client certificate"
		}
		want = "kubernetes://" + r.CredName
	case r.Mode == "MUTUAL":
		want = "file-cert:" + r.Cert + "~" + r.Key
	}
	if k.Cert.Name != want {
		return "the rule's mode " + r.Mode + " means client certificate " + quoteEmpty(want) + ", the cluster has " + quoteEmpty(k.Cert.Name), ""
	}
	return "", ""
}

// namesShown compares the names where the rule gives none: then those of a ServiceEntry count, and with the mesh's own
// mode the service accounts of the endpoints, which the rule does not tell.
func namesShown(r facts.Rule, entries []facts.Service, s Subject, k facts.Socket) (differs, unclear string) {
	have := names(k.Validation.SANs)
	if !r.HasTLS || len(r.SANs) > 0 || r.SkipCA || r.Mode == "ISTIO_MUTUAL" || len(have) == 0 {
		return "", ""
	}
	var want []string
	for _, e := range entries {
		want = append(want, e.SANs...)
	}
	if len(entries) == 0 && s.Active.External {
		return "", "the names"
	}
	if !sameSet(have, want) {
		return "neither the rule nor the ServiceEntry gives the names " + strings.Join(have, ", ") + ", which the cluster accepts", ""
	}
	return "", ""
}

// clusterTypes are what Istio makes of a ServiceEntry's resolution (istio: cluster_builder.go convertResolution).
var clusterTypes = map[string]string{"DNS": "STRICT_DNS", "DNS_ROUND_ROBIN": "LOGICAL_DNS", "STATIC": "EDS", "NONE": "ORIGINAL_DST"}

// entriesShown compares where the cluster connects to with what the ServiceEntry says.
func entriesShown(entries []facts.Service, s Subject) (differs, unclear string) {
	if len(entries) > 1 {
		return "", "the ServiceEntries of the host"
	}
	for _, e := range entries {
		if want := clusterTypes[e.Resolution]; want != "" && s.Active.Type != "" && s.Active.Type != want {
			return "", e.Object.String() + "'s resolution"
		}
		if e.Selector != nil || !endpointsShown(e, s.Active) || !portShown(e, s) {
			return "", e.Object.String() + "'s endpoints"
		}
	}
	return "", ""
}

// portShown tells whether the cluster connects to the port that the ServiceEntry names. Endpoints that are written by hand
// may each have their own, and a cluster that learns the address learns the port.
func portShown(e facts.Service, s Subject) bool {
	i := slices.IndexFunc(e.Ports, func(p facts.Port) bool { return p.Number == s.Port })
	if i < 0 || len(e.Endpoints) > 0 || e.Resolution != "DNS" && e.Resolution != "DNS_ROUND_ROBIN" {
		return true
	}
	want := strconv.Itoa(cmp.Or(e.Ports[i].Target, e.Ports[i].Number))
	return !slices.ContainsFunc(s.Active.Endpoints, func(have facts.Endpoint) bool {
		_, port, err := net.SplitHostPort(have.Address)
		return err == nil && port != want
	})
}

func endpointsShown(e facts.Service, u *facts.Upstream) bool {
	for _, want := range e.Endpoints {
		if !slices.ContainsFunc(u.Endpoints, func(have facts.Endpoint) bool {
			address, _, err := net.SplitHostPort(have.Address)
			return have.Hostname == want || err == nil && address == want
		}) {
			return false
		}
	}
	return len(e.Endpoints) == 0 || len(e.Endpoints) == len(u.Endpoints)
}

// entriesOf are the ServiceEntries that give the upstream to this client.
func entriesOf(in Input, s Subject) []facts.Service {
	var out []facts.Service
	ns := in.client().Namespace
	for _, e := range in.rules().Services(s.Host) {
		port := slices.ContainsFunc(e.Ports, func(p facts.Port) bool { return p.Number == s.Port })
		if e.Object.Kind == "ServiceEntry" && e.VisibleTo(ns) && port {
			out = append(out, *e)
		}
	}
	return out
}
