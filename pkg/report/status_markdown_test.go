package report

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/status"
)

// TestStatusMarkdown: the record tells when, where, of which clients, what is wrong, and what was not looked at; no name becomes markup.
func TestStatusMarkdown(t *testing.T) {
	doc := shopStatus()
	doc.WithoutSidecar = statusPlain(status.Plain{Pods: []facts.Target{shopTarget("cron-1")}, Refused: shopRows()[:1]})
	doc.Errors, doc.Missing, doc.Problems = []StatusError{{Pod: "shop/x", Error: "timed out"}}, []Missing{{Fact: "rules", Why: "not allowed"}}, []string{"a | b"}
	saved := shopStatus()
	saved.Rows, saved.Scope.Context = saved.Rows[:2:2], "prod"
	saved.Rows[1].Subset = "v0|x"
	want := `# ✗ FAIL: namespace shop, 3 service ports: 1 FAIL, 1 UNKNOWN, 1 OK, 3 of 4 sidecars read

§2026-11-01T12:00:00Z§, context §lab§, exit code 1, §kubectl-mesh-tls v1.2.3§

BEFORE is of §2026-11-01T12:00:00Z§; the saved report is of context prod, this one of lab

| SERVICE:PORT | SERVER ACCEPTS | CLIENTS SEND | POLICY | RULE | PROVEN | VERDICT | BEFORE |
| --- | --- | --- | --- | --- | --- | --- | --- |
| §db:3306§ | §STRICT§ | §mTLS 1 of 1§ | §default (PeerAuth)§ | §-§ | §exercised§ | §✓ OK§ | §OK§ |
| §db:3306 (v1)§ | §STRICT 1 of 2, no sidecar 1 of 2§ | §mTLS 1 of 2, plaintext 1/2 + mTLS 1/2 endpoints 1 of 2§ | §default (PeerAuth)§ | §off§ | §none§ | §✗ CONFLICT§ | §NEW§ |
| §redis.example:6379§ | §outside the mesh§ | §nothing (no endpoint) 1 of 1§ | §-§ | §-§ | §none§ | §? UNKNOWN§ | §NEW§ |
| §db:3306 (v0\|x)§ | §-§ | §-§ | §-§ | §-§ | §-§ | §- GONE§ | §CONFLICT (STRICT 1 of 2, no sidecar 1 of 2, mTLS 1 of 2, plaintext 1/2 + mTLS 1/2 endpoints 1 of 2)§ |

- **✗ CONFLICT** §db:3306 (v1)§: the connection is reset
  - at: §shop/web-2§
  - from: §DestinationRule shop/off, PeerAuthentication shop/default§
  - fix: §kubectl edit destinationrule off -n shop§

- **? UNKNOWN** §redis.example:6379§: token=\[redacted\] refused
  - at: §shop/web-1§
  - fix: §kubectl mesh-tls verify pod/web-1 -n shop --to redis.example:6379§

- clients without sidecar: §shop/cron-1§: plaintext, or TLS of the application: no proxy tells, nor whom they call
  - MAY CONFLICT, refused by: §db.shop.svc.cluster.local:3306§

- intent §shop/strict§, strict: §all workloads of the namespace, except port 80 DISABLE§

- unfinished change §shop/x§ since §2026-11-01T11:00:00Z§: strict
  - next: §kubectl mesh-tls undo x -n shop§

## What was not looked at

- not read: shop/x: timed out
- not seen: rules: not allowed
- problem: a \| b
- any client but these: all of namespace shop
- the bytes on the wire: PROVEN rests on configuration, delivered secrets and counters of the sidecars
`
	got := statusText(t, doc.Compare(saved), FormatMarkdown)
	plain := ""
	for _, r := range got {
		if r == '`' {
			r = '§' // so that the text above can be a raw string
		}
		plain += string(r)
	}
	if diff := cmp.Diff(want, plain); diff != "" {
		t.Errorf("%s\n%s", diff, got)
	}
}
