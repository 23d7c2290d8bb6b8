package conflict

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
)

// rightsThere: what the API server would refuse halfway is asked before anything is
// written, and told at once.
func rightsThere() *Conflict {
	return &Conflict{
		ID: "MT043", Name: "rights-there",
		Doc: "you may do all that the enable does: write its objects and its journal, and look at the sidecars",
		Find: func(in Input) []check.Finding {
			var writes, looks, unread []string
			for _, r := range in.Rights {
				text := fmt.Sprintf("%s %s in namespace %s (%s)", r.Verb, r.Resource, r.Namespace, r.For)
				if r.Namespace == "" {
					text = fmt.Sprintf("%s %s (%s)", r.Verb, r.Resource, r.For)
				}
				switch {
				case r.Unread != "":
					unread = append(unread, r.Unread)
				case r.Allowed:
				case r.Writes:
					writes = append(writes, text)
				default:
					looks = append(looks, text)
				}
			}
			var out []check.Finding
			if len(writes) > 0 {
				out = append(out, fail("", "you have no right to: "+strings.Join(writes, "; "), "ask for a Role with these verbs, or give the objects to somebody who may: --dry-run=client -o yaml"))
			}
			if len(looks) > 0 {
				out = append(out, warn("", "the result could not be seen, and the change would be taken back: you have no right to "+strings.Join(looks, "; "), "ask for it, or go without looking: --wait=false --verify=false"))
			}
			if slices.Sort(unread); len(unread) > 0 {
				out = append(out, check.Finding{Outcome: check.Unknown, Summary: "what you may do was not told: " + strings.Join(slices.Compact(unread), "; ")})
			}
			return out
		},
	}
}
