package check

import (
	"slices"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// used is what Subject.InEffect and TLSSockets answer. A socket is large, and the checks of one subject ask thirty times.
type used struct {
	sockets, tls []facts.Socket
	known        bool
}

// remembered is the subject with its sockets looked up. It must not change afterwards.
func (s Subject) remembered() Subject {
	u := &used{}
	u.sockets, u.known = s.InEffect()
	u.tls = slices.Clip(s.TLSSockets())
	u.sockets = slices.Clip(u.sockets)
	s.used = u
	return s
}
