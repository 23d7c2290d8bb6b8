package report

import (
	"fmt"
	"strings"
	"time"
)

// column is one column of the table of upstreams.
type column struct {
	head string
	cell func(p *page, u Upstream) string
}

func tableColumns() []column {
	return []column{
		{"UPSTREAM", func(_ *page, u Upstream) string { return u.label() }},
		{"TLS", func(_ *page, u Upstream) string { return u.tls() }},
		{"VALIDATES AGAINST", func(p *page, u Upstream) string { return u.validates(p.now) }},
		{"NAME CHECKED", func(_ *page, u Upstream) string { return u.name() }},
		{"CLIENT CERT", func(_ *page, u Upstream) string { return u.ClientCert }},
		{"PROVEN", func(_ *page, u Upstream) string { return u.Evidence }},
		{"VERDICT", func(_ *page, u Upstream) string { return lookOf(u.Outcome).plain() }},
	}
}

// label is the upstream as a user types it, else the cluster's name.
func (u Upstream) label() string {
	s := u.Host
	switch {
	case u.Host == "":
		return u.Cluster
	case u.Port != 0:
		s = fmt.Sprintf("%s:%d", u.Host, u.Port)
	}
	if u.Subset != "" {
		s += " (" + u.Subset + ")"
	}
	return s
}

// tls is what a connection gets.
func (u Upstream) tls() string {
	word := u.Mode
	switch {
	case u.State == "absent":
		return "no cluster"
	case u.Transport == "plaintext":
		word = "PLAINTEXT"
	case strings.HasPrefix(u.Transport, "other:"):
		word = "other: " + u.Transport[strings.LastIndexAny(u.Transport, "./:")+1:]
	case u.Transport == unknownWord:
		word = "UNKNOWN"
	case word == "":
		word = "TLS"
		if u.Transport == "per-endpoint" {
			word = "per endpoint"
		}
	}
	if e := u.Endpoints; e != nil && u.Transport == "per-endpoint" {
		word += fmt.Sprintf(" %d/%d", e.TLS, e.Total)
	}
	switch {
	case u.NewerWarming:
		word += " (a newer one waits)"
	case u.State == "warming":
		word += " (warming)"
	}
	return word
}

// validates names the CA and the first day on which a part of it ends.
func (u Upstream) validates(now time.Time) string {
	switch n := len(u.CACertificates); n {
	case 0:
		if u.CA == "none" {
			return "nothing"
		}
		return u.CA
	case 1:
		return commonName(u.CACertificates[0].Subject) + expiry(u.CACertificates, now)
	default:
		if strings.HasSuffix(u.CA, "file-root:system") {
			return count(n, "public CA", "public CAs") // some of them always end soon
		}
		return count(n, "CA", "CAs") + expiry(u.CACertificates, now)
	}
}

// expiry tells when the first of the certificates ends.
func expiry(cs []Certificate, now time.Time) string {
	var first time.Time
	for _, c := range cs {
		end, err := time.Parse(time.RFC3339, c.NotAfter)
		if err == nil && (first.IsZero() || end.Before(first)) {
			first = end
		}
	}
	which := ""
	if len(cs) > 1 {
		which = "first "
	}
	switch {
	case first.IsZero():
		return ""
	case now.IsZero():
		return " (" + which + "expires " + first.Format(time.DateOnly) + ")"
	case now.After(first):
		return fmt.Sprintf(" (%sexpired %s ago)", which, span(now.Sub(first)))
	}
	return fmt.Sprintf(" (%sexpires %s)", which, span(first.Sub(now)))
}

// span is a time in whole days, or in hours where days would say too little: the certificates of a mesh live for one.
func span(d time.Duration) string {
	if d < 48*time.Hour {
		return fmt.Sprintf("%d h", int(d.Hours()))
	}
	return fmt.Sprintf("%d d", int(d.Hours()/24))
}

// commonName takes CN out of a subject in the spelling of RFC 2253; a subject
// without one stays as it is.
func commonName(subject string) string {
	start := 0
	for i := 0; i <= len(subject); i++ {
		if i < len(subject) && subject[i] == '\\' {
			i++ // the next character is escaped
			continue
		}
		if i < len(subject) && subject[i] != ',' && subject[i] != '+' {
			continue
		}
		if name, is := strings.CutPrefix(subject[start:min(i, len(subject))], "CN="); is && name != "" {
			return name
		}
		start = i + 1
	}
	if subject == "" {
		return "a CA without a subject"
	}
	return subject
}

func (u Upstream) name() string {
	switch {
	case u.NameChecked != "yes":
		return u.NameChecked
	case len(u.SANs) == 0:
		return u.NameCheckedHow
	case len(u.SANs) > 2:
		return fmt.Sprintf("%s, %s and %d more", u.SANs[0], u.SANs[1], len(u.SANs)-2)
	}
	return strings.Join(u.SANs, ", ")
}
