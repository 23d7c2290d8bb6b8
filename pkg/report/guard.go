package report

import "regexp"

const redacted = "[redacted]"

var (
	pemKey = regexp.MustCompile(`(?s)-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----.*?(-----END [A-Z0-9 ]*PRIVATE KEY-----|$)`)
	jwt    = regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}(\.[A-Za-z0-9_-]*)?`)
	bearer = regexp.MustCompile(`(?i)\b(bearer|basic)[ \t]+[A-Za-z0-9+/=._~-]{8,}`)
	userAt = regexp.MustCompile(`(://[^/\s:@]*:)[^/\s@]+@`)
	field  = regexp.MustCompile(`(?i)(pass(?:word|wd|phrase)|requirepass|masterauth|token|client_secret|api[_-]?key|private[_-]?key|inline_string|inline_bytes)(["']?\s*[:=]\s*)("[^"]*"?|'[^']*'?|[^\s,;}]+)`)
)

// keys takes private keys and tokens out of any string: no name can hold one.
func keys(s string) string {
	return jwt.ReplaceAllString(pemKey.ReplaceAllString(s, redacted), redacted)
}

// text takes out of free text what also looks like a password. Facts hold no key
// material; this is the second lock, for words that came from another program.
func text(s string) string {
	s = keys(s)
	s = bearer.ReplaceAllString(s, "$1 "+redacted)
	s = userAt.ReplaceAllString(s, "${1}"+redacted+"@")
	return field.ReplaceAllString(s, "$1$2"+redacted)
}

// guarded is a copy of the document that is fit to be printed.
func (r Report) guarded() Report {
	r.Targets = mapped(r.Targets, TargetReport.guarded)
	return r
}

func (t TargetReport) guarded() TargetReport {
	for _, s := range []*string{&t.Context, &t.Namespace, &t.Pod, &t.Source, &t.Envoy, &t.Istio} {
		*s = keys(*s)
	}
	t.Error = text(t.Error)
	t.Upstreams = mapped(t.Upstreams, Upstream.guarded)
	t.Inbound = mapped(t.Inbound, func(i Inbound) Inbound { i.Listener = keys(i.Listener); return i })
	t.Secrets = mapped(t.Secrets, Secret.guarded)
	t.Findings = mapped(t.Findings, Finding.guarded)
	t.Missing = mapped(t.Missing, func(m Missing) Missing { m.Why = text(m.Why); return m })
	t.NotRun = mapped(t.NotRun, func(n NotRun) NotRun { n.Why = text(n.Why); return n })
	t.Problems = mapped(t.Problems, text)
	return t
}

func (u Upstream) guarded() Upstream {
	for _, s := range []*string{&u.Cluster, &u.Transport, &u.CA, &u.SNI, &u.ClientCert, &u.Host, &u.Subset, &u.Rule, &u.MinTLS, &u.MaxTLS, &u.Why} {
		*s = keys(*s)
	}
	u.NameCheckedHow = text(u.NameCheckedHow)
	u.SANs = mapped(u.SANs, keys)
	u.CACertificates = mapped(u.CACertificates, Certificate.guarded)
	return u
}

func (s Secret) guarded() Secret {
	s.Name, s.Problem = keys(s.Name), text(s.Problem)
	s.Certificates = mapped(s.Certificates, Certificate.guarded)
	return s
}

func (c Certificate) guarded() Certificate {
	c.Subject, c.Issuer = keys(c.Subject), keys(c.Issuer)
	return c
}

func (f Finding) guarded() Finding {
	f.Cluster, f.Endpoint, f.Object = keys(f.Cluster), keys(f.Endpoint), keys(f.Object)
	f.Summary, f.Got, f.Want, f.Fix = text(f.Summary), text(f.Got), text(f.Want), text(f.Fix)
	return f
}

// mapped never gives nil: a list of the document is never null.
func mapped[T any](list []T, f func(T) T) []T {
	out := make([]T, len(list))
	for i, v := range list {
		out[i] = f(v)
	}
	return out
}
