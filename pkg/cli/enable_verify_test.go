package cli

import (
	"context"
	"testing"
	"testing/synctest"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/report"
)

// What one intent asks for is judged, and no rule or server of others: those of a gateway that it shares with them are not its
// own. A question without an intent is about all that was read.
func TestOptionsOfChange(t *testing.T) {
	for name, it := range map[string]intent.Intent{
		"gateway":  {Recipe: intent.RecipeMutual, Role: intent.RoleGateway, Host: "a.example"},
		"a host":   {Recipe: intent.RecipeOrigination, Host: "a.example"},
		"workload": {Recipe: intent.RecipeStrict},
	} {
		if o := questionOf(it, probeNever); o.everything() {
			t.Errorf("%s: rules and servers of others count", name)
		}
	}
	for o, want := range map[*verifyOptions]bool{{}: true, {all: true}: true, {to: []check.To{{Host: "a.example"}}}: false, {hosts: []string{"a.example"}}: false} {
		if o.everything() != want {
			t.Errorf("%+v: want %t", o, want)
		}
	}
}

// TestOnly: at a gateway that it shares, an intent is judged and no other, of another namespace neither.
func TestOnly(t *testing.T) {
	it := intent.Intent{Name: "a", Namespace: "ingress", Host: "a.example"}
	all := []intent.Intent{{Name: "b", Namespace: "ingress"}, it, {Name: "a", Namespace: "shop"}}
	if got := only(all, it); len(got) != 1 || got[0].Host != it.Host || len(all) != 3 || all[0].Name != "b" {
		t.Errorf("%+v of %+v", got, all)
	}
}

// A verdict that could not be reached is asked for again, three times in all; one that was is final.
func TestReached(t *testing.T) {
	for name, c := range map[string]struct {
		verdicts    []int
		want, asked int
		interrupted bool
	}{
		"at once":         {verdicts: []int{codeOK}, want: codeOK, asked: 1},
		"late":            {verdicts: []int{codeUnknown, codeUnknown, codeOK}, want: codeOK, asked: 3},
		"never":           {verdicts: []int{codeUnknown, codeUnknown, codeUnknown, codeOK}, want: codeUnknown, asked: 3},
		"a failure":       {verdicts: []int{codeFail, codeOK}, want: codeFail, asked: 1},
		"a late failure":  {verdicts: []int{codeUnknown, codeFail, codeOK}, want: codeFail, asked: 2},
		"ended by Ctrl-C": {verdicts: []int{codeUnknown, codeOK}, want: codeUnknown, asked: 1, interrupted: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				asked := 0
				doc := reached(ctx, func() report.Report {
					if c.interrupted {
						cancel()
					}
					asked++
					return report.Report{ExitCode: c.verdicts[asked-1]}
				})
				if doc.ExitCode != c.want || asked != c.asked {
					t.Errorf("exit code %d after %d questions, want %d after %d", doc.ExitCode, asked, c.want, c.asked)
				}
			})
		})
	}
}
