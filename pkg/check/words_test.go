package check

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// TestWords: what a finding says of the cause, beyond its outcome. The text of the finding, all parts together, must hold
// the words; a word after "!" must not be there.
func TestWords(t *testing.T) {
	for _, c := range []struct {
		name, id, words string
		do              func(in *Input)
	}{
		{"no cluster, port named", "MT001", host + ":16222:", func(in *Input) { in.Proxy.Upstreams = nil }},
		{"no cluster, any port", "MT001", "know " + host + ": !16222", func(in *Input) { in.Proxy.Upstreams, in.Intents, in.To = nil, nil, []To{{Host: host}} }},
		{"a cluster that chooses", "MT002", "chooses among others agg of a, b", func(in *Input) { up(in).Members, up(in).Type = []string{"a", "b"}, "agg" }},
		{"in a tunnel", "MT002", "HBONE connect_originate", func(in *Input) { sock(in).Through = "connect_originate" }},
		{"in no tunnel", "MT002", "!HBONE", func(*Input) {}},
		{"endpoints not in the dump", "MT002", "not in the dump", func(in *Input) {
			perEndpointCase(facts.SocketTLS)(nil, in)
			lacks(in, facts.FactEndpoints)
			up(in).EndpointsKnown = false
		}},
		{"endpoints of this cluster missing", "MT002", "endpoints of this cluster", func(in *Input) {
			perEndpointCase(facts.SocketTLS)(nil, in)
			up(in).EndpointsKnown = false
		}},
		{"which endpoint gets plaintext", "MT002", "10.0.0.2:1 !10.0.0.3", func(in *Input) {
			perEndpointCase(facts.SocketPlaintext)(nil, in)
			up(in).Endpoints = append(up(in).Endpoints, facts.Endpoint{Address: "10.0.0.3:1"})
		}},
		{"no validation context", "MT003", "no validation context", func(in *Input) { sock(in).Validation = facts.Validation{CA: facts.Source{Kind: facts.SourceNone}} }},
		{"empty validation context", "MT003", "an empty validation context", func(in *Input) {
			sock(in).Validation = facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceNone}}
		}},
		{"secret without CA", "MT003", "delivered without any CA !anybody", func(in *Input) {
			in.Proxy.Secrets[0].Validation = &facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceNone}}
		}},
		{"skip by the rule", "MT003", "insecureSkipVerify is true", func(in *Input) { unvalidated(in); rule(in).SkipCA = true }},
		{"no CA in the rule, old Istio", "MT003", "no caCertificates 1.20", func(in *Input) { unvalidated(in); rule(in).CA, in.Proxy.Istio = "", "1.20.8" }},
		{"no CA in the rule, new Istio", "MT003", "istiod is older", func(in *Input) { unvalidated(in); rule(in).CA, in.Proxy.Istio = "", "1.26.0" }},
		{"no CA in the rule, Istio unknown", "MT003", "no caCertificates before 1.21 !istiod", func(in *Input) { unvalidated(in); rule(in).CA, in.Proxy.Istio = "", "" }},
		{"a CA in the rule", "MT003", "insecureSkipVerify, or no caCertificates", unvalidated},
		{"credential in the rule", "MT003", "insecureSkipVerify, or no caCertificates", func(in *Input) { unvalidated(in); rule(in).CA, rule(in).CredName = "", "x" }},
		{"no TLS in the rule", "MT003", "insecureSkipVerify, or no caCertificates", func(in *Input) { unvalidated(in); rule(in).CA, rule(in).HasTLS = "", false }},
		{"no rule", "MT003", "insecureSkipVerify, or no caCertificates redis/external-redis", func(in *Input) { unvalidated(in); in.Config.Rules = nil }},
		{"who made it, by the rule", "MT003", "redis/external-redis", func(in *Input) { unvalidated(in); up(in).Rule = facts.Ref{} }},
		{"who made it, by the proxy", "MT003", "elsewhere/other", func(in *Input) {
			unvalidated(in)
			up(in).Rule = facts.Ref{Kind: "DestinationRule", Namespace: "elsewhere", Name: "other"}
		}},
		{"no name, TCP", "MT006", "sni " + host + " the port is TCP", nameless},
		{"no name, HTTP with sni", "MT006", "writing sni switches", func(in *Input) { nameless(in); up(in).Protocol = facts.ProtocolHTTP }},
		{"no name, HTTP with Istio's own sni", "MT006", "which Istio sets by itself !writing", func(in *Input) {
			nameless(in)
			up(in).Protocol, sock(in).SNI = facts.ProtocolHTTP, "outbound_.80_._.x"
		}},
		{"no name, HTTP without sni", "MT006", "sni empty, no subjectAltNames !writing", func(in *Input) { nameless(in); up(in).Protocol, sock(in).SNI = facts.ProtocolHTTP, "" }},
		{"no name, one CA", "MT006", "certificate of CN=redis-ca is", nameless},
		{"no name, public CAs", "MT006", "certificate of any public CA is", func(in *Input) {
			nameless(in)
			ca := in.Proxy.Secrets[0].Validation.Inline
			in.Proxy.Secrets[0].Name, sock(in).Validation.CA.Name, in.Proxy.Secrets[0].Validation.Inline = "file-root:system", "file-root:system", append(ca, ca...)
		}},
		{"no name, several CAs", "MT006", "certificate of sds:file-root:/etc/redis-ca/ca.pem is", func(in *Input) {
			nameless(in)
			ca := in.Proxy.Secrets[0].Validation.Inline
			in.Proxy.Secrets[0].Validation.Inline = append(ca, ca...)
		}},
		{"HTTP and TCP, automatic", "MT006", "HTTP and TCP listeners", func(in *Input) { nameless(in); up(in).AutoSAN, up(in).Protocol = true, facts.ProtocolMixed }},
		{"HTTP and TCP", "MT006", "!HTTP and TCP listeners", func(in *Input) { nameless(in); up(in).Protocol = facts.ProtocolMixed }},
		{"not automatic, protocol unknown", "MT006", "is not checked !known", func(in *Input) { nameless(in); up(in).Protocol = "" }},
		{"a pair that nobody asked for", "MT010", "none (mode SIMPLE)", func(in *Input) { sock(in).Cert = facts.Source{Kind: facts.SourceSDS, Name: "file-cert:a~b"} }},
		{"no sni, not automatic, protocol unknown", "MT007", "no SNI is sent", func(in *Input) { sock(in).SNI, up(in).Protocol = "", "" }},
		{"TLS that no rule gives: why", "MT011", "app=x", func(in *Input) { rule(in).Selector = map[string]string{"app": "x"} }},
		{"TLS that no rule gives: no rule", "MT011", "no DestinationRule counts", func(in *Input) { in.Config.Rules = nil; up(in).Rule = facts.Ref{}; up(in).Rule.Name = "a~b" }},
		{"rule names a CA, none validates", "MT011", "validates nothing", func(in *Input) { unvalidated(in); rule(in).SANs = nil }},
		{"rule names a credential, none validates", "MT011", "!validates nothing", func(in *Input) { unvalidated(in); rule(in).SANs, rule(in).CredName = nil, "x" }},
		{"counter of the chain", "MT012", "fail_verify_error", counters(func(c *facts.TLSCounters, one *uint64) { c.FailVerifyError = one })},
		{"counter of secrets", "MT012", "secrets_not_ready", counters(func(c *facts.TLSCounters, one *uint64) { c.SecretsNotReady = one })},
		{"counter of connections", "MT012", "ssl.connection_error", counters(func(c *facts.TLSCounters, one *uint64) { c.ConnectionError = one })},
		{"no counter moved", "MT012", "cannot be reached", counters(func(*facts.TLSCounters, *uint64) {})},
		{"connections completed", "MT012", "3 connections completed", func(*Input) {}},
		{"no connection yet", "MT012", "no connection was made yet", func(in *Input) { *up(in).Endpoints[0].Hosts = facts.HostCounters{} }},
		{"only failures, a probe completes", "MT012", "a probe completes now", func(in *Input) { *up(in).Endpoints[0].Hosts = facts.HostCounters{Total: 1, Failed: 1} }},
		{"some endpoints probed", "MT013", "1 of 2 endpoints were probed", func(in *Input) { up(in).Endpoints = append(up(in).Endpoints, facts.Endpoint{Address: "10.9.9.9:1"}) }},
		{"all endpoints probed", "MT013", "!were probed", func(*Input) {}},
		{"how to look, with a name", "MT013", "-connect 10.244.0.1:16222 -servername " + host, func(in *Input) { hello(in).Chain, hello(in).Failure = nil, facts.FailureNotTLS }},
		{"how to look, without", "MT013", "-connect 10.244.0.1:16222 !-servername", func(in *Input) { hello(in).Chain, hello(in).Failure, hello(in).SNI = nil, facts.FailureNotTLS, "" }},
		{"what to edit", "MT013", "edit destinationrule external-redis -n redis", func(in *Input) { hello(in).AsksCert, hello(in).Failure = true, facts.FailureAlert }},
		{"what to edit, by the proxy", "MT013", "edit destinationrule made -n there", func(in *Input) {
			hello(in).AsksCert, hello(in).Failure = true, facts.FailureAlert
			in.Config, up(in).Rule = nil, facts.Ref{Kind: "DestinationRule", Namespace: "there", Name: "made"}
		}},
		{"wrong CA, public ones", "MT013", "operating system's public roots", func(in *Input) {
			in.Proxy.Secrets[0].Name, sock(in).Validation.CA.Name = "file-root:system", "file-root:system"
			in.Proxy.Secrets[0].Validation.Inline = nil
		}},
		{"wrong CA, one's own", "MT013", "!operating system", func(in *Input) { in.Proxy.Secrets[0].Validation.Inline = nil }},
		{"refused listener, an old one serves", "MT014", "serves an older one", func(in *Input) { in.Proxy.Rejected = []facts.Rejection{{Listener: "l", Serving: true}} }},
		{"refused listener, none serves", "MT014", "none of that name serves", func(in *Input) { in.Proxy.Rejected = []facts.Rejection{{Listener: "l"}} }},
		{"changed just now", "MT025", "again in some seconds; if it stays: kubectl", func(in *Input) { times(in, 2, 9); rule(in).SNI = "new" }},
		{"changed long ago", "MT025", "proxy-status !in some seconds", func(in *Input) { times(in, 600, 900); rule(in).SNI = "new" }},
		{"changed nobody knows when", "MT025", "proxy-status !in some seconds", func(in *Input) { rule(in).SNI = "new" }},
		{"MUTUAL without certificate", "MT002", "without a client certificate", func(in *Input) { plain(in); rule(in).Mode, rule(in).Key = "MUTUAL", "k" }},
		{"MUTUAL without key", "MT002", "without a client certificate", func(in *Input) { plain(in); rule(in).Mode, rule(in).Cert = "MUTUAL", "c" }},
		{"MUTUAL with both", "MT002", "!without a client certificate", func(in *Input) { plain(in); rule(in).Mode, rule(in).Cert, rule(in).Key = "MUTUAL", "c", "k" }},
		{"TLS in a subset only", "MT002", "names subset v2 only", func(in *Input) {
			plain(in)
			other := *rule(in)
			rule(in).HasTLS, rule(in).Mode, other.Subset = false, "", "v2"
			in.Config.Rules = append(in.Config.Rules, other)
		}},
		{"selector for the client", "MT002", `"app":"web"`, func(in *Input) {
			plain(in)
			rule(in).CA, rule(in).CredName, in.Intents[0].Workload, in.Proxy.Target.Labels["app"] = "", "x", map[string]string{"app": "web"}, "web"
		}},
		{"selector for a client without label", "MT002", `"app":"CLIENT"`, func(in *Input) { plain(in); rule(in).CA, rule(in).CredName = "", "x" }},
		{"selector, no intent", "MT002", `"app":"CLIENT"`, func(in *Input) { plain(in); rule(in).CA, rule(in).CredName, in.Intents = "", "x", nil }},
		{"nobody asks, an intent does", "MT002", "DestinationRule redis/external-redis", func(in *Input) { plain(in); in.Config.Rules = nil }},
		{"nobody asks, the user does", "MT002", "no DestinationRule asks !DestinationRule redis", func(in *Input) { plain(in); in.Config.Rules, in.Intents, in.To = nil, nil, []To{{Host: host}} }},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := healthy(t)
			c.do(&in)
			var text strings.Builder
			for _, f := range byID(Run(All(), in), c.id) {
				text.WriteString(strings.Join([]string{f.Summary, f.Got, f.Want, f.Fix, f.Object, f.Endpoint, "\n"}, " "))
			}
			want, never, _ := strings.Cut(c.words, "!")
			if !holds(text.String(), want) {
				t.Errorf("no %q in:\n%s", want, &text)
			}
			if never != "" && strings.Contains(text.String(), never) {
				t.Errorf("%q in:\n%s", never, &text)
			}
		})
	}
}

