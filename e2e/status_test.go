//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestStatus tells scenario S4 on two services: the table before and after STRICT, and what it says where the two
// ends do not fit. Each verdict is held against what curl gets at the same moment.
func TestStatus(t *testing.T) {
	s := newSuite(t)
	x := &statusField{suite: s, namespace: s.namespace(t, "status", true)}
	x.apply(t, fmt.Sprintf(`{apiVersion: v1, kind: Service, metadata: {name: db, namespace: %[1]s}, spec: {selector: {app: db}, ports: [{name: http, port: 80, targetPort: 8080}, {name: tcp-raw, port: 81, targetPort: 8080}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: headless, namespace: %[1]s}, spec: {clusterIP: None, selector: {app: db}, ports: [{name: tcp-raw, port: 8080}]}}
---
{apiVersion: v1, kind: Service, metadata: {name: bare, namespace: %[1]s}, spec: {selector: {app: bare}, ports: [{name: http, port: 80, targetPort: 8080}]}}`, x.namespace))
	s.deploy(t, workload{namespace: x.namespace, name: "db", command: server}, workload{namespace: x.namespace, name: "web"},
		workload{namespace: x.namespace, name: "bare", plain: true, command: server})
	t.Run("before and after", x.beforeAndAfter)
	t.Run("a rule against the policy", x.disabled)
	t.Run("a name that the server does not have", x.misnamed)
	t.Run("mutual TLS to a pod without sidecar", x.bare)
	t.Run("proxies that cannot be read", x.unread)
}

type statusField struct {
	*suite
	namespace string
}

// statusRow is what the tests look at in a row.
type statusRow struct {
	Host, Subset, ServerAccepts, ClientsSend, Evidence, Verdict, Outcome, Fix string
	Port                                                                      int
	Policies, Rules, Why                                                      []string
	Before                                                                    *struct{ Verdict, ServerAccepts string }
}

func (r statusRow) String() string {
	return fmt.Sprintf("%s:%d %q: %s, %s, %s, %s %s %q", r.Host, r.Port, r.Subset, r.ServerAccepts, r.ClientsSend, r.Evidence, r.Verdict, r.Outcome, r.Why)
}

// status gives the rows by service:port, and the exit code.
func (x *statusField) status(t *testing.T, more ...string) (map[string]statusRow, int, result) {
	t.Helper()
	r := x.plugin(t, append([]string{"status", "-n", x.namespace, "--from", "deploy/web", "-o", "json"}, more...)...)
	var doc struct{ Rows []statusRow }
	if err := json.Unmarshal([]byte(r.out), &doc); err != nil {
		t.Fatalf("%v\n%s", err, r)
	}
	rows := map[string]statusRow{}
	for _, row := range doc.Rows {
		if row.Subset == "" {
			rows[fmt.Sprintf("%s:%d", strings.SplitN(row.Host, ".", 2)[0], row.Port)] = row
		}
	}
	return rows, r.code, r
}

// want asks until a row has the verdict; the rows of that moment come back.
func (x *statusField) want(t *testing.T, service, verdict string, code int, more ...string) map[string]statusRow {
	t.Helper()
	var rows map[string]statusRow
	var r result
	var got int
	took, ok := until(proxyTime, func() bool {
		rows, got, r = x.status(t, more...)
		return rows[service].Verdict == verdict && got == code
	})
	if !ok {
		t.Fatalf("%s after %s: want %s, exit code %d, got %d\n%s\n%s", service, took, verdict, code, got, rows[service], r)
	}
	return rows
}

// curl calls from web, and gives the HTTP status ("000": none).
func (x *statusField) curl(t *testing.T, at string) string {
	t.Helper()
	return x.try(t, "exec", "-n", x.namespace, "deploy/web", "-c", "app", "--", "curl", "-s", "--max-time", "5", "-o", "/dev/null",
		"-w", "%{http_code}", "http://"+at+"/hostname").out
}

