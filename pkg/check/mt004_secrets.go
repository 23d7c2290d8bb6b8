package check

import (
	"fmt"
	"slices"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// secretsDelivered: MT004.
func secretsDelivered() *Check {
	return &Check{
		ID: "MT004", Name: "secrets-delivered",
		Doc:     "every secret that the TLS socket names was delivered to the proxy",
		Needs:   []facts.Fact{facts.FactClusters},
		Applies: hasTLSSocket,
		Upstream: func(in Input, s Subject) []Finding {
			sockets := s.TLSSockets()
			if s.Active != nil && s.Warming != nil { // what waits matters too: it is what the rule says
				sockets = append(sockets, Subject{Active: s.Warming}.TLSSockets()...)
			}
			seen := map[string]bool{}
			var out []Finding
			for _, k := range sockets {
				for _, name := range secretNames(k) {
					if !seen[name] {
						seen[name] = true
						out = append(out, delivery(in, s, k, name)...)
					}
				}
			}
			if len(out) == 0 {
				return ok("every secret is delivered")
			}
			return out
		},
	}
}

// delivery reports a secret that is not there; nil is delivered.
func delivery(in Input, s Subject, k facts.Socket, name string) []Finding {
	if why, missing := in.Proxy.Lacks(facts.FactSecrets); missing {
		return one(Finding{Outcome: Unknown, Summary: fmt.Sprintf("whether secret %s is delivered is not known", name), Got: why, Want: "the secrets section of config_dump"})
	}
	f := Finding{Object: ruleObject(s), Want: "secret " + name + " active in the proxy"}
	switch in.Proxy.SecretState(name) {
	case facts.StateActive, facts.StateStatic:
		held := in.Proxy.Secret(name)
		if k.Validation.CA == (facts.Source{Kind: facts.SourceSDS, Name: name}) && !slices.ContainsFunc(held, func(sec facts.Secret) bool { return sec.Validation != nil || sec.Problem != "" }) {
			f.Outcome, f.Summary, f.Got = Unknown, fmt.Sprintf("secret %s was delivered, and what is in it is no CA", name), "a secret of another kind"
			return one(f)
		}
		if !slices.ContainsFunc(held, func(sec facts.Secret) bool { return !sec.Other }) {
			f.Outcome, f.Summary, f.Got = Unknown, fmt.Sprintf("secret %s was delivered, and what is in it is no certificate", name), "a secret of another kind"
			return one(f)
		}
		for _, sec := range held {
			if sec.Problem != "" {
				f.Outcome, f.Summary, f.Got = Unknown, fmt.Sprintf("secret %s was delivered with content that does not parse", name), sec.Problem
				if v := sec.Validation; v != nil && len(v.Inline) == 0 && len(v.SPIFFE) == 0 {
					// Envoy shows in its dump what it refused ("Failed to load trusted CA certificates", seen with 1.39).
					_, f.Fix = secretHint(in.Proxy.Target, name)
					f.Outcome, f.Summary = Fail, fmt.Sprintf("secret %s holds no certificate: the proxy refuses it and keeps what it had, until it restarts", name)
				}
				return one(f)
			}
		}
		return nil
	case facts.StateWarming:
		if in.Proxy.Starting && in.justAsked(name) {
			f.Outcome, f.Got, f.Fix = Unknown, "secret "+name+" is warming, and was asked for only now", in.again(s, "")
			f.Summary = fmt.Sprintf("secret %s is not there yet: the proxy is starting", name)
			return one(f)
		}
		hint, fix := secretHint(in.Proxy.Target, name)
		f.Outcome, f.Got, f.Fix = Fail, "secret "+name+" is warming (asked for, never delivered)", fix
		f.Summary = fmt.Sprintf("secret %s is missing, so TLS connections fail: %s", name, hint)
		return one(f)
	}
	f.Outcome, f.Summary, f.Got = Unknown, fmt.Sprintf("the proxy does not list secret %s", name), "it is neither active nor warming"
	if len(in.Proxy.Secret(name)) > 0 {
		f.Summary, f.Got = fmt.Sprintf("the proxy lists secret %s, without content", name), "an entry that holds nothing"
	}
	return one(f)
}

// deliveryTime is what a proxy that starts may need to get its secrets: a pilot-agent and an istiod of some seconds.
const deliveryTime = 10 * time.Second

// justAsked tells whether a secret that waits was asked for within that time: Envoy notes when it began to (sds_api.cc, SdsApi).
func (in Input) justAsked(name string) bool {
	return !slices.ContainsFunc(in.Proxy.Secret(name), func(s facts.Secret) bool {
		return s.State == facts.StateWarming && (s.Updated.IsZero() || in.Now.Sub(s.Updated).Abs() > deliveryTime)
	})
}
