package envoy

import (
	"github.com/go-json-experiment/json/jsontext"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// wireSecret has no member for keys: generic secrets and session tickets are
// known only to be there.
type wireSecret struct {
	Name        string         `json:"name"`
	Certificate *wireCert      `json:"tls_certificate"`
	Validation  jsontext.Value `json:"validation_context"`
	Tickets     jsontext.Value `json:"session_ticket_keys"`
	Generic     jsontext.Value `json:"generic_secret"`
}

// secret decodes one SDS or static secret. The second result is the name that the secret gives itself.
func (c *collector) secret(raw jsontext.Value, state facts.State, name, version, updated string) (facts.Secret, string) {
	s := facts.Secret{Name: name, State: state, Version: version, Updated: at(updated)}
	w, err := decode[wireSecret](raw)
	if err != nil {
		s.Problem = "the secret could not be decoded: " + wrongPart(err).Error()
		return s, ""
	}
	s.Name = firstOf(name, w.Name)
	switch {
	case w.Certificate != nil:
		var source facts.Source
		var text []byte
		switch source, text, err = dataSource(w.Certificate.Chain); {
		case err == nil && source.Kind == facts.SourceInline:
			s.Chain, s.Problem = certificates(text)
		case err == nil && source.Kind == facts.SourceNone && !given(w.Certificate.PKCS12):
			s.Problem = "it has no certificate"
		}
	case given(w.Validation):
		var v facts.Validation
		v, err = c.validation(w.Validation)
		s.Validation, s.Problem = &v, v.Problem
	case given(w.Tickets) || given(w.Generic):
		s.Other = true
	default:
		s.Empty = true
		if version == "uninitialized" { // asked for alone (resource=), an entry does not tell its section
			s.State = facts.StateWarming
		}
	}
	if err != nil {
		s.Validation, s.Problem = nil, "the secret could not be decoded: "+wrongPart(err).Error()
	}
	return s, w.Name
}

// trustDomain is not said anywhere in Istio's bootstrap; the workload's own
// certificate carries it in its SPIFFE name.
func trustDomain(secrets []facts.Secret) string {
	const scheme = "spiffe://"
	for _, s := range secrets {
		if s.Name != "default" || len(s.Chain) == 0 {
			continue
		}
		for _, uri := range s.Chain[0].URIs {
			if len(uri) > len(scheme) && uri[:len(scheme)] == scheme {
				return upTo(uri[len(scheme):], '/')
			}
		}
	}
	return ""
}

func upTo(s string, stop byte) string {
	for i := range len(s) {
		if s[i] == stop {
			return s[:i]
		}
	}
	return s
}
