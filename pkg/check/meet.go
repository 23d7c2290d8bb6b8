package check

import (
	"fmt"
	"slices"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// Verdict is what becomes of the connections between clients and servers. The zero
// value is not known.
type Verdict int

// Verdicts. Partial: some connections are mutual TLS and some plaintext, or they
// are TLS without the other side being checked. NotJudged: there is no connection
// to judge.
const (
	VerdictUnknown Verdict = iota
	VerdictOK
	VerdictPartial
	VerdictPlaintext
	VerdictMayConflict
	VerdictConflict
	VerdictNotJudged
)

// String gives the words of the retired `istioctl authn tls-check`, and ours.
func (v Verdict) String() string {
	switch v {
	case VerdictOK:
		return "OK"
	case VerdictPartial:
		return "PARTIAL"
	case VerdictPlaintext:
		return "PLAINTEXT"
	case VerdictMayConflict:
		return "MAY CONFLICT"
	case VerdictConflict:
		return "CONFLICT"
	case VerdictNotJudged:
		return "NOT JUDGED"
	}
	return "UNKNOWN"
}

// Sends is what a transport socket puts on the wire; the zero value is not known.
type Sends string

// Kinds of what is sent: mutual TLS with the workload's identity, TLS with another
// client certificate, TLS without one, what the application wrote, and the same on a
// port where that is said to be TLS.
const (
	SendsUnknown Sends = ""
	SendsMesh    Sends = "mTLS"
	SendsMutual  Sends = "TLS (MUTUAL)"
	SendsSimple  Sends = "TLS (SIMPLE)"
	SendsPlain   Sends = "plaintext"
	SendsAsIs    Sends = "TLS of the application"
)

// SendsOf tells what a socket sends, and where that is not known, why. default and
// ROOTCA are the workload's identity (istio: pkg/security/security.go); meshes
// before 1.5 had it in files, and only the ALPN istio tells.
func SendsOf(k facts.Socket) (Sends, string) {
	switch {
	case k.Kind == facts.SocketPlaintext:
		return SendsPlain, ""
	case k.Kind == facts.SocketOther:
		return SendsUnknown, "a transport socket that this tool does not judge: " + k.TypeURL
	case k.Kind != facts.SocketTLS:
		return SendsUnknown, "the transport socket could not be read: " + k.Problem
	case k.Cert.Name == "default" && meshCA(k) || slices.Contains(k.ALPN, "istio"):
		return SendsMesh, ""
	case k.Cert.Kind == facts.SourceNone:
		return SendsSimple, ""
	case k.Cert.Kind == facts.SourceUnknown:
		return SendsUnknown, "where the client certificate comes from could not be read"
	}
	return SendsMutual, ""
}

// met is what comes of a pair of sides.
type met struct {
	verdict Verdict
	why     string
}

// meetings is the truth table of the two sides (see docs/status.md): it follows what
// the filter chains do with such bytes (Envoy: FilterChainManagerImpl), not what the
// objects call it.
var meetings = map[Sends]map[facts.Mode]met{
	SendsMesh: {
		facts.ModeStrict:     {VerdictOK, ""},
		facts.ModePermissive: {VerdictOK, "plaintext of others is let in too"},
		facts.ModeDisable:    {VerdictConflict, "the client sends mutual TLS and the server's sidecar does not open it"},
		ModeNone:             {VerdictConflict, "the client sends mutual TLS and no sidecar is there to open it"},

		facts.ModeSimple:         {VerdictMayConflict, ownDoor},
		facts.ModeOptionalMutual: {VerdictMayConflict, ownDoor},
		facts.ModeMutual:         {VerdictMayConflict, ownDoor},
	},
	SendsPlain: {
		facts.ModeStrict:     {VerdictConflict, "the client sends plaintext and the server takes mutual TLS only: the connection is reset"},
		facts.ModePermissive: {VerdictPlaintext, "the client sends plaintext and the server lets it in"},
		facts.ModeDisable:    {VerdictPlaintext, "the client sends plaintext, and the server takes nothing else"},
		ModeNone:             {VerdictPlaintext, "the client sends plaintext: no sidecar stands before the server"},

		facts.ModeSimple:         {VerdictConflict, notPlain},
		facts.ModeOptionalMutual: {VerdictConflict, notPlain},
		facts.ModeMutual:         {VerdictConflict, notPlain},
	},
	SendsSimple: {
		facts.ModeStrict:     {VerdictConflict, "the client presents no certificate of the mesh, which the server demands"},
		facts.ModePermissive: {VerdictConflict, "the server's sidecar takes TLS of the mesh and plaintext, and this is neither"},
		facts.ModeDisable:    {VerdictConflict, "the client sends TLS and the server's sidecar takes plaintext only"},
		ModeNone:             {VerdictMayConflict, "the application has to speak TLS itself: no sidecar stands before it"},

		facts.ModeSimple:         {VerdictMayConflict, "fine only if the client takes the server's own certificate"},
		facts.ModeOptionalMutual: {VerdictMayConflict, "fine only if the client takes the server's own certificate"},
		facts.ModeMutual:         {VerdictConflict, "the client presents no certificate, which the server demands"},
	},
	SendsMutual: {
		facts.ModeStrict:     {VerdictMayConflict, "fine only if the client's own certificate is of the mesh's root"},
		facts.ModePermissive: {VerdictConflict, "the server's sidecar takes TLS of the mesh and plaintext, and this is neither"},
		facts.ModeDisable:    {VerdictConflict, "the client sends TLS and the server's sidecar takes plaintext only"},
		ModeNone:             {VerdictMayConflict, "the application has to speak TLS itself: no sidecar stands before it"},

		facts.ModeSimple:         {VerdictMayConflict, "fine only if the client takes the server's own certificate"},
		facts.ModeOptionalMutual: {VerdictMayConflict, bothOwn},
		facts.ModeMutual:         {VerdictMayConflict, bothOwn},
	},
}

// What a Sidecar's ingress listener with TLS of its own makes of it (istio: listener_inbound.go, tlsSettings): one filter
// chain, which takes TLS only.
const (
	ownDoor  = "the server's sidecar opens TLS with a certificate that a Sidecar resource names: fine only if each end takes the other's"
	bothOwn  = "fine only if each end takes the other's own certificate"
	notPlain = "the client sends plaintext and the server takes TLS only: the connection is reset"
)

// Meet tells what becomes of a connection that sends s to a port that accepts a, and
// why. What is not known of either side is Unknown.
func Meet(s Sends, a Accepts) (Verdict, string) {
	if s == SendsUnknown {
		return VerdictUnknown, "what the client sends is not known"
	}
	m, known := meetings[s][a.Mode]
	if !known || a.Gateway && OwnTLS(a.Mode) { // a gateway's chains are chosen by server names
		if a.Why == "" {
			a.Why = "mode " + string(a.Mode)
		}
		return VerdictUnknown, "what the server accepts is not known: " + a.Why
	}
	if s == SendsPlain && a.Raw && OwnTLS(a.Mode) {
		return VerdictMayConflict, "the server takes TLS only: fine only if the client's application speaks it itself"
	}
	foreign := s == SendsSimple || s == SendsMutual
	if foreign && m.verdict == VerdictConflict && a.OpensNo && a.Mode != facts.ModeStrict {
		return VerdictMayConflict, "the server's sidecar hands this TLS to the application unopened: fine only if that speaks TLS itself"
	}
	if m.verdict == VerdictOK && a.Instead != 0 {
		return VerdictMayConflict, fmt.Sprintf("a headless service is called at its pods' own port, whatever targetPort says: nobody may listen there, and calls to port %d, where targetPort has the application, "+
			"are none of this service: they go past its TLS, as the application sends them", a.Instead)
	}
	return a.waiting(s, m.verdict, m.why)
}

// OwnTLS tells of modes that a Sidecar's ingress listener, or a gateway, has with TLS of its own. A policy with mode DISABLE
// is what leaves a Sidecar that right (istio: listener_inbound.go).
func OwnTLS(m facts.Mode) bool {
	return m == facts.ModeSimple || m == facts.ModeOptionalMutual || m == facts.ModeMutual
}

// Join puts the verdicts of several connections together: what breaks first, then
// what is not known; TLS for some and plaintext for others is Partial.
func Join(all []Verdict) Verdict {
	for _, v := range []Verdict{VerdictConflict, VerdictUnknown, VerdictMayConflict, VerdictPartial} {
		if slices.Contains(all, v) {
			return v
		}
	}
	ok, plain := slices.Contains(all, VerdictOK), slices.Contains(all, VerdictPlaintext)
	switch {
	case ok && plain:
		return VerdictPartial
	case ok:
		return VerdictOK
	case plain:
		return VerdictPlaintext
	}
	return VerdictNotJudged
}
