package cert

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"strings"
)

// KeyType is the kind and size of a key; the zero value is invalid.
type KeyType string

// Key types. Every Envoy takes the first four: see EnvoyRefuses.
const (
	ECDSAP256 KeyType = "ecdsa-p256"
	RSA2048   KeyType = "rsa-2048"
	RSA3072   KeyType = "rsa-3072"
	RSA4096   KeyType = "rsa-4096"
	ECDSAP384 KeyType = "ecdsa-p384"
	Ed25519   KeyType = "ed25519" // for a CA only
)

// KeyTypes lists the valid types.
func KeyTypes() []KeyType { return []KeyType{ECDSAP256, ECDSAP384, RSA2048, RSA3072, RSA4096, Ed25519} }

// ErrEd25519 is why no certificate with an Ed25519 key is issued: BoringSSL leaves
// Ed25519 out of the signature algorithms that it accepts from the other side, and
// Envoy has no setting for it (envoyproxy/envoy#25727; BoringSSL ssl/extensions.cc,
// kVerifySignatureAlgorithms). Seen with Envoy 1.39: the connection fails, and so it
// does with P-521; what an Ed25519 CA signs is accepted.
var ErrEd25519 = errors.New("no Envoy accepts Ed25519 signatures from the other side of a TLS connection (envoyproxy/envoy#25727)")

// ParseKeyType reads a type as typed; ecdsa and rsa alone mean the usual size.
func ParseKeyType(s string) (KeyType, error) {
	switch k := KeyType(strings.ToLower(s)); k {
	case ECDSAP256, ECDSAP384, RSA2048, RSA3072, RSA4096, Ed25519:
		return k, nil
	case "", "ecdsa", "ec":
		return ECDSAP256, nil
	case "rsa":
		return RSA2048, nil
	}
	return "", fmt.Errorf("key type %q: must be one of %s", s, keyTypeList())
}

func keyTypeList() string {
	var words []string
	for _, k := range KeyTypes() {
		words = append(words, string(k))
	}
	return strings.Join(words, ", ")
}

// generate makes a key.
func (k KeyType) generate(random io.Reader) (PrivateKey, error) {
	var s crypto.Signer
	var err error
	switch k {
	case ECDSAP256:
		s, err = ecdsa.GenerateKey(elliptic.P256(), random)
	case ECDSAP384:
		s, err = ecdsa.GenerateKey(elliptic.P384(), random)
	case RSA2048:
		s, err = rsa.GenerateKey(random, 2048)
	case RSA3072:
		s, err = rsa.GenerateKey(random, 3072)
	case RSA4096:
		s, err = rsa.GenerateKey(random, 4096)
	case Ed25519:
		_, s, err = ed25519.GenerateKey(random)
	default:
		return PrivateKey{}, fmt.Errorf("key type %q: must be one of %s", string(k), keyTypeList())
	}
	if err != nil {
		return PrivateKey{}, fmt.Errorf("generate a key of type %s: %w", k, err)
	}
	return PrivateKey{signer: s}, nil
}

// keyName tells a public key's kind and size in the words of the field.
func keyName(public crypto.PublicKey) string {
	switch k := public.(type) {
	case *rsa.PublicKey:
		return fmt.Sprintf("RSA %d", k.N.BitLen())
	case *ecdsa.PublicKey:
		return "ECDSA " + k.Curve.Params().Name
	case ed25519.PublicKey:
		return "Ed25519"
	}
	return "of an unknown kind"
}

// EnvoyRefuses says why Envoy cannot use a certificate with this key as its own,
// or accept it from the other side; "" when it can. old says that only an old Envoy
// refuses it. Envoy takes RSA of 2048 bits and more, P-256, and since 1.33 P-384 and
// P-521 (source/common/tls/context_impl.cc).
func EnvoyRefuses(public crypto.PublicKey) (why string, old bool) {
	switch k := public.(type) {
	case *rsa.PublicKey:
		if k.N.BitLen() < 2048 {
			return fmt.Sprintf("Envoy refuses RSA keys under 2048 bits, this one has %d", k.N.BitLen()), false
		}
	case *ecdsa.PublicKey:
		switch k.Curve {
		case elliptic.P256():
		case elliptic.P384():
			return "Envoy before 1.33 (Istio before 1.25) takes P-256 only", true
		case elliptic.P521():
			return "Envoy does not accept P-521 signatures from the other side of a TLS connection", false
		default:
			return "Envoy refuses the curve " + k.Curve.Params().Name, false
		}
	case ed25519.PublicKey:
		return ErrEd25519.Error(), false
	default:
		return "Envoy takes RSA and ECDSA keys only", false
	}
	return "", false
}