func (x *statusField) beforeAndAfter(t *testing.T) {
	for _, at := range []string{"db", "db:81", "headless:8080", "bare"} {
		if got := x.curl(t, at); got != "200" {
			t.Errorf("before: %s answers %s", at, got)
		}
	}
	rows := x.want(t, "db:80", "OK", 0)
	for service, want := range map[string]string{"db:80": "PERMISSIVE mTLS OK exercised", "db:81": "PERMISSIVE mTLS OK exercised",
		"headless:8080": "PERMISSIVE mTLS OK exercised", "bare:80": "no sidecar plaintext PLAINTEXT none"} {
		r := rows[service]
		if got := fmt.Sprintf("%s %s %s %s", r.ServerAccepts, strings.TrimSuffix(r.ClientsSend, " 1 of 1"), r.Verdict, r.Evidence); got != want {
			t.Errorf("before: %s is %q, want %q", service, got, want)
		}
	}
	saved := filepath.Join(x.work, "before.json")
	_, _, r := x.status(t)
	if err := os.WriteFile(saved, []byte(r.out), 0o600); err != nil {
		t.Fatal(err)
	}
	must(t, x.plugin(t, "enable", "strict", "-n", x.namespace, "--yes"), 0)
	after := x.want(t, "db:80", "OK", 0, "--before", saved)["db:80"]
	if after.ServerAccepts != "STRICT" || after.Before == nil || after.Before.ServerAccepts != "PERMISSIVE" || strings.Join(after.Policies, "") != "PeerAuthentication "+x.namespace+"/strict" {
		t.Errorf("after: %s, before %+v, policies %q", after, after.Before, after.Policies)
	}
	table := x.plugin(t, "status", "-n", x.namespace, "--from", "deploy/web", "--before", saved)
	for _, words := range []string{"BEFORE", "OK (PERMISSIVE)", "strict (PeerAuth)", "all workloads of the namespace"} {
		if !strings.Contains(table.out, words) {
			t.Errorf("the table does not say %q:\n%s", words, table)
		}
	}
	if got := x.curl(t, "db"); got != "200" {
		t.Errorf("after: db answers %s", got)
	}
	t.Logf("proves: the table before and after STRICT, from live filter chains and clusters, headless too\n%s", table.out)
}

// misnamed: mutual TLS meets STRICT, and the client accepts only a name that the server's certificate does not carry.
func (x *statusField) misnamed(t *testing.T) {
	x.apply(t, fmt.Sprintf(`{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: other-name, namespace: %s},
  spec: {host: headless, trafficPolicy: {tls: {mode: ISTIO_MUTUAL, subjectAltNames: ["spiffe://cluster.local/ns/elsewhere/sa/other"]}}}}`, x.namespace))
	t.Cleanup(func() { x.kube(t, "delete", "destinationrule", "other-name", "-n", x.namespace) })
	row := x.want(t, "headless:8080", "CONFLICT", 1)["headless:8080"] // before any call fails
	if !strings.Contains(strings.Join(row.Why, ""), "the client refuses") {
		t.Errorf("%s", row)
	}
	if got := x.curl(t, "headless:8080"); got != "000" {
		t.Errorf("status says CONFLICT and headless:8080 answers %s", got)
	}
}

// disabled: a rule switches TLS off on one port of a STRICT server. Calls to it end, and the row says why.
func (x *statusField) disabled(t *testing.T) {
	x.apply(t, fmt.Sprintf(`{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: no-tls, namespace: %s},
  spec: {host: db, trafficPolicy: {portLevelSettings: [{port: {number: 81}, tls: {mode: DISABLE}}]}}}`, x.namespace))
	row := x.want(t, "db:81", "CONFLICT", 1)["db:81"]
	if row.Outcome != "FAIL" || row.ClientsSend != "plaintext 1 of 1" || row.Fix != "kubectl edit destinationrule no-tls -n "+x.namespace {
		t.Errorf("%s, fix %q", row, row.Fix)
	}
	if got := x.curl(t, "db:81"); got != "000" {
		t.Errorf("status says CONFLICT and db:81 answers %s", got)
	}
	if got := x.curl(t, "db"); got != "200" {
		t.Errorf("status says OK and db:80 answers %s", got)
	}
	x.fromBundle(t)
	x.kube(t, "delete", "destinationrule", "no-tls", "-n", x.namespace)
	x.want(t, "db:81", "OK", 0)
	t.Log("proves: CONFLICT is what breaks, port by port, and is over with its cause")
}

