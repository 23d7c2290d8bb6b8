package report

import (
	"bytes"
	"strings"
	"testing"
	"time"
)

func TestCommonName(t *testing.T) {
	for in, want := range map[string]string{
		"CN=redis-ca": "redis-ca", "O=x,CN=ca,C=DE": "ca", "O=cluster.local": "O=cluster.local", "": "a CA without a subject", "O=a\\,CN=b": "O=a\\,CN=b",
		"SERIALNUMBER=1+CN=leaf,O=x": "leaf", "CN=": "CN=", "CN=a\\,b,O=x": `a\,b`, "O=x\\": "O=x\\",
	} {
		if got := commonName(in); got != want {
			t.Errorf("%q: %q, want %q", in, got, want)
		}
	}
}

func TestValidates(t *testing.T) {
	end := func(days int) Certificate {
		return Certificate{Subject: "CN=ca", NotAfter: stamp(clock().AddDate(0, 0, days))}
	}
	for _, c := range []struct {
		u    Upstream
		now  time.Time
		want string
	}{
		{Upstream{CA: "none"}, clock(), "nothing"},
		{Upstream{CA: "unknown"}, clock(), "unknown"},
		{Upstream{CA: "sds:late"}, clock(), "sds:late"},
		{Upstream{CA: "inline", CACertificates: []Certificate{end(29)}}, clock(), "ca (expires 29 d)"},
		{Upstream{CA: "inline", CACertificates: []Certificate{end(0)}}, clock(), "ca (expires 0 h)"},
		{Upstream{CA: "inline", CACertificates: []Certificate{end(1)}}, clock(), "ca (expires 24 h)"},
		{Upstream{CA: "inline", CACertificates: []Certificate{end(-1)}}, clock(), "ca (expired 24 h ago)"},
		{Upstream{CA: "inline", CACertificates: []Certificate{end(2)}}, clock(), "ca (expires 2 d)"},
		{Upstream{CA: "inline", CACertificates: []Certificate{end(-3)}}, clock(), "ca (expired 3 d ago)"},
		{Upstream{CA: "inline", CACertificates: []Certificate{end(29)}}, time.Time{}, "ca (expires 2026-11-30)"},
		{Upstream{CA: "inline", CACertificates: []Certificate{{Subject: "CN=ca"}}}, clock(), "ca"},
		{Upstream{CA: "sds:x", CACertificates: []Certificate{end(29), end(5)}}, clock(), "2 CAs (first expires 5 d)"},
		{Upstream{CA: "sds:file-root:system", CACertificates: []Certificate{end(29), end(-5)}}, clock(), "2 public CAs"},
	} {
		if got := c.u.validates(c.now); got != c.want {
			t.Errorf("%+v: %q, want %q", c.u, got, c.want)
		}
	}
}

