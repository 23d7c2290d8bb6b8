//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// TestNameCheckOfHTTP proves that HTTP and TCP are judged differently, as Envoy treats them: on HTTP a rule without
// sni and subjectAltNames sends SNI and checks the name by itself, so that a failure there would be a false alarm;
// with sni alone no name is checked.
func TestNameCheckOfHTTP(t *testing.T) {
	f := newField(t, "http")
	x := &site{field: f, name: "web", host: "web.e2e.example.internal", port: firstPort + 60, client: "client", ca: "path"}
	cert, key := f.right.issue(t, f.work, leaf{names: []string{x.host}})
	if r := f.labRun(t, "serve", f.lab, "web", "--host", x.host, "--port", fmt.Sprint(x.port), "--http-port", "0", "--cert", cert, "--key", key); r.code != 0 {
		t.Fatalf("%s", r)
	}
	t.Cleanup(func() { f.labRun(t, "serve", f.lab, "stop", "web", "--port", fmt.Sprint(x.port)) })
	x.node(t)
	must(t, x.enable(t, "--protocol", "http"), 0)
	get := func() string {
		return f.try(t, "exec", "-n", f.namespace, "deploy/client", "-c", "app", "--", "curl", "-s", "--max-time", "5", fmt.Sprintf("http://%s/", x.to())).out
	}
	judged := func(when string, code int, checked string) {
		t.Helper()
		var r result
		took, ok := until(proxyTime, func() bool {
			answer := get()
			r = x.verify(t, "-o", "json")
			u, _ := read(t, r).upstream(x.cluster())
			return strings.Contains(answer, `"sni":"`+x.host+`"`) && r.code == code && u.Evidence == "exercised" && strings.Contains(r.out, `"nameChecked": "`+checked+`"`)
		})
		if !ok {
			t.Errorf("%s: after %s exit code %d, want %d, exercised and nameChecked %s; the server saw %s\n%s", when, took, r.code, code, checked, get(), read(t, r).bad(x.cluster()))
		}
	}
	t.Log("1. as enable made it: OK")
	judged("as enabled", 0, "yes")
	f.kube(t, "label", "destinationrule,serviceentry", x.name, "-n", x.namespace, ownerLabel+"-") // now it is a person's rule
	t.Log("2. neither sni nor subjectAltNames: Envoy takes both from the Host header: OK")
	patchRule(tlsRule("mode: SIMPLE, caCertificates: /etc/e2e-ca/right.pem"))(t, x)
	judged("neither", 0, "yes")
	t.Log("3. sni alone: no name is checked any more: FAIL")
	patchRule(tlsRule("mode: SIMPLE, caCertificates: /etc/e2e-ca/right.pem, sni: $HOST"))(t, x)
	judged("sni alone", 1, "no")
}
