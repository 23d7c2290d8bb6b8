//go:build e2e

package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestCAForms proves that each way to give the CA ends in the same: an answer for the client, exit code 0, evidence
// exercised, the CA in effect being the one that was given; and that disable leaves nothing of it.
func TestCAForms(t *testing.T) {
	st := newStory(t, "forms")
	before := st.snapshot(t, st.namespace, false)
	for _, form := range []struct {
		name  string
		flags []string
		ca    string // as verify shows it
		kinds string // what enable makes
	}{
		{"file-and-workload-makes-a-Secret", []string{"--ca-file", st.ca.file, "--workload", "app=redis-client"}, "sds:kubernetes://" + storyName + "-cacert", "Secret ServiceEntry DestinationRule"},
		{"file-without-workload-makes-a-ConfigMap", []string{"--ca-file", st.ca.file}, "sds:configmap://" + st.namespace + "/" + storyName + "-cacert", "ConfigMap ServiceEntry DestinationRule"},
		{"path-in-the-sidecar", []string{"--ca-path", "/etc/e2e-ca/right.pem"}, "sds:file-root:/etc/e2e-ca/right.pem", "ServiceEntry DestinationRule"},
	} {
		t.Run(form.name, func(t *testing.T) {
			t.Logf("proves: %v -> %s, CA %s", form.flags, form.kinds, form.ca)
			r := must(t, st.enable(t, form.flags...), 0)
			for _, kind := range strings.Fields(form.kinds) {
				if !strings.Contains(r.out, kind+" "+st.namespace+"/") {
					t.Errorf("enable made no %s:\n%s", kind, r.out)
				}
			}
			if n := strings.Count(r.out, "\n"); n != len(strings.Fields(form.kinds)) {
				t.Errorf("enable made %d objects:\n%s", n, r.out)
			}
			if !st.answers(t, proxyTime, st.namespace, "redis-client", st.host, st.port) {
				t.Fatal("the client gets no answer")
			}
			v := must(t, st.verify(t, "redis-client", "-o", "json"), 0)
			u, _ := read(t, v).upstream(st.cluster())
			if u.CA != form.ca || u.Evidence != "exercised" || u.Outcome != "OK" {
				t.Errorf("got CA %q, evidence %q, outcome %q, want %q, exercised, OK", u.CA, u.Evidence, u.Outcome, form.ca)
			}
			must(t, st.plugin(t, "disable", storyName, "-n", st.namespace), 0)
			if diff := cmp.Diff(before, st.snapshot(t, st.namespace, false)); diff != "" {
				t.Errorf("disable does not put back what was:\n%s", diff)
			}
		})
	}
}

// TestDryRun proves that no form of dry run writes anything, and that what it prints is what a cluster accepts.
func TestDryRun(t *testing.T) {
	s := newSuite(t)
	namespace := s.namespace(t, "dry", true)
	a := newAuthority(t, s.work, "e2e-dry-ca", nil, leaf{})
	enable := []string{"enable", "origination", "dry.e2e.example.internal:16222", "-n", namespace, "--ca-file", a.file, "--workload", "app=x"}
	before := s.snapshot(t, namespace, true)
	for _, mode := range []string{"client", "server"} {
		for _, output := range []string{"", "yaml", "json"} {
			args := append(append([]string{}, enable...), "--dry-run="+mode)
			if output != "" {
				args = append(args, "-o", output)
			}
			r := must(t, s.plugin(t, args...), 0)
			switch output {
			case "":
				if strings.Count(r.out, "dry run") != 3 {
					t.Errorf("three lines that say dry run are wanted:\n%s", r)
				}
			default:
				if output == "json" && !json.Valid([]byte(r.out)) {
					t.Errorf("stdout is no JSON:\n%s", r)
				}
				if a := s.exec(t, r.out, s.kubectl, "apply", "--server-side", "--dry-run=server", "-f", "-"); a.code != 0 {
					t.Errorf("the cluster does not accept what --dry-run=%s -o %s prints:\n%s%s", mode, output, r.out, a)
				}
			}
			if diff := cmp.Diff(before, s.snapshot(t, namespace, true)); diff != "" {
				t.Fatalf("%s wrote something:\n%s", r.line, diff)
			}
		}
	}
	must(t, s.plugin(t, append(append([]string{}, enable...), "--wait=false")...), 0)
	made := s.snapshot(t, namespace, true)
	r := must(t, s.plugin(t, "disable", "dry-e2e-example-internal", "-n", namespace, "--dry-run=server"), 0)
	if strings.Count(r.out, "dry run") != 3 {
		t.Errorf("disable --dry-run does not list three objects:\n%s", r)
	}
	if diff := cmp.Diff(made, s.snapshot(t, namespace, true)); diff != "" {
		t.Errorf("disable --dry-run changed something:\n%s", diff)
	}
}

