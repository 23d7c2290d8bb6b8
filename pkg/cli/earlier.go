package cli

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
)

// joinEarlier looks for an intent of the same name that is in the cluster
// already. One of the same host is carried on: its other ports are kept, because
// two rules for one host do not add up in Istio. One of another host is refused.
func joinEarlier(ctx context.Context, d *deps, c *cluster, it intent.Intent) (intent.Intent, error) {
	objects, err := c.ofName(ctx, it.Namespace, it.Name)
	if err != nil {
		return it, err
	}
	earlier, err := istio.Intents(objects)
	if err != nil {
		fmt.Fprintf(d.Err, "note: %v\n", err)
	}
	for _, e := range earlier {
		if e.Name != it.Name {
			continue
		}
		if e.Recipe == it.Recipe && e.Host != it.Host {
			return it, fmt.Errorf("%q is in namespace %s already, for host %s; choose another --name, or remove it: %s",
				it.Name, it.Namespace, e.Host, d.command("disable", it.Name, it.Namespace))
		}
		if err := sameKind(d, e, it); err != nil {
			return it, err
		}
		it.ExportTo = widened(d, e, it)
		if it.AtGateway() {
			continue // its ports are replaced: the Gateway says them all
		}
		for _, p := range e.Ports {
			if !slices.ContainsFunc(it.Ports, func(q intent.Port) bool { return q.Number == p.Number }) {
				it.Ports = append(it.Ports, p)
				fmt.Fprintf(d.Err, "note: port %d of %s is kept from the earlier enable of %q\n", p.Number, e.Host, e.Name)
			}
		}
		slices.SortFunc(it.Ports, func(a, b intent.Port) int { return cmp.Compare(a.Number, b.Number) })
	}
	return it, nil
}

// widened keeps the namespaces of an earlier enable that take the same gateway: all their
// intents are one, in the gateway's namespace, and none may take the way from another.
func widened(d *deps, e, it intent.Intent) []string {
	if !it.ThroughGateway() || slices.Contains(it.ExportTo, intent.ExportEverywhere) {
		return it.ExportTo
	}
	out := slices.Clone(e.ExportTo)
	for _, to := range it.ExportTo {
		if !slices.Contains(out, to) && !slices.Contains(out, intent.ExportEverywhere) {
			out = append(out, to)
		}
	}
	if kept := slices.DeleteFunc(slices.Clone(e.ExportTo), func(to string) bool { return slices.Contains(it.ExportTo, to) }); len(kept) > 0 {
		fmt.Fprintf(d.Err, "note: namespace %s is kept from the earlier enable of %q\n", strings.Join(kept, ", "), e.Name)
	}
	return out
}

// sameKind refuses to turn an intent into one that is made of other objects: apply
// removes none, so those of the earlier one would stay and go on acting.
func sameKind(d *deps, earlier, it intent.Intent) error {
	what := ""
	switch {
	case earlier.Recipe != it.Recipe:
		what = fmt.Sprintf("recipe %s", earlier.Recipe)
	case earlier.Through.Service != it.Through.Service || earlier.Through.Port != it.Through.Port:
		what = fmt.Sprintf("the way through %s", cmp.Or(earlier.Through.Service, "no gateway"))
		if earlier.ThroughGateway() {
			what += fmt.Sprintf(":%d", earlier.Through.Port)
		}
	case earlier.Role != it.Role:
		what = fmt.Sprintf("role %s", earlier.Role)
	case earlier.Certificate.Kind != it.Certificate.Kind:
		what = "a change with a client certificate from " + string(earlier.Certificate.Kind)
		if earlier.Certificate.Kind == "" {
			what = "a change without a client certificate"
		}
	case earlier.Certificate.Name != it.Certificate.Name && it.Certificate.Kind == intent.PairSecret:
		what = fmt.Sprintf("Secret %s", earlier.Certificate.Name)
	case len(earlier.Certificate.ServiceAccounts) > 0 && len(it.Certificate.ServiceAccounts) == 0:
		what = "the right to Secrets for " + strings.Join(earlier.Certificate.ServiceAccounts, ", ")
	case !it.Leads():
	case earlier.Subset != it.Subset:
		what = fmt.Sprintf("subset %q", earlier.Subset)
	case earlier.Form != it.Form:
		what = fmt.Sprintf("form %s", earlier.Form)
	case earlier.TLSPort != it.TLSPort || !slices.Equal(earlier.Ports, it.Ports):
		what = fmt.Sprintf("port %d to %d", earlier.Ports[0].Number, earlier.TLSPort)
	}
	if what == "" {
		return nil
	}
	return fmt.Errorf("%q is in namespace %s already, as %s; remove it first: %s",
		it.Name, it.Namespace, what, d.command("disable", it.Name, it.Namespace))
}
