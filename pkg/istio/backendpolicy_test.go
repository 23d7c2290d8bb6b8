package istio

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

const policyHead = "apiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: {name: p, namespace: shop}\n"

// TestBackendRules: which setting each target of a policy is, by its spec and by what Istio says of it.
func TestBackendRules(t *testing.T) {
	spec := func(targets, more string) string {
		return policyHead + "spec: {targetRefs: [" + targets + "], validation: {hostname: db.example, caCertificateRefs: [{group: '', kind: ConfigMap, name: ca}]" + more + "}}\n"
	}
	status := func(controller, name, section, reason, message string) string {
		return "{controllerName: " + controller + ", ancestorRef: {group: '', kind: Service, name: " + name + ", sectionName: " + section + "}, conditions: [{type: Accepted, status: 'False', reason: " +
			reason + ", message: " + message + "}]}"
	}
	said := func(entries string) string { return "status: {ancestors: [" + entries + "]}\n" }
	services := []facts.Service{
		{Object: facts.Ref{Kind: "Service", Namespace: "shop", Name: "db"}, Hosts: []string{"db.shop.svc.cluster.local"}, Ports: []facts.Port{{Number: 80, Name: "tls"}, {Number: 81, Name: "web"}}},
		{Object: facts.Ref{Kind: "ServiceEntry", Namespace: "shop", Name: "out"}, Hosts: []string{"a.example", "b.example"}, Ports: []facts.Port{{Number: 443, Name: "tls"}}},
	}
	base := facts.Rule{Object: facts.Ref{Kind: "BackendTLSPolicy", Namespace: "shop", Name: "p"}, Host: "db.shop.svc.cluster.local", Policy: true, HasTLS: true, Mode: "SIMPLE",
		CredName: "configmap://shop/ca", SNI: "db.example"}
	rule := func(edit func(*facts.Rule)) facts.Rule { r := base; edit(&r); return r }
	service, port, none := "{kind: Service, name: db}", "{kind: Service, name: db, sectionName: tls}", "{kind: Service, name: db, sectionName: nope}"
	const istios, others = "istio.io/mesh-controller", "example.com/gateway"
	for name, tt := range map[string]struct {
		policy   string
		want     []facts.Rule
		problems int
	}{
		"a Service":        {policy: spec(service, ""), want: []facts.Rule{base}},
		"a port of one":    {policy: spec(port, ""), want: []facts.Rule{rule(func(r *facts.Rule) { r.Port = 80 })}},
		"no such port":     {policy: spec(none, ""), want: []facts.Rule{rule(func(r *facts.Rule) { r.Unused = `Service db has no port "nope"` })}},
		"unread Service":   {policy: spec("{kind: Service, name: gone}", ""), want: []facts.Rule{rule(func(r *facts.Rule) { r.Host = "gone.shop.svc.cluster.local" })}},
		"its port":         {policy: spec("{kind: Service, name: gone, sectionName: tls}", ""), problems: 1},
		"a ServiceEntry":   {policy: spec("{group: networking.istio.io, kind: ServiceEntry, name: out, sectionName: tls}", ""), want: []facts.Rule{rule(func(r *facts.Rule) { r.Host, r.Port = "a.example", 443 }), rule(func(r *facts.Rule) { r.Host, r.Port = "b.example", 443 })}},
		"no ServiceEntry":  {policy: spec("{kind: ServiceEntry, name: gone}", ""), problems: 1},
		"another kind":     {policy: spec("{kind: InferencePool, name: x}", "")},
		"names":            {policy: spec(service, ", subjectAltNames: [{type: Hostname, hostname: x.example}, {type: URI, uri: 'spiffe://x'}]"), want: []facts.Rule{rule(func(r *facts.Rule) { r.SANs = []string{"x.example", "spiffe://x"} })}},
		"public CAs":       {policy: policyHead + "spec: {targetRefs: [" + service + "], validation: {hostname: db.example, wellKnownCACertificates: System}}\n", want: []facts.Rule{rule(func(r *facts.Rule) { r.CredName = "" })}},
		"no spec":          {policy: policyHead, problems: 1},
		"of another":       {policy: spec(service, "") + said(status(others, "db", "''", "Invalid", "x"))},
		"of both":          {policy: spec(service, "") + said(status(others, "db", "''", "Conflicted", "x")+", "+status(istios, "db", "''", "Conflicted", "older")), want: []facts.Rule{rule(func(r *facts.Rule) { r.Unused = "older" })}},
		"told to ignore":   {policy: spec(service, "") + said(status(istios, "db", "''", "IgnoredByIstio", "x"))},
		"refused CA":       {policy: spec(service, "") + said(status(istios, "db", "''", "NoValidCACertificate", "gone")), want: []facts.Rule{rule(func(r *facts.Rule) { r.CredName, r.BadCA = "invalid://", "gone" })}},
		"refused a target": {policy: spec(none, "") + said(status(istios, "db", "nope", "TargetNotFound", "no port")), want: []facts.Rule{rule(func(r *facts.Rule) { r.Unused = "no port" })}},
		"said again of the next target": {policy: spec(none+", "+port, "") + said(status(istios, "db", "nope", "TargetNotFound", "no port")+", "+status(istios, "db", "tls", "TargetNotFound", "no port")),
			want: []facts.Rule{rule(func(r *facts.Rule) { r.Unused = "no port" }), rule(func(r *facts.Rule) { r.Port = 80 })}},
	} {
		t.Run(name, func(t *testing.T) {
			got, problems := BackendRules([]*unstructured.Unstructured{object(t, tt.policy)}, services)
			if diff := cmp.Diff(tt.want, got); diff != "" || len(problems) != tt.problems {
				t.Errorf("problems: %q (-want +got)\n%s", problems, diff)
			}
		})
	}
	if got := SectionsOf([]*unstructured.Unstructured{object(t, spec(port, ""))}); len(got) != 1 || got[0] != "shop" {
		t.Errorf("a port's Service is in %q", got)
	}
	if got := SectionsOf([]*unstructured.Unstructured{object(t, spec(service, ""))}); len(got) != 0 {
		t.Errorf("nobody needs the Services of %q", got)
	}
}
