package check

import (
	"crypto/x509"
	"errors"
	"fmt"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// refusal is why a sidecar would refuse a server's certificate; empty is none. With doubt it is not known whether it would; begins
// is that of a certificate whose time begins within what clocks differ by.
type refusal struct {
	summary, got, want, fix string
	doubt, begins           bool
}

// outcome of a refusal that there is.
func (r refusal) outcome() Outcome {
	switch {
	case r.doubt:
		return Unknown
	case r.begins:
		return Warn
	}
	return Fail
}

// rejected judges a chain as Envoy's default validator does: validity, chain to
// any certificate of the CA, then the names (Envoy default_validator.cc).
func rejected(in Input, s Subject, k facts.Socket, t Trust, chain []facts.Certificate) refusal {
	if len(chain) == 0 {
		return refusal{summary: "the server sent no certificate", want: "a certificate", fix: renew}
	}
	leaf := chain[0]
	if r := keyRefused(in.Proxy, k, leaf); r.summary != "" && !r.doubt {
		return r // it fails before anything else is looked at
	}
	if t.Source.Kind == facts.SourceNone && t.Pins == 0 {
		return keyRefused(in.Proxy, k, leaf)
	}
	if r := t.pinned(leaf); r.summary != "" || t.Source.Kind == facts.SourceNone {
		return r
	}
	ca, r := t.caFor(leaf)
	if !t.Known || r.summary != "" {
		return r
	}
	if !t.AllowExpired && in.Now.After(leaf.NotAfter) {
		return refusal{summary: "the server's certificate is expired", got: period(leaf), want: "a certificate that is valid now", fix: renew}
	}
	if in.early(leaf) > clocksApart {
		return refusal{summary: "the server's certificate is not valid yet", got: period(leaf), want: "a certificate that is valid now", fix: renew}
	}
	if _, err := chainsFor(in, ca, chain, x509.ExtKeyUsageServerAuth); err != nil {
		if r, known := shadowed(in, ca, chain); known {
			return r
		}
		if r, known := invalid(leaf, err); known {
			return r
		}
		cause := "wrong CA"
		if last := chain[len(chain)-1]; last.Issuer != last.Subject {
			cause = "wrong CA, or the server does not send the certificate of its intermediate CA"
		}
		return refusal{summary: "the server's certificate does not chain to the CA that the sidecar has: " + cause + " (CERTIFICATE_VERIFY_FAILED)",
			got:  fmt.Sprintf("certificate of %s, issued by %s; the sidecar trusts %s (%v)", leaf.Label(), leaf.Issuer, trusted(t), err),
			want: "the CA that issued it: " + lastIssuer(chain), fix: enableWith(s, "--ca-file FILE")}
	}
	if r := revoked(in, s, t, ca, chain); r.summary != "" && !r.doubt {
		return r
	}
	if want := wantedNames(in, s, k, t); len(want) > 0 && !nameFits(want, leaf) {
		return refusal{summary: forAnotherHost, got: "names in the certificate: " + allNames(leaf), want: "one of " + strings.Join(names(want), ", "), fix: "a certificate with that name, or --san with a name of the certificate"}
	}
	if r := keyRefused(in.Proxy, k, leaf); r.summary != "" {
		return r
	}
	if r := revoked(in, s, t, ca, chain); r.summary != "" {
		return r
	}
	return in.notYet("the server's certificate", leaf)
}

// wantedNames are the rules for the server's name: those of the validation, and what Envoy checks by itself, which is
// the SNI sent, or for HTTP the Host header (Envoy: router.cc, auto_san_validation).
func wantedNames(in Input, s Subject, k facts.Socket, t Trust) []facts.NameMatch {
	u := s.Serving()
	exact := func(name string) []facts.NameMatch {
		return []facts.NameMatch{{Kind: "exact", Value: name, Type: "dns"}}
	}
	switch {
	case k.AutoSNISAN && k.SNI != "":
		return exact(k.SNI)
	case len(t.SANs) > 0:
		return t.SANs
	case u.AutoSAN && u.Protocol == facts.ProtocolHTTP && in.NameOf(s) != "":
		return exact(in.NameOf(s))
	}
	return nil
}

// invalid tells apart a chain that leads to the CA and is refused for another
// reason; only an unknown authority is a wrong CA.
func invalid(leaf facts.Certificate, err error) (refusal, bool) {
	var critical x509.UnhandledCriticalExtension
	if errors.As(err, &critical) {
		return refusal{summary: "the server's chain is refused: a certificate has a critical extension that nobody knows", got: leaf.Label() + ": " + err.Error(), want: "a chain without it", fix: renew}, true
	}
	var bad x509.CertificateInvalidError
	if !errors.As(err, &bad) {
		return refusal{}, false
	}
	who := leaf.Label()
	if c, err := facts.ParseDER(bad.Cert.Raw); err == nil {
		who = c.Label()
	}
	got := fmt.Sprintf("%s: %v", who, bad)
	switch bad.Reason {
	case x509.IncompatibleUsage:
		return refusal{summary: "the server's certificate is not for servers (extended key usage)", got: got, want: "a certificate with key usage serverAuth", fix: renew}, true
	case x509.Expired:
		return refusal{summary: "a certificate between the server's and the CA is outside its validity", got: got, want: "a chain that is valid now", fix: renew}, true
	case x509.NotAuthorizedToSign:
		return refusal{summary: "the server's certificate was signed by one that is no CA, or may not sign", got: got, want: "a chain of CA certificates", fix: renew}, true
	}
	return refusal{summary: "the server's chain is refused", got: got, want: "a chain that leads to the CA", fix: renew}, true
}

// forAnotherHost is said of a certificate without any of the names that are asked for.
const forAnotherHost = "the server's certificate is for another host"

// renew is what helps when the server's own certificate is at fault.
const renew = "renew the server's certificate, then verify again"

func trusted(t Trust) string {
	if t.Source.Name == publicCAs {
		return "the operating system's public roots (the rule has no caCertificates)"
	}
	return subjects(t.CA)
}

func lastIssuer(chain []facts.Certificate) string { return chain[len(chain)-1].Issuer }
