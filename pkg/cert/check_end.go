package cert

import (
	"crypto/x509"
	"fmt"
	"slices"
	"strings"
)

type leafCert struct{ *x509.Certificate }

// pem: every block of every source must be readable, because a proxy refuses a
// bundle with a damaged one whole, and istiod looks at the first only.
func (s side) pem() []Result {
	var out []Result
	for _, p := range []Pile{s.own.Cert, s.own.CA} {
		for _, b := range p {
			if b.Problem != "" && !b.IsKey() {
				out = append(out, s.result("pem", Fail, "repair or remove the block: Envoy refuses the whole bundle for it", "%s: the PEM block %s", b.where(), b.Problem))
			}
		}
	}
	if s.own.CA.HasKey() {
		out = append(out, s.result("pem", Fail, "take the key out; whoever has it can make certificates that both ends accept",
			"%s, the CA bundle of the %s, holds a private key", s.own.CA.source(), s.name))
	}
	if s.own.CA != nil && len(s.own.CA.Certs()) == 0 {
		out = append(out, s.result("pem", Fail, "give the CA's certificate in PEM form", "%s, the CA bundle of the %s, holds no certificate that can be read", s.own.CA.source(), s.name))
	}
	switch {
	case len(out) > 0:
	case s.own.Cert == nil && s.own.CA == nil:
		out = append(out, s.notRun("pem", "--"+s.name+"-cert, --"+s.name+"-ca"))
	default:
		out = append(out, s.result("pem", OK, "", "every PEM block can be read (%d certificates)", len(s.own.Cert.Certs())+len(s.own.CA.Certs())))
	}
	return out
}

// key: the key must be that of the first certificate.
func (s side) key() Result {
	leaf, none := s.leafOr("key")
	if none != nil {
		return *none
	}
	if s.own.Key == nil {
		return s.notRun("key", "--"+s.name+"-key")
	}
	k, err := s.own.Key.Key()
	switch {
	case err != nil:
		return s.result("key", Fail, "give the key that was made together with the certificate, without a password", "%v", err)
	case !k.Fits(leaf.Certificate):
		return s.result("key", Fail, "kubectl mesh-tls cert show shows which key belongs to which certificate", "%s", misfit(k, s.own.Cert, s.own.Key.source()))
	}
	return s.result("key", OK, "", "the key is that of %s", label(leaf.Certificate))
}

// keyType: Envoy must be able to use the key at one end, and to accept it at the other.
func (s side) keyType() Result {
	leaf, none := s.leafOr("key-type")
	if none != nil {
		return *none
	}
	why, old := EnvoyRefuses(leaf.PublicKey)
	switch {
	case old:
		return s.result("key-type", Warn, "use ecdsa-p256 or rsa where proxies are that old", "the key is %s: %s", keyName(leaf.PublicKey), why)
	case why != "":
		return s.result("key-type", Fail, "make a new pair: kubectl mesh-tls cert issue --key-type ecdsa (or rsa)", "the key is %s: %s", keyName(leaf.PublicKey), why)
	}
	return s.result("key-type", OK, "", "%s, which every Envoy takes", keyName(leaf.PublicKey))
}

// usage: the certificate must be for its end of the connection. OpenSSL and BoringSSL
// ask for the same two things (purposes ssl_client and ssl_server).
func (s side) usage() Result {
	leaf, none := s.leafOr("usage")
	if none != nil {
		return *none
	}
	want := map[string]x509.ExtKeyUsage{"server": x509.ExtKeyUsageServerAuth, "client": x509.ExtKeyUsageClientAuth}[s.name]
	fix := fmt.Sprintf("issue it anew for this end: kubectl mesh-tls cert issue --%s", s.name)
	has := extKeyUsages(leaf.Certificate)
	if len(has) > 0 && !slices.Contains(leaf.ExtKeyUsage, want) && !slices.Contains(leaf.ExtKeyUsage, x509.ExtKeyUsageAny) {
		return s.result("usage", Fail, fix, "%s is for %s only, and this end needs %s: the %s refuses it", label(leaf.Certificate), strings.Join(has, ", "), extUsageNames[want], s.peer)
	}
	if leaf.KeyUsage != 0 && leaf.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		return s.result("usage", Fail, fix, "%s may not sign (key usage %s leaves digitalSignature out), and TLS needs that", label(leaf.Certificate), strings.Join(keyUsages(leaf.Certificate), ", "))
	}
	if len(has) == 0 {
		return s.result("usage", OK, "", "for any end: the certificate does not limit what it is for")
	}
	return s.result("usage", OK, "", "for %s", strings.Join(has, ", "))
}

// caFlags: what signs must be a CA.
func (s side) caFlags() Result {
	if s.own.CA == nil {
		return s.notRun("ca-flag", "--"+s.name+"-ca")
	}
	var not []string
	for _, c := range s.own.CA.Certs() {
		if !c.BasicConstraintsValid || !c.IsCA {
			not = append(not, label(c))
		}
	}
	if len(not) > 0 {
		return s.result("ca-flag", Warn, "put the CA's certificate there instead", "%s in %s is no CA certificate: only a %s with exactly this certificate would be accepted",
			strings.Join(not, " and "), s.own.CA.source(), s.peer)
	}
	if len(s.own.CA.Certs()) == 0 {
		return s.result("ca-flag", Unknown, "give the CA's certificate in PEM form", "%s holds no certificate that can be read", s.own.CA.source())
	}
	return s.result("ca-flag", OK, "", "every certificate of the bundle is a CA's")
}

// validity: the end's own certificates must be valid now; of the bundle only what is
// used must be, and a leftover in it is worth a word.
func (s side) validity() []Result {
	leaf, none := s.leafOr("validity")
	if none != nil && s.own.CA == nil {
		return []Result{*none}
	}
	peer := side{name: s.peer, peer: s.name, own: s.other, other: s.own, in: s.in}
	used := s.path(leaf.Certificate)
	if certs := s.other.Cert.Certs(); len(certs) > 0 {
		used = append(used, peer.path(certs[0])...)
	}
	bundle := s.own.CA.Certs()
	var out []Result
	for i, c := range s.own.Cert.Certs() {
		out = append(out, s.valid(c, s.own.Cert, i == 0 || slices.ContainsFunc(used, c.Equal))...)
	}
	for _, c := range bundle {
		out = append(out, s.valid(c, s.own.CA, len(bundle) == 1 || slices.ContainsFunc(used, c.Equal))...)
	}
	if len(out) == 0 {
		out = append(out, s.result("validity", OK, "", "everything of this end is valid%s", until(leaf.Certificate)))
	}
	return out
}

// valid says nothing about a certificate that is valid for long enough.
func (s side) valid(c *x509.Certificate, in Pile, used bool) []Result {
	bad := Warn
	if used {
		bad = Fail
	}
	if why := outside(c, s.in.Now); why != "" {
		return []Result{s.result("validity", bad, "issue it anew, or look at the clock", "%s in %s: %s", label(c), in.source(), why)}
	}
	if left := c.NotAfter.Sub(s.in.Now); left < s.in.Warn {
		return []Result{s.result("validity", Warn, "issue it anew before that day", "%s in %s ends in %d d, on %s", label(c), in.source(), int(left.Hours()/24), day(c.NotAfter))}
	}
	return nil
}

func until(leaf *x509.Certificate) string {
	if leaf == nil {
		return ""
	}
	return ", its certificate until " + day(leaf.NotAfter)
}
