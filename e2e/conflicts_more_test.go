//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// besides are things in the way that are in another namespace and exported to the client's, most by default.
func (x *conflictField) besides() []conflictCase {
	far := *x
	far.namespace = x.beside
	entry := func(port string) string {
		return far.object("ServiceEntry", "theirs", fmt.Sprintf("{hosts: [%s], location: MESH_EXTERNAL, resolution: DNS, ports: [%s]}", conflictHost, port))
	}
	return []conflictCase{
		{"MT036", "route of another namespace", far.object("VirtualService", "theirs", fmt.Sprintf("{hosts: [%[1]s], http: [{route: [{destination: {host: %[1]s, port: {number: 80}}}]}]}", conflictHost)),
			x.egress("virtualservice"), "FAIL MT036 (route-alone): VirtualService " + x.beside + "/theirs already routes " + conflictHost},
		{"MT036", "route of another namespace that nobody else sees", far.object("VirtualService", "theirs", fmt.Sprintf("{hosts: [%[1]s], exportTo: [\".\"], http: [{route: [{destination: {host: %[1]s, port: {number: 80}}}]}]}", conflictHost)),
			x.egress("virtualservice"), ""},
		{"MT032", "rule of another namespace, for its own clients", far.object("DestinationRule", "theirs", fmt.Sprintf("{host: %s, trafficPolicy: {tls: {mode: DISABLE}}}", conflictHost)),
			x.origination("--export-to", "*"), "FAIL MT032 (rule-wins): a workload of namespace " + x.beside + " would not use the plan's rule"},
		{"MT034", "entry of another namespace", entry("{number: 17443, name: http, protocol: HTTP}, {number: 8443, name: tls, protocol: TLS}"), x.origination(),
			"WARN MT034 (entry-agrees): the plan's ServiceEntry hides ServiceEntry " + x.beside + "/theirs from namespace " + x.namespace},
		{"MT037", "applications speak HTTPS, as another namespace says", entry("{number: 443, name: https, protocol: HTTPS}, {number: 80, name: http, protocol: HTTP}"), x.egress("virtualservice"),
			"FAIL MT037 (tls-once): ServiceEntry " + x.beside + "/theirs says that applications speak HTTPS"},
	}
}

// warnings are things that do not stop an enable and are told of, with the object and what to do.
func (x *conflictField) warnings(t *testing.T) []conflictCase {
	t.Helper()
	x.deploy(t, workload{namespace: x.namespace, name: "web", plain: true})
	x.apply(t, fmt.Sprintf("{apiVersion: v1, kind: Service, metadata: {name: web, namespace: %s}, spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}}", x.namespace))
	root := newAuthority(t, x.work, "e2e-conflicts-root", nil, leaf{})
	pair := issueFor(t, x.suite, root, leaf{names: []string{conflictHost}})
	gateway := []string{"mutual", conflictHost, "--role", "gateway", "--gateway", "app=none", "-n", x.namespace, "--to-service", "web." + x.namespace + ":80",
		"--cert-file", pair.cert, "--key-file", pair.key, "--client-ca-file", root.file}
	file := write(t, x.work+"/ports.yaml", fmt.Appendf(nil, "apiVersion: mesh-tls.io/v1alpha1\nkind: MeshTLS\nmetadata: {name: ports, namespace: %s}\n"+
		"spec: {recipe: strict, workload: {app: web}, portModes: [{port: 80, mode: PERMISSIVE}]}\n", x.namespace))
	return []conflictCase{
		{"MT031", "port of a Service", "", []string{"-f", file}, "FAIL MT031 (policy-effective): port 80 is that of Service web, and Istio counts container ports"},
		{"MT031", "selected policy of a port", x.object("PeerAuthentication", "theirs", "{selector: {matchLabels: {app: none}}, portLevelMtls: {8080: {mode: DISABLE}}}"), []string{"strict", "-n", x.namespace}, ""},
		{"MT038", "taken-over rule that checks nothing", x.object("DestinationRule", "theirs", fmt.Sprintf(`{host: %s, exportTo: ["."], trafficPolicy: {tls: {mode: SIMPLE, insecureSkipVerify: true}}}`, conflictHost)),
			x.origination("--adopt"), "WARN MT038 (rule-verifies): DestinationRule " + x.namespace + "/theirs, all ports: insecureSkipVerify is set"},
		{"MT040", "any client", "", append(gateway, "--allow-any-client"), "WARN MT040 (gateway-demands): Gateway " + x.namespace + "/" + strings.ReplaceAll(conflictHost, ".", "-") + " has no subjectAltNames"},
		{"MT040", "gateway for all names", x.object("Gateway", "theirs", `{selector: {app: none}, servers: [{hosts: ["*"], port: {number: 443, name: https, protocol: HTTPS}, tls: {mode: SIMPLE, credentialName: any}}]}`),
			append(gateway, "--allow-san", "client.example.com"), "WARN MT040 (gateway-demands): Gateway " + x.namespace + "/theirs opens port 443 of the same gateway for * with SIMPLE"},
		{"MT042", "port that is not registered", x.object("Sidecar", "default", "{outboundTrafficPolicy: {mode: REGISTRY_ONLY}}"), x.egress("targetport"),
			"WARN MT042 (ports-registered): Sidecar " + x.namespace + "/default lets registered hosts through only"},
	}
}

// warned: a dry run says it, in these words and with a fix; a FAIL ends it with exit code 1, a WARN lets it go on.
func (x *conflictField) warned(t *testing.T, c conflictCase) {
	if c.there != "" {
		x.apply(t, c.there)
		defer x.exec(t, "---\n"+c.there, x.kubectl, "delete", "-f", "-")
	}
	r := x.plugin(t, append([]string{"enable", "--dry-run=server"}, c.enable...)...)
	_, after, said := strings.Cut(r.err, c.says)
	code := 0
	if strings.HasPrefix(c.says, "FAIL ") {
		code = 1
	}
	switch {
	case c.says == "":
		if r.code != 0 || strings.Contains(r.err, c.id) {
			t.Errorf("want nothing of %s: %s", c.id, r)
		}
	case r.code != code || !said || !strings.Contains(after, "\n  fix: "):
		t.Errorf("want exit code %d, %q and a fix: %s", code, c.says, r)
	}
}

// blind: who may not read other namespaces is told what was not looked at.
func (x *conflictField) blind(t *testing.T) {
	t.Helper()
	r := x.plugin(t, append([]string{"enable", "--dry-run=server", "--ignore", "MT043"}, x.egress("virtualservice", "--as", fmt.Sprintf("system:serviceaccount:%s:reader", x.namespace))...)...)
	for _, says := range []string{"not checked (MT036): VirtualService: not allowed to list virtualservices in all namespaces", "not checked (MT032, MT033): ", "not checked (MT034, MT035, MT037, MT042): "} {
		if !strings.Contains(r.err, says) {
			t.Errorf("want %q: %s", says, r)
		}
	}
}
