package envoy

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

const counterDump = `{"configs":[{"dynamic_active_clusters":[
	{"cluster":{"name":"outbound|443||a.example","alt_stat_name":"outbound|443||a.example;","type":"STRICT_DNS","load_assignment":{"endpoints":[{"lb_endpoints":[{"endpoint":{"address":{"socket_address":{"address":"a.example","port_value":443}}}}]}]},"transport_socket":{"name":"tls","config":{}}}},
	{"cluster":{"name":"ns/b:80","type":"EDS","transport_socket_matches":[{"name":"m","match":{"a":"b"}}]}}],
	"dynamic_warming_clusters":[{"cluster":{"name":"outbound|443||a.example","alt_stat_name":"outbound|443||a.example;"}}]}]}`

func filesOf(files map[string]string) Files {
	m := fstest.MapFS{}
	for name, text := range files {
		m[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return NewFiles(m, "")
}

func readFiles(t *testing.T, files map[string]string) *facts.Proxy {
	t.Helper()
	p, err := Read(context.Background(), facts.Target{Source: "test"}, filesOf(files), Scope{All: true})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// TestStats reads both formats; a counter that is not there stays unknown.
func TestStats(t *testing.T) {
	text := "cluster.outbound|443||a.example;.ssl.handshake: 12\n" +
		"cluster.outbound|443||a.example;.ssl.fail_verify_san: 18446744073709551615\r\n" +
		"cluster.outbound|443||a.example;.client_ssl_socket_factory.upstream_context_secrets_not_ready: 3\n" +
		"cluster.ns/b_80.ssl.connection_error: 1\n" +
		"cluster.ns/b_80.ssl.handshake: No recorded values\n" +
		"cluster.other.ssl.certificate.default.expiration_unix_time_seconds: 5\n" +
		"cluster_manager.cds.update_rejected: 0\nlistener_manager.lds.update_rejected: 2\n" +
		"cluster_manager.cds.version_text: \"2026-11-23T05:11:08+01:00/4\"\n" +
		"server.version: 12825535957486651501\n" + strings.Repeat("x", maxLine+5) + ": 1\n\n"
	var json []string
	for _, line := range strings.Split(text, "\n") {
		name, value, ok := strings.Cut(strings.TrimSpace(line), ": ")
		if ok {
			if strings.Contains(value, "No ") {
				value = `"` + value + `"`
			}
			json = append(json, `{"value":`+value+`,"name":"`+name+`"}`)
		}
	}
	asJSON := `{"stats":[` + strings.Join(json, ",\n") + `,{"histograms":{"computed_quantiles":[{"name":"x","values":[{"interval":null}]}]}}]}`
	n := func(v uint64) *uint64 { return &v }
	for name, files := range map[string]map[string]string{
		"text": {"stats": text}, "text file": {"stats.txt": text}, "json": {"stats.json": asJSON}, "json named stats": {"stats": asJSON},
	} {
		t.Run(name, func(t *testing.T) {
			files["config_dump.json"] = counterDump
			p := readFiles(t, files)
			a := facts.TLSCounters{Handshake: n(12), FailVerifySAN: n(18446744073709551615), SecretsNotReady: n(3)}
			if diff := cmp.Diff(&a, p.Upstreams[0].TLS); diff != "" {
				t.Errorf("a (-want +got)\n%s", diff)
			}
			if diff := cmp.Diff(&facts.TLSCounters{ConnectionError: n(1)}, p.Upstreams[1].TLS); diff != "" {
				t.Errorf("b (-want +got)\n%s", diff)
			}
			if p.Upstreams[2].TLS != nil {
				t.Error("the warming cluster has the active one's counters")
			}
			if diff := cmp.Diff(facts.Updates{ClustersRejected: n(0), ListenersRejected: n(2), ClustersMade: time.Date(2026, 11, 23, 4, 11, 8, 0, time.UTC)}, p.Updates, cmpopts.EquateApproxTime(0)); diff != "" {
				t.Errorf("updates (-want +got)\n%s", diff)
			}
		})
	}
}

// TestStatsMissing says in words why there are no counters.
func TestStatsMissing(t *testing.T) {
	istio := `{"configs":[{"bootstrap":{"node":{"id":"sidecar~1~a.b~c"},"stats_config":{"stats_matcher":{"inclusion_list":{"patterns":[{"prefix":"server"}]}}}}},` + counterDump[len(`{"configs":[`):]
	for name, c := range map[string]struct {
		files map[string]string
		want  string
	}{
		"no file":       {map[string]string{"config_dump.json": counterDump}, "the dump has no stats"},
		"HTML":          {map[string]string{"config_dump.json": counterDump, "stats": "<html>"}, "web page"},
		"cut off":       {map[string]string{"config_dump.json": counterDump, "stats.json": `{"stats":[{"name":"a"`}, "cut off"},
		"other JSON":    {map[string]string{"config_dump.json": counterDump, "stats.json": `{}`}, "not in the answer"},
		"none of TLS":   {map[string]string{"config_dump.json": counterDump, "stats": "a: 1\n"}, "exports no counters"},
		"Istio's usual": {map[string]string{"config_dump.json": istio, "stats": "a: 1\n"}, "statsInclusionRegexps"},
	} {
		t.Run(name, func(t *testing.T) {
			p := readFiles(t, c.files)
			if why := p.Missing[facts.FactTLSCounters]; !strings.Contains(why, c.want) {
				t.Errorf("missing says %q, want %q", why, c.want)
			}
			if p.Upstreams[0].TLS != nil || p.Updates.ClustersRejected != nil {
				t.Error("absent counters became numbers")
			}
		})
	}
}

// TestHosts joins /clusters to the endpoints, in both formats.
func TestHosts(t *testing.T) {
	asJSON := `{"cluster_statuses":[{"name":"outbound|443||a.example","host_statuses":[{"address":{"socket_address":{"address":"10.0.0.1","port_value":443}},"hostname":"a.example","stats":[{"name":"cx_total","value":"12825535957486651501"},{"name":"cx_connect_fail"},{"name":"cx_active","value":"2","type":"GAUGE"},{"name":"rq_total","value":"4"}]},
		{"address":{"socket_address":{"address":"2001:db8::1","port_value":443}},"hostname":"a.example","stats":[]}]},
		{"name":"ns/b:80","host_statuses":[{"address":{"pipe":{"path":"/run/x"}}}]}]}`
	asText := "outbound|443||a.example::observability_name::outbound|443||a.example;\noutbound|443||a.example::default_priority::max_connections::1024\n" +
		"outbound|443||a.example::10.0.0.1:443::cx_total::12825535957486651501\noutbound|443||a.example::10.0.0.1:443::cx_active::2\n" +
		"outbound|443||a.example::10.0.0.1:443::rq_total::4\noutbound|443||a.example::10.0.0.1:443::hostname::a.example\n" +
		"outbound|443||a.example::[2001:db8::1]:443::cx_total::0\noutbound|443||a.example::[2001:db8::1]:443::hostname::a.example\n"
	for name, files := range map[string]map[string]string{"json": {"clusters.json": asJSON}, "text": {"clusters.txt": asText}} {
		t.Run(name, func(t *testing.T) {
			files["config_dump.json"] = counterDump
			p := readFiles(t, files)
			want := []facts.Endpoint{
				{Address: "10.0.0.1:443", Hostname: "a.example", Health: "UNKNOWN", Hosts: &facts.HostCounters{Total: 12825535957486651501, Active: 2, Requests: 4}},
				{Address: "[2001:db8::1]:443", Hostname: "a.example", Health: "UNKNOWN", Hosts: &facts.HostCounters{}},
			}
			if diff := cmp.Diff(want, p.Upstreams[0].Endpoints); diff != "" {
				t.Errorf("endpoints (-want +got)\n%s", diff)
			}
			if b := p.Upstreams[1]; b.EndpointsKnown {
				t.Error("a cluster with socket matches takes hosts without metadata for known")
			}
			if w := p.Upstreams[2]; len(w.Endpoints) != 0 {
				t.Error("the warming cluster has the active one's hosts")
			}
			if why, missing := p.Lacks(facts.FactHostCounters); missing {
				t.Errorf("host counters are missing: %s", why)
			}
		})
	}
	p := readFiles(t, map[string]string{"config_dump.json": counterDump, "clusters.json": asJSON[:len(asJSON)-9]})
	if why, missing := p.Lacks(facts.FactHostCounters); !missing || !strings.Contains(why, "cut off") || p.Upstreams[0].Endpoints[0].Hosts != nil {
		t.Errorf("a cut off answer was used (%q)", why)
	}
}

// TestEmissaryStats reads a recorded text of 36,000 lines.
func TestEmissaryStats(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(captures, "emissary-stats.txt"))
	if err != nil {
		t.Skipf("the recordings are not beside the project (%s)", captures)
	}
	c := newCollector()
	if err := c.readStats(strings.NewReader(string(text))); err != nil {
		t.Fatal(err)
	}
	if !c.stats.read || len(c.stats.tls) != 0 || c.stats.updates.ClustersRejected == nil {
		t.Errorf("want no TLS of clusters (it has listeners' only) and the refused updates: %d, %+v", len(c.stats.tls), c.stats.updates)
	}
}
