//go:build e2e

package e2e

import (
	"bytes"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

// truthTable is docs/status.md's table of verdicts, walked live: server and rule, then the verdict for the Service's port
// that is declared HTTP, for the one declared TCP, and for the one before an application that speaks TLS itself.
const truthTable = `
strict none         OK           OK           -
strict disable      CONFLICT     CONFLICT     -
strict simple       CONFLICT     CONFLICT     CONFLICT
strict pair         OK           OK           -
strict stranger     CONFLICT     CONFLICT     CONFLICT
strict mesh         OK           OK           -
permissive none     OK           OK           -
permissive disable  PLAINTEXT    PLAINTEXT    -
permissive simple   CONFLICT     MAY_CONFLICT MAY_CONFLICT
permissive pair     CONFLICT     MAY_CONFLICT MAY_CONFLICT
permissive stranger CONFLICT     MAY_CONFLICT MAY_CONFLICT
permissive mesh     OK           OK           -
disable none        PLAINTEXT    PLAINTEXT    -
disable disable     PLAINTEXT    PLAINTEXT    -
disable simple      CONFLICT     MAY_CONFLICT MAY_CONFLICT
disable pair        CONFLICT     MAY_CONFLICT MAY_CONFLICT
disable stranger    CONFLICT     MAY_CONFLICT MAY_CONFLICT
disable mesh        CONFLICT     CONFLICT     -
unset none          OK           OK           -
unset disable       PLAINTEXT    PLAINTEXT    -
unset simple        CONFLICT     MAY_CONFLICT MAY_CONFLICT
unset pair          CONFLICT     MAY_CONFLICT MAY_CONFLICT
unset stranger      CONFLICT     MAY_CONFLICT MAY_CONFLICT
unset mesh          OK           OK           -
bare none           PLAINTEXT    PLAINTEXT    -
bare disable        PLAINTEXT    PLAINTEXT    -
bare simple         MAY_CONFLICT MAY_CONFLICT MAY_CONFLICT
bare pair           MAY_CONFLICT MAY_CONFLICT MAY_CONFLICT
bare stranger       MAY_CONFLICT MAY_CONFLICT MAY_CONFLICT
bare mesh           CONFLICT     CONFLICT     -
mixed none          PARTIAL      PARTIAL      -
mixed mesh          CONFLICT     CONFLICT     -
`

// truthRules are the DestinationRules' tls, by the name of the row. pair is the sidecar's own certificate, given as files.
var truthRules = map[string]string{
	"none": "", "disable": "mode: DISABLE", "simple": "mode: SIMPLE, insecureSkipVerify: true", "mesh": "mode: ISTIO_MUTUAL",
	"pair":     "mode: MUTUAL, clientCertificate: /etc/mesh-certs/cert-chain.pem, privateKey: /etc/mesh-certs/key.pem, caCertificates: /etc/mesh-certs/root-cert.pem, subjectAltNames: [\"spiffe://cluster.local/ns/$NS/sa/default\"]",
	"stranger": "mode: MUTUAL, clientCertificate: /etc/e2e-ca/stranger.crt, privateKey: /etc/e2e-ca/stranger.key, insecureSkipVerify: true",
	"known":    "mode: MUTUAL, clientCertificate: /etc/e2e-ca/stranger.crt, privateKey: /etc/e2e-ca/stranger.key, caCertificates: /etc/e2e-ca/ca.crt, subjectAltNames: [own.example]",
	"checked":  "mode: SIMPLE, caCertificates: /etc/e2e-ca/ca.crt, subjectAltNames: [own.example]",
	"wrong":    "mode: SIMPLE, caCertificates: /etc/mesh-certs/root-cert.pem, subjectAltNames: [own.example]",
}

// bothServer speaks HTTP on 8080 and 8081, and HTTPS with a certificate of its own on 8443.
const bothServer = `cd /run && openssl req -x509 -newkey rsa:2048 -nodes -keyout k -out c -subj /CN=app -days 2 2>/dev/null; cd /etc; python3 -m http.server 8080 & python3 -m http.server 8081 & exec python3 -c 'import http.server as h,ssl; s=h.ThreadingHTTPServer(("",8443),h.SimpleHTTPRequestHandler); c=ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); c.load_cert_chain("/run/c","/run/k"); s.socket=c.wrap_socket(s.socket,server_side=True,do_handshake_on_connect=False); s.serve_forever()'`

// truthField is a namespace with a server for each mode, and a Service for each row of the table.
type truthField struct {
	*statusField
	rows  map[string]string // NAME:PORT -> verdict
	table string            // servers, rules, verdicts
}

// truthMounts give a sidecar the files that the rules name: its own certificate, and the Secret e2e-ca.
var truthMounts = map[string]string{
	"proxy.istio.io/config":            `{"proxyMetadata":{"OUTPUT_CERTS":"/etc/mesh-certs"}}`,
	"sidecar.istio.io/userVolume":      `[{"name":"mesh-certs","emptyDir":{"medium":"Memory"}},{"name":"e2e-ca","secret":{"secretName":"e2e-ca"}}]`,
	"sidecar.istio.io/userVolumeMount": `[{"name":"mesh-certs","mountPath":"/etc/mesh-certs"},{"name":"e2e-ca","mountPath":"/etc/e2e-ca","readonly":true}]`,
}

// TestTruthTable makes every combination of what servers accept and what rules make a client send, asks status for all of
// them, and then calls: OK has to work, unreadable on the wire, CONFLICT must not work, PLAINTEXT is read on the wire.
func TestTruthTable(t *testing.T) {
	s := newSuite(t)
	needLab(t, s)
	x := newTruth(t, s)
	x.arrive(t)
	x.agree(t, "before any call", nil)
	calls := x.call(t)
	x.agree(t, "after the calls", calls)
	x.plainClient(t)
	t.Logf("proves: %d rows of the truth table, each held against a call and the packets, and what a client without sidecar gets", len(calls))
}

func newTruth(t *testing.T, s *suite) *truthField {
	x := &truthField{statusField: &statusField{suite: s, namespace: s.namespace(t, "truth", true)}, rows: map[string]string{}, table: truthTable}
	pair := issueFor(t, s, newAuthority(t, s.work, "e2e-stranger-ca", nil, leaf{}), leaf{names: []string{"client"}, usage: []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}})
	s.kube(t, "create", "secret", "generic", "e2e-ca", "-n", x.namespace, "--from-file=stranger.crt="+pair.cert, "--from-file=stranger.key="+pair.key)
	var pods []workload
	for _, server := range []string{"strict", "permissive", "disable", "unset", "bare"} {
		pods = append(pods, workload{namespace: x.namespace, name: server, plain: server == "bare", command: bothServer, labels: map[string]string{"mixed": fmt.Sprint(server == "strict" || server == "bare")}})
	}
	x.apply(t, x.objects(t))
	s.deploy(t, append(pods, workload{namespace: x.namespace, name: "caller", plain: true}, workload{namespace: x.namespace, name: "web", annotations: truthMounts})...)
	return x
}

