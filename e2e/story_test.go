//go:build e2e

package e2e

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// story is the scene of the main scenario: an injected and a plain client of a Redis that speaks TLS only.
type story struct {
	*suite
	outside
	namespace string
}

func newStory(t *testing.T, purpose string) *story {
	t.Helper()
	s := newSuite(t)
	st := &story{suite: s, outside: s.newOutside(t), namespace: s.namespace(t, purpose, true)}
	s.kube(t, "create", "secret", "generic", "e2e-ca", "-n", st.namespace, "--from-file=right.pem="+st.ca.file)
	s.deploy(t, workload{namespace: st.namespace, name: "redis-client", aliases: st.aliases, annotations: mountCA("e2e-ca")},
		workload{namespace: st.namespace, name: "redis-plain", plain: true, aliases: st.aliases})
	return st
}

const storyName = "story-e2e-example-internal" // what enable makes of the host

func (st *story) enable(t *testing.T, flags ...string) result {
	t.Helper()
	args := append([]string{"enable", "origination", st.to(), "-n", st.namespace}, st.flags...)
	return st.plugin(t, append(args, flags...)...)
}

func (st *story) to() string      { return (&site{host: st.host, port: st.port}).to() }
func (st *story) cluster() string { return (&site{host: st.host, port: st.port}).cluster() }

func (st *story) verify(t *testing.T, client string, more ...string) result {
	t.Helper()
	return st.plugin(t, append([]string{"verify", "deploy/" + client, "-n", st.namespace, "--to", st.to()}, more...)...)
}

// must demands an exit code.
func must(t *testing.T, r result, code int) result {
	t.Helper()
	if r.code != code {
		t.Fatalf("exit code %d, want %d\n%s", r.code, code, r)
	}
	return r
}

// TestStory proves the main scenario: what fails before works after enable, in TLS, seen and proven by verify;
// who has no sidecar fails as before; and disable puts everything back.
func TestStory(t *testing.T) {
	st := newStory(t, "story")
	before := st.snapshot(t, st.namespace, false)

	t.Log("1. before: neither the plain nor the injected client gets an answer")
	st.noAnswer(t, "redis-plain")
	st.noAnswer(t, "redis-client")
	st.sameCodes(t, "redis-client", 1)

	t.Log("2. enable makes three objects; a second run changes none of them")
	if r := must(t, st.enable(t, "--ca-file", st.ca.file, "--workload", "app=redis-client"), 0); strings.Count(r.out, " created\n") != 3 {
		t.Errorf("enable did not say that it created three objects:\n%s", r)
	} else if st.lab != "" && strings.Contains(r.out+r.err, "version of Istio") {
		t.Errorf("enable did not find out which Istio this is:\n%s", r)
	}
	first := st.snapshot(t, st.namespace, true)
	if r := must(t, st.enable(t, "--ca-file", st.ca.file, "--workload", "app=redis-client"), 0); strings.Count(r.out, " unchanged\n") != 3 {
		t.Errorf("the second enable did not say that three objects are unchanged:\n%s", r)
	}
	if diff := cmp.Diff(first, st.snapshot(t, st.namespace, true)); diff != "" {
		t.Errorf("the second enable changed something:\n%s", diff)
	}

	t.Log("3. the injected client reads what it wrote, without a change in it; the plain one fails as before")
	if !st.answers(t, proxyTime, st.namespace, "redis-client", st.host, st.port) {
		t.Fatal("the injected client gets no answer after enable")
	}
	st.redis(t, st.namespace, "redis-client", st.host, st.port, "SET", "story", "told")
	if r := st.redis(t, st.namespace, "redis-client", st.host, st.port, "GET", "story"); strings.TrimSpace(r.out) != "told" {
		t.Errorf("GET after SET: %s", r)
	}
	st.noAnswer(t, "redis-plain")

	t.Log("4. verify proves it, in words and as data")
	st.proven(t)
	st.sameCodes(t, "redis-client", 0)
	st.sameCodes(t, "redis-plain", 2)
	st.sameUpstream(t)

	t.Log("5. disable takes away what enable made and nothing else; a second run finds nothing to do")
	if r := must(t, st.plugin(t, "disable", storyName, "-n", st.namespace), 0); strings.Count(r.out, " deleted\n") != 3 {
		t.Errorf("disable did not say that it deleted three objects:\n%s", r)
	}
	if diff := cmp.Diff(before, st.snapshot(t, st.namespace, false)); diff != "" {
		t.Errorf("the namespace is not what it was before enable:\n%s", diff)
	}
	must(t, st.plugin(t, "disable", storyName, "-n", st.namespace), 0)
	if _, gone := until(proxyTime, func() bool { return !st.answers(t, 0, st.namespace, "redis-client", st.host, st.port) }); !gone {
		t.Error("the injected client still gets its answer after disable")
	}
	st.sameCodes(t, "redis-client", 1)
}

