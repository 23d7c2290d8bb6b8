package check

import (
	"fmt"
	"strings"
)

// answersDecoded: MT015.
func answersDecoded() *Check {
	return &Check{
		ID: "MT015", Name: "answers-decoded",
		Doc: "every part of the proxy's answers that matters could be decoded",
		Proxy: func(in Input) []Finding {
			n := len(in.Proxy.Problems)
			if n == 0 {
				return ok("every answer was decoded")
			}
			f := Finding{Outcome: Warn, Summary: fmt.Sprintf("%d parts of the proxy's answers could not be decoded", n),
				Got: strings.Join(in.Proxy.Problems[:min(3, n)], "; "), Want: "answers of a shape that is known"}
			if lost := in.Proxy.Lost; lost > 0 {
				f.Outcome, f.Summary = Unknown, "of "+count(uint64(lost), "cluster")+" not even the name could be read: whether calls to them are encrypted is not known"
			}
			return one(f)
		},
	}
}
