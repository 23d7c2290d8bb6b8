package envoy

import (
	"fmt"
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// times repeats a text that may hold one %d, with commas between.
func times(n int, text string) string {
	var out strings.Builder
	for i := range n {
		if i > 0 {
			out.WriteByte(',')
		}
		out.WriteString(strings.Replace(text, "%d", fmt.Sprint(i), 1))
	}
	return out.String()
}

const (
	tcpOf      = `{"name":"x","typed_config":{"@type":"type.googleapis.com/envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy",%s}}`
	activeOf   = `{"configs":[{"dynamic_active_clusters":[{"cluster":{"name":"a",%s}}]}]}`
	listenerOf = `{"configs":[{"dynamic_active_clusters":[{"cluster":{"name":"a"}}]},{"dynamic_listeners":[{"active_state":{"listener":{"name":"virtualInbound","traffic_direction":"INBOUND","address":{"socket_address":{"address":"0.0.0.0","port_value":15006}},"filter_chains":[%s]}}}]}]}`
	validating = `"transport_socket":{"name":"x","typed_config":{` + tlsType + `,"common_tls_context":{"validation_context":{"trusted_ca":{"filename":"/ca"},%s}}}}`
	routesOf   = `{"configs":[{"dynamic_active_clusters":[{"cluster":{"name":"a"}}]},{"dynamic_route_configs":[{"route_config":{"name":"http.80","virtual_hosts":[{"domains":[%s],"routes":[{"route":{%s}}]}]}}]}]}`
)

// TestBounds gives what takes little text and, without a bound, time that grows with its
// square, or memory of a hundred times its size. Each ends in an error that says so, or in
// a part that is told as not known.
func TestBounds(t *testing.T) {
	refused := map[string]struct{ text, want string }{
		"parts of one route's calls": {fmt.Sprintf(routesOf, `"*"`, `"weighted_clusters":{"clusters":[`+times(maxEntries+1, `{"name":"c%d"}`)+`]}`), "more clusters"},
		"domains":                    {fmt.Sprintf(routesOf, times(maxEntries+1, `"h%d"`), `"cluster":"a"`), "more clusters"},
		"clusters of one host":       {fmt.Sprintf(routesOf, `"*"`, `}},`+times(maxEntries+1, `{"route":{"cluster":"a"}}`)+`,{"route":{`), "more clusters"},
		"secrets of one name":        {`{"configs":[{"dynamic_active_secrets":[` + times(maxOfName+1, `{"name":"s","secret":{}}`) + `]}]}`, "secrets"},
		"a cluster's name":           {fmt.Sprintf(strings.Replace(activeOf, `"a"`, `"`+strings.Repeat("a", maxWord+1)+`"`, 1), `"type":"EDS"`), "8192 bytes"},
		"a secret's name":            {`{"configs":[{"dynamic_active_secrets":[{"secret":{"name":"` + strings.Repeat("s", maxWord+1) + `"}}]}]}`, "8192 bytes"},
		"an SNI":                     {fmt.Sprintf(activeOf, `"tls_context":{"sni":"`+strings.Repeat("s", maxWord+1)+`"}`), "8192 bytes"},
		"chains of all listeners":    {strings.Replace(fmt.Sprintf(listenerOf, times(maxChains, `{}`)), `"filter_chains"`, `"default_filter_chain":{},"filter_chains"`, 1), "listeners"},
	}
	for name, c := range refused {
		if _, err := readText(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: error %v, want one that says %q", name, err, c.want)
		}
	}
	endpoints := `"load_assignment":{"endpoints":[{"lb_endpoints":[` + times(2000, `{}`) + `]}]},`
	told := map[string]struct{ text, want string }{
		"parts of one connection's": {fmt.Sprintf(listenerOf, `{"filters":[`+fmt.Sprintf(tcpOf, `"weighted_clusters":{"clusters":[`+times(100_000, `{"name":"c%d"}`)+`]}`)+`]}`), "not followed to the end"},
		"one host's parts":          {fmt.Sprintf(routesOf, times(1000, `"h%d"`), `}},`+times(3000, `{"route":{"cluster":"c%d"}}`)+`,{"route":{`), "not followed to the end"},
		"hosts in plaintext":        {fmt.Sprintf(routesOf, times(maxListeners+1, `"h%d"`), `"cluster":"a"`), "only some were kept"},
		"chains of one listener":    {fmt.Sprintf(listenerOf, times(maxChains+1, `{}`)), "filter chains"},
		"sockets":                   {fmt.Sprintf(activeOf, `"transport_socket_matches":[`+times(maxMatches+1, `{}`)+`]`), "sockets to choose from"},
		"endpoints with sockets":    {fmt.Sprintf(activeOf, endpoints+`"transport_socket_matches":[`+times(maxMatches, `{"match":{"k":"v%d"}}`)+`]`), "sockets to choose from"},
		"names":                     {fmt.Sprintf(activeOf, fmt.Sprintf(validating, `"match_subject_alt_names":[`+times(maxNameRules+1, `{"exact":"h%d"}`)+`]`)), "rules for the peer's name"},
		"a socket inside":           {fmt.Sprintf(activeOf, `"transport_socket":{"typed_config":{"@type":"x/envoy.Tap","transport_socket":{"name":"`+strings.Repeat("x", maxWrapped)+`"}}}`), "larger than 4 MiB"},
		"a name in a sentence":      {fmt.Sprintf(activeOf, `"transport_socket":{"name":"`+strings.Repeat("x", 3000)+`"}`), "has no type"},
	}
	for name, c := range told {
		p, err := readText(c.text)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		said := strings.Join(p.Problems, " ")
		for _, u := range p.Upstreams {
			said += u.Problem + u.Socket.Problem
			if (u.Problem+u.Socket.Problem != "") != (u.Socket.Kind == facts.SocketUnknown) {
				t.Errorf("%s: a socket of kind %d with the problem %q", name, u.Socket.Kind, u.Socket.Problem)
			}
		}
		if !strings.Contains(said, c.want) || len(said) > 1000 {
			t.Errorf("%s: told %q, want %q", name, said, c.want)
		}
	}
	p, err := readText(`{"configs":[{"bootstrap":{"stats_config":{"stats_matcher":{"inclusion_list":{"patterns":[` + times(maxPatterns+1, `{"prefix":"p%d"}`) + `]}}}}}]}`)
	if err != nil || p.Stats.Known {
		t.Errorf("a filter of %d patterns counts as known (%v)", maxPatterns+1, err)
	}
}

// TestForkedTunnels leads every connection through hops that fork into hundreds of ways, all to one end.
func TestForkedTunnels(t *testing.T) {
	const inside = `"transport_socket":{"typed_config":{"@type":"x/envoy.extensions.transport_sockets.internal_upstream.v3.InternalUpstreamTransport","transport_socket":` + rawSocket + `}},`
	var clusters, listeners []string
	for hop := maxHops - 1; hop >= 0; hop-- {
		ends := times(100, fmt.Sprintf(`{"endpoint":{"address":{"envoy_internal_address":{"server_listener_name":"l%d-%%d"}}}}`, hop))
		for i := range 100 {
			clusters = append(clusters, fmt.Sprintf(`{"cluster":{"name":"c%d-%d",%s"load_assignment":{"endpoints":[{"lb_endpoints":[%s]}]}}}`, hop+1, i, inside, ends))
			to := `{"filters":[` + fmt.Sprintf(tcpOf, `"cluster":"end"`) + `]}`
			if hop > 0 {
				to = times(100, `{"filters":[`+fmt.Sprintf(tcpOf, fmt.Sprintf(`"cluster":"c%d-%%d"`, hop))+`]}`)
			}
			if i > 20 && hop > 0 { // few listeners with all ways are enough
				to = `{"filters":[` + fmt.Sprintf(tcpOf, fmt.Sprintf(`"cluster":"c%d-0"`, hop)) + `]}`
			}
			listeners = append(listeners, fmt.Sprintf(`{"active_state":{"listener":{"name":"l%d-%d","internal_listener":{},"filter_chains":[%s]}}}`, hop, i, to))
		}
	}
	clusters = append(clusters, `{"cluster":{"name":"end","tls_context":{"sni":"s"}}}`)
	p, err := readText(`{"configs":[{"dynamic_active_clusters":[` + strings.Join(clusters, ",") + `]},{"dynamic_listeners":[` + strings.Join(listeners, ",") + `]}]}`)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range p.Upstreams {
		if u.Socket.Kind != facts.SocketTLS || u.Socket.SNI != "s" {
			t.Fatalf("%s ends in a socket of kind %d", u.Cluster, u.Socket.Kind)
		}
	}
}
