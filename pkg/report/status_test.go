package report

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/status"
)

const statusSchema = "../../docs/schema/status-report.schema.json"

func shopTarget(pod string) facts.Target { return facts.Target{Namespace: "shop", Pod: pod} }

// shopRows are a service in order, one whose ends do not fit, and a host outside.
func shopRows() []status.Row {
	policy := facts.PolicyDecision{Mode: facts.ModeStrict, Object: facts.Ref{Kind: "PeerAuthentication", Namespace: "shop", Name: "default"}}
	server := status.Server{Pod: shopTarget("db-1"), Port: 3306, Accepts: check.Accepts{Mode: facts.ModeStrict}, Policy: policy}
	bare := status.Server{Pod: shopTarget("db-2"), Port: 3306, Accepts: check.Accepts{Mode: check.ModeNone, Why: "no sidecar"}}
	good := status.Client{Pod: shopTarget("web-1"), Asked: "AUTO", Sends: []status.Sent{{What: check.SendsMesh, Endpoints: 1}}, Evidence: facts.EvidenceExercised, Used: true, Verdict: check.VerdictOK}
	bad := status.Client{Pod: shopTarget("web-2"), Asked: "DISABLE", Rule: facts.Ref{Kind: "DestinationRule", Namespace: "shop", Name: "off"},
		Sends: []status.Sent{{What: check.SendsPlain, Endpoints: 1}, {What: check.SendsMesh, Endpoints: 1}}, Verdict: check.VerdictConflict, Why: "the connection is reset"}
	db := facts.Ref{Kind: "Service", Namespace: "shop", Name: "db"}
	return []status.Row{
		{Host: "db.shop.svc.cluster.local", Port: 3306, Service: db, Servers: []status.Server{server}, Clients: []status.Client{good}, Verdict: check.VerdictOK, Outcome: check.OK, Evidence: facts.EvidenceExercised},
		{Host: "db.shop.svc.cluster.local", Port: 3306, Subset: "v1", Service: db, Servers: []status.Server{server, bare}, Clients: []status.Client{good, bad}, Verdict: check.VerdictConflict, Outcome: check.Fail, Why: []string{"the connection is reset"}},
		{Host: "redis.example", Port: 6379, External: true, Service: facts.Ref{Kind: "ServiceEntry", Namespace: "shop", Name: "redis"}, Clients: []status.Client{{Pod: shopTarget("web-1")}}, Why: []string{"token=abcdefgh12345678 refused"}},
	}
}

func shopStatus() StatusReport {
	return NewStatus(StatusInput{Rows: shopRows(), Now: clock(), Version: "v1.2.3", Scope: StatusScope{Context: "lab", Namespaces: []string{"shop"}, Pods: 4, Proxies: 3},
		Intents: []intent.Intent{{Name: "strict", Namespace: "shop", Recipe: intent.RecipeStrict, PortModes: []intent.PortMode{{Port: 80, Mode: "DISABLE"}}}},
		Changes: []StatusChange{{Name: "x", Namespace: "shop", Since: "2026-11-01T11:00:00Z", About: "strict", Next: "kubectl mesh-tls undo x -n shop"}}})
}