func TestCells(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Upstream{Cluster: "xds-grpc"}.label(), "xds-grpc"},
		{Upstream{Host: "h"}.label(), "h"},
		{Upstream{Host: "h", Port: 1, Subset: "v1"}.label(), "h:1 (v1)"},
		{Upstream{Transport: "tls", Mode: "MUTUAL"}.tls(), "MUTUAL"},
		{Upstream{Transport: "tls"}.tls(), "TLS"},
		{Upstream{Transport: "plaintext"}.tls(), "PLAINTEXT"},
		{Upstream{Transport: "unknown"}.tls(), "UNKNOWN"},
		{Upstream{Transport: "unknown", State: "absent"}.tls(), "no cluster"},
		{Upstream{Transport: "other:type.googleapis.com/envoy.x.Alts"}.tls(), "other: Alts"},
		{Upstream{Transport: "per-endpoint", Mode: "ISTIO_MUTUAL", Endpoints: &Endpoints{Total: 3, TLS: 2}}.tls(), "ISTIO_MUTUAL 2/3"},
		{Upstream{Transport: "per-endpoint"}.tls(), "per endpoint"},
		{Upstream{Transport: "tls", Mode: "SIMPLE", NewerWarming: true, State: "active"}.tls(), "SIMPLE (a newer one waits)"},
		{Upstream{Transport: "tls", Mode: "SIMPLE", State: "warming"}.tls(), "SIMPLE (warming)"},
		{Upstream{NameChecked: "yes", SANs: []string{"a", "b"}}.name(), "a, b"},
		{Upstream{NameChecked: "yes", SANs: []string{"a", "b", "c", "d"}}.name(), "a, b and 2 more"},
		{Upstream{NameChecked: "yes", NameCheckedHow: "auto"}.name(), "auto"},
		{Upstream{NameChecked: "no", SANs: []string{"a"}}.name(), "no"},
		{Upstream{}.versions(), ""},
		{Upstream{MinTLS: "TLSv1_2"}.versions(), "from TLSv1_2"},
		{Upstream{MaxTLS: "TLSv1_2"}.versions(), "to TLSv1_2"},
		{Upstream{Handshakes: &Handshakes{Completed: 2, Failed: 1}}.handshakeCount(), "2/3"},
		{Upstream{}.handshakeCount(), "unknown"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

// TestClosing: the sentence claims only what every judged upstream shows.
func TestClosing(t *testing.T) {
	good := func(o Outcome, h *Handshakes) Upstream {
		return Upstream{Cluster: "a", Meant: true, Outcome: o, Handshakes: h}
	}
	all := []Finding{{ID: "MT002", Outcome: OK, Cluster: "a"}, {ID: "MT003", Outcome: OK, Cluster: "a"}}
	inside := []Finding{{ID: "MT016", Outcome: OK, Endpoint: "port 80"}, {ID: "MT016", Outcome: OK, Endpoint: "every other port"}}
	ports := []Inbound{{Port: 0, Mode: "STRICT"}, {Port: 80, Mode: "STRICT"}, {Port: 81}}
	for _, c := range []struct {
		t    TargetReport
		us   []Upstream
		want string
	}{
		{TargetReport{Outcome: OK, Findings: all}, []Upstream{good(OK, &Handshakes{})}, "1 upstream: encrypted, server validated, no completed connection was seen yet"},
		{TargetReport{Outcome: OK, Findings: all}, []Upstream{good(OK, nil)}, "1 upstream: encrypted, server validated, no counters of its connections were seen"},
		{TargetReport{Outcome: Warn, Findings: append(all, Finding{ID: "MT003", Outcome: Warn, Cluster: "a"})}, []Upstream{good(Warn, &Handshakes{Completed: 1, Failed: 1})}, "1 upstream: encrypted, 1 of 2 connections completed the handshake, 1 warning"},
		{TargetReport{Outcome: OK}, []Upstream{good(OK, nil)}, "1 upstream: no counters of its connections were seen"},
		{TargetReport{Outcome: OK, Findings: all}, []Upstream{good(OK, nil), {Cluster: "b", Meant: true, Outcome: OK, Handshakes: &Handshakes{Completed: 2}}}, "2 upstreams: 2 of 2 connections completed the handshake"},
		{TargetReport{Outcome: Fail}, []Upstream{good(Fail, nil), good(Fail, nil)}, "2 of 2 upstreams fail"},
		{TargetReport{Outcome: OK, Findings: inside, Inbound: ports}, nil, "what comes in is what was asked for, on 2 inbound ports (STRICT)"},
		{TargetReport{Outcome: OK, Findings: inside}, nil, "what comes in is what was asked for, on 2 inbound ports"},
		{TargetReport{Outcome: OK, Findings: append(inside, all...), Inbound: ports}, []Upstream{good(OK, nil)}, "1 upstream: encrypted, server validated, no counters of its connections were seen; what comes in is what was asked for, on 2 inbound ports (STRICT)"},
		{TargetReport{Outcome: OK, Findings: []Finding{{ID: "MT019", Outcome: OK, Endpoint: "a.example:443"}}, Inbound: []Inbound{{Port: 80, Mode: "DISABLE", Gateway: true}, {Port: 443, Mode: "MUTUAL", Gateway: true}}}, nil, "what comes in is what was asked for, on 1 inbound port (MUTUAL)"},
		{TargetReport{Outcome: Unknown}, []Upstream{good(Unknown, nil)}, "1 of 1 upstream could not be judged"},
		{TargetReport{Outcome: Unknown, Findings: all}, []Upstream{good(OK, nil)}, "1 upstream is fine, the proxy as a whole is not: see above"},
		{TargetReport{Outcome: Unknown, Missing: []Missing{{Fact: "clusters"}}}, nil, "nothing could be judged: the upstreams of the proxy were not seen"},
		{TargetReport{Outcome: Unknown, Missing: []Missing{{Fact: "rules"}}}, nil, "nothing could be judged: the rules, which say what is meant to be TLS, were not seen (--all judges each that has it)"},
		{TargetReport{Outcome: Unknown, Upstreams: []Upstream{{}}}, nil, "nothing was judged: no rule, intent or --to means an upstream of this proxy to be TLS"},
	} {
		if got := closing(c.t, c.us); got != c.want {
			t.Errorf("%q, want %q", got, c.want)
		}
	}
}

// TestQuietSaysWhy: a verdict without upstreams has its reason, also where little is wanted.
func TestQuietSaysWhy(t *testing.T) {
	var b bytes.Buffer
	doc := Report{Outcome: Unknown, Targets: []TargetReport{{Namespace: "shop", Pod: "web-1", Outcome: Unknown}}}
	if err := Print(&b, doc, FormatTable, Options{Quiet: true}); err != nil || !strings.Contains(b.String(), "nothing was judged: no rule, intent or --to") {
		t.Errorf("%v\n%s", err, b.String())
	}
}

// TestGrouping: what is the same of many upstreams is said once, and wide says
// each.
func TestGrouping(t *testing.T) {
	var fs []Finding
	for _, c := range []string{"a", "b", "c", "d", "e"} {
		fs = append(fs, Finding{ID: "MT006", Outcome: Warn, Cluster: c, Summary: "same"}, Finding{ID: "MT001", Outcome: OK, Cluster: c})
	}
	fs = append(fs, Finding{ID: "MT004", Outcome: Unknown, Summary: "other"}, Finding{ID: "MT003", Outcome: Fail, Cluster: "e", Summary: "worst"})
	got := (&page{}).grouped(fs, map[string]string{"a": "host:1"})
	if len(got) != 3 || got[0].ID != "MT003" || got[1].ID != "MT004" || got[2].ID != "MT006" {
		t.Fatalf("%+v", got)
	}
	if s := places(got[2].at); s != "host:1, b, c and 2 more (-o wide)" {
		t.Errorf("%q", s)
	}
	if n := len((&page{wide: true}).grouped(fs, nil)); n != 7 {
		t.Errorf("wide: %d", n)
	}
}
