package check

import (
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// weak tells what a socket's own parameters let through that nobody should use, whether or not a policy was asked for: TLS
// before 1.2 (RFC 8996), ciphers without encryption or without a certificate, and those of export and of before AES. What the
// parameters leave open is the release's default, and no news.
func weak(k facts.Socket) Finding {
	if len(k.Compliance) > 0 { // they overrule the rest
		return Finding{Outcome: OK}
	}
	var bad, old []string
	for _, c := range split(k.Ciphers) {
		switch upper := strings.ToUpper(c); {
		case strings.HasPrefix(upper, "!"), strings.HasPrefix(upper, "-"):
		case slices.ContainsFunc([]string{"NULL", "ANON", "ADH-", "AECDH", "EXP", "LOW"}, func(part string) bool { return strings.Contains(upper, part) }):
			bad = append(bad, "cipher "+c)
		case slices.ContainsFunc([]string{"RC4", "DES", "MD5"}, func(part string) bool { return strings.Contains(upper, part) }):
			old = append(old, "cipher "+c)
		}
	}
	for what, version := range map[string]string{"highest": k.MaxTLS, "lowest": k.MinTLS} {
		if at := slices.Index(tlsVersions, version); at >= 0 && at < slices.Index(tlsVersions, "TLSv1_2") {
			old = append(old, what+" version TLS "+spoken(version))
		}
	}
	slices.Sort(old)
	f := Finding{Outcome: OK, Got: strings.Join(append(bad, old...), "; "), Want: "TLS 1.2 or later, with ciphers that encrypt"}
	switch {
	case len(bad) > 0:
		f.Outcome, f.Summary = Fail, "can be without encryption, or with anybody, by the cipher"
	case len(old) > 0:
		f.Outcome, f.Summary = Warn, "can be of a TLS version or cipher that is broken"
	}
	return f
}

// isWeak tells whether one of the sockets is.
func isWeak(sockets []facts.Socket) bool {
	return slices.ContainsFunc(sockets, func(k facts.Socket) bool { return weak(k).Outcome != OK })
}
