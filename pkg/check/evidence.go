package check

import "github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"

// EvidenceOf tells how far it is proven that traffic to the subject is TLS:
// none unless every socket in effect is TLS.
func EvidenceOf(in Input, s Subject) facts.Evidence {
	if s.Active != nil && len(s.Active.Members) > 0 {
		return evidenceOfMembers(in, s)
	}
	sockets, known := s.InEffect()
	if s.Active == nil || !known || len(sockets) == 0 {
		return facts.EvidenceNone
	}
	for _, k := range sockets {
		if k.Kind != facts.SocketTLS {
			return facts.EvidenceNone
		}
	}
	if s.Warming != nil || s.Active.State == facts.StateWarming || !delivered(in.Proxy, sockets) {
		return facts.EvidenceConfigured
	}
	if done, _, known := handshakes(s.Active); known && done > 0 {
		return facts.EvidenceExercised
	}
	return facts.EvidenceReady
}

// evidenceOfMembers is the least of the clusters that the subject chooses among.
func evidenceOfMembers(in Input, s Subject) facts.Evidence {
	least := facts.EvidenceExercised
	for _, name := range s.Active.Members {
		m, seen := in.member(s, name)
		if !seen {
			return facts.EvidenceNone
		}
		least = min(least, EvidenceOf(in, m))
	}
	return least
}

// delivered tells whether every secret that the sockets name is active.
func delivered(p *facts.Proxy, sockets []facts.Socket) bool {
	if _, missing := p.Lacks(facts.FactSecrets); missing {
		for _, k := range sockets {
			if len(secretNames(k)) > 0 {
				return false
			}
		}
		return true
	}
	for _, k := range sockets {
		for _, n := range secretNames(k) {
			if st := p.SecretState(n); st != facts.StateActive && st != facts.StateStatic {
				return false
			}
		}
	}
	return true
}

// handshakes counts, as a lower bound, the TLS handshakes that the endpoints of
// an upstream completed, and the connections that failed; known is false where
// no counter was seen. ssl.handshake is exact where it is exported. Else host
// counters serve: a connection that has ended without failing was connected, and
// a request is attached only to a connected connection, which with TLS is after
// the handshake (Envoy: ConnPoolImplBase::attachStreamToClient, SslSocket
// onSuccess). On TCP one request is one connection.
func handshakes(u *facts.Upstream) (done, failed uint64, known bool) {
	for _, e := range u.Endpoints {
		// A connection to a listener inside Envoy is made before the tunnel that carries it.
		if k := u.SocketFor(e); e.Hosts == nil || k.Kind != facts.SocketTLS || k.Through != "" {
			continue
		}
		known = true
		h := *e.Hosts
		failed += h.Failed
		done += completed(h, u.Protocol)
	}
	if u.TLS != nil && u.TLS.Handshake != nil {
		known, done = true, *u.TLS.Handshake
	}
	return done, failed, known
}

func completed(h facts.HostCounters, p facts.Protocol) uint64 {
	if h.Total <= h.Failed {
		return 0
	}
	tried := h.Total - h.Failed
	switch {
	case h.Requests > 0 && p == facts.ProtocolTCP:
		return min(h.Requests, tried)
	case tried > h.Active:
		return tried - h.Active
	case h.Requests > 0:
		return 1
	}
	return 0
}
