package cert

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Form is which key names a Secret has; the zero value is invalid.
type Form string

// Forms. Istio reads both (pilot/pkg/credentials/kube/secrets.go).
const (
	FormTLS     Form = "tls"     // type kubernetes.io/tls: tls.crt, tls.key, ca.crt, as cert-manager makes it
	FormGeneric Form = "generic" // type Opaque: cert, key, cacert
)

// CASuffix is what istiod appends to a credentialName to look for the CA first.
const CASuffix = "-cacert"

// keyNames are the names of a Secret's keys, in the order in which istiod looks.
type keyNames struct{ cert, key, ca string }

var forms = map[Form]keyNames{FormGeneric: {"cert", "key", "cacert"}, FormTLS: {"tls.crt", "tls.key", "ca.crt"}}

// ParseForm reads a form as typed; empty is FormTLS.
func ParseForm(s string) (Form, error) {
	if s == "" {
		return FormTLS, nil
	}
	if _, ok := forms[Form(s)]; ok {
		return Form(s), nil
	}
	return "", fmt.Errorf("form %q: must be %s (tls.crt, tls.key, ca.crt) or %s (cert, key, cacert)", s, FormTLS, FormGeneric)
}

// Data is what a Secret holds: the type and the values by key name.
type Data struct {
	Type   string
	Values map[string][]byte
}

// NewPairData makes the content of a Secret of a certificate with its chain and
// key, and of the CA that the other side is checked against (ca may be empty). It
// refuses what a proxy could not use.
func NewPairData(f Form, pair, key, ca Pile, now time.Time) (Data, error) {
	if err := readable(pair, ca); err != nil {
		return Data{}, err
	}
	k, err := key.Key()
	if err != nil {
		return Data{}, err
	}
	certs := pair.Certs()
	switch {
	case len(certs) == 0:
		return Data{}, fmt.Errorf("%s holds no certificate", pair.source())
	case !k.Fits(certs[0]):
		return Data{}, errors.New(misfit(k, pair, key.source()))
	case now.After(certs[0].NotAfter):
		return Data{}, fmt.Errorf("%s expired on %s: issue it anew", label(certs[0]), day(certs[0].NotAfter))
	}
	if why, old := EnvoyRefuses(certs[0].PublicKey); why != "" && !old {
		return Data{}, fmt.Errorf("%s: %s", label(certs[0]), why)
	}
	text, err := k.PEM()
	if err != nil {
		return Data{}, err
	}
	names := forms[f]
	d := Data{Type: "Opaque", Values: map[string][]byte{names.cert: PEM(certs...), names.key: text}}
	if f == FormTLS {
		d.Type = "kubernetes.io/tls"
	}
	if len(ca) > 0 {
		d.Values[names.ca] = PEM(ca.Certs()...)
	}
	return d, nil
}

// NewCAData makes the content of a Secret of CA certificates alone.
func NewCAData(f Form, ca Pile) (Data, error) {
	if err := readable(nil, ca); err != nil {
		return Data{}, err
	}
	return Data{Type: "Opaque", Values: map[string][]byte{forms[f].ca: PEM(ca.Certs()...)}}, nil
}

// readable refuses damaged blocks: Envoy refuses a bundle with one whole. A CA's
// file with a private key is the wrong file.
func readable(pair, ca Pile) error {
	for _, b := range append(slices.Clone(pair), ca...) {
		if b.Problem != "" && !b.IsKey() {
			return fmt.Errorf("%s: the PEM block %s", b.where(), b.Problem)
		}
	}
	if ca.HasKey() {
		return fmt.Errorf("%s holds a private key, and a CA's key belongs to no cluster: give a file with its certificate only", ca.source())
	}
	if len(ca) > 0 && len(ca.Certs()) == 0 {
		return fmt.Errorf("%s holds no certificate", ca.source())
	}
	return nil
}

// misfit says why a key does not belong to the first certificate.
func misfit(k PrivateKey, pair Pile, keySource string) string {
	certs := pair.Certs()
	if n := slices.IndexFunc(certs, k.Fits); n > 0 {
		return fmt.Sprintf("the key in %s belongs to certificate %d of %s, and the first must be the one of the key: put it first, its issuers behind it", keySource, n+1, pair.source())
	}
	return fmt.Sprintf("the key in %s (%s) does not belong to %s in %s: give the pair that was made together",
		keySource, keyName(k.signer.Public()), label(certs[0]), pair.source())
}

// Part is which part of a Secret is meant; the zero value is invalid.
type Part string

// Parts of a Secret.
const (
	PartCert Part = "cert"
	PartKey  Part = "key"
	PartCA   Part = "ca"
)

// InSecret finds the key of a Secret that istiod would read for a part: the
// generic names go before those of kubernetes.io/tls, a pair counts only with both
// of its halves, and a key without content does not count (istio:
// pilot/pkg/credentials/kube/secrets.go, ExtractCertInfo and ExtractRoot).
func InSecret(values map[string][]byte, p Part) (name string, ok bool) {
	for _, f := range []Form{FormGeneric, FormTLS} {
		names := forms[f]
		if p == PartCA {
			if len(values[names.ca]) > 0 {
				return names.ca, true
			}
			continue
		}
		if len(values[names.cert]) > 0 && len(values[names.key]) > 0 {
			return map[Part]string{PartCert: names.cert, PartKey: names.key}[p], true
		}
	}
	return "", false
}

// ReadSecret reads every value of a Secret that holds PEM text; the source of a
// block is name/key. What holds none (a password, a binary) is passed over.
func ReadSecret(name string, values map[string][]byte) []Pile {
	var out []Pile
	for _, key := range sortedKeys(values) {
		if p, err := Read(name+"/"+key, values[key]); err == nil {
			out = append(out, p)
		}
	}
	return out
}

func sortedKeys(values map[string][]byte) []string {
	var out []string
	for k := range values {
		out = append(out, k)
	}
	slices.SortFunc(out, strings.Compare)
	return out
}
