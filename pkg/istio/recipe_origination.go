package istio

import (
	"encoding/json"
	"slices"

	networking "istio.io/api/networking/v1alpha3"
	clientv1 "istio.io/client-go/pkg/apis/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// origination writes a ServiceEntry, which makes the host known to the mesh, and a
// DestinationRule, which tells the sidecars to open TLS to it.
func origination(i intent.Intent, o Options) ([]*unstructured.Unstructured, error) {
	meta, err := newMeta(i)
	if err != nil {
		return nil, err
	}
	entry := newEntry(i, o, meta)
	for _, p := range i.Ports {
		entry.Spec.Ports = append(entry.Spec.Ports, entryPort(p.Number, p.Protocol))
	}
	return ofHost(i, entry, newRule(i, o, meta))
}

// ofHost gives the objects of a host, the ServiceEntry first. The zero values of
// Istio's enums vanish in JSON; they are written all the same: an object that is
// adopted may hold other ones.
func ofHost(i intent.Intent, entry *clientv1.ServiceEntry, others ...any) ([]*unstructured.Unstructured, error) {
	objects, err := bare(append([]any{entry}, others...)...)
	if err != nil {
		return nil, err
	}
	if spec, ok := objects[0].Object["spec"].(map[string]any); ok {
		spec["location"], spec["resolution"] = networking.ServiceEntry_MESH_EXTERNAL.String(), i.Resolution
	}
	return objects, nil
}

// clientTLS says the intent's TLS in Istio's words. SNI and names always stand
// together, see intent.Validate; a wildcard has neither.
func clientTLS(i intent.Intent) *networking.ClientTLSSettings {
	tls := &networking.ClientTLSSettings{Mode: networking.ClientTLSSettings_SIMPLE, Sni: i.SNI, SubjectAltNames: i.SANs}
	if i.Mode == intent.ModeMutual {
		tls.Mode = networking.ClientTLSSettings_MUTUAL
	}
	if i.Certificate.Kind == intent.PairPath {
		tls.ClientCertificate, tls.PrivateKey = i.Certificate.Name, i.Certificate.Key
	}
	switch i.CA.Kind {
	case intent.CAPath:
		tls.CaCertificates = i.CA.Name
	case intent.CASystem:
		// Written out: where nothing stands, Istio before 1.21 checks no certificate
		// at all, while this word is either understood (1.12 on) or taken for a file
		// that is not there, and then nothing gets through.
		tls.CaCertificates = systemRoots
	case intent.CASecret:
		tls.CredentialName = i.CA.Name // Validate: a pair in a Secret has the same name
	case intent.CAConfigMap:
		tls.CredentialName = configMapPrefix + i.Namespace + "/" + i.CA.Name
	}
	return tls
}

// ruleExport writes "." of a rule for all workloads as the namespace's name, which
// means the same to a reader and not to Istio: it merges a rule with exportTo "."
// into any rule for the same host that has a workloadSelector, and then it counts
// for nobody else. Seen live: the other pods keep their TLS until their next
// restart and send plain text from then on (mergeDestinationRule compares exportTo
// as text, and a rule with a selector always has "." there).
func ruleExport(i intent.Intent) []string {
	if len(i.Workload) > 0 {
		return i.ExportTo
	}
	out := slices.Clone(i.ExportTo)
	for n, to := range out {
		if to == intent.ExportHere {
			out[n] = i.Namespace
		}
	}
	return out
}

const (
	systemRoots     = "system"
	configMapPrefix = "configmap://"
)

func ownLabels(name string) map[string]string {
	return map[string]string{LabelName: name, LabelManagedBy: ManagedBy}
}

func typeMeta(kind string, o Options) metav1.TypeMeta {
	return metav1.TypeMeta{Kind: kind, APIVersion: group + "/" + o.NetworkingVersion}
}

// bare turns typed objects into plain ones without the fields that only a server
// fills in.
func bare(objects ...any) ([]*unstructured.Unstructured, error) {
	var out []*unstructured.Unstructured
	for _, obj := range objects {
		text, err := json.Marshal(obj)
		if err != nil {
			return nil, err
		}
		u := &unstructured.Unstructured{}
		if err := u.UnmarshalJSON(text); err != nil {
			return nil, err
		}
		unstructured.RemoveNestedField(u.Object, "status")
		unstructured.RemoveNestedField(u.Object, "metadata", "creationTimestamp")
		out = append(out, u)
	}
	return out, nil
}
