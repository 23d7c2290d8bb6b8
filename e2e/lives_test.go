//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// TestRestart proves that a pod that goes away while it is being verified gives an answer in bounded time that is
// never OK by accident: exit code 2 with the reason, or the verdict of a proxy that is whole; and that the new pod
// is OK.
func TestRestart(t *testing.T) {
	f := newField(t, "restart")
	x := f.newSite(t, 80, "restart", "configmap")
	x.healthy(t, "before")

	t.Log("1. a pod that is gone: exit code 2, and its name")
	old := x.pod(t, x.namespace, x.client)
	x.kube(t, "delete", "pod", old, "-n", x.namespace, "--grace-period=0", "--force")
	for range 6 {
		r := x.plugin(t, "verify", "pod/"+old, "-n", x.namespace, "--to", x.to(), "--timeout", "10s")
		if r.code != 2 || !strings.Contains(r.out+r.err, old) {
			t.Errorf("want exit code 2 and the pod's name\n%s", r)
		}
		if r.took > 20*time.Second {
			t.Errorf("took %s", r.took)
		}
	}
	t.Log("2. its successor, from its first second on: never FAIL, never a panic, and at last OK")
	x.comesBack(t)

	t.Log("3. Envoy killed in a pod that stays: exit code 2 or the verdict of a whole proxy, and at last OK")
	x.kube(t, "exec", "-n", x.namespace, "deploy/"+x.client, "-c", "istio-proxy", "--", "pkill", "-9", "envoy")
	x.comesBack(t)
}

// comesBack asks without pause until the verdict is OK.
func (x *site) comesBack(t *testing.T) {
	t.Helper()
	codes := map[int]int{}
	var said []string
	took, ok := until(podTime, func() bool {
		r := x.verify(t, "--timeout", "10s")
		codes[r.code]++
		if r.took > 20*time.Second {
			t.Errorf("took %s", r.took)
		}
		switch r.code {
		case 2:
			said = append(said, strings.TrimSpace(tail(r.out+r.err, 3)))
		case 1:
			t.Errorf("a proxy that starts is no failure of TLS\n%s", r)
		}
		return r.code == 0
	})
	if len(said) > 0 {
		t.Logf("meanwhile: %s", said[len(said)/2])
	}
	t.Logf("exit codes %v in %s", codes, took.Round(time.Second))
	if !ok {
		t.Errorf("not OK after %s", took)
	}
	x.healthy(t, "after the restart")
}

// TestManyPods proves that one pod that cannot be asked does not hide the others: each is a target of the report,
// and the exit code is that of the worst.
func TestManyPods(t *testing.T) {
	f := newField(t, "many")
	x := f.newSite(t, 81, "many", "configmap")
	x.healthy(t, "before")
	x.deploy(t, workload{namespace: x.namespace, name: "plain", plain: true}, workload{namespace: x.namespace, name: "two", replicas: 2})
	x.kube(t, "label", "pods", "-n", x.namespace, "-l", "app in (client,plain,two)", "group=all")

	t.Log("1. two replicas: two targets, each with its verdict")
	r := x.plugin(t, "verify", "deploy/two", "-n", x.namespace, "--to", x.to(), "-o", "json")
	if d := read(t, r); r.code != 0 || len(d.Targets) != 2 {
		t.Errorf("exit code %d, %d targets, want 0 and 2", r.code, len(d.Targets))
	}
	t.Log("2. with a pod without sidecar among them: exit code 2, the others keep their verdicts")
	r = x.plugin(t, "verify", "-l", "group=all", "-n", x.namespace, "--to", x.to(), "-o", "json")
	if r.code != 2 || r.out == "" {
		t.Fatalf("want exit code 2 and a report\n%s", r)
	}
	outcomes := map[string]int{}
	for _, target := range read(t, r).Targets {
		outcomes[target.Outcome]++
		if strings.HasPrefix(target.Pod, "plain-") && !strings.Contains(target.Error, "istio-proxy") {
			t.Errorf("the plain pod has no reason: %+v", target)
		}
	}
	if outcomes["OK"] != 3 || outcomes["UNKNOWN"] != 1 {
		t.Errorf("got %v, want 3 OK and 1 UNKNOWN", outcomes)
	}
	t.Log("3. a deployment scaled to nothing: exit code 2")
	x.kube(t, "scale", "deploy/two", "-n", x.namespace, "--replicas=0")
	until(proxyTime, func() bool {
		r = x.plugin(t, "verify", "deploy/two", "-n", x.namespace, "--to", x.to())
		return r.code == 2 && strings.Contains(r.err, "no pods")
	})
	if r.code != 2 || r.out != "" {
		t.Errorf("want exit code 2 and a sentence\n%s", r)
	}
	t.Log(r.err)
}

