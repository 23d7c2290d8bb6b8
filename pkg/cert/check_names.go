package cert

import (
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
)

// names: the server must have the name that is dialled; the client one of those
// that the gateway lets in.
func (s side) names() Result {
	leaf, none := s.leafOr("name")
	if none != nil {
		return *none
	}
	if s.name == "client" {
		return s.allowed(leaf.Certificate)
	}
	if s.in.Host == "" {
		return s.notRun("name", "--host")
	}
	if leaf.VerifyHostname(s.in.Host) == nil {
		return s.result("name", OK, "", "the certificate has the name %s", s.in.Host)
	}
	return s.result("name", Fail, fmt.Sprintf("issue it with the name that is dialled: kubectl mesh-tls cert issue --server --san %s", s.in.Host), "%s", s.noName(leaf.Certificate))
}

func (s side) noName(c *x509.Certificate) string {
	has := namesOf(c)
	switch {
	case len(has) == 0 && strings.EqualFold(c.Subject.CommonName, s.in.Host):
		return fmt.Sprintf("%s stands in the common name only, which no TLS client of today reads; the certificate has no SAN", s.in.Host)
	case len(has) == 0:
		return "the certificate has no SAN, so it is good for no name"
	}
	return fmt.Sprintf("the certificate is for %s, not for %s", strings.Join(has, ", "), s.in.Host)
}

// allowed compares as Envoy does with Istio's subjectAltNames: letter by letter,
// but a wildcard DNS name of the certificate covers one label.
func (s side) allowed(c *x509.Certificate) Result {
	if len(s.in.Allowed) == 0 {
		r := s.notRun("name", "--client-san")
		r.Summary = "not checked: no --client-san; a Gateway without subjectAltNames lets in every certificate of its CA"
		return r
	}
	has := namesOf(c)
	for _, name := range s.in.Allowed {
		if slices.Contains(has, name) || coversDNS(c, name) {
			return s.result("name", OK, "", "the certificate has the name %s, which the server lets in", name)
		}
	}
	fix := "issue it with one of them: kubectl mesh-tls cert issue --client --san " + s.in.Allowed[0]
	if len(has) == 0 {
		return s.result("name", Fail, fix, "the certificate has no SAN, and the server lets in %s only", strings.Join(s.in.Allowed, ", "))
	}
	return s.result("name", Fail, fix, "the certificate is for %s, and the server lets in %s only", strings.Join(has, ", "), strings.Join(s.in.Allowed, ", "))
}

func coversDNS(c *x509.Certificate, name string) bool {
	return len(c.DNSNames) > 0 && dnsName.MatchString(name) && c.VerifyHostname(name) == nil
}
