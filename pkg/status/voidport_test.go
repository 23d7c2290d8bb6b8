package status

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestVoidPorts: a policy that names a port and is not heard is told of, with the number that Istio hears; one that is heard, or
// that would change nothing, is not.
func TestVoidPorts(t *testing.T) {
	ref := func(namespace, name string) facts.Ref {
		return facts.Ref{Kind: "PeerAuthentication", Namespace: namespace, Name: name}
	}
	own := func(ports map[int]facts.Mode) facts.Policy {
		return facts.Policy{Object: ref("shop", "hole"), Selector: map[string]string{"app": "db"}, Mode: facts.ModePermissive, Ports: ports, Created: clock()}
	}
	disabled := func(port int) map[int]facts.Mode { return map[int]facts.Mode{port: facts.ModeDisable} }
	wide := func(namespace string, port int) facts.Policy {
		return facts.Policy{Object: ref(namespace, "wide"), Mode: facts.ModePermissive, Ports: disabled(port)}
	}
	older := own(nil)
	older.Object.Name, older.Created = "older", clock().AddDate(0, 0, -1)
	other := own(disabled(80))
	other.Selector = map[string]string{"app": "nobody"}
	const change = "kubectl edit peerauthentication hole -n shop   # portLevelMtls of port 3306 in place of 80"
	const selector = " # a selector, in a policy of the workload's namespace, and portLevelMtls of port 3306, the container's"
	for name, c := range map[string]struct {
		policies []facts.Policy
		do       func(in *Input)
		says     string
		fix      string
	}{
		"the Service's port":             {[]facts.Policy{own(disabled(80))}, nil, "PeerAuthentication shop/hole says DISABLE for port 80, which is the Service's: Istio counts container ports, and the container's is 3306", change},
		"the container's port, too":      {[]facts.Policy{own(map[int]facts.Mode{80: facts.ModeDisable, 3306: facts.ModePermissive})}, nil, "", ""},
		"the mode that it has":           {[]facts.Policy{own(map[int]facts.Mode{80: facts.ModePermissive})}, nil, "", ""},
		"no mode":                        {[]facts.Policy{own(map[int]facts.Mode{80: facts.ModeUnset})}, nil, "", ""},
		"another port":                   {[]facts.Policy{own(disabled(81))}, nil, "", ""},
		"of other workloads":             {[]facts.Policy{other}, nil, "", ""},
		"an older one counts":            {[]facts.Policy{own(disabled(80)), older}, nil, "", ""},
		"the container has the port":     {[]facts.Policy{own(disabled(80))}, func(in *Input) { in.Seen[1].Pod.Ports["web"] = 80 }, "", ""},
		"another Service leads to it":    {[]facts.Policy{own(disabled(80))}, func(in *Input) { also(in, facts.Port{Number: 8000, Target: 80}) }, "", ""},
		"another Service has it, too":    {[]facts.Policy{own(disabled(80))}, func(in *Input) { also(in, facts.Port{Number: 80, Target: 3306}) }, "which is the Service's", change},
		"no selector, container's port":  {[]facts.Policy{wide("shop", 3306)}, nil, "says DISABLE for port 3306 and has no selector: Istio uses modes of ports for selected workloads only", "kubectl edit peerauthentication wide -n shop  " + selector},
		"no selector, the Service's":     {[]facts.Policy{wide("shop", 80)}, nil, "says DISABLE for port 80 and has no selector", "kubectl edit peerauthentication wide -n shop  " + selector},
		"no selector, the mesh's":        {[]facts.Policy{wide("istio-system", 3306)}, nil, "has no selector", "kubectl edit peerauthentication wide -n istio-system  " + selector},
		"no selector, another namespace": {[]facts.Policy{wide("other", 3306)}, nil, "", ""},
		"no selector, another port":      {[]facts.Policy{wide("shop", 81)}, nil, "", ""},
		"no sidecar":                     {[]facts.Policy{wide("shop", 3306)}, func(in *Input) { plainPod(in); cluster(in).Endpoints[0].Match = nil }, "", "-"},
		"a port of nobody":               {[]facts.Policy{wide("shop", 3306)}, func(in *Input) { in.Seen[1].Pod.Ports = nil }, "", "-"},
	} {
		in := shop()
		in.Services[0].Ports[0].Number = 80
		*cluster(&in) = auto()
		cluster(&in).Cluster, cluster(&in).Port, cluster(&in).Listeners = "outbound|80||"+dbHost, 80, leadTo("outbound|80||"+dbHost, 80)
		in.Config.Policies = c.policies
		if c.do != nil {
			c.do(&in)
		}
		r := Of(in)[0]
		why := strings.Join(r.Why, "\n")
		switch {
		case c.fix == "-":
			if strings.Contains(why, "Istio") || r.PolicyFix != "" {
				t.Errorf("%s: %q %q", name, why, r.PolicyFix)
			}
		case c.says == "" && (r.Outcome != check.OK || r.Fix() != ""), c.says != "" && (r.Outcome != check.Warn || r.Verdict != check.VerdictOK || !strings.Contains(why, c.says)), r.Fix() != c.fix:
			t.Errorf("%s: %s %s %q %q", name, r.Verdict, r.Outcome, why, r.Fix())
		}
	}
	in := shop() // what the policy says matters most where calls break by it
	in.Services[0].Ports[0].Number, cluster(&in).Port, cluster(&in).Cluster = 80, 80, "outbound|80||"+dbHost
	strict := own(disabled(80))
	strict.Mode = facts.ModeStrict
	in.Config.Policies = []facts.Policy{strict}
	serverIs(&in, facts.ModeStrict)
	sends(&in, plainSocket())
	if r := Of(in)[0]; r.Verdict != check.VerdictConflict || r.Outcome != check.Fail || r.Fix() != change {
		t.Errorf("%s %s %q %q", r.Verdict, r.Outcome, r.Why, r.Fix())
	}
}

// TestVoidPortIsNotTheCause: a row that fails for another reason than the policy's void port keeps the fix of that.
func TestVoidPortIsNotTheCause(t *testing.T) {
	for name, c := range map[string]struct {
		mode, lost facts.Mode
		socket     facts.Socket
		policy     bool
	}{
		"plaintext that is let in":           {facts.ModePermissive, facts.ModeDisable, plainSocket(), false},
		"plaintext that both refuse":         {facts.ModeStrict, facts.ModeStrict, plainSocket(), false},
		"plaintext that the lost one admits": {facts.ModeStrict, facts.ModePermissive, plainSocket(), true},
	} {
		in := shop()
		in.Services[0].Ports[0].Number, cluster(&in).Port, cluster(&in).Cluster = 80, 80, "outbound|80||"+dbHost
		in.Config.Policies = []facts.Policy{{Object: facts.Ref{Kind: "PeerAuthentication", Namespace: "shop", Name: "hole"}, Selector: map[string]string{"app": "db"}, Mode: c.mode, Ports: map[int]facts.Mode{80: c.lost}, Created: clock()}}
		serverIs(&in, c.mode)
		sends(&in, c.socket)
		r := Of(in)[0]
		if r.Outcome == check.OK || r.Fix() == "" || strings.Contains(r.Fix(), "peerauthentication") != c.policy {
			t.Errorf("%s: %s %s %q %q", name, r.Verdict, r.Outcome, r.Why, r.Fix())
		}
	}
}

// also adds a Service before the same pods.
func also(in *Input, port facts.Port) {
	other := in.Services[0]
	other.Object.Name, other.Hosts, other.Ports = "also", []string{"also.shop.svc.cluster.local"}, []facts.Port{port}
	in.Config.Services = append(in.Config.Services, other)
}
