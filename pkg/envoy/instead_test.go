package envoy

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestAnswered: the sidecar answers calls to a host by itself where no route of the host leads anywhere.
func TestAnswered(t *testing.T) {
	const redirect, own = `{"match":{"prefix":"/"},"redirect":{"https_redirect":true}}`, `{"route":{"cluster":"outbound|80||c"}}`
	for name, c := range map[string]struct {
		config, domain, routes string
		want                   bool
	}{
		"a redirect":                 {"80", "c", redirect, true},
		"a redirect, then its own":   {"80", "c", redirect + "," + own, false},
		"a redirect of another name": {"80", "d", redirect, false},
		"of another port":            {"81", "c", redirect, false},
	} {
		p, err := readText(`{"configs":[` + plainAndTLS + `,{"dynamic_listeners":[` + listenerWith("l", "0.0.0.0", `{"filters":[{"name":"x",`+anyType+`envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager","rds":{"route_config_name":"80"}}}]}`) +
			`]},{"dynamic_route_configs":[{"route_config":{"name":"` + c.config + `","virtual_hosts":[{"domains":["` + c.domain + `"],"routes":[` + c.routes + `]}]}}]}]}`)
		if err != nil {
			t.Fatal(err)
		}
		if got := p.Upstreams[0].Answered; got != c.want || len(p.Upstreams[0].Instead) > 0 {
			t.Errorf("%s: %t, want %t (%v)", name, got, c.want, p.Upstreams[0].Instead)
		}
	}
}

// TestMatcher: a virtual host may choose its routes by a matcher in place of a list (Envoy: VirtualHost.matcher). That leads
// nobody knows where, and does not answer by itself; a null is nothing.
func TestMatcher(t *testing.T) {
	const matcher = `{"matcher_tree":{"input":{"name":"x"},"exact_match_map":{"map":{"/":{"action":{"name":"route"}}}}}}`
	hosts := func(domain, member string) string {
		return `"virtual_hosts":[{"domains":["` + domain + `"],` + member + `}]`
	}
	listener := func(routes string) string {
		return `{"dynamic_listeners":[` + listenerWith("l", "0.0.0.0", `{"filters":[{"name":"x",`+anyType+`envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",`+routes+`}}]}`) + `]}`
	}
	rds := func(body string) string {
		return listener(`"rds":{"route_config_name":"80"}`) + `,{"dynamic_route_configs":[{"route_config":{"name":"80",` + body + `}}]}`
	}
	for name, c := range map[string]struct {
		sections string
		answered bool
		instead  int
	}{
		"RDS":              {rds(hosts("c", `"matcher":`+matcher)), false, 1},
		"RDS, null":        {rds(hosts("c", `"matcher":null`)), true, 0},
		"RDS, other host":  {rds(hosts("d", `"matcher":`+matcher)), false, 0},
		"inline":           {listener(`"route_config":{"name":"80",` + hosts("c", `"matcher":`+matcher) + `}`), false, 1},
		"inline, no route": {listener(`"route_config":{"name":"80",` + hosts("c", `"matcher":null`) + `}`), false, 0},
	} {
		p, err := readText(`{"configs":[` + plainAndTLS + "," + c.sections + `]}`)
		if err != nil {
			t.Fatal(err)
		}
		if u := p.Upstreams[0]; u.Answered != c.answered || len(u.Instead) != c.instead {
			t.Errorf("%s: answered %t, instead %v, want %t and %d", name, u.Answered, u.Instead, c.answered, c.instead)
		}
	}
}

// detecting is a listener that finds out whether a call is HTTP.
func detecting(config string) string {
	return listenerWith("l", "10.0.0.1", `{"filter_chain_match":{"application_protocols":["http/1.1"]},"filters":[{"name":"x",`+anyType+`envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager","rds":{"route_config_name":"`+config+`"}}}]},{"filters":[{"name":"x",`+tcpProxy+`"cluster":"outbound|80||c"}}]}`)
}

// TestDetected: the routes of a port whose protocol Istio detects have the host in their own name, and * for a domain. What
// they lead elsewhere are calls to that host.
func TestDetected(t *testing.T) {
	const own, other = `{"route":{"cluster":"outbound|80||c"}}`, `{"route":{"cluster":"plain"}}`
	for name, c := range map[string]struct{ config, domain, routes, shared, instead string }{
		"its own":              {"c:80", "*", own, "", ""},
		"all elsewhere":        {"c:80", "*", other, "", "plain"},
		"some elsewhere":       {"c:80", "*", other + "," + own, "plain", ""},
		"of another host":      {"d:80", "*", other + "," + own, "", ""},
		"of all hosts":         {"80", "*", other + "," + own, "", ""},
		"of one of its names":  {"c:80", "d", other + "," + own, "", ""},
		"a redirect, some own": {"c:80", "*", `{"redirect":{}},` + own, "", ""},
	} {
		p, err := readText(`{"configs":[` + plainAndTLS + `,{"dynamic_listeners":[` + detecting(c.config) +
			`]},{"dynamic_route_configs":[{"route_config":{"name":"` + c.config + `","virtual_hosts":[{"domains":["` + c.domain + `"],"routes":[` + c.routes + `]}]}}]}]}`)
		if err != nil {
			t.Fatal(err)
		}
		names := func(list []facts.Shared) (out string) {
			for _, one := range list {
				out += one.Cluster
			}
			return out
		}
		last, err := readText(`{"configs":[` + plainAndTLS + `,{"dynamic_listeners":[` + detecting(c.config) + `]},{"dynamic_route_configs":[{"route_config":{"virtual_hosts":[{"domains":["` + c.domain + `"],"routes":[` + c.routes + `]}],"name":"` + c.config + `"}}]}]}`)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(p.Upstreams, last.Upstreams); diff != "" {
			t.Errorf("%s: with the name last (-first +last)\n%s", name, diff)
		}
		if u := p.Upstreams[0]; names(u.Shared) != c.shared || names(u.Instead) != c.instead {
			t.Errorf("%s: shared %q, instead %q", name, names(u.Shared), names(u.Instead))
		}
	}
}

// TestLedAwayBounded: of a name that more route configurations lead away than are remembered it is told that not all were followed.
func TestLedAwayBounded(t *testing.T) {
	u := newUsers()
	for n := range maxShared {
		u.ledAway(fmt.Sprint(n), []string{"a.example"}, []string{"outbound|1||b.example"})
	}
	if u.ledAway("0", []string{"a.example"}, []string{"outbound|1||b.example"}); u.tired {
		t.Error("tired although all are remembered")
	}
	if u.ledAway("more", []string{"a.example"}, []string{"outbound|1||b.example"}); !u.tired {
		t.Error("one was forgotten, and nothing tells")
	}
}
