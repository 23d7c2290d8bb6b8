package check

import (
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// refusal is why a sidecar would refuse a server's certificate; empty is none.
type refusal struct{ summary, got, want, fix string }

// rejected judges a chain as Envoy's default validator does: validity, chain to
// any certificate of the CA, then the names (Envoy default_validator.cc).
func rejected(in Input, s Subject, k facts.Socket, t Trust, chain []facts.Certificate) refusal {
	if len(chain) == 0 {
		return refusal{summary: "the server sent no certificate", want: "a certificate", fix: renew}
	}
	leaf := chain[0]
	if t.Source.Kind == facts.SourceNone || t.SPIFFE || !t.Known {
		return refusal{}
	}
	if !t.AllowExpired && in.Now.After(leaf.NotAfter) {
		return refusal{"the server's certificate is expired", period(leaf), "a certificate that is valid now", renew}
	}
	if in.Now.Before(leaf.NotBefore) {
		return refusal{"the server's certificate is not valid yet", period(leaf), "a certificate that is valid now", renew}
	}
	if err := chains(in, t.CA, chain); err != nil {
		if r, known := invalid(leaf, err); known {
			return r
		}
		sum := "the server's certificate does not chain to the CA that the sidecar has: wrong CA (CERTIFICATE_VERIFY_FAILED)"
		return refusal{sum, fmt.Sprintf("certificate of %s, issued by %s; the sidecar trusts %s (%v)", leaf.Label(), leaf.Issuer, trusted(t), err), "the CA that issued it: " + lastIssuer(chain), enableWith(s, "--ca-file FILE")}
	}
	if len(t.SANs) > 0 && !nameFits(t.SANs, leaf) {
		return refusal{"the server's certificate is for another host", "names in the certificate: " + allNames(leaf), "one of " + strings.Join(names(t.SANs), ", "), "a certificate with that name, or --san with a name of the certificate"}
	}
	return refusal{}
}

// invalid tells apart a chain that leads to the CA and is refused for another
// reason; only an unknown authority is a wrong CA.
func invalid(leaf facts.Certificate, err error) (refusal, bool) {
	var bad x509.CertificateInvalidError
	if !errors.As(err, &bad) {
		return refusal{}, false
	}
	who := leaf.Label()
	if bad.Cert != nil {
		if c, err := facts.ParseDER(bad.Cert.Raw); err == nil {
			who = c.Label()
		}
	}
	got := fmt.Sprintf("%s: %v", who, bad)
	switch bad.Reason {
	case x509.IncompatibleUsage:
		return refusal{"the server's certificate is not for servers (extended key usage)", got, "a certificate with key usage serverAuth", renew}, true
	case x509.Expired:
		return refusal{"a certificate between the server's and the CA is outside its validity", got, "a chain that is valid now", renew}, true
	case x509.NotAuthorizedToSign:
		return refusal{"the server's certificate was signed by one that is no CA", got, "a chain of CA certificates", renew}, true
	}
	return refusal{"the server's chain is refused", got, "a chain that leads to the CA", renew}, true
}

// renew is what helps when the server's own certificate is at fault.
const renew = "renew the server's certificate, then verify again"

func trusted(t Trust) string {
	if t.Source.Name == "file-root:system" {
		return "the operating system's public roots (the rule has no caCertificates)"
	}
	return subjects(t.CA)
}

func lastIssuer(chain []facts.Certificate) string { return chain[len(chain)-1].Issuer }

func chains(in Input, ca, chain []facts.Certificate) error {
	return chainsFor(in, ca, chain, x509.ExtKeyUsageServerAuth)
}

func chainsFor(in Input, ca, chain []facts.Certificate, use x509.ExtKeyUsage) error {
	roots, mid := x509.NewCertPool(), x509.NewCertPool()
	for _, c := range ca {
		if x, err := x509.ParseCertificate(c.DER); err == nil {
			roots.AddCert(x)
		}
	}
	for _, c := range chain[1:] {
		if x, err := x509.ParseCertificate(c.DER); err == nil {
			mid.AddCert(x)
		}
	}
	leaf, err := x509.ParseCertificate(chain[0].DER)
	if err != nil {
		return err
	}
	at := in.Now
	if at.After(leaf.NotAfter) { // allow_expired_certificate: judged by the caller
		at = leaf.NotAfter
	}
	_, err = leaf.Verify(x509.VerifyOptions{Roots: roots, Intermediates: mid, CurrentTime: at, KeyUsages: []x509.ExtKeyUsage{use}})
	return err
}

// nameFits compares as Envoy's SAN matchers do; an exact DNS match also takes a
// wildcard in the certificate's first label (Envoy Utility::dnsNameMatch).
func nameFits(want []facts.NameMatch, c facts.Certificate) bool {
	for _, w := range want {
		for kind, have := range map[string][]string{"dns": c.DNS, "uri": c.URIs, "ip": c.IPs, "email": c.Emails} {
			if w.Type != "" && w.Type != kind {
				continue
			}
			for _, h := range have {
				if fits(w, kind, h) {
					return true
				}
			}
		}
	}
	return false
}

func fits(w facts.NameMatch, kind, have string) bool {
	switch w.Kind {
	case "exact":
		if kind == "ip" {
			a, b := net.ParseIP(w.Value), net.ParseIP(have)
			return a != nil && a.Equal(b)
		}
		if kind == "dns" {
			return dnsFits(w.Value, have)
		}
		return w.Value == have
	case "prefix":
		return strings.HasPrefix(have, w.Value)
	case "suffix":
		return strings.HasSuffix(have, w.Value)
	case "contains":
		return strings.Contains(have, w.Value)
	case "regex":
		re, err := regexp.Compile("^(?:" + w.Value + ")$")
		return err == nil && re.MatchString(have)
	}
	return false
}

func dnsFits(want, have string) bool {
	want, have = strings.ToLower(want), strings.ToLower(have)
	if want == have {
		return true
	}
	suffix, wild := strings.CutPrefix(have, "*")
	i := strings.IndexByte(want, '.')
	return wild && i > 0 && want[i:] == suffix
}

func allNames(c facts.Certificate) string {
	all := append(append(append([]string{}, c.DNS...), c.URIs...), c.IPs...)
	if len(all) == 0 {
		return "none (subject " + c.Subject + ")"
	}
	return strings.Join(all, ", ")
}
