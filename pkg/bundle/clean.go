package bundle

import (
	"encoding/base64"
	"encoding/pem"
	"regexp"
	"strings"
)

// redacted stands for what was taken out. Envoy writes the same for its keys.
const redacted = "[redacted]"

var (
	pemKey   = regexp.MustCompile(`(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(-----END [A-Z0-9 ]*PRIVATE KEY-----|$)`)
	jwt      = regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(\.[A-Za-z0-9_-]*)?`)
	scheme   = regexp.MustCompile(`(?i)\b(bearer|basic)[ \t]+[A-Za-z0-9+/=._~-]{6,}`)
	userInfo = regexp.MustCompile(`(://[^/\s:@]*:)[^/\s@]+@`)
	setting  = regexp.MustCompile(`(?i)(pass(?:word|wd|phrase)|requirepass|masterauth|token|secret_key|client_secret|api[_-]?key|private[_-]?key)(["']?\s*[=:]\s*)("[^"]*"?|'[^']*'?|[^\s,;&}]+)`)
)

// Text takes out of a string what looks like a key, a token or a password.
func Text(s string) string {
	if len(s) < 8 {
		return s
	}
	if strings.Contains(s, "PRIVATE KEY") {
		s = pemKey.ReplaceAllString(s, redacted)
	}
	if strings.Contains(s, "eyJ") {
		s = jwt.ReplaceAllString(s, redacted)
	}
	if strings.Contains(s, "://") {
		s = userInfo.ReplaceAllString(s, "${1}"+redacted+"@")
	}
	if strings.ContainsAny(s, "=: \t") {
		s = scheme.ReplaceAllString(s, "$1 "+redacted)
		s = setting.ReplaceAllString(s, "$1$2"+redacted)
	}
	return s
}

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
		return redacted
	}
	return out.String()
}

// source is the text of a DataSource's member under a parent.
func source(parent, member, text string) string {
	decoded := text
	if member == "inline_bytes" {
		raw, err := base64.StdEncoding.DecodeString(text)
		if err != nil {
			return base64.StdEncoding.EncodeToString([]byte(redacted))
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
		decoded = redacted
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
		return redacted
	}
	return out.String()
}
