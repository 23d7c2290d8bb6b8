package check

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// keyRefused tells what of the server's own key the sidecar does not take, whoever signed it: the handshake fails then
// although the chain is right, and a probe by another TLS library completes (seen with Envoy 1.39).
func keyRefused(p *facts.Proxy, k facts.Socket, leaf facts.Certificate) refusal {
	x, err := x509.ParseCertificate(leaf.DER)
	if err != nil {
		return refusal{}
	}
	if r := signerRefused(p, k, x); r.summary != "" {
		return r
	}
	if x.KeyUsage == 0 || x.KeyUsage&x509.KeyUsageDigitalSignature != 0 {
		return refusal{}
	}
	r := refusal{summary: "the server's certificate is not for signing, which the handshake needs of it (KEY_USAGE_BIT_INCORRECT)", got: leaf.Label() + ": its key usage lacks digitalSignature", want: "a certificate with key usage digitalSignature", fix: renew}
	if x.PublicKeyAlgorithm != x509.RSA {
		return r
	}
	switch row, known := facts.BehaviourIn(facts.EnvoyRSAKeyUsage, facts.ParseRelease(p.Envoy)); {
	case !known:
		r.doubt, r.summary = true, "whether the sidecar takes the server's certificate is not known: its key is not for signing, which newer releases of Envoy demand"
	case row.Value == "not enforced":
		return refusal{}
	}
	return r
}

// signatures are the names in Envoy's signature_algorithms of those that BoringSSL does not offer by itself.
var signatures = map[string]string{"P-521": "ecdsa_secp521r1_sha512", "Ed25519": "ed25519", "P-224": "none"}

// signerRefused: BoringSSL takes no handshake that is signed by a key of these kinds, unless the socket says so.
func signerRefused(p *facts.Proxy, k facts.Socket, x *x509.Certificate) refusal {
	kind := ""
	switch key := x.PublicKey.(type) {
	case *ecdsa.PublicKey:
		kind = key.Curve.Params().Name
	case ed25519.PublicKey:
		kind = "Ed25519"
	}
	name, special := signatures[kind]
	library := p.TLSLibrary
	if !special || slices.Contains(k.SigAlgs, name) || library != "" && !strings.HasPrefix(library, "BoringSSL") {
		return refusal{}
	}
	r := refusal{summary: "the sidecar takes no server whose key is " + kind, got: "a certificate with a key of kind " + kind, want: "a key of kind RSA, P-256 or P-384", fix: renew}
	if library == "" {
		r.doubt, r.summary = true, "whether the sidecar takes a server whose key is "+kind+" is not known: the proxy's TLS library is not"
	}
	return r
}

// weakness tells what of an accepted chain is weaker than anybody should use; the CA's own signature counts for nothing.
func weakness(chain []facts.Certificate) string {
	for _, c := range parsed(chain) {
		if key, is := c.PublicKey.(*rsa.PublicKey); is && key.N.BitLen() < 2048 {
			return fmt.Sprintf("a key of %d bits (RSA)", key.N.BitLen())
		}
		if sha1(c) && !c.IsCA {
			return "a signature with SHA-1 (" + c.SignatureAlgorithm.String() + ")"
		}
	}
	return ""
}
