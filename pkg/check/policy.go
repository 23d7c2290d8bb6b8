package check

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TLSPolicy is what TLS itself must be like; the zero policy demands nothing.
type TLSPolicy struct {
	MinTLS string // TLSv1_2 or TLSv1_3, as Envoy spells them
	Name   string // fips or pqc
}

// Set tells whether anything is demanded.
func (p TLSPolicy) Set() bool { return p != TLSPolicy{} }

// String names the policy as the command line does.
func (p TLSPolicy) String() string {
	var out []string
	if p.MinTLS != "" {
		out = append(out, "TLS "+spoken(p.MinTLS)+" and later")
	}
	if p.Name != "" {
		out = append(out, "policy "+p.Name)
	}
	return strings.Join(out, ", ")
}

// What the policies take. fips: NIST SP 800-52r2 and SP 800-186, as Istio's COMPLIANCE_POLICY fips-140-3 and BoringSSL's
// FIPS_202205 have it. pqc: as Istio's COMPLIANCE_POLICY pqc, and BoringSSL's CNSA2_202603 (ML-KEM-1024).
var (
	fipsCiphers = []string{"ECDHE-ECDSA-AES128-GCM-SHA256", "ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-ECDSA-AES256-GCM-SHA384", "ECDHE-RSA-AES256-GCM-SHA384"}
	fipsCurves  = []string{"P-256", "P-384", "P-521"}
	pqcCurves   = []string{"X25519MLKEM768", "SecP256r1MLKEM768", "SecP384r1MLKEM1024", "MLKEM1024"}
)

// tlsVersions in order; what is not among them is not known.
var tlsVersions = []string{"TLSv1_0", "TLSv1_1", "TLSv1_2", "TLSv1_3"}

func spoken(version string) string {
	return strings.ReplaceAll(strings.TrimPrefix(version, "TLSv"), "_", ".")
}

// setting is one parameter in effect, and where it comes from.
type setting struct {
	values []string
	from   string
	known  bool
}

func (s setting) String() string {
	if !s.known {
		return "not known: " + s.from
	}
	return strings.Join(s.values, ", ") + " (" + s.from + ")"
}

// params are the TLS parameters in effect of one socket.
type params struct{ min, max, ciphers, curves setting }

// paramsOf takes tls_params, and for what they leave open the default of this release of Envoy.
func paramsOf(p *facts.Proxy, k facts.Socket, server bool) params {
	of := func(set []string, b facts.Behaviour) setting {
		if len(set) > 0 && set[0] != "" {
			return setting{split(set), "tls_params", true}
		}
		row, found := facts.BehaviourIn(b, facts.ParseRelease(p.Envoy))
		if !found {
			return setting{from: "tls_params gives none, and the default of Envoy " + facts.ParseRelease(p.Envoy).String() + " is not known to this tool"}
		}
		return setting{strings.Split(row.Value, ","), "default of Envoy " + facts.ParseRelease(p.Envoy).String() + ", " + row.Source, true}
	}
	out := params{curves: curvesOf(p, of(k.Curves, facts.EnvoyCurves))}
	if server {
		out.min, out.max = of([]string{k.MinTLS}, facts.EnvoyServerMinTLS), of([]string{k.MaxTLS}, facts.EnvoyServerMaxTLS)
		out.ciphers = of(k.Ciphers, facts.EnvoyServerCiphers)
	} else {
		out.min, out.max = of([]string{k.MinTLS}, facts.EnvoyClientMinTLS), of([]string{k.MaxTLS}, facts.EnvoyClientMaxTLS)
		out.ciphers = of(k.Ciphers, facts.EnvoyClientCiphers)
	}
	return out
}

// curvesOf: the table's default is that of builds with BoringSSL; one for FIPS takes P-256 alone (envoy: common.proto).
func curvesOf(p *facts.Proxy, s setting) setting {
	if !s.known || s.from == "tls_params" || p.TLSLibrary == "BoringSSL" {
		return s
	}
	if p.TLSLibrary == "BoringSSL-FIPS" {
		return setting{[]string{"P-256"}, "default of Envoy built with BoringSSL-FIPS, envoy: common.proto", true}
	}
	return setting{from: "tls_params gives none, and the default with TLS library " + quoteEmpty(p.TLSLibrary) + " is not known to this tool"}
}

// split takes Envoy's groups of equal preference, [A|B], apart.
func split(list []string) []string {
	var out []string
	for _, entry := range list {
		out = append(out, strings.FieldsFunc(entry, func(r rune) bool { return strings.ContainsRune("[]|:", r) })...)
	}
	return out
}