func statusText(t *testing.T, doc StatusReport, f Format) string {
	t.Helper()
	var b bytes.Buffer
	if err := PrintStatus(&b, doc, f, Options{}); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestStatusTable(t *testing.T) {
	saved := shopStatus()
	saved.Rows = saved.Rows[:1:1]
	saved.Rows[0].ServerAccepts = "PERMISSIVE"
	saved.Rows = append(saved.Rows, StatusRow{Host: "old.shop.svc.cluster.local", Port: 80, Service: "Service shop/old", Verdict: "PLAINTEXT"})
	got := statusText(t, shopStatus().Compare(saved), FormatTable)
	want := `✗ FAIL  namespace shop   3 service ports: 1 FAIL, 1 UNKNOWN, 1 OK   3 of 3 sidecars read

SERVICE:PORT         SERVER ACCEPTS                       CLIENTS SEND                                                 POLICY               RULE   PROVEN      VERDICT      BEFORE
db:3306              STRICT                               mTLS 1 of 1                                                  default (PeerAuth)   -      exercised   ✓ OK         OK (PERMISSIVE)
db:3306 (v1)         STRICT 1 of 2, no sidecar 1 of 2     mTLS 1 of 2, plaintext 1/2 + mTLS 1/2 endpoints 1 of 2 default (PeerAuth)   off    none        ✗ CONFLICT   NEW
redis.example:6379   outside the mesh                     nothing (no endpoint) 1 of 1                                 -                    -      none        ? UNKNOWN    NEW
old:80               -                                    -                                                            -                    -      -           - GONE       PLAINTEXT

✗ CONFLICT  db:3306 (v1)
      why    the connection is reset
      at     shop/web-2
      from   DestinationRule shop/off, PeerAuthentication shop/default
      fix    kubectl edit destinationrule off -n shop

? UNKNOWN  redis.example:6379
      why    token=[redacted] refused
      at     shop/web-1
      fix    kubectl mesh-tls verify pod/web-1 -n shop --to redis.example:6379

INTENT        RECIPE   ABOUT
shop/strict   strict   all workloads of the namespace, except port 80 DISABLE

UNFINISHED CHANGE   SINCE                  ABOUT    NEXT
shop/x              2026-11-01T11:00:00Z   strict   kubectl mesh-tls undo x -n shop

before: 2026-11-01T12:00:00Z
`
	if diff := cmp.Diff(squeeze(want), squeeze(got)); diff != "" {
		t.Errorf("%s\n%s", diff, got)
	}
}

// TestStatusComparedScope: a row that one of two reports was not asked for is neither gone nor new, and what they differ in
// beside time is told.
func TestStatusComparedScope(t *testing.T) {
	now := func(scope StatusScope, rows ...StatusRow) StatusReport {
		r := NewStatus(StatusInput{Scope: scope, Now: clock()})
		r.Rows = append(r.Rows, rows...)
		return r
	}
	row := func(ns string) StatusRow {
		return StatusRow{Host: "db." + ns, Port: 80, Service: "Service " + ns + "/db", Verdict: "OK"}
	}
	shop, till := StatusScope{Context: "lab", Namespaces: []string{"shop"}}, StatusScope{Context: "lab", Namespaces: []string{"till"}}
	one := StatusScope{Context: "lab", Namespaces: []string{"shop"}, Targets: []string{"svc/db"}}
	elsewhere, from := StatusScope{Context: "prod", Namespaces: []string{"shop"}}, StatusScope{Context: "lab", Namespaces: []string{"shop"}, From: []string{"deploy/web"}}
	later := now(shop)
	later.GeneratedAt = "2027-01-01T00:00:00Z"
	for name, c := range map[string]struct {
		now, saved      StatusReport
		vanished, notes string
		first           string // before, of the first row
	}{
		"gone":              {now(shop), now(shop, row("shop")), "db.shop", "", ""},
		"gone of all":       {now(StatusScope{Context: "lab"}), now(StatusScope{Context: "lab"}, row("shop")), "db.shop", "", ""},
		"another namespace": {now(shop), now(till, row("till")), "", "1 row of the saved report is not asked for now; the clients were all of namespace till, and are all of namespace shop", ""},
		"a target":          {now(one), now(shop, row("shop"), row("shop")), "", "2 rows of the saved report are not asked for now", ""},
		"the same target":   {now(one), now(one, row("shop")), "db.shop", "", ""},
		"new":               {now(shop, row("shop")), now(shop), "", "", "NEW"},
		"not asked then":    {now(shop, row("shop")), now(one), "", "", "NOT ASKED"},
		"another cluster":   {now(shop), now(elsewhere), "", "the saved report is of context prod, this one of lab", ""},
		"other clients":     {now(from), now(shop), "", "the clients were all of namespace shop, and are deploy/web", ""},
		"the wrong way":     {now(shop), later, "", "the saved report is the newer one", ""},
	} {
		got := c.now.Compare(c.saved)
		var vanished []string
		for _, r := range got.Vanished {
			vanished = append(vanished, r.Host)
		}
		if strings.Join(vanished, " ") != c.vanished || strings.Join(got.ComparedNotes, "; ") != c.notes || len(got.Rows) > 0 && got.Rows[0].Before.Verdict != c.first {
			t.Errorf("%s: gone %q, notes %q, rows %+v", name, vanished, got.ComparedNotes, got.Rows)
		}
		if text := statusText(t, got, FormatTable); !strings.Contains(text, c.notes) {
			t.Errorf("%s: the table does not say %q:\n%s", name, c.notes, text)
		}
	}
}

// TestStatusNotJudged: that rows were not judged is told, and why where nothing was.
func TestStatusNotJudged(t *testing.T) {
	rows := shopRows()[:2]
	rows[1].Verdict, rows[1].Outcome, rows[1].Why = check.VerdictNotJudged, check.NotJudged, []string{"the application speaks TLS itself"}
	if text := statusText(t, NewStatus(StatusInput{Rows: rows}), FormatTable); !strings.Contains(text, "not judged: 1 service port (why: -o wide)") || strings.Contains(text, "speaks TLS itself") {
		t.Error(text)
	}
	if text := statusText(t, NewStatus(StatusInput{Rows: rows[1:]}), FormatTable); !strings.Contains(text, "why    the application speaks TLS itself") || strings.Contains(text, "-o wide") {
		t.Error(text)
	}
}

// TestStatusAlike: what is the same of several rows is told once.
func TestStatusAlike(t *testing.T) {
	rows := shopRows()[1:2]
	rows = append(rows, rows[0], rows[0])
	rows[1].Subset, rows[2].Service.Name = "v2", "other"
	out := statusText(t, NewStatus(StatusInput{Rows: rows, Scope: StatusScope{Namespaces: []string{"shop"}}}), FormatTable)
	if strings.Count(out, "the connection is reset") != 2 || !strings.Contains(out, "✗ CONFLICT  db:3306 (v1), db:3306 (v2)\n") {
		t.Error(out)
	}
}

// squeeze makes runs of blanks one, so that a test is about words.
func squeeze(s string) []string {
	var out []string
	for l := range strings.Lines(s) {
		out = append(out, strings.Join(strings.Fields(l), " "))
	}
	return out
}

// TestStatusSchema: the document is what the schema promises, compared or not, and
// whatever else a reader relies on is in the schema.
func TestStatusSchema(t *testing.T) {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	s, err := c.Compile(statusSchema)
	if err != nil {
		t.Fatal(err)
	}
	valid := func(doc StatusReport) error {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(statusText(t, doc, FormatJSON)))
		if err != nil {
			t.Fatal(err)
		}
		return s.Validate(v)
	}
	partial := StatusReport{Rows: []StatusRow{{Host: "a", Verdict: "OK", Outcome: OK, Evidence: "none"}}}
	for name, doc := range map[string]StatusReport{"full": shopStatus(), "compared": shopStatus().Compare(shopStatus()), "vanished": NewStatus(StatusInput{}).Compare(partial), "empty": NewStatus(StatusInput{})} {
		if err := valid(doc); err != nil {
			t.Errorf("%s: %#v", name, err)
		}
	}
	bad := shopStatus()
	bad.Rows[0].Verdict = "FINE"
	if valid(bad) == nil {
		t.Error("the schema takes any verdict")
	}
	raw, err := os.ReadFile(statusSchema)
	if err != nil {
		t.Fatal(err)
	}
	type object struct {
		Required []string `json:"required"`
	}
	var root struct {
		object
		Defs map[string]object `json:"$defs"`
	}
	if err := json.Unmarshal(raw, &root); err != nil {
		t.Fatal(err)
	}
	for name, v := range map[string]any{"": StatusReport{}, "row": StatusRow{}, "server": StatusServer{}, "client": StatusClient{}, "before": StatusBefore{},
		"intent": StatusIntent{}, "change": StatusChange{}, "error": StatusError{}} {
		required := root.Required
		if name != "" {
			required = root.Defs[name].Required
		}
		always, _ := tags(v)
		if diff := cmp.Diff(always, required); diff != "" {
			t.Errorf("%q: %s", name, diff)
		}
	}
}

