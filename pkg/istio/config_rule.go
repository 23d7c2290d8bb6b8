package istio

import (
	networking "istio.io/api/networking/v1alpha3"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// readRule gives every level of a DestinationRule; nothing when it names no host,
// because then it is about nothing.
func readRule(r *reader, u *unstructured.Unstructured, ref facts.Ref, spec node) []facts.Rule {
	base := facts.Rule{Object: ref, Host: r.text(spec, "host"), ExportTo: r.texts(spec, "exportTo"), Created: u.GetCreationTimestamp().Time, Changed: changed(u)}
	base.Owner = Owner(u)
	if selector, there := r.node(spec, "workloadSelector"); there {
		base.Selector = r.labels(selector, "matchLabels")
	}
	if base.Host == "" {
		if len(r.problems) == 0 {
			r.problem("spec.host", "is missing")
		}
		return nil
	}
	out := readPolicy(r, base, spec)
	for _, s := range r.nodes(spec, "subsets") {
		base.Subset = r.text(s, "name")
		if base.Subset == "" {
			r.problem(s.at+".name", "is missing")
			continue
		}
		out = append(out, readPolicy(r, base, s)...)
	}
	return out
}

// readPolicy gives the setting of one traffic policy and of each of its ports.
func readPolicy(r *reader, base facts.Rule, n node) []facts.Rule {
	policy, there := r.node(n, "trafficPolicy")
	base.Policy = there
	out := []facts.Rule{readTLS(r, base, policy)}
	for _, p := range r.nodes(policy, "portLevelSettings") {
		level := base
		port, _ := r.node(p, "port")
		level.Port = r.number(port, "number")
		if level.Port == 0 {
			r.problem(p.at+".port.number", "is missing: Istio uses such a setting for no port")
			continue
		}
		out = append(out, readTLS(r, level, p))
	}
	return out
}

// readTLS fills in tls. A tls without a mode is DISABLE: that is the enum's zero.
func readTLS(r *reader, rule facts.Rule, n node) facts.Rule {
	tls, there := r.node(n, "tls")
	if !there {
		return rule
	}
	rule.HasTLS = true
	if tls.fields == nil {
		return rule // of a wrong type: the problem is noted, and no mode is known
	}
	rule.Mode = r.enum(tls, "mode", networking.ClientTLSSettings_TLSmode_name)
	rule.CA = r.text(tls, "caCertificates")
	rule.Cert = r.text(tls, "clientCertificate")
	rule.Key = r.text(tls, "privateKey")
	rule.CredName = r.text(tls, "credentialName")
	rule.SNI = r.text(tls, "sni")
	rule.SANs = r.texts(tls, "subjectAltNames")
	rule.SkipCA = r.yes(tls, "insecureSkipVerify")
	return rule
}
