package envoy

import (
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	corev3 "github.com/envoyproxy/go-control-plane/envoy/config/core/v3"
	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
	"github.com/go-json-experiment/json/jsontext"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// validation decodes a CertificateValidationContext. The same context stands in
// thousands of clusters, a CA bundle inside it too, so the result is kept by
// its text. Callers share the slices and do not change them.
func (c *collector) validation(raw jsontext.Value) (facts.Validation, error) {
	if !given(raw) {
		return facts.Validation{CA: facts.Source{Kind: facts.SourceNone}}, nil
	}
	if v, ok := c.validations[string(raw)]; ok {
		return v, nil
	}
	v, err := readValidation(raw)
	if err == nil && len(c.validations) < maxValidations {
		c.validations[string(raw)] = v
	}
	return v, err
}

var errNameRules = fmt.Errorf("more than %d rules for the peer's name", maxNameRules)

func readValidation(raw jsontext.Value) (facts.Validation, error) {
	v := facts.Validation{Present: true}
	var ctx tlsv3.CertificateValidationContext
	if err := decodeProto(raw, &ctx); err != nil {
		return v, err
	}
	old, err := decode[wireValidation](raw)
	if err != nil {
		return v, err
	}
	if v.SANs = nameMatches(&ctx, old); len(v.SANs) > maxNameRules {
		return facts.Validation{}, errNameRules
	}
	v.Keys = ctx.GetVerifyCertificateSpki()
	for _, hash := range ctx.GetVerifyCertificateHash() {
		v.Hashes = append(v.Hashes, strings.ToLower(strings.ReplaceAll(hash, ":", "")))
	}
	v.Pins = len(v.Hashes) + len(v.Keys)
	v.AllowExpired = ctx.GetAllowExpiredCertificate()
	v.AcceptUntrusted = ctx.GetTrustChainVerification() == tlsv3.CertificateValidationContext_ACCEPT_UNTRUSTED
	readCA(&ctx, old, &v)
	readCRL(&ctx, &v)
	return v, nil
}

// readCA finds what the chain is verified against. A custom validator takes the
// place of the default one, so it decides where there is one.
func readCA(ctx *tlsv3.CertificateValidationContext, old wireValidation, v *facts.Validation) {
	custom := ctx.GetCustomValidatorConfig()
	switch {
	case custom != nil && custom.GetName() != defaultValidator:
		var spiffe tlsv3.SPIFFECertValidatorConfig
		if custom.GetTypedConfig().UnmarshalTo(&spiffe) == nil || shapeless(old, &spiffe) {
			readSPIFFE(&spiffe, v)
			return
		}
		v.Extension = true
		v.CA = otherSource(firstOf(old.Custom.Name, old.Custom.Typed.Type, "custom validator"))
	default:
		var text []byte
		v.CA, text = sourceOf(ctx.GetTrustedCa())
		p := ctx.GetCaCertificateProviderInstance()
		switch { // the others are for gRPC clients, and nothing to Envoy (common.proto: not-implemented-hide)
		case v.CA.Kind == facts.SourceInline:
			v.Inline, v.Problem = certificates(text)
		case v.CA.Kind == facts.SourceNone && p != nil:
			v.CA = otherSource(wireProvider{p.GetInstanceName(), p.GetCertificateName()}.String())
		case v.CA.Kind == facts.SourceNone && ctx.GetSystemRootCerts() != nil:
			v.CA = facts.Source{Kind: facts.SourceSystem}
		}
	}
}

// The names by which Envoy finds a validator, whatever its configuration is a message of: with the first of them it is the
// validator that is there without any, and trusted_ca counts (Envoy: ContextImpl, getCertValidatorName).
const (
	defaultValidator = "envoy.tls.cert_validator.default"
	spiffeValidator  = "envoy.tls.cert_validator.spiffe"
)

// shapeless reads a SPIFFE validator whose message travels as a Struct (Envoy: translateOpaqueConfig).
func shapeless(old wireValidation, spiffe *tlsv3.SPIFFECertValidatorConfig) bool {
	typed := old.Custom.Typed
	return old.Custom.Name == spiffeValidator && (isTypedStruct(typed.Type) || isStruct(typed.Type)) && given(typed.Value) && decodeProto(typed.Value, spiffe) == nil
}

// readCRL keeps the lists of revoked certificates, unparsed: with one Envoy refuses what no list covers.
func readCRL(ctx *tlsv3.CertificateValidationContext, v *facts.Validation) {
	var text []byte
	v.CRL, text = sourceOf(ctx.GetCrl())
	v.CRLLeafOnly = ctx.GetOnlyVerifyLeafCertCrl()
	for block, rest := pem.Decode(text); block != nil; block, rest = pem.Decode(rest) {
		if block.Type == "X509 CRL" {
			v.Revoked = append(v.Revoked, block.Bytes)
		}
	}
}

func firstOf(names ...string) string {
	for _, n := range names {
		if n != "" {
			return n
		}
	}
	return ""
}

// nameMatches collects the rules for the peer's name. match_typed_ replaces
// match_ when both are there (Envoy: DefaultCertValidator); verify_ is v2's.
func nameMatches(ctx *tlsv3.CertificateValidationContext, old wireValidation) []facts.NameMatch {
	var out []facts.NameMatch
	for _, m := range ctx.GetMatchTypedSubjectAltNames() {
		out = append(out, nameMatch(m.GetMatcher(), sanType(m.GetSanType()), ""))
	}
	if len(out) > 0 {
		return out
	}
	//lint:ignore SA1019 Istio still writes the deprecated field
	for i, m := range ctx.GetMatchSubjectAltNames() {
		regex := ""
		if i < len(old.SANs) {
			regex = firstOf(old.SANs[i].Regex, old.SANs[i].HiddenRegex)
		}
		out = append(out, nameMatch(m, "", regex))
	}
	for _, name := range append(old.OldSANs, old.HiddenOldSANs...) {
		out = append(out, facts.NameMatch{Kind: "exact", Value: name})
	}
	return out
}

func sanType(t tlsv3.SubjectAltNameMatcher_SanType) string {
	switch t {
	case tlsv3.SubjectAltNameMatcher_SAN_TYPE_UNSPECIFIED:
		return ""
	case tlsv3.SubjectAltNameMatcher_IP_ADDRESS:
		return "ip"
	}
	return strings.ToLower(t.String())
}

func nameMatch(m *matcherv3.StringMatcher, sanType, regex string) facts.NameMatch {
	n := facts.NameMatch{Type: sanType, IgnoreCase: m.GetIgnoreCase()}
	switch p := m.GetMatchPattern().(type) {
	case *matcherv3.StringMatcher_Exact:
		n.Kind, n.Value = "exact", p.Exact
	case *matcherv3.StringMatcher_Prefix:
		n.Kind, n.Value = "prefix", p.Prefix
	case *matcherv3.StringMatcher_Suffix:
		n.Kind, n.Value = "suffix", p.Suffix
	case *matcherv3.StringMatcher_Contains:
		n.Kind, n.Value = "contains", p.Contains
	case *matcherv3.StringMatcher_SafeRegex:
		n.Kind, n.Value = "regex", p.SafeRegex.GetRegex()
	default:
		n.Kind, n.Value = "custom", ""
		if regex != "" {
			n.Kind, n.Value = "regex", regex
		}
	}
	return n
}

// dataSource reads a DataSource that stands outside of a typed message.
func dataSource(raw jsontext.Value) (facts.Source, []byte, error) {
	if !given(raw) {
		return facts.Source{Kind: facts.SourceNone}, nil, nil
	}
	var d corev3.DataSource
	if err := decodeProto(raw, &d); err != nil {
		return facts.Source{}, nil, err
	}
	source, text := sourceOf(&d)
	return source, text, nil
}

// sourceOf says where a DataSource takes its bytes from, with the bytes where
// they are inline. Empty ones hold nothing: SPIRE sends trusted_ca: {}.
func sourceOf(d *corev3.DataSource) (facts.Source, []byte) {
	switch s := d.GetSpecifier().(type) {
	case *corev3.DataSource_Filename:
		if s.Filename != "" {
			return facts.Source{Kind: facts.SourceFile, Name: s.Filename}, nil
		}
	case *corev3.DataSource_InlineBytes:
		if len(s.InlineBytes) > 0 {
			return facts.Source{Kind: facts.SourceInline}, s.InlineBytes
		}
	case *corev3.DataSource_InlineString:
		if s.InlineString != "" {
			return facts.Source{Kind: facts.SourceInline}, []byte(s.InlineString)
		}
	case *corev3.DataSource_EnvironmentVariable:
		return otherSource("environment variable " + s.EnvironmentVariable), nil
	}
	return facts.Source{Kind: facts.SourceNone}, nil
}

// certificates parses every PEM block and says in words what does not parse.
func certificates(text []byte) ([]facts.Certificate, string) {
	found, err := facts.ParsePEM(text)
	switch {
	case err == nil:
		return found, ""
	case errors.Is(err, facts.ErrNoCertificate):
		return nil, "the text holds no certificate (no PEM block of type CERTIFICATE)"
	}
	return found, err.Error()
}
