package check

import (
	"fmt"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// clocksApart is how far the clocks of the machines of a cluster may be from each other and from ours: a certificate that begins
// within it may be valid already where it is judged.
const clocksApart = time.Minute

// early is how long a certificate is not valid yet; 0 where it is, or has ended.
func (in Input) early(c facts.Certificate) time.Duration { return max(0, c.NotBefore.Sub(in.Now)) }

// begins tells a certificate that is not valid yet, and may be by the clock of whoever judges it.
func (in Input) begins(c facts.Certificate) bool {
	return in.early(c) > 0 && in.early(c) <= clocksApart
}

// notYet is what there is to say of such a certificate.
func (in Input) notYet(whose string, c facts.Certificate) refusal {
	if !in.begins(c) {
		return refusal{}
	}
	return refusal{begins: true, summary: fmt.Sprintf("%s begins in %s: clocks of machines differ by as much", whose, in.early(c).Round(time.Second)),
		got: fmt.Sprintf("%s begins at %s", c.Label(), c.NotBefore.UTC().Format(time.RFC3339)), want: "verify again in a minute"}
}
