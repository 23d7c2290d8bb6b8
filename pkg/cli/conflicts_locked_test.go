package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/conflict"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
)

// TestLockedByRules: enable strict reads the rules of clients and says whom it would lock out; rules that it may not read
// are told.
func TestLockedByRules(t *testing.T) {
	const rules = "/apis/networking.istio.io/v1/destinationrules"
	rule := `{"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","metadata":{"name":"theirs","namespace":"shop"},"spec":{"host":"web","trafficPolicy":{"tls":{"mode":"DISABLE"}}}}`
	web := facts.Pod{Target: facts.Target{Namespace: "shop", Pod: "web-1", Container: "istio-proxy", Labels: map[string]string{"app": "web"}}}
	it := intent.Intent{Name: "strict", Namespace: "shop", Recipe: intent.RecipeStrict}
	in := conflict.Input{Intent: it, Pods: []facts.Pod{web}, There: &facts.Config{RootNamespace: "istio-system", Services: []facts.Service{{Object: facts.Ref{Kind: "Service", Namespace: "shop", Name: "web"},
		Hosts: []string{"web.shop.svc.cluster.local"}, Selector: web.Target.Labels, Ports: []facts.Port{{Number: 80, Target: 8080}}}}},
		Plan: facts.Config{Policies: []facts.Policy{{Object: facts.Ref{Kind: "PeerAuthentication", Namespace: "shop", Name: "strict"}, Mode: facts.ModeStrict}}}}
	p := &part{plan: istio.Plan{Intent: it}, cluster: clusterWith(t, map[string]string{rules: `{"kind":"List","apiVersion":"v1","metadata":{},"items":[` + rule + `]}`})}
	var text bytes.Buffer
	p.intent, p.locked = it, showLocked(&text, lockedByRules(t.Context(), p, in))
	unread, found, _ := strings.Cut(text.String(), "\n")
	if !strings.HasPrefix(unread, "not checked (whom rules of clients would lock out): clients in other namespaces: list pods in all namespaces") {
		t.Errorf("pods that were not read are not told: %s", unread)
	}
	want := "WARN pod shop/web-1 would be locked out of shop/web:80: its sidecar sends plaintext: DestinationRule shop/theirs, mode DISABLE, all ports\n" +
		"  fix: take tls out of it, or set ISTIO_MUTUAL: kubectl edit destinationrule theirs -n shop\n  who else: --preview\n"
	if diff := cmp.Diff(want, found); diff != "" {
		t.Error(diff)
	}
	var after bytes.Buffer
	p.lockedNow(&after)
	if want := "WARN       clients are locked out now, by the rules told above: kubectl mesh-tls status -n shop\n"; p.locked != 1 || after.String() != want {
		t.Errorf("%d, %q", p.locked, &after)
	}
	p.intent.Mesh = true
	after.Reset()
	if p.lockedNow(&after); !strings.HasSuffix(after.String(), "status -A\n") {
		t.Errorf("%q", &after)
	}
	after.Reset()
	if (&part{}).lockedNow(&after); after.Len() > 0 {
		t.Errorf("nobody is locked out: %q", &after)
	}
	if in.There.Rules != nil {
		t.Error("the scene of the others was changed")
	}
	text.Reset()
	showLocked(&text, append(lockedByRules(t.Context(), &part{cluster: clusterWith(t, nil)}, in), conflict.Locked{Who: "a", Server: "b", Outcome: check.Warn, Why: "c", Fix: "d"}))
	if got := text.String(); !bytes.HasPrefix([]byte(got), []byte("not checked (whom rules of clients would lock out): ")) || !bytes.Contains([]byte(got), []byte("WARN a may be locked out of b: c\n")) {
		t.Error(got)
	}
}
