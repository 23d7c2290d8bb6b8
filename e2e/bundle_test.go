//go:build e2e

package e2e

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestBundle proves that a bundle gives the live report away from the cluster, for every question, and that no
// secret of the cluster is in its bytes.
func TestBundle(t *testing.T) {
	t.Log("proves: bundle + verify --bundle give the whole JSON of a live verify, evidence and probes included, and hold no secret")
	st := newStory(t, "bundle")
	must(t, st.enable(t, "--ca-file", st.ca.file, "--workload", "app=redis-client"), 0)
	if !st.answers(t, proxyTime, st.namespace, "redis-client", st.host, st.port) {
		t.Fatal("the client gets no answer after enable")
	}
	file := filepath.Join(st.work, "one.tar.gz")
	for _, question := range [][]string{nil, {"--to", st.to()}, {"--all"}, {"--to", st.to(), "--probe", "never"}, {"--to", "nobody.example.internal:1"}} {
		live, saved := st.sameReport(t, file, question...)
		if diff := cmp.Diff(live, saved); diff != "" {
			t.Errorf("%q: live and out of the bundle: %s", question, diff)
		}
	}
	r := must(t, st.plugin(t, "verify", "--bundle", file, "--to", st.to(), "-o", "json"), 0)
	for _, want := range []string{`"evidence": "exercised"`, `"id": "MT013"`} {
		if !strings.Contains(r.out, want) {
			t.Errorf("the report out of the bundle has no %s: the test compares too little", want)
		}
	}
	st.noSecretIn(t, file)

	t.Log("every format has the exit code of the others")
	for _, format := range []string{"table", "wide", "yaml", "junit", "sarif", "github", "markdown", "policyreport", "html"} {
		if r := must(t, st.plugin(t, "verify", "--bundle", file, "--to", "nobody.example.internal:1", "-o", format), 1); r.out == "" || r.err != "" {
			t.Errorf("%s", r)
		}
	}

	t.Log("a whole namespace: pods without a sidecar are passed over")
	whole := filepath.Join(st.work, "namespace.tar.gz")
	must(t, st.plugin(t, "bundle", "-n", st.namespace, "-o", whole), 0)
	if r := must(t, st.plugin(t, "verify", "--bundle", whole, "--to", st.to()), 0); !strings.Contains(r.out, "redis-client-") || strings.Contains(r.out, "redis-plain") {
		t.Errorf("%s", r)
	}

	t.Log("a pod that was named and has no sidecar is told, then and later")
	must(t, st.plugin(t, "bundle", "deploy/redis-client", "deploy/redis-plain", "-n", st.namespace, "-o", whole), 2)
	if r := must(t, st.plugin(t, "verify", "--bundle", whole, "--to", st.to()), 2); !strings.Contains(r.out, "redis-client-") || !strings.Contains(r.out, "has no istio-proxy container") {
		t.Errorf("%s", r)
	}
}

// sameReport asks the same live and, of a bundle made in between, offline. The exit codes must be the same, and of
// the reports only the time of making differs.
func (st *story) sameReport(t *testing.T, file string, question ...string) (live, saved map[string]any) {
	t.Helper()
	args := append([]string{"verify", "deploy/redis-client", "-n", st.namespace, "-o", "json"}, question...)
	before := st.plugin(t, args...)
	if r := must(t, st.plugin(t, "bundle", "deploy/redis-client", "-n", st.namespace, "-o", file), 0); !strings.Contains(r.err, "saved 1 of 1 proxies") {
		t.Errorf("%s", r)
	}
	after := must(t, st.plugin(t, append([]string{"verify", "--bundle", file, "-o", "json"}, question...)...), before.code)
	for r, into := range map[*result]*map[string]any{&before: &live, &after: &saved} {
		if err := json.Unmarshal([]byte(r.out), into); err != nil {
			t.Fatalf("%v\n%s", err, r)
		}
		delete(*into, "generatedAt")
	}
	return live, saved
}

// noSecretIn searches the unpacked bytes for keys, tokens and the password of the servers.
func (st *story) noSecretIn(t *testing.T, file string) {
	t.Helper()
	packed, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	gz, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(gz)
	if err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{"PRIVATE KEY", "private_key", password, "eyJ", "http_filters", "PROXY_CONFIG", "last-applied"} {
		if bytes.Contains(plain, []byte(bad)) {
			t.Errorf("the bundle holds %q", bad)
		}
	}
	if !bytes.Contains(plain, []byte("certificate_chain")) || !bytes.Contains(plain, []byte(st.host)) {
		t.Error("the bundle holds too little to be searched")
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
}
