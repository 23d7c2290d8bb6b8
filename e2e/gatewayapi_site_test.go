//go:build e2e

package e2e

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// backendSite is the Service db without a sidecar, with TLS behind port 80 and none behind 81, and two that call it: web with a
// sidecar, and bare through a gateway that Istio makes of a Gateway.
type backendSite struct {
	*suite
	namespace, clients string
	sidecarOnly        bool
}

func (x *backendSite) host() string { return "db." + x.namespace + ".svc.cluster.local" }

// serve starts them.
func (x *backendSite) serve(t *testing.T) {
	t.Helper()
	ca := newAuthority(t, x.work, "e2e-backend-ca", nil, leaf{})
	p := issueFor(t, x.suite, ca, leaf{names: []string{x.host()}})
	x.kube(t, "create", "secret", "tls", "db", "-n", x.namespace, "--cert", p.cert, "--key", p.key)
	x.kube(t, "create", "configmap", "right", "-n", x.namespace, "--from-file=ca.crt="+ca.file)
	x.apply(t, strings.ReplaceAll(`
{apiVersion: v1, kind: Service, metadata: {name: db, namespace: $NS}, spec: {selector: {app: db}, ports: [
  {name: tls, appProtocol: http, port: 80, targetPort: 8443}, {name: http, port: 81, targetPort: 8080}]}}
---
{apiVersion: gateway.networking.k8s.io/v1, kind: Gateway, metadata: {name: gw, namespace: $NS}, spec: {gatewayClassName: istio, listeners: [{name: http, port: 80, protocol: HTTP}]}}
---
{apiVersion: gateway.networking.k8s.io/v1, kind: HTTPRoute, metadata: {name: db, namespace: $NS}, spec: {parentRefs: [{name: gw}], rules: [{backendRefs: [{name: db, port: 80}]}]}}
`, "$NS", x.namespace))
	x.deploy(t, workload{namespace: x.namespace, name: "db", plain: true, volumes: `{"name": "tls", "secret": {"secretName": "db"}}`, mounts: `{"name": "tls", "mountPath": "/tls"}`,
		command: "cd /etc; python3 -m http.server 8080 & exec openssl s_server -accept 8443 -cert /tls/tls.crt -key /tls/tls.key -www"},
		workload{namespace: x.namespace, name: "bare", plain: true}, workload{namespace: x.clients, name: "web"})
	until(podTime, func() bool { return x.try(t, "get", "deploy/gw-istio", "-n", x.namespace).code == 0 })
	x.kube(t, "rollout", "status", "deploy/gw-istio", "-n", x.namespace, fmt.Sprintf("--timeout=%s", podTime))
}

// policy asks for TLS to db.
func (x *backendSite) policy(t *testing.T, section, hostname, ca, name string) {
	t.Helper()
	names := ""
	if name != "" {
		names = ", subjectAltNames: [{type: Hostname, hostname: " + name + "}]"
	}
	x.apply(t, fmt.Sprintf(`{apiVersion: gateway.networking.k8s.io/v1, kind: BackendTLSPolicy, metadata: {name: tls, namespace: %s}, spec: {
		targetRefs: [{group: "", kind: Service, name: db, %s}], validation: {hostname: %s, caCertificateRefs: [{group: "", kind: ConfigMap, name: %s}]%s}}}`, x.namespace, section, hostname, ca, names))
}

// wanted is what calls to a port of db and verify of its cluster give.
type wanted struct {
	answers, cluster, code int
	tells                  []string // words of one finding: outcome, id, object, text, fix
}

// want waits for it: the port answers with 200, and verify with the code and the finding, without being told what to look at.
func (x *backendSite) want(t *testing.T, w wanted) {
	t.Helper()
	ends := [][2]string{{x.clients, "web"}}
	if !x.sidecarOnly {
		ends = append(ends, [2]string{x.namespace, "gw-istio"})
	}
	for _, end := range ends {
		var call, r result
		took, ok := until(proxyTime, func() bool {
			call = x.call(t, end[1], w.answers)
			r = x.plugin(t, "verify", "deploy/"+end[1], "-n", end[0], "-o", "json")
			return call.out == "200" && r.code == w.code && x.tells(t, r, w)
		})
		if !ok {
			t.Fatalf("%s: not so after %s: want 200, code %d, %q of port %d\n%s\n%s", end[1], took, w.code, w.tells, w.cluster, call, r)
		}
	}
}

// call asks a port of db: from web, or from bare through the gateway, which leads to port 80 only.
func (x *backendSite) call(t *testing.T, end string, port int) result {
	t.Helper()
	curl := []string{"-c", "app", "--", "curl", "-s", "--max-time", "3", "-o", filepath.Join("/dev", "null"), "-w", "%{http_code}"}
	if end == "web" {
		return x.try(t, append(append([]string{"exec", "-n", x.clients, "deploy/web"}, curl...), fmt.Sprintf("http://%s:%d/hostname", x.host(), port))...)
	}
	if port != 80 {
		return result{out: "200"}
	}
	return x.try(t, append(append([]string{"exec", "-n", x.namespace, "deploy/bare"}, curl...), "http://gw-istio."+x.namespace+"/hostname")...)
}

func (x *backendSite) tells(t *testing.T, r result, w wanted) bool {
	t.Helper()
	if r.out == "" {
		return false
	}
	for _, f := range read(t, r).findings(fmt.Sprintf("outbound|%d||%s", w.cluster, x.host()), "OK", "FAIL", "WARN", "UNKNOWN") {
		text, all := f.Outcome+" "+f.ID+"\n"+f.String(), true
		for _, word := range w.tells {
			all = all && strings.Contains(text, word)
		}
		if all {
			return true
		}
	}
	return false
}
