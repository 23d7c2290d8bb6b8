package envoy

import (
	"github.com/go-json-experiment/json/jsontext"

	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// tlsSocket decodes an UpstreamTlsContext or DownstreamTlsContext into s.
func (c *collector) tlsSocket(raw jsontext.Value, s facts.Socket) (facts.Socket, bool) {
	w, err := decode[wireTLS](raw)
	if err != nil {
		return unknownSocket(s, "the TLS context could not be decoded: "+wrongPart(err).Error()), false
	}
	if given(w.Value) {
		return unknownSocket(s, "the TLS context is in binary form"), false
	}
	s.Kind = facts.SocketTLS
	s.SNI, s.AutoHostSNI, s.AutoSNISAN = w.SNI, w.AutoHostSNI, w.AutoSNISAN
	s.ALPN, s.KeyLog = w.Common.ALPN, w.Common.KeyLog.Path
	if s.Cert, s.MoreCerts, err = certSources(w.Common); err == nil {
		ownChains(w.Common, &s)
		s.Validation, err = c.peerValidation(w.Common)
	}
	if err == nil {
		err = tlsParams(w.Common.Params, &s)
	}
	if err != nil {
		return unknownSocket(s, "the TLS context could not be decoded: "+wrongPart(err).Error()), false
	}
	return s, w.RequireCert
}

func tlsParams(raw jsontext.Value, s *facts.Socket) error {
	if !given(raw) {
		return nil
	}
	var p tlsv3.TlsParameters
	if err := decodeProto(raw, &p); err != nil {
		return err
	}
	if v := p.GetTlsMinimumProtocolVersion(); v != tlsv3.TlsParameters_TLS_AUTO {
		s.MinTLS = v.String()
	}
	if v := p.GetTlsMaximumProtocolVersion(); v != tlsv3.TlsParameters_TLS_AUTO {
		s.MaxTLS = v.String()
	}
	s.Ciphers, s.Curves, s.SigAlgs = p.GetCipherSuites(), p.GetEcdhCurves(), p.GetSignatureAlgorithms()
	for _, policy := range p.GetCompliancePolicies() {
		s.Compliance = append(s.Compliance, policy.String())
	}
	return nil
}

// certSources says where the proxy's own certificates come from: the first one, and
// those beside it (RSA and ECDSA).
func certSources(w wireCommonTLS) (first facts.Source, more []facts.Source, err error) {
	for _, one := range w.CertSDS {
		if len(w.Certs) > 0 {
			break // they are ignored then (tls.proto; Envoy: getTlsCertificateConfigProviders)
		}
		more = append(more, facts.Source{Kind: facts.SourceSDS, Name: one.Name})
	}
	for _, one := range w.Certs {
		source, err := one.source()
		if err != nil {
			return source, nil, err
		}
		more = append(more, source)
	}
	if len(more) > 1 {
		return more[0], more[1:], nil
	}
	return append(more, certProvider(w))[0], nil, nil
}

// ownChains reads the certificates that stand in the context itself.
func ownChains(w wireCommonTLS, s *facts.Socket) {
	for _, one := range w.Certs {
		source, text, err := dataSource(one.Chain)
		if err != nil || source.Kind != facts.SourceInline {
			continue
		}
		chain, problem := certificates(text)
		s.OwnProblem = firstOf(s.OwnProblem, problem)
		if len(chain) > 0 {
			s.Own = append(s.Own, chain)
		}
	}
}

// certProvider names the extension that brings the certificates, or none.
func certProvider(w wireCommonTLS) facts.Source {
	switch {
	case w.CertProvider != wireProvider{}:
		return otherSource(w.CertProvider.String())
	case w.CertPlugin != wireProvider{}:
		return otherSource(w.CertPlugin.String())
	case w.CertCustom.Name != "":
		return otherSource(w.CertCustom.Name)
	case w.CertSelector.Name != "":
		return otherSource(w.CertSelector.Name)
	}
	return facts.Source{Kind: facts.SourceNone}
}

// source says where one TlsCertificate comes from.
func (w wireCert) source() (facts.Source, error) {
	chain := firstGiven(w.Chain, w.PKCS12)
	source, _, err := dataSource(chain)
	if err != nil || source.Kind != facts.SourceNone {
		return source, err
	}
	if given(chain) {
		return facts.Source{Kind: facts.SourceInline}, nil // emptied by whoever saved the dump
	}
	return otherSource("private key provider"), nil
}

// String names a certificate provider and what is asked of it.
func (p wireProvider) String() string {
	if p.Certificate == "" {
		return p.Instance
	}
	return p.Instance + "/" + p.Certificate
}

func otherSource(name string) facts.Source {
	return facts.Source{Kind: facts.SourceOther, Name: name}
}

// peerValidation reads the one of the three places where a TLS context says how
// the peer is checked. With a secret over SDS the secret's content is merged
// over the default context (Envoy: ContextConfigImpl::getCombinedValidationContextConfig),
// so the CA is the secret's, or the default's where the secret has none, and the name
// rules are the default's and the secret's.
func (c *collector) peerValidation(w wireCommonTLS) (facts.Validation, error) {
	switch {
	case w.Handshaker.Name != "": // an extension that may check the peer in its own way, or not at all
		return facts.Validation{Present: true, Extension: true, CA: otherSource("handshaker " + w.Handshaker.Name)}, nil
	case w.Combined != nil:
		v, err := c.validation(w.Combined.Default)
		v.Present = true
		if s, ok := validationSource(w.Combined.SDS, w.Combined.ValPlugin, w.Combined.ValCustom); ok {
			v.Default, v.CA = v.CA, s
		}
		return v, err
	case given(w.Validation):
		return c.validation(w.Validation)
	}
	if s, ok := validationSource(w.ValSDS, w.ValPlugin, w.ValCustom); ok {
		return facts.Validation{Present: true, CA: s}, nil
	}
	return facts.Validation{CA: facts.Source{Kind: facts.SourceNone}}, nil
}

func validationSource(sds *wireSDS, plugin *wireProvider, custom *wireNamed) (facts.Source, bool) {
	switch {
	case sds != nil:
		return facts.Source{Kind: facts.SourceSDS, Name: sds.Name}, true
	case plugin != nil:
		return otherSource(plugin.String()), true
	case custom != nil:
		return otherSource(custom.Name), true
	}
	return facts.Source{}, false
}
