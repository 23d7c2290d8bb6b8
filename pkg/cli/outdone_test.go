package cli

import (
	"strings"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
)

// TestOutdone: of two rules of one host the one that counts is named, with its intent.
func TestOutdone(t *testing.T) {
	rule := func(name, owner string, created int64) facts.Rule {
		return facts.Rule{Object: facts.Ref{Kind: "DestinationRule", Namespace: "shop", Name: name}, Owner: owner, Host: "db.example.internal", HasTLS: true, Mode: "SIMPLE", Policy: true, Created: time.Unix(created, 0)}
	}
	it := intent.Intent{Recipe: intent.RecipeOrigination, Namespace: "shop", Name: "mine", Host: "db.example.internal", Ports: []intent.Port{{Number: 5432, Protocol: "tcp"}}}
	mine := &unstructured.Unstructured{Object: map[string]any{"kind": "DestinationRule", "metadata": map[string]any{"namespace": "shop", "name": "mine"}}}
	for name, c := range map[string]struct {
		rules []facts.Rule
		want  string
	}{
		"its own":               {[]facts.Rule{rule("mine", "mine", 2)}, ""},
		"none":                  {nil, ""},
		"another intent's":      {[]facts.Rule{rule("mine", "mine", 2), rule("theirs", "other", 1)}, "DestinationRule shop/theirs of intent shop/other counts for db.example.internal:5432, and not what shop/mine asks for"},
		"somebody else's":       {[]facts.Rule{rule("mine", "mine", 2), rule("theirs", "", 1)}, "DestinationRule shop/theirs counts for"},
		"its own, written over": {[]facts.Rule{rule("mine", "", 1)}, "DestinationRule shop/mine was written over since"},
		"a later one":           {[]facts.Rule{rule("mine", "mine", 2), rule("theirs", "other", 3)}, ""},
	} {
		v := visit{p: &part{plan: istio.Plan{Intent: it, Objects: []*unstructured.Unstructured{mine}}}, m: &mesh{config: &facts.Config{Rules: c.rules}}, target: facts.Target{Namespace: "shop"}}
		if got := outdone(v); c.want == "" && got != "" || !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
