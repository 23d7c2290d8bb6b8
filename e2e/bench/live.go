package main

import (
	"context"
	"fmt"
)

// measureSmall: a sidecar that knows one host besides the cluster's own services.
func measureSmall(ctx context.Context, o options) ([]row, error) {
	c := client{namespace: "mesh-tls-bench-small", hosts: 1}
	if err := c.make(ctx, o); err != nil {
		return nil, err
	}
	defer c.remove(context.WithoutCancel(ctx), o)
	return c.against(ctx, o, "verify --to against istioctl proxy-config cluster, small sidecar", 0.8, 0.65)
}

// measureLarge: 2,000 hosts with TLS, by 20 rules.
func measureLarge(ctx context.Context, o options) ([]row, error) {
	c := large
	if err := c.make(ctx, o); err != nil {
		return nil, err
	}
	rows, err := c.against(ctx, o, fmt.Sprintf("verify --to against istioctl proxy-config cluster, %d TLS clusters", c.hosts), 0.25, 0.4)
	if err != nil {
		return nil, err
	}
	more, err := c.whole(ctx, o, 1.3)
	return append(rows, more...), err
}

// measureRules: the same with a rule for each host. A verdict needs the rules, all of them, since the one that is meant
// may be where the client does not see it; istioctl reads none.
func measureRules(ctx context.Context, o options) ([]row, error) {
	c := large
	c.ruleEach = true
	if err := c.make(ctx, o); err != nil {
		return nil, err
	}
	rows, err := c.against(ctx, o, fmt.Sprintf("the same with %d DestinationRules", c.hosts), 0.25, 0.4)
	if err != nil {
		return nil, err
	}
	more, err := c.whole(ctx, o, 1.3)
	return append(rows, more...), err
}

var large = client{namespace: "mesh-tls-bench-large", hosts: 2000}

// against measures one question to one sidecar, as a user asks it: with the probe, and without.
func (c client) against(ctx context.Context, o options, what string, wall, peak float64) ([]row, error) {
	verify := c.question(ctx, o)
	theirs := cmd(o.istioctl, "proxy-config", "cluster", c.pod(ctx, o), "-n", c.namespace).once
	r, err := pairs(ctx, o.pairs, cmd(verify...).once, theirs)
	if err != nil {
		return nil, err
	}
	bare, err := pairs(ctx, o.pairs, cmd(append(verify, "--probe", "never")...).once, theirs)
	if err != nil {
		return nil, err
	}
	return []row{r.wall(what, wall), r.peak(what, peak),
		bare.wall(what+", --probe never", 0).with("without the one TLS connection that verify opens from the pod to see the server's certificate, which istioctl does not")}, nil
}

// whole measures verify --all against curl of the same answers.
func (c client) whole(ctx context.Context, o options, goal float64) ([]row, error) {
	pod := c.pod(ctx, o)
	verify := cmd(o.plugin, "verify", "pod/"+pod, "-n", c.namespace, "--all", "--probe", "never").orFindings().once
	f, err := startForward(ctx, o, c.namespace, pod)
	if err != nil {
		return nil, err
	}
	alone, err := pairs(ctx, o.pairs, verify, cmd(f.curl()...).once)
	f.stop()
	if err != nil {
		return nil, err
	}
	both, err := pairs(ctx, o.pairs, verify, func(ctx context.Context) (sample, error) { return forwardAndCurl(ctx, o, c.namespace, pod) })
	if err != nil {
		return nil, err
	}
	what := fmt.Sprintf("verify --all, %d TLS clusters, ", c.hosts)
	if c.ruleEach {
		what += "as many rules, "
	}
	return []row{
		both.wall(what+"against kubectl port-forward and curl", goal).with("curl fetches %s in the three answers that verify reads", megabytes(alone.theirBytes)),
		alone.wall(what+"against curl alone", goal).with("over a port-forward that stands already; verify opens its own, finds the pod and reads the rules"),
	}, nil
}
