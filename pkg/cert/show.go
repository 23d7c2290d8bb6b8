package cert

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"math"
	"time"
)

// Entry is one PEM block in plain words.
type Entry struct {
	Source      string     `json:"source"`
	Block       int        `json:"block"`
	Line        int        `json:"line"`
	Type        string     `json:"type"` // certificate, private key (...), or what the block says
	Subject     string     `json:"subject,omitempty"`
	Issuer      string     `json:"issuer,omitempty"`
	Serial      string     `json:"serial,omitempty"`
	CA          bool       `json:"ca,omitempty"`
	SANs        []string   `json:"sans,omitempty"`
	KeyUsage    []string   `json:"keyUsage,omitempty"`
	ExtKeyUsage []string   `json:"extKeyUsage,omitempty"`
	KeyType     string     `json:"keyType,omitempty"`
	NotBefore   *time.Time `json:"notBefore,omitempty"`
	NotAfter    *time.Time `json:"notAfter,omitempty"`
	DaysLeft    *int       `json:"daysLeft,omitempty"`
	Fingerprint string     `json:"fingerprint,omitempty"` // SHA-256 of the DER, lower-case hex
	Key         string     `json:"key,omitempty"`         // whose key: of a certificate, where it is; of a key, whose it is
	Problems    []string   `json:"problems,omitempty"`
}

// Show tells of every block, of several sources at once: a certificate in one file
// and its key in another find each other.
func Show(piles []Pile, now time.Time) []Entry {
	var all []Block
	for _, p := range piles {
		all = append(all, p...)
	}
	var out []Entry
	for _, b := range all {
		e := Entry{Source: b.Source, Block: b.Number, Line: b.Line, Type: b.typeWords()}
		switch {
		case b.Problem != "":
			e.Problems = []string{"the block " + b.Problem}
		case b.Cert != nil:
			e = e.certificate(b.Cert, now)
			e.Key = holder(all, b.Cert)
		case b.Key != nil:
			e.KeyType = keyName(b.Key.signer.Public())
			if e.Key = owner(all, *b.Key); e.Key == "" {
				e.Problems = []string{"the key belongs to no certificate shown here"}
			}
		}
		out = append(out, e)
	}
	return out
}

// typeWords names the type; a key's not as in PEM, because whoever searches a log for
// leaked keys looks for those words.
func (b Block) typeWords() string {
	switch {
	case b.Cert != nil:
		return "certificate"
	case !b.IsKey():
		return b.Type
	case b.Type == "EC PRIVATE KEY":
		return "private key (SEC 1)"
	case b.Type == "RSA PRIVATE KEY":
		return "private key (PKCS#1)"
	case b.Type == "PRIVATE KEY":
		return "private key (PKCS#8)"
	}
	return "private key"
}

func (e Entry) certificate(c *x509.Certificate, now time.Time) Entry {
	sum := sha256.Sum256(c.Raw)
	days := int(math.Floor(c.NotAfter.Sub(now).Hours() / 24))
	e.Subject, e.Issuer, e.Serial = visible(c.Subject.String()), visible(c.Issuer.String()), c.SerialNumber.Text(16)
	e.CA, e.SANs, e.KeyUsage, e.ExtKeyUsage = c.IsCA, namesOf(c), keyUsages(c), extKeyUsages(c)
	e.KeyType, e.Fingerprint = keyName(c.PublicKey), hex.EncodeToString(sum[:])
	e.NotBefore, e.NotAfter, e.DaysLeft = &c.NotBefore, &c.NotAfter, &days
	if why := outside(c, now); why != "" {
		e.Problems = append(e.Problems, why)
	}
	if why, old := EnvoyRefuses(c.PublicKey); why != "" && !old && !c.IsCA {
		e.Problems = append(e.Problems, why)
	}
	return e
}

// outside says that a certificate is not valid at now; "" when it is.
func outside(c *x509.Certificate, now time.Time) string {
	switch {
	case now.After(c.NotAfter):
		return fmt.Sprintf("expired on %s", day(c.NotAfter))
	case now.Before(c.NotBefore):
		return fmt.Sprintf("not valid before %s", c.NotBefore.UTC().Format(time.RFC3339))
	}
	return ""
}

func holder(all []Block, c *x509.Certificate) string {
	for _, b := range all {
		if b.Key != nil && b.Key.Fits(c) {
			return b.where()
		}
	}
	return ""
}

func owner(all []Block, k PrivateKey) string {
	for _, b := range all {
		if b.Cert != nil && k.Fits(b.Cert) {
			return b.where()
		}
	}
	return ""
}

var usageNames = []struct {
	bit  x509.KeyUsage
	name string
}{
	{x509.KeyUsageDigitalSignature, "digitalSignature"}, {x509.KeyUsageContentCommitment, "contentCommitment"},
	{x509.KeyUsageKeyEncipherment, "keyEncipherment"}, {x509.KeyUsageDataEncipherment, "dataEncipherment"},
	{x509.KeyUsageKeyAgreement, "keyAgreement"}, {x509.KeyUsageCertSign, "keyCertSign"}, {x509.KeyUsageCRLSign, "cRLSign"},
}

func keyUsages(c *x509.Certificate) []string {
	var out []string
	for _, u := range usageNames {
		if c.KeyUsage&u.bit != 0 {
			out = append(out, u.name)
		}
	}
	return out
}

var extUsageNames = map[x509.ExtKeyUsage]string{
	x509.ExtKeyUsageAny: "any", x509.ExtKeyUsageServerAuth: "serverAuth", x509.ExtKeyUsageClientAuth: "clientAuth",
	x509.ExtKeyUsageCodeSigning: "codeSigning", x509.ExtKeyUsageEmailProtection: "emailProtection",
	x509.ExtKeyUsageTimeStamping: "timeStamping", x509.ExtKeyUsageOCSPSigning: "OCSPSigning",
}

func extKeyUsages(c *x509.Certificate) []string {
	var out []string
	for _, u := range c.ExtKeyUsage {
		name, known := extUsageNames[u]
		if !known {
			name = fmt.Sprintf("other (%d)", u)
		}
		out = append(out, name)
	}
	for _, oid := range c.UnknownExtKeyUsage {
		out = append(out, oid.String())
	}
	return out
}