// holds tells whether a text has the words one after the other, with anything between them.
func holds(text, words string) bool {
	for _, w := range strings.Fields(words) {
		i := strings.Index(text, w)
		if i < 0 {
			return false
		}
		text = text[i+len(w):]
	}
	return true
}

func unvalidated(in *Input) {
	noProbe(in)
	sock(in).Validation = facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceNone}}
}

func nameless(in *Input) {
	noProbe(in)
	sock(in).Validation.SANs, rule(in).SANs, in.Intents = nil, nil, nil
}

// counters lets every connection have failed, with one counter of TLS that says why.
func counters(set func(c *facts.TLSCounters, one *uint64)) func(*Input) {
	return func(in *Input) {
		noProbe(in)
		*up(in).Endpoints[0].Hosts = facts.HostCounters{Total: 3, Failed: 3}
		zero, one := uint64(0), uint64(1)
		up(in).TLS = &facts.TLSCounters{Handshake: &zero, FailVerifySAN: &zero, FailVerifyError: &zero, SecretsNotReady: &zero, ConnectionError: &zero}
		set(up(in).TLS, &one)
	}
}

// TestEnableAgain: the command that is proposed can be pasted, with the CA, the pair and the workload that are known.
func TestEnableAgain(t *testing.T) {
	again := "kubectl mesh-tls enable origination " + host + ":16222"
	for name, c := range map[string]struct {
		do   func(in *Input)
		ca   string
		want string
	}{
		"intent":             {func(*Input) {}, "", again + " -n redis --name external-redis --ca-path /etc/redis-ca/ca.pem --adopt --force-conflicts"},
		"intent, its rule":   {func(in *Input) { rule(in).Owner = "external-redis" }, "", again + " -n redis --name external-redis --ca-path /etc/redis-ca/ca.pem --force-conflicts"},
		"intent, no rule":    {func(in *Input) { in.Config = nil }, "", again + " -n redis --name external-redis --ca-path /etc/redis-ca/ca.pem --force-conflicts"},
		"intent, another CA": {func(in *Input) { in.Config = nil }, "--ca-file FILE", again + " -n redis --name external-redis --ca-file FILE --force-conflicts"},
		"intent, workload and pair": {func(in *Input) {
			in.Config, in.Intents[0].Workload, in.Proxy.Target.Labels = nil, map[string]string{"b": "2", "a": "1"}, map[string]string{"b": "2", "a": "1"}
			in.Intents[0].Certificate, in.Intents[0].CA = intent.KeyPair{Kind: intent.PairSecret, Name: "p"}, intent.CA{Kind: intent.CASecret, Name: "c"}
		}, "", again + " -n redis --name external-redis --ca-secret c --client-secret p --workload a=1,b=2 --force-conflicts"},
		"rule":         {func(in *Input) { in.Intents = nil }, "", again + " -n redis --name external-redis --ca-path /etc/redis-ca/ca.pem --adopt"},
		"rule, system": {func(in *Input) { in.Intents, rule(in).CA = nil, "system" }, "", again + " -n redis --name external-redis --ca system --adopt"},
		"rule, no CA":  {func(in *Input) { in.Intents, rule(in).CA = nil, "" }, "", again + " -n redis --name external-redis --ca-file FILE --adopt"},
		"rule, Secret": {func(in *Input) {
			in.Intents, rule(in).CA, rule(in).CredName, rule(in).Selector = nil, "", "x-cacert", map[string]string{"app": "redis-client"}
		}, "", again + " -n redis --name external-redis --ca-secret x --workload app=redis-client --adopt"},
		"rule, Secret for none": {func(in *Input) { in.Intents, rule(in).CA, rule(in).CredName = nil, "", "x" }, "", again + " -n redis --name external-redis --ca-file FILE --adopt"},
		"rule, ConfigMap":       {func(in *Input) { in.Intents, rule(in).CA, rule(in).CredName = nil, "", "configmap://redis/x" }, "", again + " -n redis --name external-redis --ca-configmap x --adopt"},
		"a wider rule":          {func(in *Input) { in.Intents, rule(in).Host = nil, "*.example.internal" }, "", again + " -n redis --ca-path /etc/redis-ca/ca.pem"},
		"rule that others see":  {func(in *Input) { in.Intents, rule(in).ExportTo = nil, []string{".", "*"} }, "", again + " -n redis --name external-redis --ca-path /etc/redis-ca/ca.pem --export-to '.,*' --adopt"},
		"nothing":               {func(in *Input) { in.Intents, in.Config = nil, nil }, "", again + " --ca-file FILE"},
		"a control plane's own": {func(in *Input) { in.Intents, up(in).Host = nil, "" }, "", ""},
		"led": {func(in *Input) {
			it := &in.Intents[0]
			it.Recipe, it.Role, it.Subset, it.Form, it.TLSPort, up(in).Subset, in.Config = intent.RecipeMutual, intent.RoleClient, "v1", intent.FormVirtualService, 16222, "v1", nil
			it.Ports = []intent.Port{{Number: 80}}
		}, "", "kubectl mesh-tls enable mutual " + host + ":80 --tls-port 16222 --form " + string(intent.FormVirtualService) + " --subset v1 --role client -n redis --name external-redis --ca-path /etc/redis-ca/ca.pem --force-conflicts"},
	} {
		in := healthy(t)
		c.do(&in)
		if got := enableWith(Subjects(in)[0], c.ca); got != c.want {
			t.Errorf("%s:\n%s, want\n%s", name, got, c.want)
		}
	}
}