// verdict collects what breaks a policy and what is not known.
type verdict struct{ broken, unknown []string }

// judge holds one socket against the policy.
func (p TLSPolicy) judge(proxy *facts.Proxy, k facts.Socket, server bool) (verdict, params) {
	in := paramsOf(proxy, k, server)
	var v verdict
	if len(k.Compliance) > 0 {
		v.compliance(p, k)
		return v, in
	}
	atLeast := p.MinTLS
	if p.Name == "pqc" {
		atLeast = "TLSv1_3" // key exchange of TLS 1.2 is never post-quantum
	} else if p.Name == "fips" && atLeast == "" {
		atLeast = "TLSv1_2"
	}
	if atLeast != "" {
		v.version(in, atLeast)
	}
	switch p.Name {
	case "fips":
		v.fips(proxy, in)
	case "pqc":
		v.only("key exchange", in.curves, pqcCurves)
	}
	return v, in
}

func (v *verdict) version(in params, atLeast string) {
	for _, s := range []struct {
		what string
		setting
	}{{"lowest", in.min}, {"highest", in.max}} {
		if !s.known || len(s.values) != 1 || !slices.Contains(tlsVersions, s.values[0]) {
			v.unknown = append(v.unknown, s.what+" version "+s.String())
		} else if slices.Index(tlsVersions, s.values[0]) < slices.Index(tlsVersions, atLeast) {
			v.broken = append(v.broken, s.what+" version TLS "+spoken(s.values[0])+" ("+s.from+")")
		}
	}
}

// fips: without a compliance policy Envoy cannot choose the ciphers of TLS 1.3, of which one is ChaCha20 (envoy: common.proto, cipher_suites).
func (v *verdict) fips(p *facts.Proxy, in params) {
	switch {
	case p.TLSLibrary == "BoringSSL" || p.TLSLibrary == "AWS-LC":
		v.broken = append(v.broken, "the proxy's TLS library is "+p.TLSLibrary+", not a build for FIPS")
	case !strings.Contains(p.TLSLibrary, "FIPS"):
		v.unknown = append(v.unknown, "whether the TLS library "+quoteEmpty(p.TLSLibrary)+" is validated for FIPS")
	}
	v.only("cipher", in.ciphers, fipsCiphers)
	v.only("key exchange", in.curves, fipsCurves)
	if p.TLSLibrary == "BoringSSL" && in.max.known && slices.Equal(in.max.values, []string{"TLSv1_3"}) {
		v.broken = append(v.broken, "TLS 1.3 takes ChaCha20-Poly1305 too: tls_params cannot choose its ciphers, only compliance_policies can")
	}
}

// only demands that nothing outside of a list can be negotiated.
func (v *verdict) only(what string, s setting, allowed []string) {
	if !s.known {
		v.unknown = append(v.unknown, what+" "+s.String())
		return
	}
	var others []string
	for _, value := range s.values {
		if !slices.Contains(allowed, value) {
			others = append(others, value)
		}
	}
	if len(others) > 0 {
		v.broken = append(v.broken, fmt.Sprintf("%s %s (%s)", what, strings.Join(others, ", "), s.from))
	}
}

// compliance: Envoy applies its own policies last, so that they overrule the parameters beside them (envoy: common.proto,
// compliance_policies); FIPS_202205 takes TLS 1.2, whatever the lowest version is set to (BoringSSL: SSL_CTX_set_compliance_policy).
func (v *verdict) compliance(p TLSPolicy, k facts.Socket) {
	fits := map[string][]string{"fips": {"FIPS_202205", "CNSA1_202603", "CNSA2_202603"}, "pqc": {"CNSA2_202603"}}[p.Name]
	for _, c := range k.Compliance {
		if p.Name != "" && !slices.Contains(fits, c) {
			v.unknown = append(v.unknown, "what compliance policy "+c+" means for "+p.Name)
		}
		switch {
		case p.MinTLS == "" || p.MinTLS == "TLSv1_3" && c == "CNSA2_202603" || p.MinTLS != "TLSv1_3" && strings.HasPrefix(c, "FIPS_202205"):
		case p.MinTLS == "TLSv1_3" && c == "FIPS_202205":
			v.broken = append(v.broken, "lowest version TLS 1.2 (compliance policy "+c+")")
		default:
			v.unknown = append(v.unknown, "the lowest version of compliance policy "+c)
		}
	}
}