// TestReadStatus: what is printed can be read, and nothing else.
func TestReadStatus(t *testing.T) {
	for _, f := range []Format{FormatJSON, FormatYAML} {
		got, err := ReadStatus([]byte(statusText(t, shopStatus(), f)))
		if err != nil || len(got.Rows) != 3 || got.Rows[1].Verdict != "CONFLICT" {
			t.Errorf("%s: %v, %+v", f, err, got.Rows)
		}
	}
	for text, word := range map[string]string{
		"": "no kind", "{}": "no kind", "kind: VerifyReport": "is a VerifyReport", "kind: StatusReport\napiVersion: mesh-tls.io/v9": "v9", "{": "no report of status",
		statusText(t, shopStatus(), FormatTable): "no report", "\x00\xff": "no report",
	} {
		if _, err := ReadStatus([]byte(text)); err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("%.20q: %v, want %q", text, err, word)
		}
	}
}

// TestStatusOutcome: a pod that could not be read, or nothing to judge, is never good.
func TestStatusOutcome(t *testing.T) {
	good := shopRows()[:1]
	for _, c := range []struct {
		in   StatusInput
		want int
	}{
		{StatusInput{Rows: good}, 0}, {StatusInput{}, 2}, {StatusInput{Rows: good, Errors: []StatusError{{Pod: "a/b", Error: "timeout"}}}, 2},
		{StatusInput{Rows: shopRows()}, 1}, {StatusInput{Rows: shopRows()[2:]}, 2},
	} {
		c.in.Now = time.Time{}
		if got := NewStatus(c.in); got.ExitCode != c.want {
			t.Errorf("%+v: exit code %d, want %d", got.Summary, got.ExitCode, c.want)
		}
	}
}

