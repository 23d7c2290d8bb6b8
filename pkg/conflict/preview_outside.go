package conflict

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// byEntries finds Services that let clients outside the cluster reach a server past any
// gateway of the mesh: nobody who comes that way has a certificate of it.
func (in PreviewInput) byEntries(servers []server) []Locked {
	var out []Locked
	told := map[facts.Ref]bool{}
	in.led(servers, func(s facts.Service, p facts.Port, at server) {
		e := s.Exposure
		if !e.Outside() || told[s.Object] {
			return
		}
		told[s.Object] = true
		way := "type " + e.Type
		if len(e.NodePorts) > 0 {
			way += fmt.Sprintf(", node ports %s", strings.Trim(fmt.Sprint(e.NodePorts), "[]"))
		}
		if len(e.ExternalIPs) > 0 {
			way += ", external addresses " + strings.Join(e.ExternalIPs, ", ")
		}
		out = append(out, Locked{Kind: LockedEntry, Outcome: check.Fail, Who: "clients outside the cluster", Server: serviceText(s, p), Why: fmt.Sprintf("%s (%s) leads to container port %d past the mesh's gateways", s.Object, way, at.PortOf(p)),
			Fix: fmt.Sprintf("lead them through a gateway of the mesh, or leave the port open: enable strict TARGET --port %d=PERMISSIVE", at.PortOf(p))})
	})
	return out
}

// byIngress: whether the controller has a sidecar and uses it is not known here.
func (in PreviewInput) byIngress(servers []server) []Locked {
	var out []Locked
	in.led(servers, func(s facts.Service, p facts.Port, _ server) {
		for _, i := range in.Ingresses {
			if i.Class != "istio" && i.Object.Namespace == s.Object.Namespace && slices.Contains(i.Services, s.Object.Name) {
				out = append(out, Locked{Kind: LockedEntry, Outcome: check.Warn, Who: "clients of " + i.Object.String(), Server: serviceText(s, p), Why: "its controller must send mutual TLS of the mesh: it does so with a sidecar only",
					Fix: "give the controller a sidecar, or make the entry a gateway of the mesh"})
			}
		}
	})
	return out
}

// byHeadless: callers that take a pod's address by themselves may pass by the rules.
func (in PreviewInput) byHeadless(servers []server) []Locked {
	var out []Locked
	told := map[facts.Ref]bool{}
	in.led(servers, func(s facts.Service, p facts.Port, _ server) {
		if s.Exposure.Headless && !told[s.Object] {
			told[s.Object] = true
			out = append(out, Locked{Kind: LockedHeadless, Outcome: check.Warn, Who: "callers by a pod's address", Server: serviceText(s, p),
				Why: "a headless Service hands out addresses of pods: a sidecar that does not know the address and port sends plaintext to it", Fix: "call it by the Service's name; kubectl mesh-tls status shows what each client sends"})
		}
	})
	return out
}

// byProbes: the kubelet has no certificate. HTTP and gRPC probes get a refusal, a TCP one
// connects to the sidecar and is content.
func (in PreviewInput) byProbes(servers []server) []Locked {
	var out []Locked
	told := map[string]bool{}
	for _, s := range servers {
		for _, p := range s.Probes {
			closes := s.closes(p.Port) || s.closes(0) && !slices.Contains(in.portsAt(s.Pod), p.Port)
			key := s.Target.Namespace + stable(s.Target.Labels) + p.Container + p.Kind
			if p.Handler == "tcp" || !closes || check.AcceptsOf(check.Peer{Pod: s.Pod}, p.Port).Mode == check.ModeNone || told[key] {
				continue
			}
			told[key] = true
			out = append(out, Locked{Kind: LockedProbe, Outcome: check.Fail, Who: "the kubelet", Server: fmt.Sprintf("%s port %d", s.Target, p.Port), Why: fmt.Sprintf("the %s probe of container %s (%s) goes to the application's port: the injector did not rewrite it", p.Kind, p.Container, p.Handler),
				Fix: `take the annotation sidecar.istio.io/rewriteAppHTTPProbers: "false" off the pods, or leave the port open`})
		}
	}
	return out
}

// withoutSidecar: who calls cannot be known of pods without a sidecar. They are told pod
// by pod where they live beside those of the mesh, and elsewhere by namespace.
func (in PreviewInput) withoutSidecar(servers []server) []Locked {
	if len(servers) == 0 {
		return nil
	}
	mesh := map[string]bool{}
	for _, p := range in.Pods {
		mesh[p.Target.Namespace] = mesh[p.Target.Namespace] || p.Proxied()
	}
	bare := map[string][]string{}
	var order, elsewhere []string
	for _, p := range in.Pods {
		ns := p.Target.Namespace
		if p.Proxied() || p.Ambient || ns == in.There.RootNamespace || ns == "kube-system" {
			continue
		}
		if !mesh[ns] {
			elsewhere = append(elsewhere, ns)
			continue
		}
		if bare[ns] == nil {
			order = append(order, ns)
		}
		bare[ns] = append(bare[ns], p.Target.Pod)
	}
	var out []Locked
	for _, ns := range order {
		out = append(out, Locked{Kind: LockedNoSidecar, Outcome: check.Warn, Who: fmt.Sprintf("pods without sidecar in namespace %s: %s", ns, few(bare[ns])), Why: "whether they call these servers is not known; if they do, they are refused",
			Fix: "give them a sidecar: kubectl rollout restart, in a namespace with injection"})
	}
	if len(elsewhere) > 0 {
		out = append(out, Locked{Kind: LockedNoSidecar, Outcome: check.Warn, Who: "namespaces in which no pod has a sidecar: " + few(elsewhere), Why: "whether their pods call these servers is not known; if they do, they are refused",
			Fix: "give those that call a sidecar: label the namespace istio-injection=enabled and restart them"})
	}
	return out
}
