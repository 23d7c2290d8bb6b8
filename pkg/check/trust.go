package check

import (
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// Trust is what a TLS socket checks the peer against, with secrets resolved.
type Trust struct {
	Source facts.Source // in effect: none where nothing is validated
	CA     []facts.Certificate
	SPIFFE bool
	SANs   []facts.NameMatch
	Known  bool // false: the content of the CA was not seen
	Why    string
}

// TrustOf resolves the validation of a socket. SANs of the context and of the
// secret are both in force (Envoy merges the combined context).
func TrustOf(p *facts.Proxy, k facts.Socket) Trust {
	v := k.Validation
	t := Trust{Source: v.CA, SANs: v.SANs, CA: v.Inline, SPIFFE: len(v.SPIFFE) > 0, Known: true}
	if v.CA.Kind == facts.SourceSDS {
		t.fromSecret(p, v.CA.Name)
	}
	if v.CA.Kind == facts.SourceFile || v.CA.Kind == facts.SourceSystem || v.CA.Kind == facts.SourceOther {
		t.Known, t.Why = false, "the proxy reads "+v.CA.String()+" itself"
	}
	if !v.Present && v.CA.Kind == facts.SourceUnknown {
		t.Source = facts.Source{Kind: facts.SourceNone}
	}
	if v.AcceptUntrusted {
		t.Source, t.Why = facts.Source{Kind: facts.SourceNone}, "trust_chain_verification is ACCEPT_UNTRUSTED"
	}
	return t
}

func (t *Trust) fromSecret(p *facts.Proxy, name string) {
	t.Known = false
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
		t.Known = true
		t.CA = append(t.CA, s.Validation.Inline...)
		t.SANs = append(slices.Clone(t.SANs), s.Validation.SANs...)
		t.SPIFFE = t.SPIFFE || len(s.Validation.SPIFFE) > 0
		for _, d := range s.Validation.SPIFFE {
			t.CA = append(t.CA, d.CA...)
		}
		if s.Validation.CA.Kind == facts.SourceNone && len(s.Validation.SPIFFE) == 0 {
			t.Source, t.Why = facts.Source{Kind: facts.SourceNone}, "secret "+name+" was delivered without any CA"
		}
	}
	if !t.Known && t.Why == "" {
		t.Why = "secret " + name + " is not delivered"
	}
}

// meshCA tells whether the socket checks workload identities of the mesh.
func meshCA(k facts.Socket) bool { return k.Validation.CA.Name == "ROOTCA" }

// secretNames lists the SDS secrets that a socket needs.
func secretNames(k facts.Socket) []string {
	var out []string
	for _, s := range []facts.Source{k.Cert, k.Validation.CA} {
		if s.Kind == facts.SourceSDS && !slices.Contains(out, s.Name) {
			out = append(out, s.Name)
		}
	}
	return out
}

// secretHint says, after the name of an Istio secret, where it comes from and
// what to look at (istio: pilot/pkg/model/credentials/resource.go, pkg/security/security.go).
func secretHint(name string) (hint, fix string) {
	rest, isFile := strings.CutPrefix(name, "file-root:")
	switch {
	case name == "file-root:system":
		return "the sidecar's image has no CA bundle of the operating system", "name a CA: kubectl mesh-tls enable origination HOST:PORT --ca-file FILE"
	case isFile:
		return "the file " + rest + " does not exist in the sidecar, or is no PEM bundle", "mount it with the annotations sidecar.istio.io/userVolume and userVolumeMount, or use --ca-file"
	case strings.HasPrefix(name, "file-cert:"):
		return "the client certificate or key file does not exist in the sidecar, or they do not fit", "mount both with the annotations sidecar.istio.io/userVolume and userVolumeMount"
	case strings.HasPrefix(name, "configmap://"):
		return "the ConfigMap is missing, or has no key that Istio reads (ca.crt)", "kubectl get configmap -A | grep " + lastPart(name)
	case strings.HasPrefix(name, "kubernetes"):
		return "the Secret is missing in the pod's namespace, has other key names, or the pod's ServiceAccount may not read it", "kubectl get secret -A | grep " + lastPart(name)
	}
	return "istiod or the agent did not deliver it", "kubectl logs POD -c istio-proxy | grep " + name
}

func lastPart(name string) string {
	part := name[strings.LastIndexByte(name, '/')+1:]
	return strings.TrimSuffix(part, "-cacert")
}
