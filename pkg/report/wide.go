package report

import (
	"fmt"
	"strconv"
)

// wideColumns stand after the table's own.
func wideColumns() []column {
	return []column{
		{"STATE", func(_ *page, u Upstream) string { return u.State }},
		{"PROTOCOL", func(_ *page, u Upstream) string { return u.Protocol }},
		{"SNI", func(_ *page, u Upstream) string { return u.SNI }},
		{"SNI SENT", func(_ *page, u Upstream) string { return u.SNISent }},
		{"TLS VERSIONS", func(_ *page, u Upstream) string { return u.versions() }},
		{"ENDPOINTS TLS", func(_ *page, u Upstream) string { return u.endpointCount() }},
		{"HANDSHAKES", func(_ *page, u Upstream) string { return u.handshakeCount() }},
		{"RULE", func(_ *page, u Upstream) string { return u.Rule }},
		{"MEANT BY", func(_ *page, u Upstream) string { return u.Why }},
		{"CLUSTER", func(_ *page, u Upstream) string { return u.Cluster }},
	}
}

func (u Upstream) versions() string {
	switch {
	case u.MinTLS == "" && u.MaxTLS == "":
		return ""
	case u.MinTLS == "":
		return "to " + u.MaxTLS
	case u.MaxTLS == "":
		return "from " + u.MinTLS
	}
	return u.MinTLS + " to " + u.MaxTLS
}

func (u Upstream) endpointCount() string {
	if u.Endpoints == nil {
		return unknownWord
	}
	return fmt.Sprintf("%d/%d", u.Endpoints.TLS, u.Endpoints.Total)
}

func (u Upstream) handshakeCount() string {
	if u.Handshakes == nil {
		return unknownWord
	}
	return fmt.Sprintf("%d/%d", u.Handshakes.Completed, u.Handshakes.Completed+u.Handshakes.Failed)
}

// details are the inbound ports, the secrets and what could not be understood.
func (p *page) details(t TargetReport) {
	if len(t.Inbound) > 0 {
		g := grid{head: []string{"INBOUND PORT", "MODE", "LISTENER"}}
		for _, in := range t.Inbound {
			port := "all others"
			if in.Port != 0 {
				port = strconv.Itoa(in.Port)
			}
			g.rows = append(g.rows, []string{port, p.cell(in.Mode), p.cell(in.Listener)})
		}
		p.grid(g)
	}
	if len(t.Secrets) > 0 {
		g := grid{head: []string{"SECRET", "STATE", "CERTIFICATES"}}
		for _, s := range t.Secrets {
			g.rows = append(g.rows, []string{p.cell(s.Name), p.cell(s.State), p.cell(s.content(p))})
		}
		p.grid(g)
	}
	if len(t.Problems) > 0 {
		p.line("")
		for _, s := range t.Problems {
			p.note("problem", safe(s))
		}
	}
}

func (s Secret) content(p *page) string {
	switch n := len(s.Certificates); {
	case s.Problem != "":
		return "not readable: " + s.Problem
	case n == 0:
		return "none"
	case n == 1:
		name := commonName(s.Certificates[0].Subject)
		if s.Certificates[0].Subject == "" { // a workload certificate has its name in the SAN
			name = "issued by " + commonName(s.Certificates[0].Issuer)
		}
		return name + expiry(s.Certificates, p.now)
	default:
		return strconv.Itoa(n) + expiry(s.Certificates, p.now)
	}
}
