package cli

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/conflict"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/report"
)

// lockedByRules gives the clients whose DestinationRule would make a strict intent cut them off. The scene of such an
// intent has no rules: they are read here.
func lockedByRules(ctx context.Context, p *part, in conflict.Input) []conflict.Locked {
	unknown := func(why string) []conflict.Locked {
		return []conflict.Locked{{Kind: conflict.LockedUnread, Outcome: check.Unknown, Why: why}}
	}
	objects, missing, err := p.c.Objects(ctx, kube.Query{Kinds: []string{kube.KindDestinationRule}})
	if err != nil {
		return unknown(err.Error())
	}
	config, err := istio.Config(objects, p.c.RootNamespace)
	if err != nil {
		return unknown(err.Error())
	}
	var unread []conflict.Locked
	if slices.ContainsFunc(config.Rules, func(r facts.Rule) bool { return r.HasTLS && r.Mode != "ISTIO_MUTUAL" }) {
		if pods, err := p.c.Pods(ctx); err == nil {
			in.Pods = pods
		} else { // those of the scene, of the namespace, are left
			unread = unknown("clients in other namespaces: " + err.Error())
		}
	}
	there := *in.There
	there.Rules, in.There = config.Rules, &there
	found := append(unread, conflict.LockedByRules(in)...)
	if why := missing[kube.KindDestinationRule]; why != "" {
		found = append(found, unknown(why)...)
	}
	return found
}

// showLocked warns of clients that the change would cut off, and says how many surely are. It stops nothing: that may be meant.
func showLocked(w io.Writer, locked []conflict.Locked) (sure int) {
	for _, l := range locked {
		word := map[check.Outcome]string{check.Fail: "would be", check.Warn: "may be"}[l.Outcome]
		if word == "" {
			fmt.Fprintf(w, "not checked (whom rules of clients would lock out): %s\n", report.Plain(l.Why))
			continue
		}
		if l.Outcome == check.Fail {
			sure++
		}
		fmt.Fprintf(w, "WARN %s %s locked out of %s: %s\n  fix: %s\n  who else: --preview\n", report.Plain(l.Who), word, report.Plain(l.Server), report.Plain(l.Why), report.Plain(l.Fix))
	}
	return sure
}

// lockedNow reminds of them when the change is made: what was verified are the servers, and a verdict on them is none on those.
func (p *part) lockedNow(w io.Writer) {
	if p.locked == 0 {
		return
	}
	where := "-n " + p.intent.Namespace
	if p.intent.Mesh {
		where = "-A"
	}
	fmt.Fprintf(w, "WARN       clients are locked out now, by the rules told above: kubectl mesh-tls status %s\n", where)
}
