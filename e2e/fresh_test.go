//go:build e2e

package e2e

import (
	"crypto/x509"
	"fmt"
	"testing"
)

// freshLab is an instance of this test's own: it stops istiod.
const freshLab = "f"

// TestFresh proves that what a sidecar was never told is not OK, with the reason, and that a change that it was told is
// no false alarm: with istiod stopped each change of a rule is found, a refused update too, and with istiod back it is OK.
func TestFresh(t *testing.T) {
	s := newSuite(t)
	needLab(t, s)
	t.Parallel()
	s.labUp(t, freshLab)
	for _, name := range []string{"redis", "waits"} { // an address: nobody connects to it
		must(t, s.labRun(t, "name", freshLab, name+".fresh.example.internal"), 0)
	}
	own := s.on(t, freshLab)
	x := &freshSite{suite: own, namespace: own.namespace(t, "fresh", true), root: newAuthority(t, own.work, "e2e-fresh-ca", nil, leaf{})}
	files := []string{"create", "secret", "generic", "e2e-ca", "-n", x.namespace, "--from-file=root.pem=" + x.root.file}
	for _, name := range []string{"one", "two"} {
		p := issueFor(t, own, x.root, leaf{names: []string{name}, usage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
		files = append(files, "--from-file="+name+".pem="+p.cert, "--from-file="+name+".key="+p.key)
	}
	x.kube(t, files...)
	x.deploy(t, workload{namespace: x.namespace, name: "client", annotations: mountCA("e2e-ca")})
	x.enable(t)
	// Without istiod nobody validates, and the API server would take no rule.
	x.kube(t, "delete", "validatingwebhookconfiguration", "istiod-default-validator", "--ignore-not-found")
	t.Log("proves: istiod is away, and a rule was changed: UNKNOWN, naming what the sidecar does not have")
	t.Cleanup(func() { x.try(t, "scale", "deploy/istiod", "-n", "istio-system", "--replicas=1") })
	x.istiod(t, 0)
	x.want(t, 0, "OK") // nothing was changed: no alarm
	const tls = `"sni": "redis.fresh.example.internal", "subjectAltNames": ["redis.fresh.example.internal"]`
	for _, c := range []struct {
		tls, more, words string
		code             int
	}{
		{`"mode": "SIMPLE", "credentialName": "r", "sni": "redis.fresh.example.internal", "subjectAltNames": ["more.example.internal"]`, "", "more.example.internal", 2},
		{`"mode": "ISTIO_MUTUAL", ` + tls, "", "client certificate default", 1}, // MT009 fails too
		{`"mode": "SIMPLE", "credentialName": "r", ` + tls, `"workloadSelector": null, `, "without workloadSelector", 2},
	} {
		x.patch(t, c.tls, c.more)
		x.want(t, c.code, "UNKNOWN", c.words)
	}
	x.kube(t, "set", "env", "deploy/istiod", "-n", "istio-system", "PILOT_DEBOUNCE_AFTER=3s")
	x.istiod(t, 1)
	x.enable(t)
	x.want(t, 0, "OK")
	x.waits(t)
	t.Log("proves: a change that the sidecar refused is UNKNOWN, and what it runs is not called the newest")
	x.apply(t, fmt.Sprintf(`{apiVersion: networking.istio.io/v1alpha3, kind: EnvoyFilter, metadata: {name: bad, namespace: %s}, spec: {configPatches: [{applyTo: CLUSTER,
		match: {context: SIDECAR_OUTBOUND, cluster: {service: redis.fresh.example.internal}}, patch: {operation: MERGE, value: {connect_timeout: "-1s"}}}]}}`, x.namespace))
	x.patch(t, `"mode": "SIMPLE", "credentialName": "r", "subjectAltNames": ["other.example.internal"]`, "")
	x.want(t, 2, "UNKNOWN", "refused", "other.example.internal")
	x.kube(t, "delete", "envoyfilter", "bad", "-n", x.namespace)
	x.enable(t)
	x.want(t, 0, "OK")
}

type freshSite struct {
	*suite
	namespace string
	root      *authority
}

func (x *freshSite) enable(t *testing.T) {
	t.Helper()
	must(t, x.plugin(t, "enable", "origination", "redis.fresh.example.internal:16222", "-n", x.namespace, "--name", "r", "--ca-file", x.root.file,
		"--workload", "app=client", "--force-conflicts", "--verify=false"), 0)
}

// waits: istiod pushes seconds after a change, in which the old cluster differs from the new in nothing but the client certificate.
func (x *freshSite) waits(t *testing.T) {
	t.Helper()
	t.Log("proves: enable ends when the sidecar has the newest rule, not when what it has looks good")
	for _, name := range []string{"one", "two"} {
		pair := "/etc/e2e-ca/" + name
		must(t, x.plugin(t, "enable", "origination", "waits.fresh.example.internal:16223", "-n", x.namespace, "--name", "waits", "--ca-path", "/etc/e2e-ca/root.pem",
			"--client-cert-path", pair+".pem", "--client-key-path", pair+".key", "--workload", "app=client", "--verify=false"), 0)
		d := read(t, x.plugin(t, "verify", "deploy/client", "-n", x.namespace, "--to", "waits.fresh.example.internal:16223", "--probe", "never", "-o", "json"))
		u, _ := d.upstream("outbound|16223||waits.fresh.example.internal")
		if want := "sds:file-cert:" + pair + ".pem~" + pair + ".key"; u.ClientCert != want || u.Outcome != "OK" {
			t.Errorf("as soon as enable ended: client certificate %s, %s, want %s, OK\n%s", u.ClientCert, u.Outcome, want, d.bad("outbound|16223||waits.fresh.example.internal"))
		}
	}
}

// patch changes the rule as a person would.
func (x *freshSite) patch(t *testing.T, tls, more string) {
	t.Helper()
	x.kube(t, "patch", "destinationrule", "r", "-n", x.namespace, "--type", "merge", "-p",
		`{"spec": {`+more+`"trafficPolicy": {"portLevelSettings": [{"port": {"number": 16222}, "tls": {`+tls+`}}]}}}`)
}

func (x *freshSite) istiod(t *testing.T, replicas int) {
	t.Helper()
	x.kube(t, "scale", "deploy/istiod", "-n", "istio-system", fmt.Sprintf("--replicas=%d", replicas))
	if replicas == 0 {
		x.kube(t, "wait", "--for=delete", "pod", "-l", "app=istiod", "-n", "istio-system", fmt.Sprintf("--timeout=%s", podTime))
		return
	}
	x.kube(t, "rollout", "status", "deploy/istiod", "-n", "istio-system", fmt.Sprintf("--timeout=%s", podTime))
}

// want asks until the exit code and MT025's outcome and words are there.
func (x *freshSite) want(t *testing.T, code int, outcome string, words ...string) {
	t.Helper()
	var r result
	var last string
	took, ok := until(proxyTime, func() bool {
		r = x.plugin(t, "verify", "deploy/client", "-n", x.namespace, "--to", "redis.fresh.example.internal:16222", "--probe", "never", "-o", "json")
		for _, f := range read(t, r).findings("outbound|16222||redis.fresh.example.internal", "OK", "WARN", "UNKNOWN", "FAIL") {
			if f.ID == "MT025" {
				last = f.String()
				return r.code == code && f.names("MT025", []string{outcome}, words)
			}
		}
		return false
	})
	if !ok {
		t.Fatalf("after %s: exit code %d, want %d and MT025 %s naming %q, got %s\n%s", took, r.code, code, outcome, words, last, read(t, r).bad("outbound|16222||redis.fresh.example.internal"))
	}
	t.Logf("exit code %d after %s: %s", code, took, last)
}
