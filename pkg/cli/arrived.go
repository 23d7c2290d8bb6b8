package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// settled are the checks that tell whether the configuration arrived; what the
// server does is not their business.
var settled = map[string]bool{"MT001": true, "MT002": true, "MT004": true, "MT005": true, "MT009": true, "MT010": true, "MT011": true}

// waitedFor tells whether a finding is of what the intent of m waits for. A workload or a
// gateway has upstreams of others, too, which are none of the intent's business.
func waitedFor(f check.Finding, m *mesh) bool {
	switch it := m.intents[0]; {
	case it.Recipe == intent.RecipeStrict:
		return f.ID == "MT016" && !overruled(f, m)
	case it.AtGateway():
		return f.ID == "MT019"
	}
	return settled[f.ID] || f.ID == "MT019"
}

// overruled tells whether a policy of somebody else wins over the one that is waited
// for: that is for verify to tell, and no waiting changes it.
func overruled(f check.Finding, m *mesh) bool {
	return slices.ContainsFunc(m.config.Policies, func(p facts.Policy) bool {
		return p.Object.String() == f.Object && p.Owner != m.intents[0].Name
	})
}

// hasIntent asks one proxy once: what it lacks, and, where it lacks nothing that the
// intent can tell, whether it may have that from an older rule (MT025): a change of the
// client certificate alone shows nowhere else.
func hasIntent(ctx context.Context, d *deps, c *kube.Client, m *mesh, t facts.Target) (lacks, doubt error) {
	it := m.intents[0]
	in, err := inputOf(ctx, d, c, m, t, questionOf(it, probeNever))
	if err != nil {
		return uncertain{err}, nil
	}
	_, noRules := m.config.Missing[facts.FactRules]
	var errs []error
	judged := false
	for _, f := range check.Run(check.All(), in) {
		waited := waitedFor(f, m)
		if f.ID == "MT011" && noRules || f.ID == "MT009" && f.Outcome == check.Unknown {
			waited = false // it will never be known, or only by a call; the other checks compare with the intent
		}
		judged = judged || waited || f.ID == "MT016" // an exception of somebody else's is an answer, too
		if f.Outcome != check.Fail && f.Outcome != check.Unknown {
			continue
		}
		why := fmt.Errorf("%s %s (%s)", f.ID, f.Summary, f.Got)
		if waited {
			errs = append(errs, why)
		} else if f.ID == "MT025" && it.Recipe != intent.RecipeStrict && !it.AtGateway() {
			doubt = why
		}
	}
	if !judged {
		return errors.New("nothing of it was seen in the proxy"), nil // silence is no consent
	}
	return errors.Join(errs...), doubt
}
