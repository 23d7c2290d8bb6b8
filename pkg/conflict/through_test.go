package conflict

import (
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

const (
	egressSpace   = "egress"
	egressService = "gw.egress.svc.cluster.local"
)

// throughGateway leads the calls of namespace shop through a gateway of namespace egress.
func throughGateway() Input {
	labels := map[string]string{"istio": "egress"}
	in := scene(intent.Intent{Name: "api", Namespace: egressSpace, Recipe: intent.RecipeEgress, Host: host, Ports: []intent.Port{{Number: 80, Protocol: "HTTP"}}, TLSPort: 443, SNI: host, SANs: []string{host},
		Form: intent.FormVirtualService, ExportTo: []string{space}, Through: intent.Through{Service: egressService, Port: 443, Workload: labels, Identities: []string{"spiffe://cluster.local/ns/egress/sa/gw"}}})
	r := rule(443)
	r.Object.Namespace, r.Selector, r.ExportTo = egressSpace, labels, []string{"."}
	to := facts.Rule{Object: ref("DestinationRule", egressSpace, "api-gateway"), Host: egressService, Subset: "api", Port: 443, Policy: true, HasTLS: true, Mode: "ISTIO_MUTUAL", SNI: host, ExportTo: []string{space}, Owner: "api"}
	e := entry(port(80, "HTTP"), port(443, "HTTPS"))
	e.Object.Namespace, e.ExportTo = egressSpace, []string{space, "."}
	in.Plan.Rules, in.Plan.Services = []facts.Rule{r, to}, []facts.Service{e}
	in.There.Services = []facts.Service{{Object: ref("Service", egressSpace, "gw"), Hosts: []string{egressService}, Selector: labels, Ports: []facts.Port{port(443, "HTTPS")}}}
	in.Pods = append(in.Pods, facts.Pod{Target: facts.Target{Namespace: egressSpace, Pod: "gw-1", Container: "istio-proxy", Labels: labels}, ServiceAccount: "gw"})
	return in
}

// sameSubset is somebody's rule of a year for the plan's subset of the gateway.
func sameSubset(in *Input) {
	r := in.Plan.Rules[1]
	r.Object, r.Mode, r.Owner, r.Created = ref("DestinationRule", egressSpace, "theirs"), "DISABLE", "", now().AddDate(-1, 0, 0)
	in.There.Rules = append(in.There.Rules, r)
}

func throughCases() []testCase {
	service := func(in *Input) *facts.Service { return &in.There.Services[0] }
	route := func(namespace string) func(*Input) {
		return func(in *Input) {
			in.Steering.Routes = []facts.Route{{Object: ref("VirtualService", namespace, "theirs"), Hosts: []string{host}, Mesh: true, ExportTo: []string{"."}}}
		}
	}
	return []testCase{
		{"through a gateway", throughGateway, func(*Input) {}, "", ""},
		{"no gateway", throughGateway, func(in *Input) { in.There.Services = nil }, "MT044 FAIL", "there is no Service gw.egress"},
		{"no gateway seen", throughGateway, func(in *Input) {
			in.There.Services, in.Missing = nil, []Missing{{What: "Service", Why: "forbidden", IDs: []string{"MT044"}}}
		}, "MT044 UNKNOWN", "forbidden"},
		{"port not open", throughGateway, func(in *Input) { service(in).Ports[0].Number = 80 }, "MT044 FAIL", "does not open port 443"},
		{"no pod of the gateway", throughGateway, func(in *Input) { in.Pods = in.Pods[:2] }, "MT044 FAIL", "no running pod with a proxy"},
		{"another identity", throughGateway, func(in *Input) { in.Pods[2].ServiceAccount = "other" }, "MT044 FAIL", "/ns/egress/sa/other"},
		{"another Gateway of the host", throughGateway, func(in *Input) {
			in.Steering.Gateways = []facts.Gateway{{Object: ref("Gateway", "far", "theirs"), Selector: map[string]string{"istio": "egress"}, Port: 443, Hosts: []string{host}}}
		}, "MT044 FAIL", "already opens port 443"},
		{"route where the clients are", throughGateway, route(space), "MT036 FAIL", "already routes api.example.com"},
		{"route where no client is", throughGateway, route(egressSpace), "", ""},
		{"rule of the gateway at the clients", throughGateway, func(in *Input) {
			in.There.Rules = []facts.Rule{{Object: ref("DestinationRule", space, "theirs"), Host: egressService, Policy: true, HasTLS: true, Mode: "DISABLE"}}
		}, "MT032 FAIL", "would not use the plan's rule for gw.egress"},
		{"subset of the same name, older than the plan's", throughGateway, sameSubset, "MT032 FAIL", "FAIL DestinationRule egress/theirs: pod shop/web-1 would not use"},
		{"subset of the same name, younger than the rule taken over", throughGateway, func(in *Input) {
			sameSubset(in)
			older := in.Plan.Rules[1]
			older.Created, older.Owner = now().AddDate(-2, 0, 0), ""
			in.There.Rules = append(in.There.Rules, older)
		}, "", ""},
		{"gateway hidden from the clients", throughGateway, func(in *Input) {
			in.Steering.Sidecars = []facts.Sidecar{{Object: ref("Sidecar", space, "default"), Limits: true, Hosts: []string{"egress/" + host}}}
		}, "MT041 FAIL", "hides gw.egress"},
		{"host hidden from the clients", throughGateway, func(in *Input) {
			in.Steering.Sidecars = []facts.Sidecar{{Object: ref("Sidecar", space, "default"), Limits: true, Hosts: []string{"egress/" + egressService}}}
		}, "MT041 FAIL", "hides api.example.com"},
	}
}
