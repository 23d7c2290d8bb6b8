package envoy

import (
	"strconv"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// plainHost is one virtual host of a port that is not TLS.
type plainHost struct {
	domains    []string
	requireTLS string // NONE, which is the default, EXTERNAL_ONLY or ALL
	leads      bool   // some route leads to a cluster
}

// notePlain keeps the hosts that a gateway answers in plaintext. Istio calls the routes of a gateway's plain port
// http.PORT, and writes require_tls where callers are sent to https (istio: networking/core/gateway.go).
func (c *collector) notePlain(routes string, h plainHost) {
	number, plain := strings.CutPrefix(routes, "http.")
	port, err := strconv.Atoi(number)
	if !plain || err != nil || !h.leads || h.requireTLS == "ALL" {
		return
	}
	for _, d := range h.domains {
		if len(c.plain) >= maxListeners {
			c.problem("of the hosts that a gateway answers in plaintext only some were kept: there are too many")
			return
		}
		if p := (facts.PlainHost{Host: withoutPort(d), Port: port}); !c.plainSeen[p] {
			c.plainSeen[p] = true
			c.plain = append(c.plain, p)
		}
	}
}
