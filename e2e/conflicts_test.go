//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestConflicts proves that enable refuses a plan that would lose against what is there, or make it lose, names the
// conflict and its cause, and writes nothing; and that a plan that meets nothing is let through without a word.
func TestConflicts(t *testing.T) {
	s := newSuite(t)
	x := &conflictField{suite: s, namespace: s.namespace(t, "conflicts", true), beside: s.namespace(t, "beside", true)}
	x.apply(t, fmt.Sprintf(`{apiVersion: v1, kind: ServiceAccount, metadata: {name: reader, namespace: %[1]s}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: reader, namespace: %[1]s}, rules: [{apiGroups: ["*"], resources: ["*"], verbs: [get, list]}]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: reader, namespace: %[1]s}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: reader}, subjects: [{kind: ServiceAccount, name: reader, namespace: %[1]s}]}`, x.namespace))
	t.Run("none", func(t *testing.T) {
		for _, args := range [][]string{x.origination(), {"strict", "-n", x.namespace}} {
			r := x.plugin(t, append([]string{"enable"}, append(args, "--dry-run=server")...)...)
			must(t, r, 0)
			if strings.Contains(r.err, " MT0") {
				t.Errorf("a finding where nothing is in the way: %s", r)
			}
		}
	})
	before := x.snapshot(t, x.namespace, true)
	for _, c := range x.cases() {
		t.Run(c.id+" "+c.name, func(t *testing.T) { x.refused(t, c) })
	}
	if diff := cmp.Diff(before, x.snapshot(t, x.namespace, true)); diff != "" { // a write that was taken back leaves a journal
		t.Errorf("something was written (-before +after)\n%s", diff)
	}
	for _, c := range append(x.besides(), x.warnings(t)...) {
		t.Run(c.id+" "+c.name, func(t *testing.T) { x.warned(t, c) })
	}
	x.blind(t)
	t.Run("ignored", func(t *testing.T) {
		entry := x.entry("queue", "queue.e2e.example.internal", `{number: 17443, name: tcp, protocol: TCP}`)
		x.apply(t, entry)
		defer x.exec(t, "---\n"+entry, x.kubectl, "delete", "-f", "-")
		for _, dry := range []string{"server", "client"} {
			if r := x.plugin(t, append([]string{"enable", "--dry-run=" + dry}, x.origination()...)...); r.code != 1 || r.out != "" {
				t.Errorf("--dry-run=%s: %s", dry, r)
			}
		}
		r := x.plugin(t, append([]string{"enable", "--dry-run=server", "--ignore", "MT035"}, x.origination()...)...)
		if r.code != 0 || !strings.Contains(r.err, "FAIL, ignored MT035") {
			t.Errorf("%s", r)
		}
	})
	t.Logf("proves: each conflict ends enable before anything is written, and names id and cause; without one there is no finding")
}

type conflictField struct {
	*suite
	namespace string
	beside    string // another one, whose objects the first sees
}

const conflictHost = "conflicts.e2e.example.internal"

func (x *conflictField) origination(more ...string) []string {
	return append([]string{"origination", conflictHost + ":17443", "-n", x.namespace, "--ca", "system", "--protocol", "tcp"}, more...)
}

func (x *conflictField) bySecret(name string) []string {
	return []string{"origination", conflictHost + ":17443", "-n", x.namespace, "--protocol", "tcp", "--workload", "app=none", "--ca-secret", name}
}

func (x *conflictField) egress(form string, more ...string) []string {
	return append([]string{"egress", conflictHost, "-n", x.namespace, "--ca", "system", "--form", form}, more...)
}

func (x *conflictField) object(kind, name, spec string) string {
	group := "networking.istio.io/v1"
	if kind == "PeerAuthentication" {
		group = "security.istio.io/v1"
	}
	return fmt.Sprintf("{apiVersion: %s, kind: %s, metadata: {name: %s, namespace: %s}, spec: %s}", group, kind, name, x.namespace, spec)
}

