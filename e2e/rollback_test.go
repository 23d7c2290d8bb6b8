//go:build e2e

package e2e

import (
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestRollback proves that an enable that makes things worse is taken back: what was seen is said, the exit code is
// 1, the objects are as they were, and the client still gets its answer. With --rollback=never it stays.
func TestRollback(t *testing.T) {
	f := newField(t, "rollback")
	x := f.newSite(t, 80, "rollback", "secret")
	x.healthy(t, "before")
	before := x.snapshot(t, x.namespace, false)
	for _, c := range []struct {
		name  string
		flags []string
		words []string
	}{
		{"wrong-CA", []string{"--ca-file", f.wrong.file, "--workload", "app=client"}, []string{"MT013", "wrong CA"}},
		{"wrong-name", []string{"--ca-file", f.right.file, "--workload", "app=client", "--san", "other.example.internal"}, []string{"MT013", "other.example.internal"}},
		{"CA-that-the-sidecar-does-not-have", []string{"--ca-path", "/nowhere/ca.pem", "--timeout", "5s"}, []string{"do not have it after", "/nowhere/ca.pem"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Logf("proves: enable %v -> exit code 1, naming %q, and everything as before", c.flags, c.words)
			r := x.plugin(t, append([]string{"enable", "origination", x.to(), "-n", x.namespace, "--name", x.name}, c.flags...)...)
			x.takenBack(t, r, x.namespace, before, c.words)
			x.healthy(t, "after it was taken back")
		})
	}
	x.interrupted(t, before)
	x.left(t, before)
}

// interrupted proves that Ctrl-C while the sidecars are waited for takes the change back too.
func (x *site) interrupted(t *testing.T, before map[string]any) {
	t.Helper()
	g := newGate(t)
	g.arm(0, false)
	cmd := exec.Command(x.kubectl, "mesh-tls", "enable", "origination", x.to(), "-n", x.namespace, "--name", x.name,
		"--ca-path", "/nowhere/ca.pem", "--timeout", "60s")
	cmd.Env, cmd.Dir = x.through(t, g).env, x.work
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	if _, ok := until(proxyTime, func() bool { return g.writesSeen() >= 4 }); !ok {
		t.Error("the change was never written")
	}
	time.Sleep(time.Second) // now it waits for the sidecar, which never gets that file
	_ = cmd.Process.Signal(syscall.SIGINT)
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("interrupted: exit code %d, want 1", code)
	}
	if diff := cmp.Diff(before, x.snapshot(t, x.namespace, false)); diff != "" {
		t.Errorf("interrupted: not as before (-before +after)\n%s", diff)
	}
}

// left proves that --rollback=never leaves the change, and that undo takes it back later.
func (x *site) left(t *testing.T, before map[string]any) {
	t.Helper()
	r := x.plugin(t, "enable", "origination", x.to(), "-n", x.namespace, "--name", x.name, "--ca-file", x.wrong.file, "--workload", "app=client", "--rollback=never")
	if r.code != 1 || !strings.Contains(r.err, "it was left as it is") {
		t.Errorf("--rollback=never: want exit code 1 and a change that is left\n%s", r)
	}
	if x.ping(t, 0) {
		t.Error("the wrong CA is there and the client gets an answer")
	}
	x.kube(t, "patch", "destinationrule", x.name, "-n", x.namespace, "--type=merge", "-p", `{"metadata":{"labels":{"somebody":"else"}}}`)
	if r := x.plugin(t, "undo", x.name, "-n", x.namespace); r.code != 1 || !strings.Contains(r.err, "DestinationRule "+x.namespace+"/"+x.name+" was changed by somebody else since") {
		t.Errorf("undo over somebody else's change: want exit code 1 and its name\n%s", r)
	}
	must(t, x.plugin(t, "undo", x.name, "-n", x.namespace, "--force-conflicts"), 0)
	if diff := cmp.Diff(before, x.snapshot(t, x.namespace, false)); diff != "" {
		t.Errorf("after undo (-before +after)\n%s", diff)
	}
	x.healthy(t, "after undo")
}

// takenBack demands that an enable failed, said why, and left every object of the namespace as it was.
func (s *suite) takenBack(t *testing.T, r result, namespace string, before map[string]any, words []string) {
	t.Helper()
	if r.code != 1 || !strings.Contains(r.err, "the change was taken back, the objects are as they were before") {
		t.Errorf("want exit code 1 and a change that was taken back\n%s", r)
	}
	for _, w := range words {
		if !strings.Contains(r.err, w) {
			t.Errorf("does not say %q\n%s", w, r)
		}
	}
	if diff := cmp.Diff(before, s.snapshot(t, namespace, false)); diff != "" {
		t.Errorf("not as before (-before +after)\n%s", diff)
	}
}
