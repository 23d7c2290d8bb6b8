package envoy

import (
	"context"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestIstioctl reads what istioctl proxy-config prints with -o json.
func TestIstioctl(t *testing.T) {
	cases := map[string]struct {
		text  string
		check func(*facts.Proxy) bool
		lacks facts.Fact
	}{
		"cluster": {`[{"name":"outbound|443||a.example","type":"STRICT_DNS","connectTimeout":"10s","transportSocket":{"name":"envoy.transport_sockets.tls","typedConfig":{"@type":"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext","sni":"a.example"}}},{"name":"agent","connectTimeout":"0.250s","loadAssignment":{"clusterName":"agent","endpoints":[{"lbEndpoints":[{"endpoint":{"address":{"socketAddress":{"address":"127.0.0.1","portValue":15020}}}}]}]}}]`,
			func(p *facts.Proxy) bool {
				return len(p.Upstreams) == 2 && p.Upstreams[0].Socket.SNI == "a.example" && p.Upstreams[1].Endpoints[0].Address == "127.0.0.1:15020"
			}, facts.FactSecrets},
		"listener": {`[{"name":"virtualInbound","address":{"socketAddress":{"address":"0.0.0.0","portValue":15006}},"filterChains":[{"filterChainMatch":{"destinationPort":8080,"transportProtocol":"raw_buffer"},"filters":[]}],"listenerFilters":[{"name":"envoy.filters.listener.original_dst"}],"trafficDirection":"INBOUND"}]`,
			func(p *facts.Proxy) bool {
				return len(p.Inbound) == 1 && p.Inbound[0].Port == 8080 && p.Inbound[0].Mode(p) == facts.ModeDisable
			}, facts.FactClusters},
		"secret": {`{"dynamicActiveSecrets":[{"name":"default","versionInfo":"1","lastUpdated":"2026-11-22T10:00:00Z","secret":{"@type":"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret","name":"default","tlsCertificate":{"certificateChain":{"inlineBytes":"LS0="}}}}],"dynamicWarmingSecrets":[{"name":"w","secret":{}}]}`,
			func(p *facts.Proxy) bool {
				return len(p.Secrets) == 2 && p.Secrets[0].Version == "1" && p.Secrets[1].State == facts.StateWarming
			}, facts.FactClusters},
		"endpoint of a proxy": {`[{"name":"outbound|443||a.example","addedViaApi":true,"hostStatuses":[{"address":{"socketAddress":{"address":"10.0.0.1","portValue":443}},"stats":[{"name":"cx_total","value":"3"}]}]}]`,
			func(p *facts.Proxy) bool { _, missing := p.Lacks(facts.FactHostCounters); return !missing }, facts.FactClusters},
		"endpoint of a dump": {`[{"clusterName":"outbound|443||a.example","endpoints":[{"lbEndpoints":[]}]}]`,
			func(p *facts.Proxy) bool { _, missing := p.Lacks(facts.FactEndpoints); return !missing }, facts.FactClusters},
		"route": {`[{"name":"80","virtualHosts":[]}]`,
			func(p *facts.Proxy) bool { _, missing := p.Lacks(facts.FactRoutes); return !missing }, facts.FactClusters},
		"bootstrap": {`{"bootstrap":{"node":{"id":"sidecar~10.0.0.1~a.b~b.svc.cluster.local","metadata":{"ISTIO_VERSION":"1.20.8"},"userAgentBuildVersion":{"version":{"majorNumber":1,"minorNumber":28}}}}}`,
			func(p *facts.Proxy) bool {
				return p.Envoy == "1.28.0" && p.Istio == "1.20.8" && p.Node.Kind == facts.NodeSidecar && p.Node.Namespace == "b"
			}, facts.FactClusters},
		"entries of one field": {`{"configs":[{"@type":"type.googleapis.com/envoy.admin.v3.ClustersConfigDump.DynamicCluster","cluster":{"name":"outbound|443||a.example"},"last_updated":"2026-11-22T10:00:00Z"}]}`,
			func(p *facts.Proxy) bool { return len(p.Upstreams) == 1 && !p.Upstreams[0].Updated.IsZero() }, facts.FactSecrets},
		"sections in a list": {`[{"staticClusters":[{"cluster":{"name":"a"}}]}]`,
			func(p *facts.Proxy) bool { return len(p.Upstreams) == 1 && p.Upstreams[0].State == facts.StateStatic }, facts.FactSecrets},
		"below namespace and pod": {`{"envoyConfig":{"ns":{"pod":{"configs":[{"static_clusters":[{"cluster":{"name":"a"}}]}]}}}}`,
			func(p *facts.Proxy) bool { return len(p.Upstreams) == 1 }, facts.FactSecrets},
		"sections below namespace and pod": {`{"ns":{"pod":{"staticClusters":[{"cluster":{"name":"a"}}],"dynamicActiveClusters":[{"cluster":{"name":"b"}}]}}}`,
			func(p *facts.Proxy) bool { return len(p.Upstreams) == 2 }, facts.FactSecrets},
		"byte order mark": {"\xef\xbb\xbf" + `{"configs":[{"static_clusters":[{"cluster":{"name":"a"}}]}]}`,
			func(p *facts.Proxy) bool { return len(p.Upstreams) == 1 }, facts.FactSecrets},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			files := NewFiles(fstest.MapFS{"x.json": {Data: []byte(c.text)}}, "x.json")
			p, err := Read(context.Background(), facts.Target{Source: "x.json"}, files, Scope{All: true})
			if err != nil {
				t.Fatal(err)
			}
			if !c.check(p) {
				t.Errorf("read wrongly: %s", summary(p))
			}
			if why, missing := p.Lacks(c.lacks); !missing || why == "" {
				t.Errorf("%s is not told as missing", c.lacks)
			}
		})
	}
}

