package cli

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/apply"
)

// journaled writes the state before the change into every cluster concerned, before the
// first write to any. Each intent has a journal, beside its objects; one that is a part
// of a larger change names the others, so that each leads to the whole. Where nothing
// will be changed there is nothing to keep.
func (t *transaction) journaled(ctx context.Context) error {
	groups := t.groups()
	for _, p := range t.parts {
		if pending(p.checked) == 0 {
			continue
		}
		o := p.apply(false)
		o.Group = groups[p.cluster]
		j, err := p.writer.Begin(ctx, p.checked, p.intent.Namespace, apply.StepApplying, t.d.now(), o)
		if err == nil {
			p.journal = j
			continue
		}
		var unfinished *apply.UnfinishedError
		if errors.As(err, &unfinished) {
			err = fmt.Errorf("%w, nothing was written: wait for it, or take it back: %s", err, p.undoCommand())
		} else {
			err = fmt.Errorf("nothing was written: %w", err)
		}
		return failure{errors.Join(t.of(p, err), t.forget(ctx, t.begun()...))}
	}
	return nil
}

// begun are the parts that have a journal, which are those that change something.
func (t *transaction) begun() []*part {
	var out []*part
	for _, p := range t.parts {
		if p.journal != nil {
			out = append(out, p)
		}
	}
	return out
}

// groups says for each cluster which owners change together, and what belongs to the
// change in other clusters, where no journal of this one leads to.
func (t *transaction) groups() map[*cluster]*apply.Group {
	out := map[*cluster]*apply.Group{}
	id, total := rand.Text(), 0
	for _, p := range t.parts {
		if pending(p.checked) == 0 {
			continue
		}
		total++
		if out[p.cluster] == nil {
			out[p.cluster] = &apply.Group{ID: id}
		}
		out[p.cluster].Members = append(out[p.cluster].Members, apply.Member{Owner: p.intent.Name, Namespace: p.intent.Namespace})
	}
	if total < 2 {
		return nil
	}
	for _, p := range t.parts {
		for c, g := range out {
			if c != p.cluster && out[p.cluster] != nil {
				g.Elsewhere = append(g.Elsewhere, fmt.Sprintf("%s in namespace %s of context %s", p.intent.Name, p.intent.Namespace, p.c.Context()))
			}
		}
	}
	return out
}
