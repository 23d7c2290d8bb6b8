package envoy

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestUnknownHosts: what becomes of calls to hosts that nobody registered is told by the listener that takes redirected
// calls, and by no other.
func TestUnknownHosts(t *testing.T) {
	to := func(match, cluster string) string {
		return `{"filter_chain_match":{` + match + `},"filters":[{"name":"x",` + tcpProxy + `"cluster":"` + cluster + `"}}]}`
	}
	const loop = `"destination_port":15001`
	for name, c := range map[string]struct{ listener, chains, want string }{
		"let through":              {"virtualOutbound", to(loop, "BlackHoleCluster") + "," + to("", "PassthroughCluster"), facts.OutboundAny},
		"refused":                  {"virtualOutbound", to(loop, "BlackHoleCluster") + "," + to("", "BlackHoleCluster"), facts.OutboundRegistry},
		"the pod's own address":    {"virtualOutbound", to(`"prefix_ranges":[{"address_prefix":"10.0.0.1","prefix_len":32}]`, "BlackHoleCluster") + "," + to("", "PassthroughCluster"), facts.OutboundAny},
		"an egress proxy":          {"virtualOutbound", to(loop, "BlackHoleCluster") + "," + to("", "outbound|80||egress"), ""},
		"only calls to itself":     {"virtualOutbound", to(loop, "BlackHoleCluster"), ""},
		"what comes in":            {"virtualInbound", to("", "BlackHoleCluster"), ""},
		"another listener":         {"0.0.0.0_80", to("", "BlackHoleCluster"), ""},
		"a service of such a name": {"virtualOutbound", to("", "outbound|80||blackhole.example"), ""},
	} {
		text := strings.ReplaceAll(listenerWith("LISTENER", "0.0.0.0", c.chains), "LISTENER", c.listener)
		if strings.HasPrefix(c.listener, "virtual") {
			text = strings.Replace(text, `"filter_chains"`, `"use_original_dst":true,"traffic_direction":"`+strings.ToUpper(strings.TrimPrefix(c.listener, "virtual"))+`","filter_chains"`, 1)
		}
		p, err := readText(chainDump(text))
		if err != nil {
			t.Fatal(err)
		}
		if p.Outbound != c.want {
			t.Errorf("%s: %q, want %q (problems %q)", name, p.Outbound, c.want, p.Problems)
		}
	}
}
