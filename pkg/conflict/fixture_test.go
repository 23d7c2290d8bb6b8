package conflict

import (
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

const host, space, root = "api.example.com", "shop", "istio-system"

var web = map[string]string{"app": "web"}

func now() time.Time { return time.Date(2026, 11, 23, 0, 0, 0, 0, time.UTC) }

func ref(kind, namespace, name string) facts.Ref {
	return facts.Ref{Kind: kind, Namespace: namespace, Name: name}
}

func pod(name string, labels map[string]string, ports map[string]int) facts.Pod {
	return facts.Pod{Target: facts.Target{Namespace: space, Pod: name, Container: "istio-proxy", Labels: labels}, Ports: ports}
}

func scene(it intent.Intent) Input {
	return Input{Intent: it, There: &facts.Config{RootNamespace: root}, Plan: facts.Config{RootNamespace: root}, Now: now(), Outbound: facts.OutboundAny,
		Pods: []facts.Pod{pod("web-1", web, map[string]int{"http": 8080}), pod("other-1", map[string]string{"app": "other"}, nil)}}
}

// rule and entry are the plan's, of the intent's name.
func rule(port int) facts.Rule {
	return facts.Rule{Object: ref("DestinationRule", space, "api"), Host: host, Port: port, Policy: true, HasTLS: true, Mode: "SIMPLE", SNI: host, SANs: []string{host}, ExportTo: []string{space}, Owner: "api"}
}

func entry(ports ...facts.Port) facts.Service {
	return facts.Service{Object: ref("ServiceEntry", space, "api"), Hosts: []string{host}, External: true, ExportTo: []string{"."}, Owner: "api", Ports: ports}
}

func port(number int, protocol string) facts.Port {
	return facts.Port{Number: number, Target: number, Protocol: protocol}
}

func origination() Input {
	in := scene(intent.Intent{Name: "api", Namespace: space, Recipe: intent.RecipeOrigination, Host: host, Ports: []intent.Port{{Number: 8443, Protocol: "TCP"}}, ExportTo: []string{"."}})
	top := rule(0)
	top.HasTLS = false
	in.Plan.Rules, in.Plan.Services = []facts.Rule{top, rule(8443)}, []facts.Service{entry(port(8443, "TCP"))}
	return in
}

// everywhere is a plan that the whole mesh sees.
func everywhere() Input {
	in := origination()
	in.Intent.ExportTo = []string{intent.ExportEverywhere}
	for i := range in.Plan.Rules {
		in.Plan.Rules[i].ExportTo = in.Intent.ExportTo
	}
	in.Plan.Services[0].ExportTo = in.Intent.ExportTo
	return in
}

// forFront is a plan that namespace front sees too.
func forFront() Input {
	in := origination()
	in.Intent.ExportTo = []string{".", "front"}
	for i := range in.Plan.Rules {
		in.Plan.Rules[i].ExportTo = []string{space, "front"}
	}
	in.Plan.Services[0].ExportTo = []string{space, "front"}
	return in
}

// entryElsewhere is somebody's for namespace front, as old as a year.
func entryElsewhere(in *Input) {
	e := entry(port(8443, "TCP"))
	e.Object, e.ExportTo, e.Owner, e.Created = ref("ServiceEntry", "far", "theirs"), []string{"front"}, "", now().AddDate(-1, 0, 0)
	in.There.Services = append(in.There.Services, e)
}

func egress() Input {
	in := scene(intent.Intent{Name: "api", Namespace: space, Recipe: intent.RecipeEgress, Host: host, Ports: []intent.Port{{Number: 80, Protocol: "HTTP"}}, TLSPort: 443,
		Form: intent.FormVirtualService, ExportTo: []string{"."}, Workload: web})
	r := rule(443)
	r.Selector = web
	in.Plan.Rules, in.Plan.Services = []facts.Rule{r}, []facts.Service{entry(port(80, "HTTP"), port(443, "HTTPS"))}
	return in
}

func targetPort() Input {
	in := egress()
	in.Intent.Form, in.Intent.Workload = intent.FormTargetPort, nil
	in.Plan.Rules, in.Plan.Services = []facts.Rule{rule(80)}, []facts.Service{entry(port(80, "HTTP"))}
	return in
}

func strict() Input {
	in := scene(intent.Intent{Name: "strict", Namespace: space, Recipe: intent.RecipeStrict, Workload: web})
	in.Plan.Policies = []facts.Policy{{Object: ref("PeerAuthentication", space, "strict"), Selector: web, Mode: facts.ModeStrict, Owner: "strict"}}
	return in
}

func strictMesh() Input {
	in := strict()
	in.Intent.Mesh, in.Intent.Namespace, in.Intent.Workload = true, root, nil
	in.Plan.Policies[0].Object.Namespace, in.Plan.Policies[0].Selector = root, nil
	return in
}

func gateway() Input {
	return scene(intent.Intent{Name: "bank", Namespace: root, Recipe: intent.RecipeMutual, Role: intent.RoleGateway, Host: "bank.example.com", TLSPort: 443,
		Workload: map[string]string{"istio": "ingressgateway"}, SANs: []string{"client.example.com"}})
}

func withSecret(s ...Secret) func(*Input) {
	return func(in *Input) {
		in.Intent.CA = intent.CA{Kind: intent.CASecret, Name: "ca"}
		in.Secrets = s
	}
}
