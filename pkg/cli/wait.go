package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// maxWaited bounds how many proxies are asked: they all get the same
// configuration, and a hundred port-forwards would be a load of their own.
const maxWaited = 20

// waitForProxies asks the sidecars that the intent covers until each has the
// cluster as it was asked for, with its secrets. It is the proxy's word that
// counts, not the API server's.
func waitForProxies(ctx context.Context, d *deps, c *kube.Client, it intent.Intent, timeout time.Duration) error {
	targets, err := c.Resolve(ctx, it.Namespace, nil, selectorText(it), it.Mesh)
	if len(targets) == 0 {
		fmt.Fprintf(d.Err, "not waited: %v\n", err)
		return nil
	}
	m := &mesh{config: &facts.Config{RootNamespace: c.RootNamespace}}
	if it.Recipe == intent.RecipeStrict {
		if m, err = readMesh(ctx, c); err != nil {
			return err
		}
	}
	m.intents = []intent.Intent{it}
	total := len(targets)
	targets = targets[:min(total, maxWaited)]
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	start := d.now()
	for n, t := range targets {
		fmt.Fprintf(d.talk(), "\rwaiting    %d of %d sidecars have it", n, total)
		if err := waitForOne(ctx, d, c, m, t); err != nil {
			fmt.Fprintln(d.talk())
			return failure{fmt.Errorf("the objects are in the cluster, but %s does not have them after %s: %w\nsee: kubectl mesh-tls verify pod/%s -n %s",
				t, d.now().Sub(start).Round(time.Second), err, t.Pod, t.Namespace)}
		}
	}
	fmt.Fprint(d.talk(), "\r")
	fmt.Fprintf(d.Err, "waited     %d of %d sidecars have it (%s)\n", len(targets), total, d.now().Sub(start).Round(100*time.Millisecond))
	if it.Recipe == intent.RecipeStrict {
		fmt.Fprintf(d.Err, "verify:    kubectl mesh-tls verify TARGET -n %s\n", targets[0].Namespace)
		return nil
	}
	fmt.Fprintf(d.Err, "verify:    kubectl mesh-tls verify TARGET -n %s --to %s:%d\n", it.Namespace, it.Host, it.Ports[0].Number)
	return nil
}

// selectorText selects the pods of the intent; without a selector, every pod of
// the namespace.
func selectorText(it intent.Intent) string {
	if len(it.Workload) == 0 {
		return "!mesh-tls.io/none"
	}
	return labelText(it.Workload)
}

// waitForOne asks one proxy until it has everything, or the time is over; the
// error is then what is still wrong.
func waitForOne(ctx context.Context, d *deps, c *kube.Client, m *mesh, t facts.Target) error {
	var last error
	for {
		last = hasIntent(ctx, d, c, m, t)
		if last == nil {
			return nil
		}
		select {
		case <-ctx.Done():
			return last
		case <-time.After(waitEvery):
		}
	}
}

// settled are the checks that tell whether the configuration arrived; what the
// server does is not their business.
var settled = map[string]bool{"MT001": true, "MT002": true, "MT004": true, "MT005": true, "MT010": true}

// overruled tells whether a policy of somebody else wins over the one that is waited
// for: that is for verify to tell, and no waiting changes it.
func overruled(f check.Finding, m *mesh) bool {
	return slices.ContainsFunc(m.config.Policies, func(p facts.Policy) bool {
		return p.Object.String() == f.Object && p.Owner != m.intents[0].Name
	})
}

func hasIntent(ctx context.Context, d *deps, c *kube.Client, m *mesh, t facts.Target) error {
	in, err := inputOf(ctx, d, c, m, t, verifyOptions{probe: probeNever})
	if err != nil {
		return err
	}
	it := m.intents[0]
	if it.Recipe != intent.RecipeStrict {
		in.Config = nil
	}
	var errs []error
	for _, f := range check.Run(check.All(), in) {
		waited := settled[f.ID] && it.Recipe != intent.RecipeStrict || f.ID == "MT016" && !overruled(f, m)
		if waited && (f.Outcome == check.Fail || f.Outcome == check.Unknown) {
			errs = append(errs, fmt.Errorf("%s %s (%s)", f.ID, f.Summary, f.Got))
		}
	}
	return errors.Join(errs...)
}
