package report

import (
	"reflect"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/redact"
)

// guarded is a copy of the document that is fit to be printed.
func (r Report) guarded() Report {
	r.Targets = mapped(r.Targets, TargetReport.guarded)
	eachString(reflect.ValueOf(&r.Targets).Elem())
	if r.Baseline != nil {
		r.Baseline = &Baseline{File: r.Baseline.File, Entries: mapped(r.Baseline.Entries, func(k Known) Known { k.Reason = redact.Text(k.Reason); return k })}
		eachString(reflect.ValueOf(r.Baseline).Elem())
	}
	return r
}

// guarded copies every list, and guards the free texts.
func (t TargetReport) guarded() TargetReport {
	text := remembered(redact.Text)
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
			v.SetString(redact.Keys(s))
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