// TestFiles finds the files of a folder, and says which one is not there.
func TestFiles(t *testing.T) {
	dump := &fstest.MapFile{Data: []byte(`{"configs":[{"static_clusters":[{"cluster":{"name":"a"}}]}]}`)}
	info := &fstest.MapFile{Data: []byte(`{"version":"abc/1.26.4/Clean/RELEASE/BoringSSL","node":{"id":"router~1~a.b~c"}}`)}
	read := func(files fstest.MapFS, name string) (*facts.Proxy, error) {
		return Read(context.Background(), facts.Target{}, NewFiles(files, name), Scope{Hosts: []string{"ignored.example"}})
	}
	p, err := read(fstest.MapFS{"config_dump.json": dump, "server_info.json": info}, "")
	if err != nil || p.Envoy != "1.26.4" || p.Node.Kind != facts.NodeRouter {
		t.Errorf("a folder: %v %+v", err, p)
	}
	for _, name := range []string{"config_dump?include_eds", "web-0.ConfigDump.json", "config-dump_web.txt"} {
		if p, err = read(fstest.MapFS{name: dump, "web.log": info}, ""); err != nil || p.Missing[facts.FactClusters] != "" {
			t.Errorf("%s: %v %+v", name, err, p)
		}
	}
	p, err = read(fstest.MapFS{"one.json": dump, "server_info.json": info, "clusters.json": dump}, "one.json")
	if err != nil || p.Envoy != "" || p.Missing[facts.FactHostCounters] == "" {
		t.Errorf("one file must not take its neighbours: %v %+v", err, p)
	}
	for want, files := range map[string]fstest.MapFS{
		"the dump has no config_dump.json": {"server_info.json": info},
		"it is a folder":                   {"config_dump.json/x": dump},
		"a pipe or a device":               {"config_dump.json": {Mode: fs.ModeNamedPipe}},
		"2 config dumps":                   {"a-config_dump.json": dump, "b-config_dump.json": dump},
		"proxies/NAMESPACE/POD":            {"proxies/shop/web/config_dump.json": dump},
	} {
		if _, err := read(files, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want %q", err, want)
		}
	}
	if _, err := read(fstest.MapFS{}, "gone.json"); err == nil || !strings.Contains(err.Error(), "gone.json") {
		t.Errorf("error %v does not name the file", err)
	}
}
