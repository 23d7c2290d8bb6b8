package intent

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// maxLabel is the longest DNS label and the longest value of a Kubernetes label.
const maxLabel = 63

// DefaultName makes an intent's name from its host: dots become dashes. A name
// that had to be cut, or that is not just that, ends in eight digits of the
// host's hash. The port is not part of it: two rules for one host in a namespace
// do not add up in Istio (the older one's policy wins), so there is one intent per
// host. The same host gives the same name always; "" gives "".
func DefaultName(host string) string {
	if host == "" {
		return ""
	}
	host = strings.ToLower(host)
	name := strings.Trim(strings.Map(labelRune, host), "-")
	faithful := strings.ReplaceAll(host, ".", "-") == name
	if faithful && len(name) <= maxLabel && !isDigits(name[:1]) {
		return name
	}
	sum := sha256.Sum256([]byte(host))
	suffix := "-" + hex.EncodeToString(sum[:4])
	if name == "" || isDigits(name[:1]) {
		name = "h" + name // object names of old APIs start with a letter
	}
	if len(name) > maxLabel-len(suffix) {
		name = strings.TrimRight(name[:maxLabel-len(suffix)], "-")
	}
	return name + suffix
}

func labelRune(r rune) rune {
	if r >= 'a' && r <= 'z' || r >= '0' && r <= '9' {
		return r
	}
	return '-'
}

func isDigits(s string) bool {
	for _, r := range s {
		if r < '0' || r > '9' {
			return false
		}
	}
	return s != ""
}

// isLabel tells whether s is a DNS label: what a namespace, an intent's name and
// a part of a host name must be (RFC 1123).
func isLabel(s string) bool {
	if s == "" || len(s) > maxLabel || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool { return labelRune(r) != r }) < 0
}
