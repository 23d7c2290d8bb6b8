package check

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// Where auto mTLS is off, an intent of recipe strict leaves plaintext to a port that takes nothing else, by a DISABLE of
// its own: that is no TLS that is lacking. Somebody else's DISABLE goes on to be shown.
func TestLeftPlain(t *testing.T) {
	const host = "web.shop.svc.cluster.local"
	for name, c := range map[string]struct {
		owner, namespace, mode string
		meant                  bool
	}{
		"of the intent":       {"strict", "shop", "DISABLE", false},
		"its mutual TLS":      {"strict", "shop", "ISTIO_MUTUAL", true},
		"of nobody":           {"", "shop", "DISABLE", true},
		"of another intent":   {"api", "shop", "DISABLE", true},
		"of another strict":   {"strict", "other", "DISABLE", true},
		"somebody's own TLS":  {"", "shop", "SIMPLE", true},
		"nothing said of TLS": {"", "shop", "", false},
	} {
		rule := facts.Rule{Object: facts.Ref{Kind: "DestinationRule", Namespace: c.namespace, Name: "strict-web"}, Host: host, Policy: true, HasTLS: c.mode != "", Mode: c.mode, Owner: c.owner}
		in := Input{
			Intents: []intent.Intent{{Recipe: intent.RecipeStrict, Name: "strict", Namespace: "shop"}},
			Config:  &facts.Config{RootNamespace: "istio-system", Rules: []facts.Rule{rule}},
			Proxy: &facts.Proxy{Target: facts.Target{Namespace: c.namespace, Pod: "x", Labels: map[string]string{}},
				Upstreams: []facts.Upstream{{Cluster: "outbound|80||" + host, Direction: "outbound", Host: host, Port: 80, State: facts.StateActive, Socket: facts.Socket{Kind: facts.SocketPlaintext}}}},
		}
		if got := Subjects(in)[0].Meant; got != c.meant {
			t.Errorf("%s: meant %t, want %t", name, got, c.meant)
		}
	}
}

// TestReplaced: TLS that a rule asks for is meant, also where a setting that says nothing of it goes before.
func TestReplaced(t *testing.T) {
	const host = "web.example"
	rule := func(name string, port int, mode string, more func(*facts.Rule)) facts.Rule {
		r := facts.Rule{Object: facts.Ref{Kind: "DestinationRule", Namespace: "shop", Name: name}, Host: host, Port: port, Policy: true, HasTLS: mode != "", Mode: mode}
		if more != nil {
			more(&r)
		}
		return r
	}
	mine := func(r *facts.Rule) { r.Selector = map[string]string{"app": "x"} }
	for name, c := range map[string]struct {
		rules []facts.Rule
		meant string // because of it
	}{
		"a setting for the port":           {[]facts.Rule{rule("a", 0, "SIMPLE", nil), rule("a", 80, "", nil)}, "DestinationRule shop/a"},
		"one for another port":             {[]facts.Rule{rule("a", 0, "", nil), rule("a", 81, "SIMPLE", nil)}, ""},
		"plaintext was meant":              {[]facts.Rule{rule("a", 0, "DISABLE", nil), rule("a", 80, "", nil)}, ""},
		"nobody asked":                     {[]facts.Rule{rule("a", 0, "", nil), rule("a", 80, "", nil)}, ""},
		"a rule for this workload":         {[]facts.Rule{rule("a", 0, "SIMPLE", nil), rule("b", 0, "", mine)}, "DestinationRule shop/a"},
		"a rule for this workload, a port": {[]facts.Rule{rule("a", 81, "SIMPLE", nil), rule("b", 0, "", mine)}, ""},
		"a rule for more hosts":            {[]facts.Rule{rule("a", 0, "SIMPLE", func(r *facts.Rule) { r.Host = "*.example" }), rule("b", 0, "", nil)}, ""},
		"a rule for other workloads":       {[]facts.Rule{rule("a", 0, "SIMPLE", func(r *facts.Rule) { r.Selector = map[string]string{"app": "y"} }), rule("b", 0, "", nil)}, ""},
	} {
		in := Input{Config: &facts.Config{RootNamespace: "istio-system", Rules: c.rules}, Proxy: &facts.Proxy{Target: facts.Target{Namespace: "shop", Pod: "x", Labels: map[string]string{"app": "x"}},
			Upstreams: []facts.Upstream{{Cluster: "outbound|80||" + host, Direction: "outbound", Host: host, Port: 80, State: facts.StateActive, Socket: facts.Socket{Kind: facts.SocketPlaintext}}}}}
		s := Subjects(in)[0]
		if s.Meant != (c.meant != "") || s.Why != c.meant {
			t.Errorf("%s: meant %t because of %q, want %q", name, s.Meant, s.Why, c.meant)
		}
		why, _, _ := plaintextReason(in, s)
		if c.meant != "" && !strings.Contains(why, "says nothing about TLS here, and DestinationRule shop/a ") {
			t.Errorf("%s: %s", name, why)
		}
	}
}