// foreignRules are objects of somebody else: a rule for the host under another name, and a rule of our name for
// another host.
const foreignRules = `
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: theirs, namespace: $NS, labels: {team: theirs}}
spec: {host: adopt.e2e.example.internal, trafficPolicy: {connectionPool: {tcp: {maxConnections: 7}}}}
---
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: adopt-e2e-example-internal, namespace: $NS}
spec: {hosts: [adopt.e2e.example.internal], location: MESH_EXTERNAL, resolution: DNS, ports: [{number: 16222, name: tcp, protocol: TCP}]}
`

// TestForeignObjects proves that an object that somebody else made, of the same host or of the same name, is never
// overwritten: it is named together with the flag that takes it over, and disable leaves it alone.
func TestForeignObjects(t *testing.T) {
	s := newSuite(t)
	namespace := s.namespace(t, "adopt", true)
	a := newAuthority(t, s.work, "e2e-adopt-ca", nil, leaf{})
	s.apply(t, strings.ReplaceAll(foreignRules, "$NS", namespace))
	enable := func(more ...string) result {
		return s.plugin(t, append([]string{"enable", "origination", "adopt.e2e.example.internal:16222", "-n", namespace, "--ca-file", a.file, "--workload", "app=x", "--wait=false"}, more...)...)
	}
	refused := func(r result, object string) {
		t.Helper()
		if r.code != 1 || r.out != "" {
			t.Errorf("exit code %d and stdout %q, want 1 and nothing", r.code, r.out)
		}
		for _, w := range []string{object, "--adopt"} {
			if !strings.Contains(r.err, w) {
				t.Errorf("stderr does not name %q:\n%s", w, r)
			}
		}
		t.Logf("%s", r.err)
	}
	theirs := s.snapshot(t, namespace, true)

	t.Log("1. refused, and both objects can be named; a server dry run is refused alike; disable finds nothing of ours")
	refused(enable(), "DestinationRule "+namespace+"/theirs")
	refused(enable("--dry-run=server"), "DestinationRule "+namespace+"/theirs")
	must(t, s.plugin(t, "disable", "adopt-e2e-example-internal", "-n", namespace), 0)
	if diff := cmp.Diff(theirs, s.snapshot(t, namespace, true)); diff != "" {
		t.Fatalf("a refused enable, or disable, touched what is not ours:\n%s", diff)
	}

	t.Log("2. without their rule, the entry of the same name is still refused")
	s.kube(t, "delete", "destinationrule", "theirs", "-n", namespace)
	refused(enable(), "ServiceEntry "+namespace+"/adopt-e2e-example-internal")

	t.Log("3. --adopt takes over, keeps what is not ours to say, and the second run changes nothing")
	s.apply(t, strings.ReplaceAll(foreignRules, "$NS", namespace))
	must(t, enable("--adopt"), 0)
	rule := s.kube(t, "get", "destinationrule", "theirs", "-n", namespace, "-o", "jsonpath={.spec}{.metadata.labels}")
	for _, w := range []string{`"maxConnections":7`, `"SIMPLE"`, `"team":"theirs"`, `"mesh-tls.io/name":"adopt-e2e-example-internal"`} {
		if !strings.Contains(rule, w) {
			t.Errorf("the adopted rule has no %s: %s", w, rule)
		}
	}
	adopted := s.snapshot(t, namespace, true)
	if r := must(t, enable("--adopt"), 0); strings.Count(r.out, " unchanged\n") != 3 {
		t.Errorf("the second run changes something:\n%s", r)
	}
	if diff := cmp.Diff(adopted, s.snapshot(t, namespace, true)); diff != "" {
		t.Errorf("the second run changes something:\n%s", diff)
	}

	t.Log("4. a Secret of the name that enable would use, and that is not ours, is refused too")
	must(t, s.plugin(t, "disable", "adopt-e2e-example-internal", "-n", namespace), 0)
	s.kube(t, "delete", "destinationrule,serviceentry", "--all", "-n", namespace)
	s.kube(t, "create", "secret", "generic", "adopt-e2e-example-internal-cacert", "-n", namespace, "--from-literal=precious=1")
	refused(enable(), "Secret "+namespace+"/adopt-e2e-example-internal-cacert")
	if got := s.kube(t, "get", "secret", "adopt-e2e-example-internal-cacert", "-n", namespace, "-o", "jsonpath={.data}"); !strings.Contains(got, "precious") || strings.Contains(got, "ca.crt") {
		t.Errorf("the Secret was touched: %s", got)
	}
}
