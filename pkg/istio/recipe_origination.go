package istio

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	typebeta "istio.io/api/type/v1beta1"
	clientv1 "istio.io/client-go/pkg/apis/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// origination writes a ServiceEntry, which makes the host known to the mesh, and a
// DestinationRule, which tells the sidecars to open TLS to it.
func origination(i intent.Intent, o Options) ([]*unstructured.Unstructured, error) {
	text, err := json.Marshal(i)
	if err != nil {
		return nil, err
	}
	meta := metav1.ObjectMeta{
		Name: i.Name, Namespace: i.Namespace, Labels: ownLabels(i.Name),
		Annotations: map[string]string{AnnotationIntent: string(text)},
	}
	entry := &clientv1.ServiceEntry{TypeMeta: typeMeta(kindEntry, o), ObjectMeta: meta, Spec: networking.ServiceEntry{
		Hosts: []string{i.Host}, Addresses: i.Addresses, Location: networking.ServiceEntry_MESH_EXTERNAL, ExportTo: i.ExportTo,
		Resolution: networking.ServiceEntry_Resolution(networking.ServiceEntry_Resolution_value[i.Resolution]),
	}}
	for _, e := range i.Endpoints {
		entry.Spec.Endpoints = append(entry.Spec.Endpoints, &networking.WorkloadEntry{Address: e})
	}
	rule := &clientv1.DestinationRule{TypeMeta: typeMeta(kindRule, o), ObjectMeta: meta, Spec: networking.DestinationRule{
		Host: i.Host, ExportTo: ruleExport(i), TrafficPolicy: &networking.TrafficPolicy{},
	}}
	if len(i.Workload) > 0 {
		rule.Spec.WorkloadSelector = &typebeta.WorkloadSelector{MatchLabels: i.Workload}
	}
	for _, p := range i.Ports {
		number := uint32(p.Number) //nolint:gosec // Validate: 1 to 65535
		entry.Spec.Ports = append(entry.Spec.Ports, &networking.ServicePort{
			Number: number, Protocol: p.Protocol, Name: fmt.Sprintf("%s-%d", strings.ToLower(p.Protocol), p.Number),
		})
		// TLS stands at the ports that the intent names and not at the rule: another
		// ServiceEntry may give the same host a port where applications speak TLS
		// themselves (443), and that must not be put into TLS once more.
		rule.Spec.TrafficPolicy.PortLevelSettings = append(rule.Spec.TrafficPolicy.PortLevelSettings,
			&networking.TrafficPolicy_PortTrafficPolicy{Port: &networking.PortSelector{Number: number}, Tls: clientTLS(i)})
	}
	objects, err := bare(entry, rule)
	if err != nil {
		return nil, err
	}
	// The zero values of Istio's enums vanish in JSON. They are written all the same:
	// an object that is adopted may hold other ones.
	spec := objects[0].Object["spec"]
	if m, ok := spec.(map[string]any); ok {
		m["location"], m["resolution"] = networking.ServiceEntry_MESH_EXTERNAL.String(), i.Resolution
	}
	return objects, nil
}

// clientTLS says the intent's TLS in Istio's words. SNI and names always stand
// together, see intent.Validate.
func clientTLS(i intent.Intent) *networking.ClientTLSSettings {
	tls := &networking.ClientTLSSettings{Mode: networking.ClientTLSSettings_SIMPLE, Sni: i.SNI, SubjectAltNames: i.SANs}
	switch i.CA.Kind {
	case intent.CAPath:
		tls.CaCertificates = i.CA.Name
	case intent.CASystem:
		// Written out: where nothing stands, Istio before 1.21 checks no certificate
		// at all, while this word is either understood (1.12 on) or taken for a file
		// that is not there, and then nothing gets through.
		tls.CaCertificates = systemRoots
	case intent.CASecret:
		tls.CredentialName = i.CA.Name
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
