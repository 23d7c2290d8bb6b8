package cli

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/apply"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/document"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// enableOptions is what every recipe comes down to.
type enableOptions struct {
	applyFlags
	intent intent.Intent
	bundle *bundle
	notes  []string // found on the way to the intent
	where  place    // where the intent comes from a file

	clientRules bool // auto mTLS is off: clients send mutual TLS by rules only
}

// place is where a document begins; zero for an intent that was typed.
type place struct {
	file  string
	line  int
	lines document.Lines // of its fields
}

// of names the line of each field that an error is about, and the document's for the rest.
func (p place) of(err error) error {
	all := []error{err}
	if joined, is := err.(interface{ Unwrap() []error }); is && errors.Join(joined.Unwrap()...).Error() == err.Error() {
		all = joined.Unwrap()
	}
	var errs []error
	for _, e := range all {
		at := p
		var field *intent.FieldError
		if errors.As(e, &field) {
			at.line = cmp.Or(p.lines.Of(field.Field), p.line)
		}
		errs = append(errs, fmt.Errorf("%s: %w", at, e))
	}
	return errors.Join(errs...)
}

func placeOf(doc document.Document) place { return place{doc.Source, doc.Line, doc.Lines} }

func (p place) String() string {
	if p.file == "" {
		return ""
	}
	return fmt.Sprintf("%s:%d", p.file, p.line)
}

// apply says how the objects are written.
func (o enableOptions) apply(dryRun bool) apply.Options {
	return apply.Options{DryRun: dryRun, Adopt: o.adopt, MarkTaken: true, ForceConflicts: o.forceConflicts, OwnerKey: istio.LabelName, OwnerValue: o.intent.Name,
		Completes: istio.Completes, Release: istio.Release}
}

// pending counts what an apply would write.
func pending(changes []apply.Change) int {
	n := 0
	for _, c := range changes {
		if c.Action != apply.Unchanged {
			n++
		}
	}
	return n
}

// meetForeign looks for rules of the same host that somebody else made. With adopt
// the plan takes their names, so that the apply takes them over, and keeps what
// they say beside TLS; without, they are conflicts (MT032, MT034, MT036).
func meetForeign(ctx context.Context, c *cluster, plan *istio.Plan, adopt bool) error {
	there, err := c.objects(ctx, plan.Intent.Namespace, "", kube.KindDestinationRule, kube.KindServiceEntry, kube.KindVirtualService)
	if err != nil {
		return err
	}
	for _, why := range there.missing {
		return fmt.Errorf("cannot tell whether namespace %s has rules for %s already: %s", plan.Intent.Namespace, plan.Intent.Host, why)
	}
	foreign := istio.Foreign(there.objects, plan.Intent)
	if !adopt || plan.Intent.ThroughGateway() {
		foreign = nil
	}
	for _, f := range foreign {
		plan.Notes = append(plan.Notes, fmt.Sprintf("%s %s/%s is taken over: disable %s gives it back as it is now",
			f.GetKind(), f.GetNamespace(), f.GetName(), plan.Intent.Name))
	}
	if err := istio.Join(plan, append(istio.Owned(there.objects, plan.Intent), foreign...)); err != nil {
		return failure{fmt.Errorf("nothing was written: %w", err)}
	}
	if !adopt {
		return nil // then the apply names what has one of the plan's names
	}
	if err := istio.Unrelated(*plan, there.objects); err != nil {
		return failure{fmt.Errorf("nothing was written: %w", err)}
	}
	return nil
}

// meetPolicies does the same for the policies at a strict intent's scope (MT030).
func meetPolicies(ctx context.Context, c *cluster, plan *istio.Plan, adopt bool) error {
	it := plan.Intent
	there, err := c.objects(ctx, it.Namespace, "", kube.KindPeerAuthentication)
	if err != nil {
		return err
	}
	if why := there.missing[kube.KindPeerAuthentication]; why != "" {
		return fmt.Errorf("cannot tell which policies are in namespace %s already: %s", it.Namespace, why)
	}
	foreign := istio.ForeignPolicies(there.objects, it)
	if !adopt {
		foreign = nil
	}
	for _, f := range foreign {
		plan.Notes = append(plan.Notes, fmt.Sprintf("PeerAuthentication %s/%s is taken over: disable %s gives it back as it is now", f.GetNamespace(), f.GetName(), it.Name))
	}
	if err := istio.JoinPolicy(plan, append(istio.OwnedPolicies(there.objects, it), foreign...)); err != nil {
		return failure{err}
	}
	return nil
}
