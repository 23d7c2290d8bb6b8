package istio

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

const crlField = "caCrl"

// verifying are the modes in which a sidecar checks the server against what the rule says.
var verifying = []string{"SIMPLE", "MUTUAL"}

// keepTLS carries of a live rule's TLS what the intent has no word for and whose loss would be a loss of safety: the list
// of revoked certificates. What the intent replaces, and a reader of the diff may overlook, comes back as notes. Where the
// list would be without effect, that is an error.
func keepTLS(i intent.Intent, mine, live *unstructured.Unstructured) (notes []string, err error) {
	if crl := revoked(live, i.Subset); i.Subset != "" && crl != "" {
		return nil, fmt.Errorf("%s %s/%s has the sidecar refuse revoked certificates, by the list in %s (%s), which the TLS of subset %s would replace: leave --subset out, or take %[5]s out of the rule if nobody needs it",
			live.GetKind(), live.GetNamespace(), live.GetName(), crl, crlField, i.Subset)
	}
	ours, _, _ := unstructured.NestedSlice(mine.Object, "spec", "trafficPolicy", "portLevelSettings")
	for _, item := range ours {
		m, _ := item.(map[string]any)
		tls, is, _ := unstructured.NestedMap(m, "tls")
		was := tlsAt(live, portOf(m))
		if mode, _ := was["mode"].(string); !is || !slices.Contains(verifying, mode) {
			continue
		}
		if crl, _ := was[crlField].(string); crl != "" && was["insecureSkipVerify"] != true {
			if i.CA.Kind != intent.CAPath && i.CA.Kind != intent.CASystem {
				return nil, fmt.Errorf("%s %s/%s has the sidecar refuse revoked certificates, by the list in %s (%s), which Istio reads only together with a CA from a path: give the CA by --ca-path, or take %[5]s out of the rule if nobody needs it",
					live.GetKind(), live.GetNamespace(), live.GetName(), crl, crlField)
			}
			tls[crlField], m["tls"] = crl, tls
			notes = append(notes, fmt.Sprintf("port %d: the list of revoked certificates of %s is kept: %s %s", portOf(m), live.GetName(), crlField, crl))
		}
		if Owner(live) != i.Name {
			notes = append(notes, replacedTLS(live.GetName(), portOf(m), was, tls)...)
		}
	}
	if len(ours) > 0 {
		err = unstructured.SetNestedSlice(mine.Object, ours, "spec", "trafficPolicy", "portLevelSettings")
	}
	return notes, err
}

// revoked finds a list of revoked certificates in what counts for a subset of a rule: its own settings and the rule's.
func revoked(rule *unstructured.Unstructured, subset string) string {
	policies := []any{rule.Object["spec"]}
	subsets, _, _ := unstructured.NestedSlice(rule.Object, "spec", "subsets")
	for _, item := range subsets {
		if m, ok := item.(map[string]any); ok && m["name"] == subset {
			policies = append(policies, m)
		}
	}
	for _, p := range policies {
		m, _ := p.(map[string]any)
		crl, _, _ := unstructured.NestedString(m, "trafficPolicy", "tls", crlField)
		ports, _, _ := unstructured.NestedSlice(m, "trafficPolicy", "portLevelSettings")
		for _, item := range ports {
			if at, ok := item.(map[string]any); ok && crl == "" {
				crl, _, _ = unstructured.NestedString(at, "tls", crlField)
			}
		}
		if crl != "" {
			return crl
		}
	}
	return ""
}

// replacedTLS tells which checks and which client certificate of somebody else's rule the plan replaces.
func replacedTLS(rule string, port int64, was, is map[string]any) (notes []string) {
	of := func(tls map[string]any) string {
		if c, _ := tls["clientCertificate"].(string); c != "" {
			return c
		}
		if c, _ := tls["credentialName"].(string); tls["mode"] == "MUTUAL" {
			return c
		}
		return ""
	}
	if of(was) != "" && of(is) != of(was) {
		notes = append(notes, fmt.Sprintf("port %d: %s presented the client certificate of %s; the plan presents %s", port, rule, of(was), orNone(of(is))))
	}
	theirs, _, _ := unstructured.NestedStringSlice(was, "subjectAltNames")
	ours, _, _ := unstructured.NestedStringSlice(is, "subjectAltNames")
	if len(theirs) > 0 && !maps.Equal(set(theirs), set(ours)) {
		notes = append(notes, fmt.Sprintf("port %d: %s took a server with one of the names %s; the plan takes %s (--san)", port, rule, strings.Join(theirs, ", "), orNone(strings.Join(ours, ", "))))
	}
	return notes
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

func set(names []string) map[string]bool {
	out := map[string]bool{}
	for _, n := range names {
		out[n] = true
	}
	return out
}

// tlsAt is the TLS of a rule for a port: a port's settings replace the rule's whole, also where they have none.
func tlsAt(rule *unstructured.Unstructured, port int64) map[string]any {
	settings, _, _ := unstructured.NestedSlice(rule.Object, "spec", "trafficPolicy", "portLevelSettings")
	for _, item := range settings {
		if m, ok := item.(map[string]any); ok && portOf(m) == port {
			tls, _, _ := unstructured.NestedMap(m, "tls")
			return tls
		}
	}
	tls, _, _ := unstructured.NestedMap(rule.Object, "spec", "trafficPolicy", "tls")
	return tls
}
