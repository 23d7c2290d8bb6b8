package istio

import (
	"encoding/json"
	"fmt"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	typebeta "istio.io/api/type/v1beta1"
	clientv1 "istio.io/client-go/pkg/apis/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// newMeta names an object of an intent and lets it carry the intent.
func newMeta(i intent.Intent) (metav1.ObjectMeta, error) {
	text, err := json.Marshal(i)
	return metav1.ObjectMeta{
		Name: i.Name, Namespace: i.Namespace, Labels: ownLabels(i.Name),
		Annotations: map[string]string{AnnotationIntent: string(text)},
	}, err
}

// newEntry makes the host known to the mesh, without ports.
func newEntry(i intent.Intent, o Options, meta metav1.ObjectMeta) *clientv1.ServiceEntry {
	entry := &clientv1.ServiceEntry{TypeMeta: typeMeta(kindEntry, o), ObjectMeta: meta, Spec: networking.ServiceEntry{
		Hosts: []string{i.Host}, Addresses: i.Addresses, Location: networking.ServiceEntry_MESH_EXTERNAL, ExportTo: i.ExportTo,
		Resolution: networking.ServiceEntry_Resolution(networking.ServiceEntry_Resolution_value[i.Resolution]),
	}}
	for _, e := range i.Endpoints {
		entry.Spec.Endpoints = append(entry.Spec.Endpoints, &networking.WorkloadEntry{Address: e})
	}
	return entry
}

// entryPort names a port as Istio's own conventions do: protocol first.
func entryPort(number int, protocol string) *networking.ServicePort {
	return &networking.ServicePort{Number: port32(number), Protocol: protocol, Name: fmt.Sprintf("%s-%d", strings.ToLower(protocol), number)}
}

// newRule tells the sidecars to open TLS on the intent's TLS ports. TLS stands at
// ports and not at the rule: another ServiceEntry may give the same host a port
// where applications speak TLS themselves (443), and that must not be put into TLS
// once more. In a subset it stands for those calls only that a route leads there.
func newRule(i intent.Intent, o Options, meta metav1.ObjectMeta) *clientv1.DestinationRule {
	rule := &clientv1.DestinationRule{TypeMeta: typeMeta(kindRule, o), ObjectMeta: meta, Spec: networking.DestinationRule{
		Host: i.Host, ExportTo: ruleExport(i), TrafficPolicy: &networking.TrafficPolicy{},
	}}
	if len(i.Workload) > 0 {
		rule.Spec.WorkloadSelector = &typebeta.WorkloadSelector{MatchLabels: i.Workload}
	}
	policy := rule.Spec.TrafficPolicy
	if i.Subset != "" {
		rule.Spec.TrafficPolicy, policy = nil, &networking.TrafficPolicy{}
		rule.Spec.Subsets = []*networking.Subset{{Name: i.Subset, TrafficPolicy: policy}}
	}
	for _, port := range i.TLSPorts() {
		policy.PortLevelSettings = append(policy.PortLevelSettings,
			&networking.TrafficPolicy_PortTrafficPolicy{Port: &networking.PortSelector{Number: port32(port)}, Tls: clientTLS(i)})
	}
	return rule
}

func port32(n int) uint32 { return uint32(n) } //nolint:gosec // Validate: 1 to 65535
