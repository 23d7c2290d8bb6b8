//go:build e2e

package e2e

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// mistake is a command line that cannot be answered.
type mistake struct {
	name  string
	args  []string
	words []string // of the sentence on stderr
}

// TestBadUsage proves that a command that cannot be answered ends with exit code 2 and one sentence on stderr that
// says what is wrong and what to do, that nothing is written to stdout, and that nothing is made in the cluster.
func TestBadUsage(t *testing.T) {
	s := newSuite(t)
	namespace := s.namespace(t, "errors", true)
	garbage := write(t, filepath.Join(s.work, "garbage.pem"), []byte("this is not a certificate\n"))
	a := newAuthority(t, s.work, "e2e-errors-ca", nil, leaf{})
	_, key := a.issue(t, s.work, leaf{names: []string{"x"}})
	withKey := join(t, s.work, "with-key.pem", a.pem, readFile(t, key))
	ca := "--ca-file=" + a.file
	origination := func(more ...string) []string {
		return append([]string{"enable", "origination", "--wait=false"}, more...)
	}
	before := s.snapshot(t, namespace, true)
	for _, m := range []mistake{
		{name: "verify all namespaces", args: []string{"verify", "-A"}, words: []string{"goes with --selector", "--help"}},
		{name: "verify a kind without pods", args: []string{"verify", "configmap/kube-root-ca.crt"}, words: []string{"configmap", "no pods"}},
		{name: "verify what is not there", args: []string{"verify", "deploy/none"}, words: []string{"none", "not found"}},
		{name: "verify a pod that is not there", args: []string{"verify", "none"}, words: []string{"none", "not found"}},
		{name: "verify by a selector without pods", args: []string{"verify", "-l", "app=none"}, words: []string{"app=none"}},
		{name: "verify an unknown format", args: []string{"verify", "pod/x", "-o", "xml"}, words: []string{"xml", "table", "json"}},
		{name: "verify an upstream that is no host", args: []string{"verify", "pod/x", "--to", "a b:1"}, words: []string{"a b"}},
		{name: "verify an upstream with a bad port", args: []string{"verify", "pod/x", "--to", "host.example:99999"}, words: []string{"99999", "65535"}},
		{name: "verify with an unknown flag", args: []string{"verify", "pod/x", "--nothing"}, words: []string{"--nothing", "--help"}},
		{name: "verify a dump that is not there", args: []string{"verify", "--dump", "none.json"}, words: []string{"none.json"}},
		{name: "verify a dump that is no dump", args: []string{"verify", "--dump", garbage}, words: []string{"garbage.pem"}},
		{name: "verify a dump and a target", args: []string{"verify", "pod/x", "--dump", garbage}, words: []string{"--dump"}},
		{name: "an unknown command", args: []string{"verfy"}, words: []string{"verfy"}},
		{name: "an unknown recipe", args: []string{"enable", "orgination", "a.example:1"}, words: []string{"orgination"}},
		{name: "enable without a host", args: origination(), words: []string{"HOST:PORT"}},
		{name: "enable without a port", args: origination("redis.example.internal", ca), words: []string{"port"}},
		{name: "enable without a CA", args: origination("redis.example.internal:16222"), words: []string{"--ca-file", "--ca system"}},
		{name: "enable with two CAs", args: origination("redis.example.internal:16222", ca, "--ca=system"), words: []string{"--ca-file", "one of"}},
		{name: "enable with a CA file that is not there", args: origination("redis.example.internal:16222", "--ca-file=none.pem"), words: []string{"none.pem"}},
		{name: "enable with a CA file that is no PEM", args: origination("redis.example.internal:16222", "--ca-file="+garbage), words: []string{"garbage.pem", "PEM"}},
		{name: "enable with a private key in the CA file", args: origination("redis.example.internal:16222", "--ca-file="+withKey), words: []string{"private key"}},
		{name: "enable with a Secret and no workload", args: origination("redis.example.internal:16222", "--ca-secret=x"), words: []string{"--workload"}},
		{name: "enable for an unknown protocol", args: origination("redis.example.internal:16222", ca, "--protocol=smoke"), words: []string{"smoke", "tcp"}},
		{name: "enable for a selector that is none", args: origination("redis.example.internal:16222", ca, "--workload=app"), words: []string{"--workload"}},
		{name: "enable with an unknown resolution", args: origination("redis.example.internal:16222", ca, "--resolution=GUESS"), words: []string{"GUESS", "DNS"}},
		{name: "enable with a name that is none", args: origination("redis.example.internal:16222", ca, "--name=A_B"), words: []string{"A_B"}},
		{name: "enable with an unknown dry run", args: origination("redis.example.internal:16222", ca, "--dry-run=maybe"), words: []string{"maybe", "server"}},
		{name: "enable with no time", args: origination("redis.example.internal:16222", ca, "--timeout=0s"), words: []string{"--timeout"}},
		{name: "disable nothing", args: []string{"disable"}, words: []string{"NAME"}},
		{name: "disable two", args: []string{"disable", "a", "b"}, words: []string{"b"}},
		{name: "a context that is not there", args: []string{"verify", "pod/x", "--context", "none"}, words: []string{"none", "context"}},
		{name: "a kubeconfig that is not there", args: []string{"verify", "pod/x", "--kubeconfig", "none"}, words: []string{"none"}},
		{name: "a namespace that is not there", args: []string{"verify", "pod/x", "-n", "none-such"}, words: []string{"none-such"}},
		{name: "a cluster that does not answer", args: []string{"verify", "pod/x", "--server", "https://127.0.0.1:1"}, words: []string{"127.0.0.1:1", "refused"}},
	} {
		t.Run(strings.ReplaceAll(m.name, " ", "-"), func(t *testing.T) { m.check(t, s, namespace) })
	}
	if after := s.snapshot(t, namespace, true); len(after) != len(before) {
		t.Errorf("a refused command left something: %d objects before, %d after", len(before), len(after))
	}
}

func (m mistake) check(t *testing.T, s *suite, namespace string) {
	args := m.args
	if !strings.Contains(strings.Join(args, " "), "-n none-such") {
		args = append(append([]string{}, args...), "-n", namespace)
	}
	t.Logf("proves: %q is refused, naming %q", strings.Join(m.args, " "), m.words)
	r := s.plugin(t, args...)
	if r.code != 2 {
		t.Errorf("exit code %d, want 2", r.code)
	}
	if r.out != "" {
		t.Errorf("stdout is not empty: %q", r.out)
	}
	for _, w := range m.words {
		if !strings.Contains(r.err, w) {
			t.Errorf("stderr does not say %q", w)
		}
	}
	if lines := strings.Count(strings.TrimSpace(r.err), "\n") + 1; lines > 5 || strings.TrimSpace(r.err) == "" {
		t.Errorf("stderr has %d lines: a sentence is wanted", lines)
	}
	if r.took > 15*time.Second {
		t.Errorf("the refusal took %s", r.took)
	}
	t.Logf("%s", r.err)
	if t.Failed() {
		t.Logf("%s", r)
	}
}

func readFile(t *testing.T, file string) []byte {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return text
}
