package check

import (
	"regexp"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// nameFits compares as Envoy's SAN matchers do; an exact DNS match also takes a
// wildcard in the certificate's first label, whole or a part of it (Envoy
// Utility::dnsNameMatch).
func nameFits(want []facts.NameMatch, c facts.Certificate) bool {
	for _, w := range want {
		for kind, have := range map[string][]string{"dns": c.DNS, "uri": c.URIs, "ip": c.IPs, "email": c.Emails} {
			if w.Type != "" && w.Type != kind {
				continue
			}
			for _, h := range have {
				if fits(w, kind, h) {
					return true
				}
			}
		}
	}
	return false
}

func fits(w facts.NameMatch, kind, have string) bool {
	if w.IgnoreCase && w.Kind != "regex" {
		w.Value, have = strings.ToLower(w.Value), strings.ToLower(have)
	}
	switch w.Kind {
	case "exact":
		if kind == "ip" {
			return w.Value == have // as text, in the usual spelling
		}
		if kind == "dns" {
			return dnsFits(w.Value, have)
		}
		return w.Value == have
	case "prefix":
		return strings.HasPrefix(have, w.Value)
	case "suffix":
		return strings.HasSuffix(have, w.Value)
	case "contains":
		return strings.Contains(have, w.Value)
	case "regex":
		re, err := regexp.Compile("^(?:" + w.Value + ")$")
		return err == nil && re.MatchString(have)
	}
	return false
}

func dnsFits(want, have string) bool {
	want, have = strings.ToLower(want), strings.ToLower(have)
	if want == have {
		return true
	}
	label, rest, _ := strings.Cut(have, ".")
	first, domain, found := strings.Cut(want, ".")
	before, after, wild := strings.Cut(label, "*")
	return wild && found && rest == domain && len(first) >= len(before)+len(after) && first != "" && !strings.Contains(after, "*") &&
		strings.HasPrefix(first, before) && strings.HasSuffix(first, after) && (label == "*" || !strings.HasPrefix(first, "xn--"))
}

func allNames(c facts.Certificate) string {
	all := append(append(append([]string{}, c.DNS...), c.URIs...), c.IPs...)
	if len(all) == 0 {
		return "none (subject " + c.Subject + ")"
	}
	return strings.Join(all, ", ")
}
