package check

import (
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// otherDomain is the trust domain of a certificate where all names that are accepted are of others; "" where that is not why it
// is refused.
func otherDomain(accepted []facts.NameMatch, leaf facts.Certificate) string {
	for _, id := range leaf.URIs {
		domain := trustDomainOf(id)
		if domain == "" {
			continue
		}
		if slices.ContainsFunc(accepted, func(m facts.NameMatch) bool { return slices.Contains([]string{"", domain}, trustDomainOf(m.Value)) }) {
			return ""
		}
		return domain
	}
	return ""
}

// trustDomainOf reads a SPIFFE ID, or the beginning of one; "" for other names.
func trustDomainOf(id string) string {
	rest, is := strings.CutPrefix(id, "spiffe://")
	if !is {
		return ""
	}
	domain, _, _ := strings.Cut(rest, "/")
	return domain
}

// alias makes a mesh accept the names of another trust domain, where the roots are one.
func (in Input) alias(domain string) string {
	return in.meshConfig("trustDomainAliases: add " + domain)
}