func (x *conflictField) entry(name, host, port string) string {
	return x.object("ServiceEntry", name, fmt.Sprintf(`{hosts: [%s], exportTo: ["."], location: MESH_EXTERNAL, resolution: DNS, ports: [%s]}`, host, port))
}

// conflictCase is one thing in the way of one enable.
type conflictCase struct {
	id, name string
	there    string // YAML
	enable   []string
	says     string
}

func (x *conflictField) cases() []conflictCase {
	rule := func(host, tls string) string {
		return x.object("DestinationRule", "theirs", fmt.Sprintf(`{host: "%s", exportTo: ["."], trafficPolicy: {%s}}`, host, tls))
	}
	secret := func(name, key string) string {
		return fmt.Sprintf("{apiVersion: v1, kind: Secret, metadata: {name: %s, namespace: %s}, stringData: {%s: none}}", name, x.namespace, key)
	}
	return []conflictCase{
		{"MT030", "policy of the namespace", x.object("PeerAuthentication", "default", "{mtls: {mode: PERMISSIVE}}"), []string{"strict", "-n", x.namespace}, "PeerAuthentication " + x.namespace + "/default is already there"},
		{"MT032", "rule of the host", rule(conflictHost, "tls: {mode: DISABLE}"), x.origination(), "DestinationRule " + x.namespace + "/theirs is already there for host"},
		{"MT033", "wildcard of which another port loses TLS", rule("*.e2e.example.internal", "tls: {mode: SIMPLE, sni: x.example}") + "\n---\n" + x.entry("theirs", conflictHost, `{number: 9443, name: http, protocol: HTTP}`),
			x.origination(), "would send plaintext to " + conflictHost + ":9443"},
		{"MT034", "entry of the host", x.entry("theirs", conflictHost, `{number: 17443, name: http, protocol: HTTP}`), x.origination(), "port 17443 is HTTP there and TCP in the plan"},
		{"MT035", "port of another host", x.entry("theirs", "queue.e2e.example.internal", `{number: 17443, name: tcp, protocol: TCP}`), x.origination(), "the older entry gets the connections of both"},
		{"MT036", "route of the host", x.object("VirtualService", "theirs", fmt.Sprintf("{hosts: [%[1]s], http: [{route: [{destination: {host: %[1]s, port: {number: 80}}}]}]}", conflictHost)), x.egress("virtualservice"), "VirtualService " + x.namespace + "/theirs already routes " + conflictHost},
		{"MT037", "applications speak HTTPS", x.entry("theirs", conflictHost, `{number: 443, name: https, protocol: HTTPS}`), x.egress("virtualservice"), "TLS inside TLS"},
		{"MT039", "no Secret", "", x.bySecret("nosuch"), "Secret nosuch, or nosuch-cacert, with the CA is not in namespace"},
		{"MT039", "wrong keys", secret("wrong", "root.pem"), x.bySecret("wrong"), "neither cacert nor ca.crt"},
		{"MT041", "hidden host", x.object("Sidecar", "default", `{egress: [{hosts: ["istio-system/*"]}]}`), x.origination(), "Sidecar " + x.namespace + "/default hides " + conflictHost},
		{"MT043", "no rights", "", x.origination("--as", fmt.Sprintf("system:serviceaccount:%s:reader", x.namespace)), "patch serviceentries.networking.istio.io in namespace " + x.namespace},
	}
}

// refused: exit code 1, the id and the cause.
func (x *conflictField) refused(t *testing.T, c conflictCase) {
	if c.there != "" {
		x.apply(t, c.there)
		defer x.exec(t, "---\n"+c.there, x.kubectl, "delete", "-f", "-")
	}
	r := x.plugin(t, append([]string{"enable"}, c.enable...)...)
	if r.code != 1 || !strings.Contains(r.err, "FAIL "+c.id+" ") || !strings.Contains(r.err, c.says) || !strings.Contains(r.err, "nothing was written because of ") {
		t.Errorf("want exit code 1, %s and %q: %s", c.id, c.says, r)
	}
}
