package cert

import (
	"crypto/x509"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// SANs are the names of a certificate.
type SANs struct {
	DNS  []string
	URIs []*url.URL
	IPs  []net.IP
}

// Empty tells that there is no name at all.
func (s SANs) Empty() bool { return len(s.DNS)+len(s.URIs)+len(s.IPs) == 0 }

var dnsName = regexp.MustCompile(`^(\*\.)?([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?$`)

// ParseSANs reads names as typed: an address is an IP, what has :// a URI, the rest
// DNS; dns:, uri: and ip: before a name say so themselves. Names given twice count once.
func ParseSANs(names []string) (SANs, error) {
	var s SANs
	seen := map[string]bool{}
	for _, typed := range names {
		kind, name := kindOf(strings.TrimSpace(typed))
		if kind == "dns" {
			name = strings.ToLower(name)
		}
		if seen[kind+name] {
			continue
		}
		seen[kind+name] = true
		if err := s.add(kind, name); err != nil {
			return SANs{}, fmt.Errorf("SAN %q: %w", typed, err)
		}
	}
	return s, nil
}

// kindOf splits "dns:x" and guesses where nothing is said.
func kindOf(name string) (kind, rest string) {
	for _, k := range []string{"dns", "uri", "ip"} {
		if len(name) > len(k) && strings.EqualFold(name[:len(k)+1], k+":") {
			return k, name[len(k)+1:]
		}
	}
	switch {
	case net.ParseIP(name) != nil:
		return "ip", name
	case strings.Contains(name, "://"):
		return "uri", name
	}
	return "dns", name
}

func (s *SANs) add(kind, name string) error {
	switch kind {
	case "ip":
		ip := net.ParseIP(name)
		if ip == nil {
			return fmt.Errorf("is no IP address")
		}
		s.IPs = append(s.IPs, ip)
	case "uri":
		u, err := url.Parse(name)
		if err != nil || u.Scheme == "" || u.Host == "" {
			return fmt.Errorf("is no URI with a scheme and a host, such as spiffe://cluster.local/ns/client/sa/default")
		}
		if u.Scheme == "spiffe" && (u.User != nil || u.Port() != "" || u.RawQuery != "" || u.Fragment != "") {
			return fmt.Errorf("a SPIFFE ID has a trust domain and a path, no user, port, query or fragment")
		}
		s.URIs = append(s.URIs, u)
	default:
		if len(name) > 253 || !dnsName.MatchString(name) {
			return fmt.Errorf("is no DNS name (letters, digits, dashes and dots; *. only in front; other scripts as xn--)")
		}
		s.DNS = append(s.DNS, name)
	}
	return nil
}

// namesOf lists the names of a certificate as a person reads them.
func namesOf(c *x509.Certificate) []string {
	var out []string
	for _, n := range c.DNSNames {
		out = append(out, visible(n))
	}
	for _, u := range c.URIs {
		out = append(out, visible(u.String()))
	}
	for _, ip := range c.IPAddresses {
		out = append(out, ip.String())
	}
	for _, n := range c.EmailAddresses {
		out = append(out, visible(n))
	}
	return out
}

// label names a certificate in a sentence: its subject, or its first name.
func label(c *x509.Certificate) string {
	if s := c.Subject.String(); s != "" {
		return visible(s)
	}
	if names := namesOf(c); len(names) > 0 {
		return names[0]
	}
	return "the certificate with serial " + c.SerialNumber.Text(16)
}

// visible makes what came from outside harmless: what cannot be printed, or would
// steer a terminal, becomes an escape that can be read.
func visible(s string) string {
	var b strings.Builder
	for _, r := range strings.ToValidUTF8(s, "?") {
		if unicode.IsPrint(r) {
			b.WriteRune(r)
			continue
		}
		b.WriteString(strings.Trim(strconv.QuoteRuneToASCII(r), "'"))
	}
	return b.String()
}
