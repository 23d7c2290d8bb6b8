package report

import (
	"reflect"
	"regexp"
	"strings"
)

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
	if strings.Contains(s, "PRIVATE KEY") {
		s = pemKey.ReplaceAllString(s, redacted)
	}
	if strings.Contains(s, "eyJ") {
		s = jwt.ReplaceAllString(s, redacted)
	}
	return s
}

// text takes out of free text what also looks like a password. Facts hold no key
// material; this is the second lock, for words that came from another program.
func text(s string) string {
	s = bearer.ReplaceAllString(keys(s), "$1 "+redacted)
	s = userAt.ReplaceAllString(s, "${1}"+redacted+"@")
	return field.ReplaceAllString(s, "$1$2"+redacted)
}

// guarded is a copy of the document that is fit to be printed.
func (r Report) guarded() Report {
	r.Targets = mapped(r.Targets, TargetReport.guarded)
	eachString(reflect.ValueOf(&r.Targets).Elem())
	if r.Baseline != nil {
		r.Baseline = &Baseline{File: r.Baseline.File, Entries: mapped(r.Baseline.Entries, func(k Known) Known { k.Reason = text(k.Reason); return k })}
		eachString(reflect.ValueOf(r.Baseline).Elem())
	}
	return r
}

// guarded copies every list, and guards the free texts.
func (t TargetReport) guarded() TargetReport {
	text := remembered(text)
	t.Error = text(t.Error)
	t.Upstreams = mapped(t.Upstreams, func(u Upstream) Upstream {
		u.NameCheckedHow = text(u.NameCheckedHow)
		u.SANs, u.CACertificates = mapped(u.SANs, same), mapped(u.CACertificates, same)
		return u
	})
	t.Inbound = mapped(t.Inbound, same)
	t.Secrets = mapped(t.Secrets, func(s Secret) Secret {
		s.Problem, s.Certificates = text(s.Problem), mapped(s.Certificates, same)
		return s
	})
	t.Findings = mapped(t.Findings, func(f Finding) Finding {
		f.Summary, f.Got, f.Want, f.Fix = text(f.Summary), text(f.Got), text(f.Want), text(f.Fix)
		if a := f.Accepted; a != nil {
			f.Accepted = &Accepted{Reason: text(a.Reason), Expires: a.Expires}
		}
		return f
	})
	t.Missing = mapped(t.Missing, func(m Missing) Missing { m.Why = text(m.Why); return m })
	t.NotRun = mapped(t.NotRun, func(n NotRun) NotRun { n.Why = text(n.Why); return n })
	t.Problems = mapped(t.Problems, text)
	return t
}

// remembered does a thing once for each text: a large report says the same few
// sentences of thousands of upstreams.
func remembered(f func(string) string) func(string) string {
	known := map[string]string{}
	return func(s string) string {
		if out, seen := known[s]; seen {
			return out
		}
		known[s] = f(s)
		return known[s]
	}
}

// mapped never gives nil: a list of the document is never null.
func mapped[T any](list []T, f func(T) T) []T {
	out := make([]T, len(list))
	for i, v := range list {
		out[i] = f(v)
	}
	return out
}

func same[T any](v T) T { return v }

// eachString guards the strings of every field, those too that are added later.
func eachString(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		if s := v.String(); s != "" {
			v.SetString(keys(s))
		}
	case reflect.Pointer: // copied by guarded
		if !v.IsNil() {
			eachString(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			eachString(v.Field(i))
		}
	case reflect.Slice:
		for i := range v.Len() {
			eachString(v.Index(i))
		}
	}
}
