package check

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// agentInbound are ports of the sidecar itself, which iptables leave alone anyhow
// (istio: tools/istio-iptables, and the injection template's excludeInboundPorts).
var agentInbound = []int{15006, 15008, 15020, 15021, 15090}

// aroundSidecar finds ports that the pod keeps out of its sidecar's hands: whatever
// the filter chains demand, who calls such a port reaches the application as he is.
// A port that is to be DISABLE takes plaintext by intent, and one that policies of others
// leave PERMISSIVE may.
func (in Input) aroundSidecar(d inboundDemand) []Finding {
	notes := in.Proxy.Target.Annotations
	if notes[interception] == "NONE" && d.strict() {
		return one(Finding{Object: d.object(), Summary: "the sidecar captures nothing: what gets to the application is not known", Got: interception + ": NONE", Want: "an inbound that the sidecar captures"})
	}
	var ports []int
	for _, w := range words(notes[excludeInbound]) {
		if n, err := strconv.Atoi(w); err == nil && !slices.Contains(agentInbound, n) {
			ports = append(ports, n)
		}
	}
	for _, p := range in.Proxy.Inbound {
		if !p.Gateway && p.Port != tunnelPort && uncapturing(notes, p.Port) != "" && !slices.Contains(ports, p.Port) {
			ports = append(ports, p.Port)
		}
	}
	var out []Finding
	for _, n := range ports {
		want, _, because := d.of(n)
		if want == facts.ModeDisable || want == "" || d.it == nil && want == facts.ModePermissive {
			continue
		}
		name := portName(n)
		out = append(out, Finding{Outcome: Fail, Object: "Pod " + in.Proxy.Target.String(), Endpoint: name, Summary: name + " goes around the sidecar: whoever calls it gets in, in plaintext too",
			Got: uncaptured(in.Proxy.Target, n), Want: string(want) + because, Fix: in.recapture(uncapturing(notes, n))})
	}
	return out
}

// portName is a container port in words; 0 are all that have no mode of their own.
func portName(port int) string {
	if port == 0 {
		return "every other port"
	}
	return fmt.Sprintf("port %d", port)
}
