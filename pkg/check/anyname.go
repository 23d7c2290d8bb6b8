package check

import (
	"strings"
	"unicode"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// strangers are names that have nothing in common: a rule that fits two of a pair
// checks no name.
var strangers = [][2]string{
	{"a", "zz.example.net"},
	{"mail.example.com", "q7.invalid-host.com"},
	{"spiffe://a.example/ns/x/sa/y", "spiffe://q7.invalid/z"},
	{"10.0.0.1", "192.0.2.77"},
}

// anyName tells whether a rule for the peer's name fits names that have nothing in
// common but the last label.
func anyName(n facts.NameMatch) bool {
	pairs := strangers
	if n.Kind == "suffix" || n.Kind == "regex" {
		last := n.Value[strings.LastIndexFunc(n.Value, func(r rune) bool { return !unicode.IsLetter(r) })+1:] // of .internal and .*\.internal
		pairs = append(strangers[:len(strangers):len(strangers)], [2]string{"mail.example." + last, "q7.invalid-host." + last})
	}
	for _, pair := range pairs {
		if fits(n, "", pair[0]) && fits(n, "", pair[1]) {
			return true
		}
	}
	return false
}

// anyIdentity tells whether a rule fits every SPIFFE identity of a trust domain.
func anyIdentity(n facts.NameMatch) bool {
	rest, ok := strings.CutPrefix(n.Value, "spiffe://")
	domain, _, _ := strings.Cut(rest, "/")
	if domain = strings.ReplaceAll(domain, `\`, ""); !ok || n.Kind != "prefix" && n.Kind != "regex" {
		return false
	}
	return fits(n, "uri", "spiffe://"+domain+"/ns/x/sa/y") && fits(n, "uri", "spiffe://"+domain+"/ns/q7/sa/z")
}
