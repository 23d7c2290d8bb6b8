package facts

import (
	"testing"
	"time"
)

func TestInboundPolicy(t *testing.T) {
	at := func(day int) time.Time { return time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC) }
	app := map[string]string{"app": "db"}
	policy := func(ns, name string, mode Mode, day int, selector map[string]string, ports map[int]Mode) Policy {
		return Policy{Object: Ref{"PeerAuthentication", ns, name}, Mode: mode, Created: at(day), Selector: selector, Ports: ports}
	}
	mesh := policy("istio-system", "mesh", ModeStrict, 1, nil, nil)
	ns := policy("shop", "ns", ModeDisable, 5, map[string]string{}, nil)
	later := policy("shop", "later", ModeStrict, 6, nil, nil)
	workload := policy("shop", "db", ModeUnset, 7, app, map[int]Mode{3306: ModePermissive, 3307: ModeUnset})
	for name, c := range map[string]struct {
		policies []Policy
		port     int
		mode     Mode
		object   string
	}{
		"nothing":                       {nil, 80, ModePermissive, ""},
		"mesh":                          {[]Policy{mesh}, 80, ModeStrict, "mesh"},
		"namespace before mesh":         {[]Policy{ns, mesh}, 80, ModeDisable, "ns"},
		"the oldest of two":             {[]Policy{later, ns}, 80, ModeDisable, "ns"},
		"unset inherits":                {[]Policy{mesh, policy("shop", "u", ModeUnset, 2, nil, nil)}, 80, ModeStrict, "mesh"},
		"port of the workload":          {[]Policy{ns, workload}, 3306, ModePermissive, "db"},
		"port that is unset":            {[]Policy{ns, workload}, 3307, ModeDisable, "ns"},
		"another port":                  {[]Policy{ns, workload}, 80, ModeDisable, "ns"},
		"another namespace":             {[]Policy{policy("other", "x", ModeStrict, 1, nil, nil)}, 80, ModePermissive, ""},
		"other pods":                    {[]Policy{policy("shop", "x", ModeStrict, 1, map[string]string{"app": "web"}, nil)}, 80, ModePermissive, ""},
		"selector in the root":          {[]Policy{policy("istio-system", "x", ModeStrict, 1, app, nil)}, 80, ModePermissive, ""},
		"ports need a selector":         {[]Policy{policy("shop", "x", ModeStrict, 1, nil, map[int]Mode{80: ModeDisable})}, 80, ModeStrict, "x"},
		"same age, the name decides":    {[]Policy{policy("shop", "b", ModeStrict, 5, nil, nil), policy("shop", "a", ModeDisable, 5, nil, nil)}, 80, ModeDisable, "a"},
		"workload before the namespace": {[]Policy{ns, policy("shop", "w", ModeStrict, 9, app, nil)}, 80, ModeStrict, "w"},
	} {
		d := (&Config{RootNamespace: "istio-system", Policies: c.policies}).InboundPolicy(Client{Namespace: "shop", Labels: app}, c.port)
		if d.Mode != c.mode || d.Object.Name != c.object || d.Why == "" {
			t.Errorf("%s: %+v, want %s by %q", name, d, c.mode, c.object)
		}
	}
}
