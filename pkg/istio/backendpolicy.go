package istio

import (
	"cmp"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

const (
	groupGateway = "gateway.networking.k8s.io"
	// meshController writes a policy's status for each of its targets (istio: pkg/config/constants, ManagedGatewayMeshController).
	meshController = "istio.io/mesh-controller"
)

// IsBackendPolicy tells a BackendTLSPolicy of Gateway API.
func IsBackendPolicy(u *unstructured.Unstructured) bool {
	return u.GroupVersionKind().Group == groupGateway && u.GetKind() == facts.KindBackendPolicy
}

// SectionsOf lists the namespaces of the Services whose ports policies name: what such a port's number is only the Service tells.
func SectionsOf(policies []*unstructured.Unstructured) []string {
	var out []string
	for _, u := range policies {
		r := &reader{}
		for _, t := range r.nodes(r.top(u.Object, "spec"), "targetRefs") {
			if r.text(t, "kind") == kindService && r.text(t, "sectionName") != "" && !slices.Contains(out, u.GetNamespace()) {
				out = append(out, u.GetNamespace())
			}
		}
	}
	return out
}

// BackendRules puts BackendTLSPolicies in the words of rules, as Istio does (pilot/pkg/config/kube/gateway/backend_policies.go): TLS of
// mode SIMPLE to a Service or ServiceEntry of the policy's own namespace, or to a port of it. services are those that are known; a
// policy for one that has to be known and is not stands in problems. What Istio says of a policy in its status counts: why it does
// not use it, or not its CA. One that has the status of other controllers only is theirs, and one that Istio was told to ignore
// nobody's.
func BackendRules(policies []*unstructured.Unstructured, services []facts.Service) (rules []facts.Rule, problems []string) {
	for _, u := range policies {
		b := newBackend(u)
		if !b.foreign {
			for _, t := range b.nodes(b.spec, "targetRefs") {
				rules = append(rules, b.target(t, services)...)
			}
		}
		problems = append(problems, b.problems...)
	}
	return rules, problems
}

// backend is one policy.
type backend struct {
	reader
	spec    node
	base    facts.Rule
	foreign bool
	said    []node // of the status, by Istio: one entry for each target
	told    map[string]bool
}

func newBackend(u *unstructured.Unstructured) *backend {
	ref := facts.Ref{Kind: u.GetKind(), Namespace: u.GetNamespace(), Name: u.GetName()}
	b := &backend{reader: reader{object: ref.String()}, told: map[string]bool{}}
	b.spec = b.top(u.Object, "spec")
	b.base = facts.Rule{Object: ref, Policy: true, HasTLS: true, Mode: "SIMPLE", Created: u.GetCreationTimestamp().Time, Changed: changed(u)}
	validation, _ := b.node(b.spec, "validation")
	b.base.SNI = b.text(validation, "hostname")
	for _, name := range b.nodes(validation, "subjectAltNames") {
		b.base.SANs = append(b.base.SANs, cmp.Or(b.text(name, "hostname"), b.text(name, "uri")))
	}
	if cas := b.nodes(validation, "caCertificateRefs"); len(cas) > 0 { // Istio takes the first
		b.base.CredName = "configmap://" + ref.Namespace + "/" + b.text(cas[0], "name")
	}
	status, _ := b.node(node{fields: u.Object}, "status")
	ancestors := b.nodes(status, "ancestors")
	for _, a := range ancestors {
		if b.text(a, "controllerName") == meshController {
			b.said = append(b.said, a)
		}
	}
	b.foreign = len(ancestors) > 0 && len(b.said) == 0
	return b
}

// target gives the settings for what one targetRef names: one for each host of it.
func (b *backend) target(t node, services []facts.Service) []facts.Rule {
	kind, name, section := b.text(t, "kind"), b.text(t, "name"), b.text(t, "sectionName")
	if kind != kindService && kind != kindEntry {
		return nil
	}
	rule := b.base
	reason, message := b.refused(kind, name, section)
	switch reason {
	case "IgnoredByIstio":
		return nil
	case "Conflicted", "TargetNotFound":
		rule.Unused = message
	case "NoValidCACertificate":
		rule.CredName, rule.BadCA = "invalid://", message
	}
	to := facts.Service{Hosts: []string{name + "." + b.base.Object.Namespace + "." + serviceDomain}}
	at := slices.IndexFunc(services, func(s facts.Service) bool {
		return s.Object == facts.Ref{Kind: kind, Namespace: b.base.Object.Namespace, Name: name}
	})
	switch {
	case at >= 0:
		to = services[at]
	case kind == kindEntry:
		b.problem(t.at, "names %s %s, which is not known: which host it is for is not known", kind, name)
		return nil
	}
	if section != "" {
		port := slices.IndexFunc(to.Ports, func(p facts.Port) bool { return p.Name == section })
		switch {
		case port >= 0:
			rule.Port = to.Ports[port].Number
		case at >= 0:
			rule.Unused = cmp.Or(rule.Unused, fmt.Sprintf("%s %s has no port %q", kind, name, section))
		case rule.Unused == "":
			b.problem(t.at, "names port %s of %s %s, which could not be read: which port it is for is not known", section, kind, name)
			return nil
		}
	}
	var out []facts.Rule
	for _, host := range to.Hosts {
		rule.Host = host
		out = append(out, rule)
	}
	return out
}

// refused is what Istio says against a policy for one target: the reason and message of its condition Accepted. Istio repeats what
// it says of one target for those after it, where it means nothing (seen in 1.31: the conditions are shared).
func (b *backend) refused(kind, name, section string) (reason, message string) {
	for _, a := range b.said {
		to, _ := b.node(a, "ancestorRef")
		here := b.text(to, "kind") == kind && b.text(to, "name") == name && b.text(to, "sectionName") == section
		for _, c := range b.nodes(a, "conditions") {
			if b.text(c, "type") != "Accepted" || b.text(c, "status") != "False" {
				continue
			}
			why, text := b.text(c, "reason"), b.text(c, "message")
			repeated := why == "TargetNotFound" && b.told[text]
			b.told[text] = true
			if here && !repeated {
				return why, text
			}
		}
	}
	return "", ""
}
