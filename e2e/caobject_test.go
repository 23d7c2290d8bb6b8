//go:build e2e

package e2e

import (
	"slices"
	"strings"
	"testing"
)

// TestCAObject: a CA's Secret is deleted while the sidecar still has it, and traffic goes on. That is no silent OK:
// MT024 names the Secret. With the Secret back the verdict is clean, and so it is for the other form, a ConfigMap.
func TestCAObject(t *testing.T) {
	f := newField(t, "caobject")
	for n, form := range []string{"secret", "configmap"} {
		x := f.newSite(t, 95+n, "caobject-"+form, form)
		x.healthy(t, "before")
		name := x.name
		if form == "secret" {
			name += "-cacert"
		}
		same := func(d document, outcome string) bool {
			return slices.ContainsFunc(d.findings(x.cluster(), outcome), func(f finding) bool {
				return f.ID == "MT024" && (outcome == "OK" || strings.Contains(f.Summary, "is gone") && strings.HasSuffix(f.Object, x.namespace+"/"+name))
			})
		}
		if d := read(t, x.verify(t, "-o", "json")); !same(d, "OK") {
			t.Errorf("%s: MT024 does not say that the proxy has the CA of the cluster\n%s", form, d.bad(x.cluster()))
		}
		x.kube(t, "delete", form, name, "-n", x.namespace)
		var r result
		if took, ok := until(proxyTime, func() bool { r = x.verify(t, "-o", "json"); return same(read(t, r), "WARN") }); !ok {
			t.Errorf("%s: deleted, and after %s MT024 does not say so: exit code %d\n%s", form, took, r.code, read(t, r).bad(x.cluster()))
		}
		if !x.ping(t, proxyTime) {
			t.Errorf("%s: the client gets no answer: the premise, that it goes on, is wrong", form)
		}
		must(t, x.enable(t), 0)
		x.healthy(t, "after the repair")
	}
	t.Log("proves: a CA that is gone from the cluster is told while the proxy still has it")
}
