//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestTakenOver proves that what is taken over is never lost to its owner: not to another intent, not when the journal is
// gone, not the other hosts of an entry; and that whoever a rule counts for so far is told before it is made one for fewer.
func TestTakenOver(t *testing.T) {
	s := newSuite(t)
	const host = "taken.e2e.example.internal"
	namespace := s.namespace(t, "taken", true)
	s.apply(t, fmt.Sprintf(`
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: theirs, namespace: %[1]s, labels: {team: theirs}}
spec: {host: %[2]s, trafficPolicy: {tls: {mode: SIMPLE}, connectionPool: {tcp: {maxConnections: 7}}}}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: theirs, namespace: %[1]s}
spec: {hosts: [%[2]s], location: MESH_EXTERNAL, resolution: DNS, ports: [{number: 16222, name: http, protocol: HTTP}]}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: several, namespace: %[1]s}
spec: {hosts: [one.%[2]s, two.%[2]s], location: MESH_EXTERNAL, resolution: DNS, ports: [{number: 16222, name: http, protocol: HTTP}]}
`, namespace, host))
	enable := func(host, name string) result {
		return s.plugin(t, "enable", "origination", host+":16222", "-n", namespace, "--name", name, "--protocol", "http", "--ca", "system", "--wait=false", "--adopt")
	}
	refused := func(what string, before map[string]any, r result, words ...string) {
		t.Helper()
		for _, w := range words {
			if r.code != 1 || !strings.Contains(r.err, w) {
				t.Errorf("%s: want exit code 1 and %q: %s", what, w, r)
			}
		}
		if diff := cmp.Diff(before, s.snapshot(t, namespace, true)); diff != "" {
			t.Errorf("%s changed something:\n%s", what, diff)
		}
	}
	theirs := s.snapshot(t, namespace, true)
	refused("an entry of several hosts", theirs, enable("one."+host, "several"), "is about two."+host+" too")
	refused("an entry of the name and of other hosts", theirs, enable("three."+host, "several"), "choose another --name")

	r := must(t, enable(host, "first"), 0)
	for _, w := range []string{"WARN MT033", "a workload of another namespace would send plaintext to " + host, "WARN MT034"} {
		if !strings.Contains(r.err, w) {
			t.Errorf("nobody was told %q: %s", w, r)
		}
	}
	taken := s.snapshot(t, namespace, true)
	refused("a second intent", taken, enable(host, "second"), "kubectl mesh-tls disable first -n "+namespace)

	s.kube(t, "delete", "configmap", "first.mesh-tls-journal", "-n", namespace)
	refused("disable without the journal", s.snapshot(t, namespace, true), s.plugin(t, "disable", "first", "-n", namespace),
		"theirs was somebody else's before \"first\" took it over", "--force-conflicts")
	t.Log("proves: what was taken over is not lost to its owner")
}
