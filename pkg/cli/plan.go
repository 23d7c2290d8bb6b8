package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// buildPlan makes the objects. With a cluster at hand they fit its versions;
// without one (--dry-run=client on a machine that reaches none) the newest API
// is taken, and a note says so.
func buildPlan(ctx context.Context, c *cluster, it intent.Intent, b *bundle) (istio.Plan, error) {
	o := istio.Options{NetworkingVersion: "v1", SecurityVersion: "v1"}
	if b != nil {
		o.CABundle, o.Pair = b.pem(), b.pair
	}
	var notes []string
	if c.c == nil {
		notes = append(notes, "no cluster was asked: made for version v1 of Istio's API")
	} else {
		version, err := once(c, "networking", func() (string, error) { return c.c.NetworkingVersion(ctx) })
		if err != nil {
			return istio.Plan{}, err
		}
		o.NetworkingVersion = version
		if it.Recipe == intent.RecipeStrict {
			if o.SecurityVersion, err = once(c, "security", func() (string, error) { return c.c.SecurityVersion(ctx) }); err != nil {
				return istio.Plan{}, err
			}
		}
		release, why := c.release(ctx)
		o.Istio = release
		if why != "" {
			notes = append(notes, "version of Istio: "+why)
		}
	}
	p, err := istio.Build(it, o)
	if err != nil {
		return p, err
	}
	p.Notes = append(p.Notes, notes...)
	return p, nil
}

// describe shows a plan as a person reads it.
func describe(p istio.Plan) string {
	var b strings.Builder
	it := p.Intent
	if it.Recipe == intent.RecipeStrict {
		return describeStrict(p)
	}
	if it.AtGateway() {
		return describeGateway(p)
	}
	who := "every workload that sees the rule"
	if len(it.Workload) > 0 {
		who = it.Namespace + "/" + labelText(it.Workload)
	}
	for _, port := range it.Ports {
		if it.ThroughGateway() {
			b.WriteString(describeWay(it, port.Number, port.Protocol))
			continue
		}
		fmt.Fprintf(&b, "Plan: traffic of %s to %s:%d (%s) leaves its sidecar as TLS%s\n", who, it.Host, port.Number, port.Protocol, toPort(it))
	}
	for _, o := range p.Objects {
		fmt.Fprintf(&b, "  + %-16s %s/%s\n", o.GetKind(), o.GetNamespace(), o.GetName())
	}
	sni, names := it.SNI, strings.Join(it.SANs, ", ")
	if sni == "" {
		sni, names = "of each request", "of each request"
	}
	fmt.Fprintf(&b, "  %s, sni %s, name %s, CA %s%s\n", it.Mode, sni, names, caText(it.CA), pairText(it.Certificate))
	for _, n := range p.Notes {
		fmt.Fprintf(&b, "Note: %s\n", n)
	}
	return b.String()
}

func describeStrict(p istio.Plan) string {
	var b strings.Builder
	it := p.Intent
	who := "every workload of namespace " + it.Namespace
	switch {
	case it.Mesh:
		who = "every workload of the mesh"
	case len(it.Workload) > 0:
		who = it.Namespace + "/" + labelText(it.Workload)
	}
	fmt.Fprintf(&b, "Plan: %s takes mutual TLS of the mesh only\n", who)
	for _, m := range it.PortModes {
		fmt.Fprintf(&b, "  except container port %d: %s\n", m.Port, m.Mode)
	}
	for _, o := range p.Objects {
		sign := "+"
		if istio.Completes(o) {
			sign = "~"
		}
		fmt.Fprintf(&b, "  %s %-18s %s/%s\n", sign, o.GetKind(), o.GetNamespace(), o.GetName())
	}
	for _, n := range p.Notes {
		fmt.Fprintf(&b, "Note: %s\n", n)
	}
	return b.String()
}

// toPort names the port where TLS goes, when it is not the one that was dialled.
func toPort(it intent.Intent) string {
	if !it.Leads() {
		return ""
	}
	subset := ""
	if it.Subset != "" {
		subset = ", subset " + it.Subset
	}
	return fmt.Sprintf(" to port %d (form %s%s)", it.TLSPort, it.Form, subset)
}

func caText(ca intent.CA) string {
	text := string(ca.Kind)
	if ca.Name != "" {
		text += " " + ca.Name
	}
	switch n := len(ca.Fingerprints); n {
	case 0:
	case 1:
		text += " (1 certificate)"
	default:
		text += fmt.Sprintf(" (%d certificates)", n)
	}
	return text
}

// clusterOrNone opens the cluster; a client-side dry run goes on without one.
func clusterOrNone(ctx context.Context, d *deps, dryRun string) (*kube.Client, error) {
	c, err := kube.New(d.kube)
	if dryRun != "client" {
		return c, err
	}
	if err != nil {
		return nil, nil //nolint:nilerr // a plan can be shown without a cluster
	}
	if _, err := c.NetworkingVersion(ctx); err != nil && !errors.Is(err, kube.ErrNoIstio) {
		return nil, nil //nolint:nilerr // the same: it does not answer
	} else if err != nil {
		return nil, err
	}
	return c, nil
}