// moded are the servers of the table that are named as the mode of their policy.
func (x *truthField) moded() (out []string) {
	for _, mode := range []string{"strict", "permissive", "disable", "unset"} {
		if strings.Contains(x.table, "\n"+mode+" ") {
			out = append(out, mode)
		}
	}
	return out
}

// objects makes the policies of the servers, and the Service and the rule of each row.
func (x *truthField) objects(t *testing.T) string {
	t.Helper()
	var out []string
	for _, mode := range x.moded() {
		out = append(out, fmt.Sprintf("{apiVersion: security.istio.io/v1, kind: PeerAuthentication, metadata: {name: %s, namespace: %s}, spec: {selector: {matchLabels: {app: %s}}, mtls: {mode: %s}}}",
			mode, x.namespace, mode, strings.ToUpper(mode)))
	}
	for line := range strings.Lines(strings.TrimSpace(x.table)) {
		words := strings.Fields(line)
		name, picks := words[0]+"-"+words[1], "app: "+words[0]
		if words[0] == "mixed" {
			picks = `mixed: "true"`
		}
		for i, verdict := range words[2:] {
			if verdict != "-" {
				x.rows[fmt.Sprintf("%s:%d", name, 80+i)] = strings.ReplaceAll(verdict, "_", " ")
			}
		}
		out = append(out, fmt.Sprintf(`{apiVersion: v1, kind: Service, metadata: {name: %s, namespace: %s}, spec: {selector: {%s}, ports: [{name: http, port: 80, targetPort: 8080}, {name: tcp, port: 81, targetPort: 8081}, {name: tcp-own, port: 82, targetPort: 8443}]}}`, name, x.namespace, picks))
		tls, known := truthRules[words[1]]
		if !known {
			t.Fatalf("no rule %q", words[1])
		}
		if tls != "" {
			out = append(out, fmt.Sprintf("{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: %s, namespace: %s}, spec: {host: %[1]s, trafficPolicy: {tls: {%[3]s}}}}", name, x.namespace, strings.ReplaceAll(tls, "$NS", x.namespace)))
		}
	}
	return strings.Join(out, "\n---\n")
}

// call is what came of calling a row: whether every call was answered, and whether it was read on the wire.
type call struct{ works, clear bool }

// arrive waits until each row is what the table says, bounded: policies, rules, Sidecars and Secrets come to each proxy by
// themselves. Of those that do not arrive agree tells.
func (x *truthField) arrive(t *testing.T) {
	t.Helper()
	took, all := until(proxyTime, func() bool {
		rows, _, _ := x.status(t)
		for at, want := range x.rows {
			if rows[at].Verdict != want {
				return false
			}
		}
		return true
	})
	t.Logf("all %d rows arrived: %t, after %s", len(x.rows), all, took)
	seen := map[string]bool{"mixed": true}
	for line := range strings.Lines(strings.TrimSpace(x.table)) {
		if server := strings.Fields(line)[0]; !seen[server] {
			seen[server] = true
			x.listening(t, server)
		}
	}
}

