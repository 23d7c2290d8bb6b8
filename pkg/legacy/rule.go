package legacy

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// rule is a DestinationRule of the file; spec is its content in today's names.
type rule struct {
	Object
	host    string
	spec    map[string]any
	changes []string
	lost    []string
}

// The fields of a DestinationRule v1alpha3 at its upper levels; what is below is
// today's too, and checked by the API server.
var (
	ruleFields   = []string{"host", "trafficPolicy", "subsets", "exportTo", "workloadSelector"}
	policyFields = []string{"loadBalancer", "connectionPool", "outlierDetection", "tls", "portLevelSettings", "tunnel", "proxyProtocol", "retryBudget"}
	portFields   = []string{"port", "loadBalancer", "connectionPool", "outlierDetection", "tls"}
	tlsFields    = []string{"mode", "clientCertificate", "privateKey", "caCertificates", "subjectAltNames", "sni", "credentialName", "insecureSkipVerify", "caCrl"}
	tlsModes     = []string{"DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"}
)

func (r *reader) readRule(o Object) rule {
	u := rule{Object: o}
	node := child(o.node, "spec")
	f := r.known(node, "spec", ruleFields...)
	if u.host = r.text(f["host"], "spec.host"); u.host == "" && len(r.errs) == 0 {
		at := node
		if at == nil {
			at = o.node
		}
		r.fail(at, "spec.host is missing: a DestinationRule is for one host")
	}
	r.trafficPolicy(&u, f["trafficPolicy"], "spec.trafficPolicy")
	for i, n := range r.list(f["subsets"], "spec.subsets") {
		path := fmt.Sprintf("spec.subsets[%d]", i)
		sf := r.known(n, path, "name", "labels", "trafficPolicy")
		if r.text(sf["name"], path+".name") == "" && len(r.errs) == 0 {
			r.fail(n, "%s has no name", path)
		}
		r.trafficPolicy(&u, sf["trafficPolicy"], path+".trafficPolicy")
	}
	if spec, ok := o.fields["spec"].(map[string]any); ok {
		renamed := false
		u.spec, _ = today(spec, &renamed).(map[string]any)
		if renamed {
			u.changes = append(u.changes, "field_names are fieldNames, the only form that the API server takes")
		}
	}
	return u
}

func (r *reader) trafficPolicy(u *rule, n *yaml.Node, path string) {
	f := r.known(n, path, policyFields...)
	r.tls(u, f["tls"], path+".tls")
	for i, item := range r.list(f["portLevelSettings"], path+".portLevelSettings") {
		where := fmt.Sprintf("%s.portLevelSettings[%d]", path, i)
		pf := r.known(item, where, portFields...)
		port := r.known(pf["port"], where+".port", "number", "name")
		if !isNull(port["name"]) {
			u.lost = append(u.lost, fmt.Sprintf("%s: a port by its name (%s) is not there any more: write its number", u.at(port["name"]), clip(r.text(port["name"], where+".port.name"))))
		}
		r.port(port["number"], where+".port.number")
		r.tls(u, pf["tls"], where+".tls")
	}
}

// oldCerts is where Citadel put the mesh's certificates until Istio 1.5.
const oldCerts = "/etc/certs/"

func (r *reader) tls(u *rule, n *yaml.Node, path string) {
	if isNull(n) {
		return
	}
	f := r.known(n, path, tlsFields...)
	mode := r.text(f["mode"], path+".mode")
	if !slices.Contains(tlsModes, mode) && mode != "" && len(r.errs) == 0 {
		r.fail(f["mode"], "%s.mode is %s, want one of %s", path, clip(mode), strings.Join(tlsModes, ", "))
	}
	for _, name := range []string{"clientCertificate", "privateKey", "caCertificates"} {
		if file := r.text(f[name], path+"."+name); strings.HasPrefix(file, oldCerts) && mode == "MUTUAL" {
			u.lost = append(u.lost, fmt.Sprintf("%s: %s is a file of the mesh's own certificates, which no sidecar has since Istio 1.5: mode ISTIO_MUTUAL is what it did", u.at(f[name]), clip(file)))
			return
		}
	}
	_, skips := f["insecureSkipVerify"]
	if (mode == "SIMPLE" || mode == "MUTUAL") && isNull(f["caCertificates"]) && isNull(f["credentialName"]) && !skips {
		u.changes = append(u.changes, fmt.Sprintf("%s has no caCertificates: old Istio checked no certificate there, since 1.21 it must be of a public CA (give --ca-file to `enable origination` for another)", path))
	}
}

// notFields are maps whose keys are somebody's words and no fields.
var notFields = map[string]bool{"labels": true, "matchLabels": true, "distribute": true, "failover": true}

// today copies a value with the field names that the API server takes.
func today(v any, renamed *bool) any {
	switch v := v.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, sub := range v {
			name := camel(k)
			*renamed = *renamed || name != k
			if notFields[name] {
				out[name] = sub
			} else {
				out[name] = today(sub, renamed)
			}
		}
		return out
	case []any:
		out := make([]any, 0, len(v))
		for _, sub := range v {
			out = append(out, today(sub, renamed))
		}
		return out
	}
	return v
}

// writeRules: one DestinationRule v1 for each.
func (t *translation) writeRules() {
	for _, u := range t.rules {
		if len(u.lost) > 0 {
			for _, lost := range u.lost {
				t.note(u.Object, NotTranslated, "%s", lost)
			}
			continue
		}
		if t.in.DropRedundant && t.dropped(&u) {
			continue
		}
		out := newObject(u.Object, groupNetwork+"/v1", kindRule, u.Namespace, u.Name)
		out.Object["spec"] = u.spec
		t.objects = append(t.objects, out)
		text := fmt.Sprintf("DestinationRule %s/%s of networking.istio.io/v1, host %s", u.Namespace, u.Name, clip(u.host))
		if len(u.changes) > 0 {
			text += ": " + strings.Join(u.changes, "; ")
		} else {
			text += ": says the same"
		}
		t.note(u.Object, Translated, "%s", text)
	}
}
