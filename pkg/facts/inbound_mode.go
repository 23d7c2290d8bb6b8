package facts

// demand is what a TLS chain asks of its client, weakest first.
type demand int

const (
	demandUnknown demand = iota
	demandNothing
	demandOptional
	demandRequired
)

// Mode says what the port demands of its clients, from the configuration and
// from what the named secrets hold (Envoy: FilterChainManagerImpl for the
// match, DefaultCertValidator for the demand). Doubt is UNKNOWN, never STRICT
// or MUTUAL; a secret that is not delivered is another matter: no connection
// is accepted then, so the configuration counts.
func (i Inbound) Mode(p *Proxy) Mode {
	tls, plain, passthrough, foreign := 0, 0, 0, false
	weakest := demandRequired
	for _, c := range i.Chains {
		switch {
		case c.Socket.Kind == SocketTLS:
			tls++
			weakest = min(weakest, c.demand(p))
			foreign = foreign || c.Socket.Validation.ofOthers(p)
		case c.Socket.Kind != SocketPlaintext:
			return ModeUnknown
		case c.admitsPlaintext():
			plain++
		default:
			passthrough++
		}
	}
	switch {
	case len(i.Chains) == 0:
		return ModeUnknown
	case tls+plain == 0:
		return ModePassthrough
	case tls == 0:
		return ModeDisable
	case plain > 0:
		return ModePermissive
	case weakest == demandUnknown:
		return ModeUnknown
	case weakest == demandNothing:
		return ModeSimple
	case weakest == demandOptional:
		return ModeOptionalMutual
	case i.Gateway, foreign && passthrough == 0:
		return ModeMutual
	case passthrough > 0:
		return ModePermissive // TLS of the application itself comes in without a client certificate
	}
	return ModeStrict
}

// ofOthers tells whether a sidecar takes clients of another CA than the mesh's: that of a Sidecar's ingress listener, or of
// an EnvoyFilter. The mesh's is the secret ROOTCA (istio: pkg/security/security.go); where the sidecar has none of that name,
// its identity comes from files, and nothing tells the two apart.
func (v Validation) ofOthers(p *Proxy) bool {
	if p == nil || len(p.Secret(meshRoot)) == 0 || v.CA.Kind == SourceSPIFFE {
		return false
	}
	return v.CA != Source{Kind: SourceSDS, Name: meshRoot}
}

const meshRoot = "ROOTCA"

// admitsPlaintext tells whether a chain without TLS takes connections that are
// not TLS. A match on tls or on server names takes only TLS, and hands it to
// the application unopened.
func (c Chain) admitsPlaintext() bool {
	return c.TransportProtocol != "tls" && len(c.ServerNames) == 0
}

// demand tells what one TLS chain asks. Envoy asks for no certificate at all
// when the context has nothing to verify it with, whatever
// require_client_certificate says (DefaultCertValidator::addClientValidationContext).
func (c Chain) demand(p *Proxy) demand {
	anchor := c.Socket.Validation.anchor(p)
	switch {
	case anchor == anchorNone:
		return demandNothing
	case anchor == anchorUnknown:
		return demandUnknown
	case c.RequireClientCert, c.Socket.Validation.names(p):
		return demandRequired
	}
	return demandOptional
}

// names tells whether the peer's name or hash is checked, in the context or by its
// secret: then Envoy demands a certificate, whatever require_client_certificate says
// (DefaultCertValidator::initializeSslContexts; seen with 1.39).
func (v Validation) names(p *Proxy) bool {
	if len(v.SANs) > 0 || v.Pins > 0 {
		return true
	}
	if p == nil || v.CA.Kind != SourceSDS {
		return false
	}
	for _, s := range p.Secret(v.CA.Name) {
		if s.State != StateWarming && s.Validation != nil && (len(s.Validation.SANs) > 0 || s.Validation.Pins > 0) {
			return true
		}
	}
	return false
}

// anchor tells whether a validation has something to verify a chain with.
type anchor int

const (
	anchorUnknown anchor = iota
	anchorNone
	anchorThere
)

func (v Validation) anchor(p *Proxy) anchor {
	switch {
	case v.AcceptUntrusted:
		return anchorNone // a certificate that does not verify is accepted too
	case v.Pins > 0 || len(v.SPIFFE) > 0:
		return anchorThere
	}
	switch v.CA.InForce(p).Kind {
	case SourceFile, SourceSPIFFE:
		return anchorThere
	case SourceInline:
		if len(v.Inline) == 0 {
			return anchorUnknown
		}
		return anchorThere
	case SourceSDS:
		return v.delivered(p)
	case SourceNone:
		return anchorNone
	}
	if v.CA == (Source{}) {
		return anchorNone
	}
	return anchorUnknown
}

// delivered looks into the secret. One that is not there or still waits lets
// nothing in, so it does not weaken the demand; one whose content has no CA does,
// unless the default context has one.
func (v Validation) delivered(p *Proxy) anchor {
	if p == nil {
		return anchorThere
	}
	for _, s := range p.Secret(v.CA.Name) {
		if s.State == StateWarming || s.Empty {
			continue
		}
		if s.Validation == nil {
			if s.Problem != "" {
				return anchorUnknown
			}
			return anchorNone
		}
		a := s.Validation.anchor(nil)
		if a == anchorNone && !s.Validation.AcceptUntrusted {
			a = Validation{Present: true, CA: v.Default, Inline: v.Inline}.anchor(nil)
		}
		if a != anchorThere {
			return a
		}
	}
	return anchorThere
}
