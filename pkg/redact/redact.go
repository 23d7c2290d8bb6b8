// Package redact takes out of text what looks like a private key, a token or a
// password. It is the second lock: who makes a text must not put such a thing
// into it. It must not read, know or decide anything else.
package redact

import (
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// Mark stands for what was taken out. Envoy writes the same for its keys.
const Mark = "[redacted]"

var (
	pemKey   = regexp.MustCompile(`(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(-----END [A-Z0-9 ]*PRIVATE KEY-----|$)`)
	packed   = regexp.MustCompile(`LS0tLS1CRUdJTi[A-Za-z0-9+/_=-]{16,}`) // PEM in base64, as Envoy prints bytes: of a key or a certificate
	jwt      = regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(\.[A-Za-z0-9_-]*)?`)
	scheme   = regexp.MustCompile(`(?i)\b(bearer|basic)[ \t]+[A-Za-z0-9+/=._~-]{6,}`)
	userInfo = regexp.MustCompile(`(://[^/\s:@]*:)[^/\s]+@`) // up to the last @: a password may hold one
	header   = regexp.MustCompile(`(?i)\b(authorization: ?(?:bearer|basic)|bearer) +[A-Za-z0-9+/=._~-]{16,}`)
	assigned = regexp.MustCompile(`(?i)\b((?:pass(?:word|wd|phrase)|requirepass|masterauth|(?:access_)?token|secret_key|client_secret|api[_-]?key)=)[^\s,;&}]{4,}`)
	setting  = regexp.MustCompile(`(?i)(pass(?:word|wd|phrase)|requirepass|masterauth|token|secret_key|client_secret|api[_-]?key|private[_-]?key|inline_string|inline_bytes)(["']?\s*[=:]\s*)("[^"]*"?|'[^']*'?|[^\s,;&}]+)`)
)

var hints = []string{"bearer", "basic", "pass", "masterauth", "token", "secret", "key", "inline_"}

// Keys takes private keys, tokens, and the passwords of addresses, headers and queries out, which no
// name of anything can hold.
func Keys(s string) string {
	if strings.Contains(s, "PRIVATE KEY") {
		s = pemKey.ReplaceAllString(s, Mark)
	}
	if strings.Contains(s, "LS0tLS1CRUdJTi") {
		s = packed.ReplaceAllString(s, Mark)
	}
	if strings.Contains(s, "eyJ") {
		s = jwt.ReplaceAllString(s, Mark)
	}
	if strings.Contains(s, "://") && strings.Contains(s, "@") {
		s = userInfo.ReplaceAllString(s, "${1}"+Mark+"@")
	}
	if strings.ContainsAny(s, " =") && hinted(s) {
		s = header.ReplaceAllString(s, "$1 "+Mark)
		s = assigned.ReplaceAllString(s, "$1"+Mark)
	}
	return s
}

// Text takes out what Keys does and, for free text, what looks like a password: behind
// a scheme of authorization, or as the value of a setting.
func Text(s string) string {
	if len(s) < 8 {
		return s
	}
	s = Keys(s)
	if strings.ContainsAny(s, "=: \t") && hinted(s) {
		s = scheme.ReplaceAllString(s, "$1 "+Mark)
		s = settings(s)
	}
	return s
}

// said are the words that begin what is told of a file, behind its path.
var said = []string{"no", "not", "it", "is", "a", "the", "open", "cannot", "permission", "file", "line"}

// settings takes out the values of settings. What follows a path that has the name of a setting, as in "/etc/passwd: no such
// file", is no value where it is one of a few words: such a word tells nothing even where somebody has it for a password.
func settings(s string) string {
	var b strings.Builder
	from := 0
	for _, m := range setting.FindAllStringSubmatchIndex(s, -1) {
		b.WriteString(s[from:m[6]])
		from = m[6]
		word := s[strings.LastIndexAny(s[:m[3]], " \t\n\"'")+1 : m[3]]
		if strings.TrimLeft(s[m[4]:m[5]], `"`) == ": " && strings.Contains(word, "/") && slices.Contains(said, s[m[6]:m[7]]) {
			continue
		}
		b.WriteString(Mark)
		from = m[7]
	}
	return b.String() + s[from:]
}

// hinted tells whether scheme or setting can fit at all: each of their words has one of these in it. To look for those first
// is ten times as fast as the expressions, which a report asks for every text. Other letters than ASCII's are left to them:
// some fold to these.
func hinted(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return true
		}
	}
	lower := strings.ToLower(s)
	for _, word := range hints {
		if strings.Contains(lower, word) {
			return true
		}
	}
	return false
}
