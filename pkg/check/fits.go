package check

import "github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"

// Fits tells what becomes of a client's connections to one endpoint, and why: by the truth table (Meet), then, where TLS
// meets a server that opens it, by the certificates that each end has and takes.
func (in Input) Fits(s Subject, e End) (Verdict, string) {
	sends, unsure := SendsOf(e.Socket)
	v, why := Meet(sends, e.Accepts)
	if sends == SendsUnknown {
		why += ": " + unsure
	}
	if v == VerdictMayConflict && sends == SendsSimple && works(e.Hosts) {
		v, why = VerdictOK, "its connections complete the handshake"
	}
	if v != VerdictOK && v != VerdictMayConflict {
		return v, why
	}
	switch trust, because := in.Trust(s, e); {
	case trust == Fail:
		return VerdictConflict, because
	case trust == Warn:
		return VerdictMayConflict, because
	case trust == OK && v == VerdictMayConflict && !e.Accepts.mute() && e.Accepts.Instead == 0:
		return trusting(sends, e.Accepts.Mode, because)
	}
	return v, why
}

// trusting is what TLS comes to that no table tells, once each end is known to take the other's certificate. Mutual TLS
// of the mesh is not mutual where the server asks for no certificate.
func trusting(sends Sends, mode facts.Mode, because string) (Verdict, string) {
	if sends == SendsMesh && mode == facts.ModeSimple {
		return VerdictPartial, "the server asks for no certificate: whoever calls gets in, and the client is not checked"
	}
	return VerdictOK, because
}

// works tells that connections to an endpoint complete: some did, and none failed. It
// says nothing of a client's own certificate: with TLS 1.3 the client's handshake is
// complete before the server has looked at that.
func works(h *facts.HostCounters) bool { return h != nil && h.Failed == 0 && h.Total > h.Active }
