package bundle

import (
	"encoding/base64"
	"encoding/pem"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/redact"
)

// certificates keeps the certificates of a PEM text. Other blocks leave an empty
// one, so that a block keeps its number; text around the blocks goes.
func certificates(text string) string {
	var out strings.Builder
	for rest := []byte(text); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		public := &pem.Block{Type: "REDACTED"}
		if block.Type == "CERTIFICATE" || block.Type == "TRUSTED CERTIFICATE" || block.Type == "X509 CRL" {
			public = &pem.Block{Type: block.Type, Bytes: block.Bytes}
		}
		out.Write(pem.EncodeToMemory(public))
	}
	if out.Len() == 0 && text != "" {
		return redact.Mark
	}
	return out.String()
}

// source is the text of a DataSource's member under a parent.
func source(parent, member, text string) string {
	decoded := text
	if member == "inline_bytes" {
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return base64.StdEncoding.EncodeToString([]byte(redact.Mark))
		}
		decoded = string(raw)
	}
	switch {
	case decoded == "":
	case parent == "trust_bundles":
		decoded = bundleMap(decoded)
	case publicSources[parent]:
		decoded = certificates(decoded)
	default:
		decoded = redact.Mark
	}
	if member == "inline_bytes" {
		return base64.StdEncoding.EncodeToString([]byte(decoded))
	}
	return decoded
}

// bundleMap keeps the certificates of SPIFFE's trust bundles, a map of JWKs.
func bundleMap(text string) string {
	var out strings.Builder
	r := &redactor{keep: bundleMapMembers, open: "trust_domains"}
	if err := r.run(strings.NewReader(text), &out); err != nil {
		return redact.Mark
	}
	return out.String()
}
