//go:build e2e

package e2e

import (
	"bytes"
	"fmt"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// killed runs the plugin through the gate and kills it (SIGKILL) at the n-th write. It returns what it was about
// to write, or "" when the plugin came to its end without so many writes.
func (s *suite) killed(t *testing.T, g *gate, n int, after bool, args ...string) string {
	t.Helper()
	g.arm(n, after)
	defer func() { close(g.release) }()
	gated := s.through(t, g)
	// Not by kubectl: it would be kubectl that is killed. The plugin is the very program that kubectl would start.
	file := ""
	for _, v := range gated.env {
		if path, is := strings.CutPrefix(v, "PATH="); is {
			file = strings.SplitN(path, ":", 2)[0] + "/kubectl-mesh_tls"
		}
	}
	var out bytes.Buffer
	cmd := exec.Command(file, args...)
	cmd.Env, cmd.Dir, cmd.Stdout, cmd.Stderr = gated.env, s.work, &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	select {
	case what := <-g.reached:
		_ = cmd.Process.Kill()
		<-ended
		return what
	case err := <-ended:
		if err != nil {
			t.Errorf("%v: %v\n%s", args, err, out.String())
		}
		return ""
	case <-time.After(commandTime):
		_ = cmd.Process.Kill()
		<-ended
		t.Fatalf("%v: not finished after %s\n%s", args, commandTime, out.String())
		return ""
	}
}

// TestKilled proves that a plugin that is killed at any of its writes, before the server did it or after, leaves a
// state that undo takes back to what was before, byte for byte: an enable over an earlier one (objects are made,
// changed, taken over, a Secret among them), and the undo and the disable of it.
func TestKilled(t *testing.T) {
	s := newSuite(t)
	namespace := s.namespace(t, "killed", true)
	g := newGate(t)
	one, two := newAuthority(t, s.work, "e2e-killed-one", nil, leaf{}), newAuthority(t, s.work, "e2e-killed-two", nil, leaf{})
	theirs := fmt.Sprintf(`apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: theirs, namespace: %s, labels: {team: payments}, annotations: {note: "kept as it is"}}
spec:
  hosts: [killed.e2e.example.internal]
  location: MESH_EXTERNAL
  resolution: DNS
  ports: [{number: 16999, name: redis, protocol: TCP}]
`, namespace)
	s.apply(t, theirs)
	enable := func(a *authority, more ...string) []string {
		return append([]string{"enable", "origination", "killed.e2e.example.internal:16999", "-n", namespace, "--name", "killed",
			"--ca-file", a.file, "--workload", "app=none", "--adopt"}, more...)
	}
	untouched := s.snapshot(t, namespace, false)
	t.Run("first-enable", func(t *testing.T) {
		s.killedEverywhere(t, g, namespace, enable(one))
	})
	must(t, s.plugin(t, enable(one)...), 0)
	t.Run("second-enable", func(t *testing.T) {
		s.killedEverywhere(t, g, namespace, enable(two, "--sni", "other.example.internal"))
	})
	t.Run("disable", func(t *testing.T) {
		s.killedEverywhere(t, g, namespace, []string{"disable", "killed", "-n", namespace})
	})
	if diff := cmp.Diff(untouched, s.snapshot(t, namespace, false)); diff != "" {
		t.Errorf("after disable (-before +after)\n%s", diff)
	}
}

// killedEverywhere kills a command at its first write, its second, and so on, each before and after, and undoes it.
func (s *suite) killedEverywhere(t *testing.T, g *gate, namespace string, args []string) {
	t.Helper()
	before, journal := s.withoutJournal(t, namespace), s.journal(t, namespace)
	const most = 20
	for n := 1; n <= most; n++ {
		for _, after := range []bool{false, true} {
			what := s.killed(t, g, n, after, args...)
			if what == "" {
				t.Logf("proves: killed at each of %d writes of %v, undo puts everything back", n-1, args[:2])
				if n < 4 {
					t.Errorf("only %d writes were seen", n-1)
				}
				if args[0] == "enable" {
					must(t, s.plugin(t, "undo", "killed", "-n", namespace), 0)
					s.same(t, namespace, before, "the whole command")
				}
				return
			}
			where := fmt.Sprintf("killed at write %d (%s, after: %v)", n, what, after)
			t.Log(where)
			if strings.Contains(s.journal(t, namespace), `\"entries\":null`) {
				must(t, s.plugin(t, "disable", "killed", "-n", namespace), 0)
				t.Logf("proves: killed at each of %d writes of %v, undo puts everything back; from there on it is done", n-1, args[:2])
				return
			}
			if s.journal(t, namespace) != journal {
				s.undone(t, g, namespace, where)
			}
			s.same(t, namespace, before, where)
			if got := s.journal(t, namespace); got != journal {
				t.Errorf("%s, undone: the journal is not as before:\n%s\nwant\n%s", where, got, journal)
			}
		}
	}
	t.Errorf("more than %d writes", most)
}

// journal is what the cluster keeps of the last change; "" when there is none.
func (s *suite) journal(t *testing.T, namespace string) string {
	t.Helper()
	return s.try(t, "get", "configmap", "killed.mesh-tls-journal", "-n", namespace, "-o", "jsonpath={.data}").out
}

// undone takes an unfinished change back, with an undo that is killed at its second write and run again.
func (s *suite) undone(t *testing.T, g *gate, namespace, where string) {
	t.Helper()
	if !strings.Contains(s.journal(t, namespace), `{"change.json":"{\"owner\":\"killed\",\"step\":\"done\"`) {
		r := s.plugin(t, "enable", "origination", "killed.e2e.example.internal:16999", "-n", namespace, "--name", "killed", "--ca", "system", "--adopt")
		if r.code == 0 || !strings.Contains(r.err, "undo killed") {
			t.Errorf("%s: another enable went on over the unfinished change\n%s", where, r)
		}
	}
	if r := s.plugin(t, "status", "-n", namespace); strings.Contains(s.journal(t, namespace), `\"step\":\"applying\"`) && !strings.Contains(r.out, "undo killed -n "+namespace) {
		t.Errorf("%s: status does not show the unfinished change\n%s", where, r)
	}
	_ = s.killed(t, g, 2, true, "undo", "killed", "-n", namespace)
	if r := s.plugin(t, "undo", "killed", "-n", namespace); r.code != 0 && !strings.Contains(r.err, "nothing to undo") {
		t.Errorf("%s: %s", where, r)
	}
}

// withoutJournal is a snapshot without the journal itself, which knows what was last.
func (s *suite) withoutJournal(t *testing.T, namespace string) map[string]any {
	t.Helper()
	all := s.snapshot(t, namespace, false)
	delete(all, "v1 ConfigMap killed.mesh-tls-journal")
	for _, object := range all { // an object that was deleted and made again is another to the cluster
		meta := object.(map[string]any)["metadata"].(map[string]any)
		delete(meta, "uid")
		delete(meta, "creationTimestamp")
	}
	return all
}

func (s *suite) same(t *testing.T, namespace string, before map[string]any, where string) {
	t.Helper()
	if diff := cmp.Diff(before, s.withoutJournal(t, namespace)); diff != "" {
		t.Errorf("%s, undone: not as before (-before +after)\n%s", where, diff)
	}
}
