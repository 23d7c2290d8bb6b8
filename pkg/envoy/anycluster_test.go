package envoy

import "testing"

// TestAnyCluster: a matcher in place of a list of routes may choose every cluster, from either place that can have one.
func TestAnyCluster(t *testing.T) {
	hosts := func(matcher string) string {
		return `"virtual_hosts":[{"domains":["c"],"matcher":` + matcher + `}]`
	}
	rds := func(matcher string) string {
		return `{"dynamic_route_configs":[{"route_config":{"name":"80",` + hosts(matcher) + `}}]}`
	}
	inline := func(matcher string) string {
		return `{"dynamic_listeners":[{"active_state":{"listener":{"name":"l","filter_chains":[{"filters":[{"name":"x","typed_config":{"@type":"type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager","route_config":{` + hosts(matcher) + `}}}]}]}}}]}`
	}
	for name, c := range map[string]struct{ sections, want string }{
		"RDS":          {rds(`{"matcher_tree":{"a":1}}`), byMatcher},
		"inline":       {inline(`{"matcher_tree":{"a":1}}`), byMatcher},
		"RDS, null":    {rds("null"), ""},
		"inline, null": {inline("null"), ""},
	} {
		p, err := readText(`{"configs":[` + plainAndTLS + "," + c.sections + `]}`)
		if err != nil {
			t.Fatal(err)
		}
		if p.AnyCluster != c.want {
			t.Errorf("%s: %q, want %q (problems %q)", name, p.AnyCluster, c.want, p.Problems)
		}
	}
}
