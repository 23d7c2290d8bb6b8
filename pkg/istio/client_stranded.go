package istio

import (
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// Stranded tells, where auto mTLS is off, which clients would lose the rule that lets them
// send mutual TLS while the server goes on to take nothing else: around is the cluster as
// it is, after the same objects as they will be. One sentence each.
func Stranded(around Around, after []*unstructured.Unstructured, root string) ([]string, error) {
	p := &clientPlan{plan: &Plan{Intent: intent.Intent{Mesh: true}}, around: around, nobody: needEither}
	var err error
	if p.there, err = Config(around.Objects, root); err != nil {
		return nil, err
	}
	if p.after, err = Config(after, root); err != nil {
		return nil, err
	}
	all := p.called()
	p.bad = nil // no rule is good for these, now or then
	now, then := p.there.Index(), p.after.Index()
	for _, c := range p.calls(all) {
		effective := func(i *facts.Index) bool {
			return sendsMutual(i.Effective(c.from, c.to.host, c.to.port.Number, c.subset))
		}
		if c.to.need == needMutual && effective(now) && !effective(then) {
			p.refuse("%s takes mutual TLS only, and its clients in namespace %s would send plaintext", c.to, c.from.Namespace)
		}
	}
	return few(p.bad), nil
}
