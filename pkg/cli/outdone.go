package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
)

// onceMore is how long sidecars are asked again that did not have it in time, by what the mesh says by then.
const onceMore = 5 * time.Second

// again asks those that are late once more after the mesh was read anew: somebody else may have written meanwhile, and
// what they lack is another thing then. One that could not be asked this time lacks what it lacked before.
func (t *transaction) again(ctx context.Context, before []lateSidecar) (late, doubtful []lateSidecar) {
	unasked := func(l lateSidecar) bool { return errors.As(l.err, new(uncertain)) }
	visits := make([]visit, 0, len(before))
	for _, l := range before {
		visits = append(visits, l.visit)
	}
	if ctx.Err() != nil || !slices.ContainsFunc(before, func(l lateSidecar) bool { return !unasked(l) }) {
		return before, nil
	}
	if visits = fresh(ctx, visits); len(visits) < len(before) {
		return before, nil
	}
	late, doubtful = t.waitForAll(ctx, visits, onceMore)
	for i, l := range late {
		if was := slices.IndexFunc(before, func(b lateSidecar) bool {
			return b.visit.p == l.visit.p && b.target.Pod == l.target.Pod && b.target.Namespace == l.target.Namespace
		}); was >= 0 && unasked(l) {
			late[i].err = before[was].err
		}
		if by := outdone(l.visit); by != "" {
			late[i].err = fmt.Errorf("%w\n    %s", late[i].err, by)
		}
	}
	return late, doubtful
}

// fresh gives visits the mesh as it is now; those of a cluster whose objects cannot be read are left out.
func fresh(ctx context.Context, visits []visit) []visit {
	read := map[*cluster]*mesh{}
	var out []visit
	for _, v := range visits {
		m, asked := read[v.p.cluster]
		if !asked {
			m, _ = readMesh(ctx, v.p.c)
			read[v.p.cluster] = m
		}
		if m != nil {
			v.m = &mesh{config: m.config, intents: v.p.plan.Intent.Hops()}
			out = append(out, v)
		}
	}
	return out
}

// outdone names the rule that counts for a sidecar in place of the change's; "" where its own does, or none.
func outdone(v visit) string {
	it := v.p.plan.Intent
	rules := v.m.config.Index()
	for _, hop := range it.Hops() {
		for _, port := range hop.TLSPorts() {
			won := rules.Effective(facts.Client{Namespace: v.target.Namespace, Labels: v.target.Labels}, hop.Host, port, hop.Subset)
			if r := won.Rule; won.Found && (r.Owner != it.Name || r.Object.Namespace != it.Namespace) {
				of := ""
				if r.Owner != "" {
					of = fmt.Sprintf(" of intent %s/%s", r.Object.Namespace, r.Owner)
				}
				if of == "" && ours(v.p.plan, r.Object) {
					return fmt.Sprintf("%s was written over since: it no longer has the label of %s/%s; look for a controller that keeps it as it was (kubectl get -o yaml --show-managed-fields)", r.Object, it.Namespace, it.Name)
				}
				return fmt.Sprintf("%s%s counts for %s:%d, and not what %s/%s asks for: two rules of one host do not add up", r.Object, of, hop.Host, port, it.Namespace, it.Name)
			}
		}
	}
	return ""
}

// ours tells whether an object is one that the plan writes.
func ours(p istio.Plan, o facts.Ref) bool {
	return slices.ContainsFunc(p.Objects, func(u *unstructured.Unstructured) bool {
		return u.GetKind() == o.Kind && u.GetNamespace() == o.Namespace && u.GetName() == o.Name
	})
}

// won adds to an error what counts in place of the change, where that is so.
func won(ctx context.Context, err error, visits []visit) error {
	var by []string
	for _, v := range fresh(ctx, visits) {
		if text := outdone(v); text != "" && !slices.Contains(by, text) {
			by = append(by, text)
		}
	}
	if len(by) == 0 {
		return err
	}
	return fmt.Errorf("%w\n%s", err, strings.Join(by[:min(len(by), maxNamed)], "\n"))
}