// listening waits until a server's application takes calls on all its ports: its pod is ready before.
func (x *truthField) listening(t *testing.T, server string) {
	t.Helper()
	var r result
	if _, up := until(podTime, func() bool {
		r = x.try(t, "exec", "-n", x.namespace, "deploy/"+server, "-c", "app", "--", "curl", "-sk", "--fail-early", "--max-time", "5", "-o", "/dev/null", "-o", "/dev/null", "-o", "/dev/null",
			"http://127.0.0.1:8080/hostname", "http://127.0.0.1:8081/hostname", "https://127.0.0.1:8443/hostname")
		return r.code == 0
	}); !up {
		t.Fatalf("%s does not listen on its ports: %s", server, r)
	}
}

// agree holds each row's verdict against the table, and against what its call did.
func (x *truthField) agree(t *testing.T, when string, calls map[string]call) {
	t.Helper()
	rows, code, r := x.status(t)
	for _, at := range slices.Sorted(maps.Keys(x.rows)) {
		row, want := rows[at], x.rows[at]
		c, called := calls[at]
		if called && want == "MAY CONFLICT" && c.works && row.Verdict == "PARTIAL" {
			want = row.Verdict // the counters tell that it works; nobody checks the server
		}
		if row.Verdict != want {
			t.Errorf("%s: %s, want %s; called: %+v", when, row, x.rows[at], c)
		}
		if called && !fits(at, row.Verdict, c) {
			t.Errorf("%s: status says %s of %s, and the call: %+v", when, row.Verdict, row, c)
		}
	}
	if code != 1 {
		t.Errorf("%s: exit code %d, want 1\n%s", when, code, r.err)
	}
}

// fits tells whether a verdict is borne out by what the call did.
func fits(at, verdict string, c call) bool {
	switch verdict {
	case "OK":
		return c.works && !c.clear
	case "CONFLICT":
		return !c.works || strings.HasPrefix(at, "mixed-") // a request that one endpoint refuses is sent to the other
	case "PLAINTEXT", "PARTIAL":
		return c.works && (c.clear || verdict == "PARTIAL")
	}
	return verdict == "MAY CONFLICT"
}

// call asks every row for a path of its own, several times, so that each endpoint gets some, and reads the wire.
func (x *truthField) call(t *testing.T) map[string]call {
	t.Helper()
	w := x.capture(t, x.lab, x.address(t, x.namespace, "web"))
	var ask []string
	for at := range x.rows {
		ask = append(ask, at)
	}
	out := x.kube(t, "exec", "-n", x.namespace, "deploy/web", "-c", "app", "--", "sh", "-c",
		fmt.Sprintf(`for at in %s; do echo $at; done | xargs -P 8 -I AT sh -c 'for n in 1 2; do curl -s --max-time 4 -o /dev/null -w "AT %%{http_code}\n" http://AT/hostname?truth-AT-; done; true'`, strings.Join(ask, " ")))
	packets := w.ended(t)
	calls := map[string]call{}
	for at := range x.rows {
		var c call
		c.works = strings.Count(out, at+" 200\n") == 2
		for _, p := range packets {
			c.clear = c.clear || bytes.Contains(p.data, []byte("truth-"+at+"-"))
		}
		calls[at] = c
	}
	return calls
}

// plainClient: a pod without sidecar is told apart, and what status says of it is what it gets.
func (x *truthField) plainClient(t *testing.T) {
	t.Helper()
	r := x.plugin(t, "status", "-n", x.namespace, "-o", "json")
	var doc struct {
		WithoutSidecar struct{ Pods, RefusedBy, LetInBy, UnknownBy []string }
	}
	if err := json.Unmarshal([]byte(r.out), &doc); err != nil {
		t.Fatalf("%v\n%s", err, r)
	}
	got := doc.WithoutSidecar
	for server, letIn := range map[string]bool{"strict": false, "permissive": true, "disable": true, "unset": true, "bare": true} {
		at := server + "-none"
		row := fmt.Sprintf("%s.%s.svc.cluster.local:80", at, x.namespace)
		says := got.RefusedBy
		if letIn {
			says = got.LetInBy
		}
		code := x.try(t, "exec", "-n", x.namespace, "deploy/caller", "-c", "app", "--", "curl", "-s", "--max-time", "5", "-o", "/dev/null", "-w", "%{http_code}", "http://"+at+"/hostname").out
		if !slices.Contains(says, row) || (code == "200") != letIn {
			t.Errorf("a client without sidecar gets %s from %s, and status says %+v", code, at, got)
		}
	}
	if len(got.Pods) == 0 || len(got.UnknownBy) > 0 {
		t.Errorf("%+v", got)
	}
}
