package cert

import (
	"bytes"
	"crypto/x509"
	"encoding/asn1"
	"encoding/pem"
	"fmt"
	"strings"
)

// Block is one PEM block. Problem says why it could not be read; a block that is
// neither certificate nor key (EC PARAMETERS, a request) has no problem and is of
// no use.
type Block struct {
	Source  string // file or Secret key that it stood in
	Number  int    // from 1
	Line    int    // of its BEGIN, from 1
	Type    string // CERTIFICATE, EC PRIVATE KEY, ...
	Cert    *x509.Certificate
	Key     *PrivateKey
	Problem string
}

// IsKey tells a private key, readable or not.
func (b Block) IsKey() bool { return isKeyType(b.Type) }

// where names a block in a sentence.
func (b Block) where() string {
	return fmt.Sprintf("%s, block %d (line %d)", b.Source, b.Number, b.Line)
}

// Pile is every PEM block of a source, in its order.
type Pile []Block

// begin is how a block starts; BoringSSL, OpenSSL and Go want it at the start of a line.
const begin = "-----BEGIN "

// Read takes every PEM block of a text; whatever stands before and between them
// (openssl writes the certificate in words) is passed over. A block that does not
// parse is in the pile with its problem. The error is for a text without any block.
func Read(source string, text []byte) (Pile, error) {
	var pile Pile
	starts := beginnings(text)
	for i, start := range starts {
		end := len(text)
		if i+1 < len(starts) {
			end = starts[i+1]
		}
		b := readBlock(text[start:end])
		b.Source, b.Number, b.Line = source, i+1, 1+bytes.Count(text[:start], []byte("\n"))
		pile = append(pile, b)
	}
	if len(pile) == 0 {
		return nil, fmt.Errorf("read %s: %s", source, whatItIs(text))
	}
	return pile, nil
}

// beginnings gives the offset of each line that starts a block, indented ones too.
func beginnings(text []byte) []int {
	var out []int
	for offset := 0; offset < len(text); {
		end := bytes.IndexByte(text[offset:], '\n') + 1
		if end == 0 {
			end = len(text) - offset
		}
		if line := text[offset : offset+end]; bytes.Contains(line, []byte(begin)) && looksLikeBegin(line) {
			out = append(out, offset)
		}
		offset += end
	}
	return out
}

// looksLikeBegin also knows a BEGIN that no library would see: behind blanks, or
// behind the byte order mark that Windows editors write.
func looksLikeBegin(line []byte) bool {
	line = bytes.TrimPrefix(line, []byte("\xef\xbb\xbf"))
	return bytes.HasPrefix(bytes.TrimLeft(line, " \t"), []byte(begin))
}

func readBlock(text []byte) Block {
	p, _ := pem.Decode(text)
	if p == nil {
		b := Block{Type: typeOf(text), Problem: "is damaged: its END line or part of its text is missing; copy it again from where it came"}
		if !bytes.HasPrefix(text, []byte(begin)) {
			b.Problem = "does not begin at the start of its line (blanks or a byte order mark before -----BEGIN), and TLS libraries pass it over: take them away"
		}
		return b
	}
	b := Block{Type: p.Type}
	switch {
	case isKeyType(p.Type):
		b.Key, b.Problem = parseKey(p)
	case p.Type == "CERTIFICATE", p.Type == "X509 CERTIFICATE", p.Type == "TRUSTED CERTIFICATE":
		b.Cert, b.Problem = parseCertificate(p)
	}
	return b
}

// typeOf reads the type of a block that does not decode.
func typeOf(text []byte) string {
	line, _, _ := strings.Cut(string(text[:min(len(text), 200)]), "\n")
	_, rest, _ := strings.Cut(line, begin)
	name, _, _ := strings.Cut(rest, "-----")
	return visible(strings.TrimSpace(name))
}

// parseCertificate reads one certificate. openssl appends what it trusts a
// certificate for to a TRUSTED CERTIFICATE; that is left out.
func parseCertificate(p *pem.Block) (*x509.Certificate, string) {
	der := p.Bytes
	if p.Type == "TRUSTED CERTIFICATE" {
		var first asn1.RawValue
		if rest, err := asn1.Unmarshal(der, &first); err == nil {
			der = der[:len(der)-len(rest)]
		}
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, fmt.Sprintf("is no certificate that can be read (%v): copy it again from where it came", err)
	}
	return c, ""
}

// whatItIs says what a text without PEM blocks is, where that can be told.
func whatItIs(text []byte) string {
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		return "is empty"
	case text[0] == 0x30: // the SEQUENCE that DER, and so PKCS#12 too, begins with
		return "is DER or PKCS#12, not PEM: convert it with openssl x509 -inform der -in FILE (a certificate) or openssl pkcs12 -in FILE -nodes (a pair)"
	}
	return "holds no PEM block (-----BEGIN ...): give a PEM file"
}

// Certs are the certificates that could be read, in order.
func (p Pile) Certs() []*x509.Certificate {
	var out []*x509.Certificate
	for _, b := range p {
		if b.Cert != nil {
			out = append(out, b.Cert)
		}
	}
	return out
}

// Key is the only private key of the pile. The error says what is wrong with it,
// or that there is none or more than one.
func (p Pile) Key() (PrivateKey, error) {
	var found *Block
	for i, b := range p {
		switch {
		case !b.IsKey():
		case b.Problem != "":
			return PrivateKey{}, fmt.Errorf("the private key in %s %s", b.where(), b.Problem)
		case found != nil:
			return PrivateKey{}, fmt.Errorf("%s holds more than one private key: leave one", b.Source)
		default:
			found = &p[i]
		}
	}
	if found == nil {
		return PrivateKey{}, fmt.Errorf("%s holds no private key", p.source())
	}
	return *found.Key, nil
}

// HasKey tells whether a private key, readable or not, is among the blocks.
func (p Pile) HasKey() bool {
	for _, b := range p {
		if b.IsKey() {
			return true
		}
	}
	return false
}

// Damaged names the first block of a certificate or a key that cannot be read, and why; "" where all can. Others, as the
// signature around a bundle, are no business of TLS.
func (p Pile) Damaged() string {
	for _, b := range p {
		if b.Problem != "" && (b.IsKey() || b.Type == "" || strings.Contains(b.Type, "CERTIFICATE")) {
			return b.where() + " " + b.Problem
		}
	}
	return ""
}

func (p Pile) source() string {
	if len(p) == 0 {
		return "nothing"
	}
	return p[0].Source
}

// PEM writes certificates alone, as text that every library reads.
func PEM(certs ...*x509.Certificate) []byte {
	var out bytes.Buffer
	for _, c := range certs {
		_ = pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw}) // a Buffer takes everything
	}
	return out.Bytes()
}
