package check

import (
	"slices"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// firstPorts are container ports whose servers speak first: SMTP, its submission, MySQL.
var firstPorts = []int{25, 587, 3306}

// toldPorts are ports of Services that Istio takes for TCP without a look (istio:
// pkg/config/kube/conversion.go, wellKnownPorts).
var toldPorts = []int{25, 53, 3306, 27017}

// Speaking tells of a port whose server speaks first. Nobody sends anything there until
// the server has: whoever waits for the client's first bytes waits as long as the mesh's
// protocolDetectionTimeout says, which is for ever by default (istio: listener_inbound.go).
func (a Accepts) Speaking(port facts.Port, container int) Accepts {
	a.First = port.Protocol == "MYSQL" || slices.Contains(firstPorts, container)
	a.Raw = !port.HTTP()
	a.Guessed = port.Protocol == "" && !slices.Contains(toldPorts, port.Number)
	return a
}

const (
	plainFirst = "; but the server speaks first, and its sidecar waits for the client's first bytes to tell plaintext from TLS: nobody begins, unless the mesh sets a protocolDetectionTimeout"
	guessFirst = "the server speaks first, and the client's sidecar waits for the client's first bytes to guess the protocol: nobody begins, unless the mesh sets a protocolDetectionTimeout; name the Service's port mysql or tcp"
)

// mute tells of a port at which client and server wait for each other.
func (a Accepts) mute() bool { return a.First && a.Guessed }

// waiting tells of connections that fit and yet may never begin.
func (a Accepts) waiting(s Sends, v Verdict, why string) (Verdict, string) {
	switch {
	case !a.First || v == VerdictConflict || v == VerdictUnknown:
		return v, why
	case s == SendsPlain && a.Mode == facts.ModePermissive:
		return v, why + plainFirst // plaintext it stays, and where TLS is wanted that is the worse of the two
	case a.mute():
		return VerdictMayConflict, guessFirst
	}
	return v, why
}