// role lets a ServiceAccount do what the rules say in the namespace, and read Istio's objects in all.
const role = `
{apiVersion: v1, kind: ServiceAccount, metadata: {name: $NAME, namespace: $NS}}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: Role, metadata: {name: $NAME, namespace: $NS}, rules: [$RULES]}
---
{apiVersion: rbac.authorization.k8s.io/v1, kind: RoleBinding, metadata: {name: $NAME, namespace: $NS}, roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: $NAME},
 subjects: [{kind: ServiceAccount, name: $NAME, namespace: $NS}]}
`

// TestRights proves what users of few rights get: the right that is missing is named, what can be seen is judged,
// and nothing that was not seen is OK.
func TestRights(t *testing.T) {
	f := newField(t, "rights")
	x := f.newSite(t, 82, "rights", "configmap")
	x.healthy(t, "before")
	const pods = `{apiGroups: ["", apps], resources: [pods, deployments, replicasets], verbs: [get, list]}`
	const forward = `{apiGroups: [""], resources: [pods/portforward], verbs: [create, get]}`
	for _, who := range []struct {
		name, rules string
		to          bool // ask for the upstream by name: then the rules only explain, and the proxy's word counts
		code        int
		words       []string
	}{
		{"nobody", "", true, 2, []string{"forbidden", "deployment"}},
		{"reader", pods, true, 2, []string{"forbidden", "portforward"}},
		{"forwarder", pods + ", " + forward, true, 0, []string{"not seen: rules", "destinationrules", "not seen: handshakes", "pods/exec"}},
		{"forwarder", pods + ", " + forward, false, 2, []string{"destinationrules"}},
	} {
		t.Run(fmt.Sprintf("%s,--to=%t", who.name, who.to), func(t *testing.T) {
			t.Logf("proves: rights of %s -> exit code %d naming %q", who.name, who.code, who.words)
			x.apply(t, strings.NewReplacer("$NAME", who.name, "$NS", x.namespace, "$RULES", who.rules).Replace(role))
			args := []string{"verify", "deploy/" + x.client, "-n", x.namespace, "-o", "wide"}
			if who.to {
				args = append(args, "--to", x.to())
			}
			r := x.plugin(t, append(args, "--as", fmt.Sprintf("system:serviceaccount:%s:%s", x.namespace, who.name))...)
			if r.code != who.code {
				t.Errorf("exit code %d, want %d", r.code, who.code)
			}
			for _, w := range who.words {
				if !strings.Contains(strings.ToLower(r.out+r.err), w) {
					t.Errorf("does not say %q", w)
				}
			}
			t.Logf("%s%s", r.out, r.err)
		})
	}
}

// TestSecretGone proves that a CA that is deleted is noticed at the latest when it matters: a proxy that holds it goes
// on, a new one cannot have it and is dead, and verify says so of each.
func TestSecretGone(t *testing.T) {
	f := newField(t, "gone")
	x := f.newSite(t, 83, "gone", "secret")
	x.healthy(t, "before")
	x.kube(t, "delete", "secret", x.name+"-cacert", "-n", x.namespace)
	t.Log("1. the proxy that holds the CA still validates with it: that is what is judged")
	if !x.ping(t, proxyTime) {
		t.Error("the client gets no answer any more: the premise is wrong")
	}
	t.Logf("verify: exit code %d", x.verify(t).code)
	t.Log("2. after a restart nothing answers, and the Secret is named")
	x.kube(t, "rollout", "restart", "deploy/"+x.client, "-n", x.namespace)
	x.kube(t, "rollout", "status", "deploy/"+x.client, "-n", x.namespace, fmt.Sprintf("--timeout=%s", podTime))
	sabotage[*site]{code: 1, id: "MT004", words: []string{x.name + "-cacert", "missing"}}.detected(t, x, &entry{})
	if x.ping(t, 0) {
		t.Error("control: the client gets its answer without a CA")
	}
	t.Log("3. enable once more brings it back")
	must(t, x.enable(t), 0)
	x.healthy(t, "after the repair")
}