// TestReplacedInSubset: the same of a cluster for a subset, where TLS that is asked for another subset says nothing.
func TestReplacedInSubset(t *testing.T) {
	const host = "web.example"
	rule := func(name, subset string, port int, mode string, selector map[string]string) facts.Rule {
		return facts.Rule{Object: facts.Ref{Kind: "DestinationRule", Namespace: "shop", Name: name}, Host: host, Subset: subset, Port: port, Policy: true, HasTLS: mode != "", Mode: mode, Selector: selector}
	}
	mine := map[string]string{"app": "x"}
	for name, c := range map[string]struct {
		subset string
		rules  []facts.Rule
		meant  string
	}{
		"the whole rule's, by a setting for the port":  {"v1", []facts.Rule{rule("a", "", 0, "SIMPLE", nil), rule("a", "", 80, "", nil), rule("a", "v1", 0, "", nil)}, "DestinationRule shop/a"},
		"the subset's, by one for its port":            {"v1", []facts.Rule{rule("a", "v1", 0, "SIMPLE", nil), rule("a", "v1", 80, "", nil)}, "DestinationRule shop/a"},
		"another subset's, by a rule for the workload": {"v1", []facts.Rule{rule("a", "v2", 0, "SIMPLE", nil), rule("b", "", 0, "", mine)}, ""},
		"a subset's, and calls go to none":             {"", []facts.Rule{rule("a", "v2", 0, "SIMPLE", nil), rule("b", "", 0, "", mine)}, ""},
	} {
		in := Input{Config: &facts.Config{RootNamespace: "istio-system", Rules: c.rules}, Proxy: &facts.Proxy{Target: facts.Target{Namespace: "shop", Pod: "x", Labels: mine},
			Upstreams: []facts.Upstream{{Cluster: "outbound|80|" + c.subset + "|" + host, Direction: "outbound", Host: host, Port: 80, Subset: c.subset, State: facts.StateActive, Socket: facts.Socket{Kind: facts.SocketPlaintext}}}}}
		if s := Subjects(in)[0]; s.Why != c.meant || s.Meant != (c.meant != "") {
			t.Errorf("%s: meant %t because of %q, want %q", name, s.Meant, s.Why, c.meant)
		}
	}
}

// TestHidden: a rule that this client does not see counts where it was written for the host, and not where it is what
// another namespace set for all calls of its own clients.
func TestHidden(t *testing.T) {
	for name, c := range map[string]struct {
		host, namespace, rule string
		exportTo              []string
		meant                 bool
	}{
		"the very host":                       {"db.bar.svc.cluster.local", "foo", "db.bar.svc.cluster.local", nil, true},
		"a host outside, by a wildcard":       {"db.example.com", "foo", "*.example.com", nil, true},
		"a domain of its own that ends alike": {"db.corp.local", "foo", "*.corp.local", nil, true},
		"everything":                          {"db.example.com", "foo", "*", nil, false},
		"all that is in the cluster":          {"db.bar.svc.cluster.local", "foo", "*.local", nil, false},
		"all of the cluster's domain":         {"db.bar.svc.cluster.local", "foo", "*.cluster.local", nil, false},
		"all services":                        {"db.bar.svc.cluster.local", "foo", "*.svc.cluster.local", nil, false},
		"those of its namespace":              {"db.foo.svc.cluster.local", "foo", "*.foo.svc.cluster.local", []string{"."}, true},
		"those of another namespace":          {"db.bar.svc.cluster.local", "foo", "*.bar.svc.cluster.local", nil, false},
		"a service of its own":                {"db.foo.svc.cluster.local", "foo", "db.foo.svc.cluster.local", []string{"."}, true},
		"all of the mesh, meant for the mesh": {"db.bar.svc.cluster.local", "istio-system", "*.local", []string{"."}, true},
	} {
		in := Input{Config: &facts.Config{RootNamespace: "istio-system", Rules: []facts.Rule{{Object: facts.Ref{Kind: "DestinationRule", Namespace: c.namespace, Name: "default"}, Host: c.rule, ExportTo: c.exportTo, Policy: true, HasTLS: true, Mode: "ISTIO_MUTUAL"}}},
			Proxy: &facts.Proxy{Target: facts.Target{Namespace: "shop", Pod: "x", Labels: map[string]string{}},
				Upstreams: []facts.Upstream{{Cluster: "outbound|80||" + c.host, Direction: "outbound", Host: c.host, Port: 80, State: facts.StateActive, Socket: facts.Socket{Kind: facts.SocketPlaintext}}}}}
		if got := Subjects(in)[0].Meant; got != c.meant {
			t.Errorf("%s: meant %t, want %t", name, got, c.meant)
		}
	}
}
