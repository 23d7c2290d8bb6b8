package check

import (
	"bytes"
	"crypto/x509"
	"fmt"
	"slices"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// listRevoked takes the lists of revoked certificates (CRL) of one context.
func (t *Trust) listRevoked(v facts.Validation) {
	if v.CRL.Kind != facts.SourceNone && v.CRL.Kind != facts.SourceUnknown {
		t.CRLs = append(slices.Clip(t.CRLs), v.CRL)
	}
	t.Revoked = append(slices.Clip(t.Revoked), v.Revoked...)
	t.CRLLeafOnly = t.CRLLeafOnly || v.CRLLeafOnly
}

// revoked judges a chain as Envoy does with a CRL (X509_V_FLAG_CRL_CHECK, and CRL_CHECK_ALL unless only_verify_leaf_cert_crl):
// each certificate needs a list of its issuer that is valid now and does not name it. Where the lists lie in a file that
// only the proxy reads there is doubt, until connections complete.
func revoked(in Input, s Subject, t Trust, ca, chain []facts.Certificate) refusal {
	if len(t.CRLs) == 0 {
		return refusal{}
	}
	if i := slices.IndexFunc(t.CRLs, func(s facts.Source) bool { return s.Kind != facts.SourceInline }); i >= 0 {
		if done, failed, counted := handshakes(s.Serving()); counted && done > 0 && failed == 0 {
			return refusal{}
		}
		return refusal{doubt: true, summary: "whether the server's certificate is revoked is not known: the list (CRL) lies where only the proxy reads it", got: t.CRLs[i].String(), want: "a call that completes: then verify again"}
	}
	leaf, err := x509.ParseCertificate(chain[0].DER)
	if err != nil {
		return refusal{}
	}
	var lists []*x509.RevocationList
	for _, der := range t.Revoked {
		if l, err := x509.ParseRevocationList(der); err == nil {
			lists = append(lists, l)
		}
	}
	if len(lists) == 0 {
		return refusal{summary: "the sidecar's list of revoked certificates (CRL) cannot be read: it refuses the whole secret", got: "no PEM block of type X509 CRL", want: "a CRL of the CA, or none", fix: fixCRL}
	}
	certs := pathOf(parsed(ca), leaf, parsed(chain[1:])).certs
	for i, c := range certs {
		if i > 0 && t.CRLLeafOnly {
			break
		}
		if why := revokedIn(lists, c, certs[min(i+1, len(certs)-1)], in.Now); why.summary != "" {
			return why
		}
	}
	return refusal{}
}

const fixCRL = "put a current CRL of every CA of the chain into the Secret (ca.crl), or take it out"

func revokedIn(lists []*x509.RevocationList, c, issuer *x509.Certificate, now time.Time) refusal {
	i := slices.IndexFunc(lists, func(l *x509.RevocationList) bool {
		return bytes.Equal(l.RawIssuer, c.RawIssuer) && l.CheckSignatureFrom(issuer) == nil
	})
	if i < 0 {
		return refusal{summary: "the sidecar has a list of revoked certificates (CRL), and none of the CA " + c.Issuer.String() + ": it refuses what that signed", got: count(uint64(len(lists)), "list") + ", of other CAs", want: "a CRL of " + c.Issuer.String(), fix: fixCRL}
	}
	l := lists[i]
	times := fmt.Sprintf("the CRL of %s is valid from %s to %s", l.Issuer, l.ThisUpdate.UTC().Format(time.DateOnly), l.NextUpdate.UTC().Format(time.DateOnly))
	switch {
	case now.Before(l.ThisUpdate) || !l.NextUpdate.IsZero() && now.After(l.NextUpdate):
		return refusal{summary: "the sidecar's list of revoked certificates (CRL) is outside its validity: it refuses every certificate of " + l.Issuer.String(), got: times, want: "a CRL that is valid now", fix: fixCRL}
	case slices.ContainsFunc(l.RevokedCertificateEntries, func(e x509.RevocationListEntry) bool { return e.SerialNumber.Cmp(c.SerialNumber) == 0 }):
		return refusal{summary: "the server's certificate, or a CA above it, is revoked", got: fmt.Sprintf("serial %x of %s is in the CRL of %s", c.SerialNumber, c.Subject, l.Issuer), want: "a certificate that is not revoked", fix: renew}
	}
	return refusal{}
}

// listsEnded tells of a CA of the bundle whose every list has ended: no certificate of it is accepted then, whatever a
// server sends.
func listsEnded(in Input, t Trust) Finding {
	if len(t.Revoked) == 0 { // as a rule: the CA of thousands of clusters is not parsed for it
		return Finding{Outcome: OK}
	}
	for _, c := range parsed(t.CA) {
		var last *x509.RevocationList
		for _, der := range t.Revoked {
			if l, err := x509.ParseRevocationList(der); err == nil && l.CheckSignatureFrom(c) == nil && (last == nil || l.NextUpdate.After(last.NextUpdate)) {
				last = l
			}
		}
		if last != nil && !last.NextUpdate.IsZero() && in.Now.After(last.NextUpdate) {
			return Finding{Outcome: Fail, Summary: "the list of revoked certificates (CRL) of the CA has ended: every certificate of it is refused", Want: "a CRL that is valid now", Fix: fixCRL,
				Got: fmt.Sprintf("the next update of the CRL of %s was due %s", last.Issuer, last.NextUpdate.UTC().Format(time.DateOnly))}
		}
	}
	return Finding{Outcome: OK}
}
