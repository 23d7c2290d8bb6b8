package check

import (
	"crypto/x509"
	"strings"
	"testing"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestEarly: a certificate that is not valid yet is refused; one that begins within what the clocks of machines differ by is a
// warning, at every place that judges a certificate by the time, and hides nothing that is worse.
func TestEarly(t *testing.T) {
	for _, c := range []struct {
		begins time.Duration
		want   Outcome
	}{{-time.Second, OK}, {0, OK}, {time.Second, Warn}, {clocksApart, Warn}, {clocksApart + time.Second, Fail}, {8 * time.Minute, Fail}} {
		in := healthy(t)
		ca := newAuthority(t, "ca", now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0))
		leaf := ca.leaf(t, host, now.Add(c.begins), now.AddDate(0, 1, 0))
		trust := Trust{Known: true, CA: []facts.Certificate{ca.fact(t)}, Source: facts.Source{Kind: facts.SourceSDS}}
		chain := []facts.Certificate{leaf}
		if got := verdictOf(rejected(in, Subjects(in)[0], *sock(&in), trust, chain)); got != c.want {
			t.Errorf("a server's that begins in %s: %s, want %s", c.begins, got, c.want)
		}
		trust.SANs = []facts.NameMatch{{Kind: "exact", Value: "elsewhere"}}
		if got := verdictOf(rejected(in, Subjects(in)[0], *sock(&in), trust, chain)); got != Fail {
			t.Errorf("a server's of another name that begins in %s: %s", c.begins, got)
		}
		trust.SANs = nil
		client := ca.sign(t, host, now.Add(c.begins), now.AddDate(0, 1, 0), x509.ExtKeyUsageClientAuth)
		if got := verdictOf(in.refusedClient(trust, []facts.Certificate{client})); got != c.want {
			t.Errorf("a client's that begins in %s: %s, want %s", c.begins, got, c.want)
		}
		if got := inTime(in, chain); got.Outcome != c.want {
			t.Errorf("a pod's that begins in %s: %+v, want %s", c.begins, got, c.want)
		}
		in.Proxy.Secrets = append(in.Proxy.Secrets, facts.Secret{Name: "kubernetes://pair", State: facts.StateActive, Chain: chain})
		if got := chainValidity(in, facts.Source{Kind: facts.SourceSDS, Name: "kubernetes://pair"}); got.Outcome != c.want {
			t.Errorf("a client certificate that begins in %s: %+v, want %s", c.begins, got, c.want)
		}
	}
}

// TestEarlyHidesNothing: a handshake that failed although a probe looks at no certificate failed of something else than the clocks;
// one that failed for the want of a client certificate tells nothing of the kind.
func TestEarlyHidesNothing(t *testing.T) {
	ca := newAuthority(t, "ca", now.AddDate(-1, 0, 0), now.AddDate(1, 0, 0))
	for name, c := range map[string]struct {
		failure facts.Failure
		asks    bool
		host    string
		want    Outcome
		words   string
	}{
		"completed":            {facts.FailureNone, false, host, Warn, "clocks of machines differ"},
		"refused by the other": {facts.FailureAlert, false, host, Fail, "the server refuses the TLS handshake"},
		"without certificate":  {facts.FailureAlert, true, host, Warn, "clocks of machines differ"},
		"another name":         {facts.FailureAlert, false, "elsewhere", Fail, "another host"},
	} {
		in := healthy(t)
		leaf := ca.leaf(t, c.host, now.Add(time.Second), now.AddDate(0, 1, 0))
		sock(&in).Cert = facts.Source{Kind: facts.SourceSDS, Name: "kubernetes://pair"}
		sock(&in).Validation.CA, sock(&in).Validation.Inline = facts.Source{Kind: facts.SourceInline}, []facts.Certificate{ca.fact(t)}
		h := facts.Handshake{Address: "10.0.0.1:1", Version: "TLS 1.3", Chain: []facts.Certificate{leaf}, Failure: c.failure, AsksCert: c.asks}
		got := accepted(in, Subjects(in)[0], *sock(&in), h)
		if got.Outcome != c.want || !strings.Contains(got.Summary, c.words) {
			t.Errorf("%s: %s %q, want %s naming %q", name, got.Outcome, got.Summary, c.want, c.words)
		}
	}
}

func verdictOf(r refusal) Outcome {
	if r.summary == "" {
		return OK
	}
	return r.outcome()
}
