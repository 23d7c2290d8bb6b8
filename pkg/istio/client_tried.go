package istio

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// youngest is later than any creation time: of two rules for a host the older counts.
const youngest = 1 << 33

// tried looks the rules up again as they would be.
func (p *clientPlan) tried(root string, objects []*unstructured.Unstructured, calls []call) error {
	will := map[facts.Ref]*unstructured.Unstructured{}
	for _, u := range p.around.Objects {
		ref := facts.Ref{Kind: u.GetKind(), Namespace: u.GetNamespace(), Name: u.GetName()}
		if isNetworking(u, kindRule) || u.GetKind() == kindService {
			will[ref] = u
		}
	}
	for _, u := range objects {
		ref := facts.Ref{Kind: kindRule, Namespace: u.GetNamespace(), Name: u.GetName()}
		switch {
		case Completes(u):
			u = merged(p.live[ref], u)
		case p.live[ref] == nil:
			u = u.DeepCopy()
			u.SetCreationTimestamp(metav1.NewTime(time.Unix(youngest, 0)))
		}
		will[ref] = u
	}
	all := slices.SortedFunc(maps.Values(will), func(a, b *unstructured.Unstructured) int {
		return cmp.Or(cmp.Compare(a.GetKind(), b.GetKind()), cmp.Compare(a.GetNamespace(), b.GetNamespace()), cmp.Compare(a.GetName(), b.GetName()))
	})
	config, err := Config(all, root)
	if err != nil {
		return err
	}
	then := config.Index()
	for _, c := range calls {
		p.judge(c, then.Effective(c.from, c.to.host, c.to.port.Number, c.subset))
	}
	if len(p.bad) > 0 {
		return fmt.Errorf("auto mTLS is off, so that clients send mutual TLS by DestinationRules only, and for some of them no rule can be made:\n  %w",
			errors.New(strings.Join(few(p.bad), "\n  ")))
	}
	return nil
}

func (p *clientPlan) judge(c call, d facts.Decision) {
	mutual := sendsMutual(d)
	was := p.was[c.key()]
	switch {
	case len(p.bad) > 0: // what follows from what was said already
	case was.Found && was.Rule.Object != d.Rule.Object:
		p.refuse("%s: %s would be hidden by %s, and Istio adds no rules up; move it to namespace %s, or delete it", c, was.Rule.Object, d.Rule.Object, c.to.service.Object.Namespace)
	case c.to.need == needMutual && !mutual:
		why := d.Unsure
		for _, r := range d.Rejected {
			why = r.Why
		}
		p.refuse("%s: no rule of mutual TLS would count for it: %s", c, cmp.Or(why, "reason not known"))
	case c.to.need == needPlain && mutual && !sendsMutual(was):
		p.refuse("%s takes plaintext only (%s), and %s would send it mutual TLS: give it a rule of its own with tls mode DISABLE", c.to, c.to.why, d.Rule.Object)
	}
}

func sendsMutual(d facts.Decision) bool {
	return d.Found && d.Rule.HasTLS && d.Rule.Mode == mutualTLS
}

// maxSaid bounds how many reasons are told at once.
const maxSaid = 12

func few(texts []string) []string {
	if more := len(texts) - maxSaid; more > 0 {
		return append(slices.Clone(texts[:maxSaid]), fmt.Sprintf("and %d more", more))
	}
	return texts
}
