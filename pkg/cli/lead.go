package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// clientRules adds to a plan what clients need where auto mTLS is off. It depends on
// rules and pods of the whole mesh: without them no plan is sound, and none is made.
func (t *transaction) clientRules(ctx context.Context, p *part) error {
	if !p.clientRules || p.c == nil {
		return nil
	}
	around, err := readClients(ctx, p.c)
	if err != nil {
		return uncertain{fmt.Errorf("auto mTLS is off, and what the clients need cannot be told, so nothing was written: %w", err)}
	}
	for _, o := range t.beside(p) {
		if o.GetKind() == kube.KindPeerAuthentication {
			around.Objects = append([]*unstructured.Unstructured{o}, around.Objects...) // of two of a name the first counts
		}
	}
	version, err := p.c.NetworkingVersion(ctx)
	if err != nil {
		return err
	}
	if err := istio.ClientRules(&p.plan, around, p.c.RootNamespace, istio.Options{NetworkingVersion: version}); err != nil {
		return failure{fmt.Errorf("nothing was written: %w", err)}
	}
	return nil
}

// readClients reads the rules, Services, policies and pods of the whole cluster.
func readClients(ctx context.Context, c *kube.Client) (istio.Around, error) {
	var around istio.Around
	objects, missing, err := c.Objects(ctx, kube.Query{Kinds: []string{kube.KindDestinationRule, kube.KindService, kube.KindPeerAuthentication}})
	if err != nil {
		return around, err
	}
	for kind, why := range missing {
		return around, fmt.Errorf("%s: %s", kind, why)
	}
	around.Objects = objects
	around.Pods, err = c.Pods(ctx)
	return around, err
}

// led writes what clients must have before the rest, and waits until the sidecars have
// it: a server that is not strict yet takes mutual TLS too, so that in this order no
// connection is refused. What is not seen to arrive is taken back, and nobody was made
// strict.
func (t *transaction) led(ctx context.Context) error {
	wrote := map[*cluster]bool{}
	for _, p := range t.parts {
		if p.plan.Ahead == 0 {
			continue
		}
		o := p.apply(false)
		o.Planned = p.checked
		var err error
		if p.ahead, err = p.writer.Apply(ctx, p.plan.Objects[:p.plan.Ahead], o); err != nil {
			return t.notLed(ctx, t.of(p, err))
		}
		if p.journal != nil {
			p.journal.Made(p.ahead)
		}
		wrote[p.cluster] = wrote[p.cluster] || pending(p.ahead) > 0
	}
	if !t.wait {
		return nil
	}
	for c, yes := range wrote {
		if !yes {
			continue
		}
		late, total, err := clientsHave(ctx, t.d, c.c, t.timeout)
		if err == nil && len(late) > 0 {
			err = fmt.Errorf("the clients' rules did not arrive everywhere: %w", lateError(late, total, t.timeout))
		}
		if err != nil {
			return t.notLed(ctx, t.interrupted(ctx, err))
		}
		fmt.Fprintf(t.d.Err, "waited     %d of %d sidecars send mutual TLS where a rule says so\n", total, total)
	}
	return nil
}

// leads tells whether something is written ahead of the rest.
func (t *transaction) leads() bool {
	return slices.ContainsFunc(t.parts, func(p *part) bool { return p.plan.Ahead > 0 })
}

// notLed takes back what was written, also where --rollback=never would keep it: it is half
// of what was asked for. Unlike a verdict that cannot be reached, not
// knowing is a reason to go back here: to go on could lock clients out.
func (t *transaction) notLed(ctx context.Context, seen error) error {
	if err := t.back(ctx, t.begun()); err != nil {
		return failure{fmt.Errorf("%w\nand the change could not be taken back: %w", seen, err)}
	}
	err := fmt.Errorf("%w\nnobody was made strict; the change was taken back, the objects are as they were before", seen)
	var unsure uncertain
	if errors.As(seen, &unsure) {
		return uncertain{err}
	}
	return failure{err}
}
