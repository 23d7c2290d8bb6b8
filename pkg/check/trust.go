package check

import (
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// Trust is what a TLS socket checks the peer against, with secrets resolved.
type Trust struct {
	Source       facts.Source // in effect: none where nothing is validated
	CA           []facts.Certificate
	SPIFFE       bool
	Domains      []facts.TrustDomainCA // with SPIFFE: the CA of each trust domain, all of them in CA too
	SANs         []facts.NameMatch
	Pins         int
	Hashes, Keys []string // the pins
	Untrusted    bool     // ACCEPT_UNTRUSTED, of the context or the secret
	AllowExpired bool
	Extension    bool // an extension decides who is accepted, by whatever it looks at
	Known        bool // false: the content of the CA was not seen
	Why          string

	CRLs        []facts.Source // where lists of revoked certificates come from
	Revoked     [][]byte       // the lists that were seen
	CRLLeafOnly bool
}

// TrustOf resolves the validation of a socket. What the context and the secret say is
// in force together (Envoy merges the secret over the default context).
func TrustOf(p *facts.Proxy, k facts.Socket) Trust {
	v := k.Validation
	t := Trust{Source: v.CA, SANs: v.SANs, CA: v.Inline, SPIFFE: len(v.SPIFFE) > 0 || v.CA.Kind == facts.SourceSPIFFE, Domains: v.SPIFFE, Pins: v.Pins, Hashes: v.Hashes, Keys: v.Keys, Untrusted: v.AcceptUntrusted, AllowExpired: v.AllowExpired, Extension: v.Extension, Known: true}
	t.listRevoked(v)
	for _, d := range v.SPIFFE {
		t.CA = append(slices.Clip(t.CA), d.CA...)
	}
	if v.CA.Kind == facts.SourceSDS {
		t.fromSecret(p, v)
	}
	if force := t.Source.InForce(p); force != t.Source {
		t.Source, t.Why = force, noRoots
	}
	if t.Source.Kind == facts.SourceFile || t.Source.Kind == facts.SourceOther {
		t.Known, t.Why = false, "the proxy reads "+t.Source.String()+" itself"
	}
	if !v.Present && v.CA.Kind == facts.SourceUnknown {
		t.Source = facts.Source{Kind: facts.SourceNone}
	}
	if t.Untrusted {
		t.Source, t.Why = facts.Source{Kind: facts.SourceNone}, "trust_chain_verification is ACCEPT_UNTRUSTED"
	}
	return t
}

const noRoots = "system_root_certs, which Envoy does not have: it is for gRPC clients"

func (t *Trust) fromSecret(p *facts.Proxy, v facts.Validation) {
	name := v.CA.Name
	t.Known, t.CA = false, nil
	if why, missing := p.Lacks(facts.FactSecrets); missing {
		t.Why = why
		return
	}
	for _, s := range p.Secret(name) {
		if s.State == facts.StateWarming || s.Validation == nil {
			continue
		}
		if s.Validation.Problem != "" {
			t.Why = "secret " + name + ": " + s.Validation.Problem
			continue
		}
		own, secret := v, *s.Validation
		own.Default, secret.CA = own.Default.InForce(p), secret.CA.InForce(p)
		t.merge(name, own, secret)
	}
	if !t.Known && t.Why == "" {
		t.Why = "secret " + name + " is not delivered"
	}
}

// merge puts a secret's context over the default one: a member that the secret has
// replaces the default's, lists are joined. A custom validator takes the place of the
// one that reads the CA, wherever it is named.
func (t *Trust) merge(name string, own, secret facts.Validation) {
	t.Known = true
	t.listRevoked(secret)
	t.CA = append(t.CA, secret.Inline...)
	t.SANs = append(slices.Clone(t.SANs), secret.SANs...)
	t.Pins += secret.Pins
	t.Hashes, t.Keys = slices.Concat(t.Hashes, secret.Hashes), slices.Concat(t.Keys, secret.Keys)
	t.Domains = slices.Concat(t.Domains, secret.SPIFFE)
	t.Untrusted = t.Untrusted || secret.AcceptUntrusted
	t.AllowExpired = t.AllowExpired || secret.AllowExpired
	t.Extension = t.Extension || secret.Extension
	t.SPIFFE = t.SPIFFE || len(secret.SPIFFE) > 0 || secret.CA.Kind == facts.SourceSPIFFE
	for _, d := range secret.SPIFFE {
		t.CA = append(t.CA, d.CA...)
	}
	none := secret.CA.Kind == facts.SourceNone && len(secret.SPIFFE) == 0
	switch d := own.Default.Kind; {
	case secret.CA.Kind == facts.SourceOther:
		t.Source = secret.CA
	case secret.CA.Kind != facts.SourceSPIFFE && (d == facts.SourceOther || d == facts.SourceSPIFFE), none && d != facts.SourceNone && d != facts.SourceUnknown:
		t.Source, t.CA = own.Default, own.Inline
		for _, d := range own.SPIFFE {
			t.CA = append(slices.Clip(t.CA), d.CA...)
		}
	case none:
		t.Source, t.Why = facts.Source{Kind: facts.SourceNone}, "secret "+name+" was delivered without any CA"
	}
}

// meshCA tells whether the socket checks workload identities of the mesh. Before 1.5 Istio had them in files, also where
// nothing came over SDS (istio 1.4: pkg/config/constants, AuthCertsPath; pilot/pkg/networking/util, ALPNInMesh).
func meshCA(k facts.Socket) bool {
	ca := k.Validation.CA
	return ca.Kind == facts.SourceSDS && ca.Name == "ROOTCA" || ca.Kind == facts.SourceFile && ca.Name == "/etc/certs/root-cert.pem" && slices.Contains(k.ALPN, "istio")
}

// secretNames lists the SDS secrets that a socket needs.
func secretNames(k facts.Socket) []string {
	var out []string
	for _, s := range append([]facts.Source{k.Cert, k.Validation.CA}, k.MoreCerts...) {
		if s.Kind == facts.SourceSDS && !slices.Contains(out, s.Name) {
			out = append(out, s.Name)
		}
	}
	return out
}

// secretHint says, after the name of an Istio secret, where it comes from and
// what to look at (istio: pilot/pkg/model/credentials/resource.go, pkg/security/security.go).
func secretHint(t facts.Target, name string) (hint, fix string) {
	rest, isFile := strings.CutPrefix(name, "file-root:")
	switch {
	case name == publicCAs:
		return "the sidecar's image has no CA bundle of the operating system", "name a CA: kubectl mesh-tls enable origination HOST:PORT --ca-file FILE"
	case isFile:
		return "the file " + rest + " does not exist in the sidecar, or is no PEM bundle", "mount it with the annotations sidecar.istio.io/userVolume and userVolumeMount, or use --ca-file"
	case name == "invalid://": // istio: pilot/pkg/model/credentials, InvalidSecretTypeURI
		return "Istio cannot use the CA that a BackendTLSPolicy names, and the policy's status tells why", "kubectl get backendtlspolicies -A -o yaml"
	case strings.HasPrefix(name, "file-cert:"):
		return "the client certificate or key file does not exist in the sidecar, or they do not fit", "mount both with the annotations sidecar.istio.io/userVolume and userVolumeMount"
	case strings.HasPrefix(name, "configmap://"):
		return "the ConfigMap is missing, or has no key that Istio reads (ca.crt)", "kubectl get configmap -A | grep " + lastPart(name)
	case strings.HasPrefix(name, "kubernetes"):
		return "the Secret is missing in the pod's namespace, has other key names, or the pod's ServiceAccount may not read it", "kubectl get secret -A | grep " + lastPart(name)
	}
	return "istiod or the agent did not deliver it", proxyLog(t, name)
}

func lastPart(name string) string {
	part := name[strings.LastIndexByte(name, '/')+1:]
	return strings.TrimSuffix(part, "-cacert")
}
