//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestRightsToGoBack proves that a user who may write and may not put back is told before anything is written, and that one
// who may not even mark how far the change has come leaves nothing half done.
func TestRightsToGoBack(t *testing.T) {
	s := newSuite(t)
	namespace := s.namespace(t, "rights", false)
	enable := func(more ...string) []string {
		return append([]string{"enable", "origination", "rights.e2e.example.internal:16998", "-n", namespace, "--name", "rights", "--ca", "system"}, more...)
	}
	may := func(rules, configmaps string) {
		s.apply(t, fmt.Sprintf(`apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: writer, namespace: %[1]s}
rules:
- {apiGroups: [networking.istio.io], resources: [serviceentries, destinationrules], verbs: [%[2]s]}
- {apiGroups: [""], resources: [configmaps], verbs: [%[3]s]}
- {apiGroups: ["", networking.istio.io, security.istio.io], resources: [virtualservices, peerauthentications, pods, pods/portforward], verbs: ["*"]}
---
apiVersion: rbac.authorization.k8s.io/v1
kind: RoleBinding
metadata: {name: writer, namespace: %[1]s}
roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: writer}
subjects: [{kind: ServiceAccount, name: writer, namespace: %[1]s}]
`, namespace, rules, configmaps))
	}
	as := fmt.Sprintf("--as=system:serviceaccount:%s:writer", namespace)
	const noUpdate, all = "get, list, create, patch, delete", "get, list, create, patch, delete, update"
	may(noUpdate, all)
	must(t, s.plugin(t, enable(as)...), 0)
	before := s.snapshot(t, namespace, false)
	r := s.plugin(t, enable(as, "--sni", "other.example.internal")...)
	t.Log("proves: what cannot be put back is not written over")
	if r.code != 1 || !strings.Contains(r.err, "no right to put it back") || !strings.Contains(r.err, "update serviceentries.networking.istio.io in namespace "+namespace) {
		t.Errorf("%s", r)
	}
	if diff := cmp.Diff(before, s.snapshot(t, namespace, false)); diff != "" {
		t.Errorf("(-before +after)\n%s", diff)
	}
	must(t, s.plugin(t, "disable", "rights", "-n", namespace), 0)

	may(all, noUpdate)
	r = s.plugin(t, enable(as, "--ignore=MT043")...)
	t.Log("proves: a change whose journal cannot be marked is taken back all the same")
	if r.code != 1 || !strings.Contains(r.err, "the change was taken back") {
		t.Errorf("%s", r)
	}
	if left := s.try(t, "get", "serviceentries,destinationrules,configmaps", "-n", namespace, "-l", "mesh-tls.io/name", "-o", "name").out; left != "" {
		t.Errorf("left: %s", left)
	}
}
