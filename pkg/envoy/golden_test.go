package envoy

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

var update = flag.Bool("update", false, "write the golden files instead of comparing with them")

// captures is where recordings of real proxies lie, beside the project.
const captures = "../../../shared/captures"

// TestCaptures compares the facts of every recording with our own summary,
// which was checked by hand against the recording.
func TestCaptures(t *testing.T) {
	dumps, _ := filepath.Glob(filepath.Join(captures, "*.json"))
	if len(dumps) == 0 {
		t.Skipf("the recordings are not beside the project (%s)", captures)
	}
	for _, dump := range dumps {
		name := filepath.Base(dump)
		t.Run(name, func(t *testing.T) {
			p, err := Read(context.Background(), facts.Target{Source: name}, NewFiles(os.DirFS(captures), name), Scope{All: true})
			if err != nil {
				t.Fatal(err)
			}
			golden(t, strings.TrimSuffix(name, ".json"), summary(p))
		})
	}
}

// TestLab compares the facts of the lab's own sidecars (testdata/lab).
func TestLab(t *testing.T) {
	for _, name := range []string{"client", "web"} {
		t.Run(name, func(t *testing.T) {
			p, err := Read(context.Background(), facts.Target{Source: name}, NewFiles(os.DirFS("testdata/lab/"+name), ""), Scope{All: true})
			if err != nil {
				t.Fatal(err)
			}
			golden(t, "lab-"+name, summary(p))
		})
	}
}

func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "golden", name+".txt")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("facts changed (-want +got); if that is right: go test ./pkg/envoy -update\n%s", diff)
	}
}

// summary spells a proxy in lines that a person can check against the dump.
func summary(p *facts.Proxy) string {
	var b strings.Builder
	fmt.Fprintf(&b, "envoy %q istio %q node %+v\n", p.Envoy, p.Istio, p.Node)
	fmt.Fprintf(&b, "stats known=%v all=%v prefixes=%d suffixes=%d regexs=%d\n", p.Stats.Known, p.Stats.All, len(p.Stats.Prefixes), len(p.Stats.Suffixes), len(p.Stats.Regexs))
	for _, u := range p.Upstreams {
		fmt.Fprintf(&b, "cluster %s %s %s proto=%s", u.Cluster, u.State, u.Type, u.Protocol)
		if u.StatName != u.Cluster {
			fmt.Fprintf(&b, " stat=%s", u.StatName)
		}
		if u.AutoSNI || u.AutoSAN {
			fmt.Fprintf(&b, " autosni=%v autosan=%v", u.AutoSNI, u.AutoSAN)
		}
		if u.External || u.TLSAsked || u.Rule.Name != "" {
			fmt.Fprintf(&b, " external=%v asked=%v rule=%s", u.External, u.TLSAsked, u.Rule)
		}
		if u.Problem != "" {
			fmt.Fprintf(&b, " problem=%q", u.Problem)
		}
		fmt.Fprintf(&b, "\n  %s\n", socketLine(u.Socket))
		for _, m := range u.Matches {
			fmt.Fprintf(&b, "  match %s %v: %s\n", m.Name, m.Match, socketLine(m))
		}
		if u.TLS != nil {
			fmt.Fprintf(&b, "  counters %s\n", counterText(*u.TLS))
		}
		b.WriteString(endpointLines(u))
	}
	for _, in := range p.Inbound {
		fmt.Fprintf(&b, "inbound %d %s gateway=%v %s\n", in.Port, in.Listener, in.Gateway, in.Mode(p))
		for _, ch := range in.Chains {
			fmt.Fprintf(&b, "  chain %q tp=%q alpn=%v names=%v require=%v: %s\n", ch.Name, ch.TransportProtocol, ch.ALPN, ch.ServerNames, ch.RequireClientCert, socketLine(ch.Socket))
		}
	}
	for _, s := range p.Secrets {
		fmt.Fprintf(&b, "secret %s %s empty=%v chain=%d problem=%q", s.Name, s.State, s.Empty, len(s.Chain), s.Problem)
		if len(s.Chain) > 0 {
			fmt.Fprintf(&b, " leaf=%s %v until %s", s.Chain[0].Subject, s.Chain[0].URIs, s.Chain[0].NotAfter.UTC().Format("2006-01-02"))
		}
		if s.Validation != nil {
			fmt.Fprintf(&b, " %s", validationText(*s.Validation))
		}
		b.WriteString("\n")
	}
	var missing []string
	for f := range p.Missing {
		missing = append(missing, string(f))
	}
	sort.Strings(missing)
	for _, r := range p.Rejected {
		fmt.Fprintf(&b, "rejected %q serving=%v %s\n", r.Listener, r.Serving, r.Why)
	}
	fmt.Fprintf(&b, "missing %v\nproblems %q\n", missing, p.Problems)
	return b.String()
}

func endpointLines(u facts.Upstream) string {
	kinds := map[string]int{}
	for _, e := range u.Endpoints {
		counters := "none"
		if e.Hosts != nil {
			counters = fmt.Sprintf("total=%d failed=%d", e.Hosts.Total, e.Hosts.Failed)
		}
		kinds[fmt.Sprintf("match=%v counters=%s", e.Match, counters)]++
	}
	var out []string
	for k, n := range kinds {
		out = append(out, fmt.Sprintf("  endpoints %d known=%v %s\n", n, u.EndpointsKnown, k))
	}
	sort.Strings(out)
	return strings.Join(out, "")
}

func socketLine(s facts.Socket) string {
	if s.Kind != facts.SocketTLS {
		kind := [...]string{"unknown", "plaintext", "tls", "other"}[s.Kind]
		return strings.TrimSpace(fmt.Sprintf("%s %s %v %s", kind, s.TypeURL, s.Wrappers, s.Problem))
	}
	text := fmt.Sprintf("tls sni=%q alpn=%v cert=%s %s", s.SNI, s.ALPN, s.Cert, validationText(s.Validation))
	if s.MinTLS+s.MaxTLS != "" || len(s.Ciphers)+len(s.Curves) > 0 {
		text += fmt.Sprintf(" %s-%s ciphers=%d curves=%d", s.MinTLS, s.MaxTLS, len(s.Ciphers), len(s.Curves))
	}
	if len(s.Wrappers) > 0 {
		text += fmt.Sprintf(" in %v", s.Wrappers)
	}
	return text
}

// counterText spells counters in the order of facts.TLSCounters; - is absent.
func counterText(c facts.TLSCounters) string {
	var out []string
	for _, v := range []*uint64{c.Handshake, c.ConnectionError, c.FailVerifyError, c.FailVerifySAN, c.FailVerifyNoCert, c.FailVerifyHash, c.SecretsNotReady} {
		if v == nil {
			out = append(out, "-")
			continue
		}
		out = append(out, fmt.Sprint(*v))
	}
	return strings.Join(out, " ")
}

func validationText(v facts.Validation) string {
	text := fmt.Sprintf("validation=%v ca=%s sans=%v", v.Present, v.CA, v.SANs)
	if len(v.Inline) > 0 {
		text += fmt.Sprintf(" inline=%d", len(v.Inline))
	}
	if v.Pins > 0 || v.AcceptUntrusted || v.AllowExpired {
		text += fmt.Sprintf(" pins=%d untrusted=%v expired=%v", v.Pins, v.AcceptUntrusted, v.AllowExpired)
	}
	for _, d := range v.SPIFFE {
		text += fmt.Sprintf(" spiffe:%s=%d", d.Name, len(d.CA))
	}
	if v.Problem != "" {
		text += fmt.Sprintf(" problem=%q", v.Problem)
	}
	return text
}