// TestStatusSafe: names of a cluster do nothing to a terminal, keys are not shown.
func TestStatusSafe(t *testing.T) {
	rows := shopRows()
	rows[0].Host, rows[0].Service = "evil\x1b[31m\u202e", facts.Ref{}
	rows[0].Why = []string{"-----BEGIN PRIVATE KEY-----\nabc\n-----END PRIVATE KEY-----"}
	rows[0].Outcome = check.Warn
	doc := NewStatus(StatusInput{Rows: rows, Errors: []StatusError{{Pod: "a\x07", Error: "Bearer abcdefghijkl"}}})
	for _, f := range []Format{FormatTable, FormatWide, FormatJSON, FormatYAML} {
		if out := statusText(t, doc, f); strings.ContainsAny(out, "\x1b\x07\u202e") || strings.Contains(out, "abc\n") || strings.Contains(out, "abcdefghijkl") {
			t.Errorf("%s: %q", f, out)
		}
	}
	if err := PrintStatus(&bytes.Buffer{}, doc, "junit", Options{}); err == nil {
		t.Error("a format that status does not write was taken")
	}
}

// TestConcerned: the clients of a row's verdict; where no client has it itself, those that are not OK.
func TestConcerned(t *testing.T) {
	clients := []StatusClient{{Pod: "shop/a", Verdict: "OK"}, {Pod: "shop/b", Verdict: "PLAINTEXT"}, {Pod: "shop/c", Verdict: "NOT JUDGED"}}
	for verdict, want := range map[string]string{"PARTIAL": "shop/b", "PLAINTEXT": "shop/b", "OK": "shop/a"} {
		if got := strings.Join(StatusRow{Verdict: verdict, Clients: clients}.concerned(), " "); got != want {
			t.Errorf("%s: %s, want %s", verdict, got, want)
		}
	}
}