// fromBundle: a bundle of the namespace gives the table of now, for every question, when the cluster is not asked.
func (x *statusField) fromBundle(t *testing.T) {
	file := filepath.Join(x.work, "status.tar.gz")
	for _, question := range [][]string{nil, {"svc/db", "--from", "deploy/web"}, {"deploy/db"}} {
		var diff string
		var code int
		if _, ok := until(proxyTime, func() bool { diff, code = x.unlike(t, file, question); return diff == "" && code == 1 }); !ok {
			t.Errorf("%q, exit code %d: live and out of the bundle: %s", question, code, diff)
		}
	}
	if r := x.plugin(t, "status", "--bundle", file, "-n", "default"); r.code != 2 || !strings.Contains(r.err, "holds the pods of namespace "+x.namespace) {
		t.Errorf("another namespace than the bundle's: %s", r)
	}
	t.Log("proves: status --bundle gives the whole JSON of a live status, the conflict and its cause included")
}

// unlike saves a bundle, and tells how the status out of it differs from the live one of a moment before: in between the
// sidecar of a headless service may have forgotten a connection.
func (x *statusField) unlike(t *testing.T, file string, question []string) (diff string, code int) {
	t.Helper()
	live := x.plugin(t, append([]string{"status", "-n", x.namespace, "-o", "json"}, question...)...)
	must(t, x.plugin(t, "bundle", "-n", x.namespace, "-o", file), 0)
	saved := must(t, x.plugin(t, append([]string{"status", "--bundle", file, "-o", "json", "--kubeconfig", "/nowhere"}, question...)...), live.code)
	var docs [2]map[string]any
	for i, r := range []result{live, saved} {
		if err := json.Unmarshal([]byte(r.out), &docs[i]); err != nil {
			t.Fatalf("%v\n%s", err, r)
		}
		delete(docs[i], "generatedAt")
	}
	return cmp.Diff(docs[0], docs[1]), live.code
}

// bare: mutual TLS by a rule, to pods that have nobody to open it.
func (x *statusField) bare(t *testing.T) {
	x.apply(t, fmt.Sprintf(`{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: bare, namespace: %s},
  spec: {host: bare, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}}`, x.namespace))
	row := x.want(t, "bare:80", "CONFLICT", 1)["bare:80"]
	if row.ServerAccepts != "no sidecar" || row.ClientsSend != "mTLS 1 of 1" {
		t.Errorf("%s", row)
	}
	if got := x.curl(t, "bare"); got == "200" {
		t.Error("status says CONFLICT and bare answers 200")
	}
	x.kube(t, "delete", "destinationrule", "bare", "-n", x.namespace)
	x.want(t, "bare:80", "PLAINTEXT", 0)
	t.Log("proves: mutual TLS to a pod without sidecar is a CONFLICT, and auto mTLS to it is PLAINTEXT")
}

// unread: nothing is OK of which the proxies could not be asked; those that can be are judged all the same.
func (x *statusField) unread(t *testing.T) {
	rows, code, r := x.status(t, "--proxy-admin-port", "9")
	if code != 2 || rows["db:80"].Verdict == "OK" || !strings.Contains(r.out, "connect") {
		t.Errorf("exit code %d, %s\n%s", code, rows["db:80"], r)
	}
	t.Log("proves: a sidecar that cannot be read is told, and makes the exit code 2")
}
