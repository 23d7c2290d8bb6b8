//go:build e2e

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestOtherNames proves, of calls that do not take a cluster of the name that they are made by, that an alias and a pod's name
// are judged by the cluster that takes them, a rule for a host that only a wildcard knows is told to do nothing, the one pod
// without a sidecar behind a headless service is told to be the cause, and `status` tells of a pod that goes around its
// sidecar.
func TestOtherNames(t *testing.T) {
	s := newSuite(t)
	ns := s.namespace(t, "names", true)
	wild := fmt.Sprintf("wild-%s.e2e.example.internal", ns[len(ns)-6:])
	s.apply(t, strings.NewReplacer("$NS", ns, "$WILD", wild).Replace(`{apiVersion: v1, kind: Service, metadata: {name: db, namespace: $NS}, spec: {selector: {app: db}, ports: [{name: http, port: 80, targetPort: 8080}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: alias, namespace: $NS}, spec: {type: ExternalName, externalName: db.$NS.svc.cluster.local, ports: [{name: http, port: 80}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: each, namespace: $NS}, spec: {clusterIP: None, selector: {app: db}, ports: [{name: http, port: 8080}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: moved, namespace: $NS}, spec: {clusterIP: None, selector: {app: db}, ports: [{name: http, port: 80, targetPort: 8080}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: some, namespace: $NS}, spec: {clusterIP: None, selector: {e2e: server}, ports: [{name: tcp, port: 8080}]}}
---
{apiVersion: networking.istio.io/v1, kind: ServiceEntry, metadata: {name: wild, namespace: $NS}, spec: {hosts: ["*.$WILD"], exportTo: ["."], location: MESH_EXTERNAL, resolution: NONE, ports: [{number: 8081, name: http, protocol: HTTP}]}}
---
{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: one, namespace: $NS}, spec: {host: x.$WILD, exportTo: ["."], trafficPolicy: {tls: {mode: SIMPLE, sni: x.$WILD}}}}`))
	server1 := map[string]string{"e2e": "server"}
	s.deploy(t, workload{namespace: ns, name: "db", command: server, labels: server1}, workload{namespace: ns, name: "bare", plain: true, command: server, labels: server1},
		workload{namespace: ns, name: "web"}, workload{namespace: ns, name: "loose", annotations: map[string]string{"traffic.sidecar.istio.io/includeOutboundIPRanges": ""}})
	said := func(code int, cluster, id, outcome, words string, args ...string) {
		t.Helper()
		var d document
		var r result
		_, ok := until(proxyTime, func() bool {
			r = s.plugin(t, append([]string{"verify", "-n", ns, "-o", "json"}, args...)...)
			d = read(t, r)
			return r.code == code && slices.ContainsFunc(d.findings(cluster, outcome), func(f finding) bool { return f.ID == id && strings.Contains(f.Summary, words) })
		})
		if !ok {
			t.Errorf("verify %v: exit code %d, want %d and %s %s naming %q of %s\n%s", args, r.code, code, id, outcome, words, cluster, d.bad(cluster))
		}
	}
	host := "." + ns + ".svc.cluster.local"
	said(0, "outbound|80||db"+host, "MT002", "OK", "TLS to 1 of 1", "deploy/web", "--to", "alias"+host+":80")
	said(0, "outbound|80||db"+host, "MT020", "OK", "mTLS meets", "deploy/web", "--to", "svc/alias:80")
	said(0, "outbound|8080||each"+host, "MT002", "OK", "leaves the sidecar as TLS", "deploy/web", "--to", "db-0.each"+host+":8080")
	said(2, "outbound|80||moved"+host, "MT020", "UNKNOWN", "where targetPort has the application", "deploy/web", "--to", "svc/moved")
	said(1, "outbound|8080||some"+host, "MT002", "FAIL", "where every pod behind it has a sidecar", "deploy/web", "--to", "svc/some")
	said(1, "outbound|0||x."+wild, "MT001", "FAIL", "only as *."+wild, "deploy/web")
	said(1, "outbound|80||db"+host, "MT018", "FAIL", "captures no address", "deploy/loose", "--to", "svc/db")
	t.Log("proves: other names of a host are judged by the cluster that takes their calls, and rules for a name that has none are told")
	s.loose(t, ns)
}

// loose: the server sees the certificate of web's sidecar and none of loose's, and status tells both.
func (s *suite) loose(t *testing.T, ns string) {
	t.Helper()
	for client, want := range map[string]string{"web": "200", "loose": "200"} {
		got := s.try(t, "exec", "-n", ns, "deploy/"+client, "-c", "app", "--", "curl", "-s", "--max-time", "5", "-o", "/dev/null", "-w", "%{http_code}", "http://db/hostname").out
		if got != want {
			t.Errorf("control: %s gets %q, want %s", client, got, want)
		}
	}
	r := s.plugin(t, "status", "svc/db", "-n", ns, "-o", "json")
	for _, want := range []string{`mTLS 2 of 3, plaintext 1 of 3`, "captures no address", `"verdict": "PARTIAL"`} {
		if !strings.Contains(r.out, want) {
			t.Errorf("status does not say %s: %s", want, r)
		}
	}
	t.Log("proves: status counts the calls of a pod that goes around its sidecar as plaintext")
}
