package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/apply"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// part is one intent of a transaction, in its cluster.
type part struct {
	enableOptions
	*cluster
	d       *deps
	context string // of the kubeconfig, where it is another than the command's
	plan    istio.Plan
	facts   *asFacts // the plan's objects in plain words, once they are settled
	writer  *apply.Client
	checked []apply.Change // what the server would make of the plan
	targets []facts.Target // the sidecars that are waited for, known from then on
	ahead   []apply.Change // what was written before the rest
	journal *apply.Journal // nil as long as nothing is written
	locked  int            // clients that rules will surely lock out of what becomes STRICT
}

// newPart makes the part of one intent in the command's own cluster.
func newPart(d *deps, o enableOptions) *part { return &part{enableOptions: o, d: d} }

// title names the part for a person.
func (p *part) title() string {
	var more []string
	for _, s := range []string{p.where.String(), p.context} {
		if s != "" {
			more = append(more, s)
		}
	}
	if len(more) == 0 {
		return title(p.enableOptions)
	}
	return fmt.Sprintf("%s (%s)", title(p.enableOptions), strings.Join(more, ", "))
}

// undoCommand takes the part back, and what belongs to the same change.
func (p *part) undoCommand() string {
	return p.d.command("undo", p.intent.Name, p.intent.Namespace)
}

// planned turns the intent into objects that fit this cluster.
func (p *part) planned(ctx context.Context) (err error) {
	if p.c != nil {
		if p.intent, err = joinEarlier(ctx, p.d, p.cluster, p.intent); err != nil {
			return err
		}
	}
	if p.plan, err = buildPlan(ctx, p.cluster, p.intent, p.bundle); err != nil {
		return err
	}
	p.plan.Notes = append(append([]string(nil), p.notes...), p.plan.Notes...)
	if p.bundle != nil {
		p.plan.Notes = append(p.plan.Notes, p.bundle.warnings(p.d.judged())...)
	}
	return nil
}

// met fits the plan to rules and policies that are there already.
func (p *part) met(ctx context.Context) error {
	if p.c == nil {
		return nil
	}
	meet := meetForeign
	if p.intent.Recipe == intent.RecipeStrict {
		meet = meetPolicies
	}
	if err := meet(ctx, p.cluster, &p.plan, p.adopt); err != nil {
		return err
	}
	p.plan.Notes = append(p.plan.Notes, p.forNobody(ctx)...)
	return nil
}

// forNobody says before anything is written that no pod has the labels: a typing error, as a rule, and no error where the
// pods come later.
func (p *part) forNobody(ctx context.Context) []string {
	it := p.plan.Intent
	if len(it.Workload) == 0 || it.ThroughGateway() {
		return nil
	}
	_, err := targetsOf(ctx, p.c, it)
	var none *kube.NoPodsError
	if !errors.As(err, &none) {
		return nil
	}
	return []string{fmt.Sprintf("%v: nothing changes for anybody until such a pod runs; what labels there are: kubectl get pods -n %s --show-labels", none, it.Namespace)}
}

// tried asks the server what it would make of the plan.
func (p *part) tried(ctx context.Context) error {
	mapper, err := p.c.Mapper()
	if err != nil {
		return err
	}
	p.writer = apply.New(p.c.Dynamic(), mapper)
	if p.checked, err = p.writer.Apply(ctx, p.plan.Objects, p.apply(true)); err != nil {
		return failure{fmt.Errorf("check on the cluster, nothing was written: %w", err)}
	}
	return p.mayRestore(ctx)
}

// asFacts is a plan's objects in plain words.
type asFacts struct {
	config   *facts.Config
	steering facts.Steering
}

// read puts the plan into plain words, once.
func (p *part) read(root string) (*asFacts, error) {
	if p.facts == nil {
		config, err := istio.Config(p.plan.Objects, root)
		if err != nil {
			return nil, err
		}
		p.facts = &asFacts{config, istio.Steering(p.plan.Objects)}
	}
	return p.facts, nil
}

// objects are those of all plans, in the order in which they are written.
func (t *transaction) objects() []*unstructured.Unstructured {
	var out []*unstructured.Unstructured
	for _, p := range t.parts {
		out = append(out, p.plan.Objects...)
	}
	return out
}

// checked is what the servers would make of all plans.
func (t *transaction) checked() []apply.Change {
	var out []apply.Change
	for _, p := range t.parts {
		out = append(out, p.checked...)
	}
	return out
}

// apart refuses two parts of one name, and two that make the same object: the later
// would write over the earlier.
func (t *transaction) apart() error {
	type key struct {
		in                    *cluster
		kind, namespace, name string
	}
	made := map[key]*part{}
	for _, p := range t.parts {
		keys := []key{{p.cluster, "", p.intent.Namespace, p.intent.Name}}
		for _, o := range p.plan.Objects {
			keys = append(keys, key{p.cluster, o.GetKind(), o.GetNamespace(), o.GetName()})
		}
		for _, k := range keys {
			switch other := made[k]; {
			case other != nil && k.kind == "":
				return failure{fmt.Errorf("nothing was written: two ends have the name %s in namespace %s: choose another --name, or another namespace for one", k.name, k.namespace)}
			case other != nil:
				return failure{fmt.Errorf("nothing was written: %s and %s both make %s %s/%s: give one of them another name for it",
					other.title(), p.title(), k.kind, k.namespace, k.name)}
			}
			made[k] = p
		}
	}
	return nil
}