func (st *story) noAnswer(t *testing.T, client string) {
	t.Helper()
	r := st.redis(t, st.namespace, client, st.host, st.port, "PING")
	if r.code == 0 || strings.Contains(r.out, "PONG") {
		t.Errorf("%s gets an answer: the control failed\n%s", client, r)
	}
	t.Logf("%s: %s", client, strings.TrimSpace(r.err))
}

// sameCodes proves that the exit code does not depend on the format.
func (st *story) sameCodes(t *testing.T, client string, code int) {
	t.Helper()
	for _, format := range []string{"table", "wide", "json", "yaml"} {
		if r := st.verify(t, client, "-o", format); r.code != code {
			t.Errorf("-o %s: exit code %d, want %d\n%s", format, r.code, code, r)
		} else if (r.out == "") == (r.err == "" || code != 2) { // a report, or a reason why there is none
			t.Errorf("-o %s: stdout and stderr do not fit the exit code\n%s", format, r)
		}
	}
}

// proven proves the fields of the report that are a promise, and the words of the table.
func (st *story) proven(t *testing.T) {
	t.Helper()
	table := must(t, st.verify(t, "redis-client"), 0)
	for _, word := range []string{st.to(), "exercised", "OK", "e2e-story-ca"} {
		if !strings.Contains(table.out, word) {
			t.Errorf("the table does not say %q", word)
		}
	}
	t.Logf("\n%s", table.out)
	r := must(t, st.verify(t, "redis-client", "-o", "json"), 0)
	u, found := read(t, r).upstream(st.cluster())
	want := upstream{Cluster: st.cluster(), Transport: "tls", CA: "sds:kubernetes://" + storyName + "-cacert", SNI: st.host, SANs: []string{st.host},
		ClientCert: "none", Evidence: "exercised", Outcome: "OK", Rule: "DestinationRule " + st.namespace + "/" + storyName}
	if diff := cmp.Diff(want, u); !found || diff != "" {
		t.Errorf("the upstream (-want +got):\n%s", diff)
	}
	d := read(t, r)
	if got := d.Targets[0]; got.Namespace != st.namespace || got.Pod != st.pod(t, st.namespace, "redis-client") || got.Context == "" {
		t.Errorf("the target is %s %s/%s", got.Context, got.Namespace, got.Pod)
	}
	if st.lab != "" && !strings.Contains(table.out, "Istio 1.") {
		t.Errorf("the lab's sidecars tell no version of Istio (%q): lab down and lab up again gives the instance today's parts", d.Targets[0].Istio)
	}
	promised(t, r)
	for _, secret := range []string{password, "PRIVATE KEY"} {
		if all := r.out + table.out; strings.Contains(all, secret) {
			t.Errorf("the report holds %q", secret)
		}
	}
}

// promised demands every key of the document that others may rely on.
func promised(t *testing.T, r result) {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal([]byte(r.out), &doc); err != nil {
		t.Fatal(err)
	}
	firstOf := func(of map[string]any, key string) map[string]any {
		list, ok := of[key].([]any)
		if !ok {
			t.Fatalf("%q is not a list in the document", key)
		}
		if len(list) == 0 {
			return nil
		}
		return list[0].(map[string]any)
	}
	target := firstOf(doc, "targets")
	for where, keys := range map[string][]string{
		"":          {"context", "namespace", "pod", "upstreams", "inbound", "secrets", "findings"},
		"upstreams": {"cluster", "transport", "ca", "sni", "sans", "clientCert", "evidence", "outcome"},
		"secrets":   {"name", "state"},
		"findings":  {"id", "outcome", "cluster", "object", "summary", "got", "want", "fix"},
	} {
		part := target
		if where != "" {
			part = firstOf(target, where)
		}
		for _, key := range keys {
			if _, there := part[key]; !there {
				t.Errorf("the document has no %s %q", where, key)
			}
		}
	}
}

// sameUpstream proves that asking for one host and reading the whole proxy come to the same answer.
func (st *story) sameUpstream(t *testing.T) {
	t.Helper()
	answers := map[string]any{}
	for name, args := range map[string][]string{"--to": {"--to", st.to()}, "--all": {"--all"}, "default": nil} {
		r := st.plugin(t, append([]string{"verify", "deploy/redis-client", "-n", st.namespace, "-o", "json"}, args...)...)
		var doc struct {
			Targets []struct{ Upstreams []map[string]any }
		}
		if err := json.Unmarshal([]byte(r.out), &doc); err != nil {
			t.Fatalf("%v\n%s", err, r)
		}
		for _, u := range doc.Targets[0].Upstreams {
			if u["cluster"] == st.cluster() {
				delete(u, "why") // "named by --to" or the intent
				answers[name] = u
			}
		}
	}
	for _, other := range []string{"--all", "default"} {
		if diff := cmp.Diff(answers["--to"], answers[other]); diff != "" || answers[other] == nil {
			t.Errorf("the upstream by --to and by %s (-to +other):\n%s", other, diff)
		}
	}
}