// TestFailedBefore: only a finding about failures before a probe that completed is that.
func TestFailedBefore(t *testing.T) {
	for _, c := range []struct {
		f    Finding
		want bool
	}{{Finding{ID: "MT012", Summary: causeMayBeGone}, true}, {Finding{ID: "MT012", Summary: "other"}, false}, {Finding{ID: "MT013", Summary: causeMayBeGone}, false}} {
		if got := FailedBefore(c.f); got != c.want {
			t.Errorf("%+v: %v", c.f, got)
		}
	}
}

// TestSecretHint: each kind of secret has its own hint.
func TestSecretHint(t *testing.T) {
	for name, want := range map[string]string{
		"file-root:system": "no CA bundle of the operating system", "file-root:/a": "the file /a does not exist", "file-cert:c~k": "client certificate or key file",
		"configmap://ns/a-cacert": "the ConfigMap is missing", "kubernetes://a-cacert": "the Secret is missing", "sds://x": "istiod or the agent",
	} {
		hint, fix := secretHint(facts.Target{}, name)
		if !strings.Contains(hint, want) || fix == "" {
			t.Errorf("%s: %q, %q", name, hint, fix)
		}
	}
}

// TestProxyLog: the pod is named where it is known, and nothing ends the quotes.
func TestProxyLog(t *testing.T) {
	for want, target := range map[string]facts.Target{
		"kubectl logs POD -c istio-proxy | grep -iF 'a b'":           {},
		"kubectl logs web-1 -n shop -c istio-proxy | grep -iF 'a b'": {Namespace: "shop", Pod: "web-1", Container: "istio-proxy"},
		"kubectl logs gw-1 -n shop -c gw | grep -iF 'a b'":           {Namespace: "shop", Pod: "gw-1", Container: "gw"},
	} {
		if got := proxyLog(target, "a' b"); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestPolicyInWords names what was asked for.
func TestPolicyInWords(t *testing.T) {
	for want, p := range map[string]TLSPolicy{"": {}, "TLS 1.3 and later": {MinTLS: "TLSv1_3"}, "policy fips": {Name: "fips"}, "TLS 1.2 and later, policy pqc": {MinTLS: "TLSv1_2", Name: "pqc"}} {
		if got := p.String(); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}

// TestNamedCertificates: certificates are told apart, and many are cut short.
func TestNamedCertificates(t *testing.T) {
	c := func(n string) facts.Certificate {
		return facts.Certificate{Subject: "CN=" + n, Fingerprint: "0123456789abcdef0123"}
	}
	many := []facts.Certificate{c("a"), c("b"), c("c"), c("d")}
	if got := subjects(many[:1]); got != "CN=a (SHA-256 0123456789abcdef)" {
		t.Error(got)
	}
	if got := subjects(many); !strings.HasSuffix(got, "CN=c (SHA-256 0123456789abcdef); ...") {
		t.Error(got)
	}
	if got := told(many[:2]); got != "CN=a (SHA-256 0123456789ab…), CN=b (SHA-256 0123456789ab…)" {
		t.Error(got)
	}
	if got := told(nil); got != "no certificate" {
		t.Error(got)
	}
	if got := allNames(facts.Certificate{Subject: "CN=a"}); got != "none (subject CN=a)" {
		t.Error(got)
	}
	if got := allNames(facts.Certificate{DNS: []string{"a"}, URIs: []string{"b"}, IPs: []string{"c"}}); got != "a, b, c" {
		t.Error(got)
	}
}

// TestCompleted counts as a lower bound what an endpoint completed.
func TestCompleted(t *testing.T) {
	for _, c := range []struct {
		h    facts.HostCounters
		p    facts.Protocol
		want uint64
	}{
		{facts.HostCounters{Total: 3, Failed: 3, Requests: 3}, facts.ProtocolTCP, 0},
		{facts.HostCounters{Total: 5, Failed: 1, Active: 4, Requests: 3}, facts.ProtocolTCP, 3},
		{facts.HostCounters{Total: 5, Failed: 1, Requests: 9}, facts.ProtocolTCP, 4},
		{facts.HostCounters{Total: 5, Failed: 1, Active: 1, Requests: 9}, facts.ProtocolHTTP, 3},
		{facts.HostCounters{Total: 5, Failed: 1, Active: 4, Requests: 9}, facts.ProtocolHTTP, 1},
		{facts.HostCounters{Total: 5, Failed: 1, Active: 4}, facts.ProtocolHTTP, 0},
		{facts.HostCounters{Total: 5, Failed: 1, Active: 4}, facts.ProtocolTCP, 0},
	} {
		if got := completed(c.h, c.p); got != c.want {
			t.Errorf("%+v, %s: %d, want %d", c.h, c.p, got, c.want)
		}
	}
}

// TestDescribed: what tables say of the name and of SNI follows the checks.
func TestDescribed(t *testing.T) {
	for name, c := range map[string]struct {
		do      func(in *Input)
		checked Answer
		how     string
		sent    Answer
	}{
		"by name": {func(*Input) {}, Yes, host, Yes},
		"names": {func(in *Input) {
			sock(in).Validation.SANs = append(sock(in).Validation.SANs, facts.NameMatch{Kind: "prefix", Value: "b"})
		}, Yes, host + ", prefix:b", Yes},
		"nothing": {unvalidated, No, "not validated", Yes},
		"pinned":  {func(in *Input) { unvalidated(in); sock(in).Validation.Pins = 2 }, Yes, "2 pinned", Yes},
		"SPIFFE": {func(in *Input) {
			sock(in).Validation = facts.Validation{Present: true, CA: facts.Source{Kind: facts.SourceSPIFFE}, SPIFFE: []facts.TrustDomainCA{{Name: "a"}}}
		}, No, "trust domain", Yes},
		"the SNI": {func(in *Input) { nameless(in); sock(in).AutoSNISAN = true }, Yes, "auto: the SNI", Yes},
		"the host": {func(in *Input) {
			nameless(in)
			sock(in).SNI, up(in).AutoSAN, up(in).AutoSNI, up(in).Protocol = "", true, true, facts.ProtocolHTTP
		}, Yes, "auto: the host", Yes},
		"no name": {nameless, No, "the port is TCP", Yes},
		"not known": {func(in *Input) {
			nameless(in)
			sock(in).SNI, up(in).AutoSAN, up(in).AutoSNI, up(in).Protocol = "", true, true, ""
		}, NotKnown, "no listener", NotKnown},
		"TCP":  {func(in *Input) { sock(in).SNI, up(in).AutoSNI = "", true }, Yes, host, No},
		"HTTP": {func(in *Input) { sock(in).SNI, up(in).Protocol = "", facts.ProtocolHTTP }, Yes, host, No},
	} {
		in := healthy(t)
		c.do(&in)
		s := Subjects(in)[0]
		checked, how := NameChecked(in, s, *sock(&in))
		if checked != c.checked || !strings.Contains(how, c.how) {
			t.Errorf("%s: %s, %q, want %s, %q", name, checked, how, c.checked, c.how)
		}
		if sent := SNISent(s, *sock(&in)); sent != c.sent {
			t.Errorf("%s: SNI sent %s, want %s", name, sent, c.sent)
		}
	}
	if _, _, known := Completed(Subject{}); known {
		t.Error("nothing is known of no cluster")
	}
	if SNISent(Subject{}, facts.Socket{}) != NotKnown {
		t.Error("nothing is known of no cluster")
	}
}

// TestSwitchedOff: a rule that says DISABLE is not named as who wants TLS; an intent beside it is.
func TestSwitchedOff(t *testing.T) {
	for want, alone := range map[string]bool{"--baseline": true, "because of intent redis/": false} {
		in := healthy(t)
		plain(&in)
		rule(&in).Mode = "DISABLE"
		if alone {
			in.Intents = nil
		}
		for _, f := range Run([]*Check{transportTLS()}, in) {
			if f.Outcome != Fail || !strings.Contains(f.Want, want) {
				t.Errorf("the rule alone: %v: %s, want %q with %q", alone, f.Outcome, f.Want, want)
			}
		}
	}
}
