package istio

import (
	"fmt"

	security "istio.io/api/security/v1beta1"
	typebeta "istio.io/api/type/v1beta1"
	clientv1 "istio.io/client-go/pkg/apis/security/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// strict writes one PeerAuthentication. No DestinationRule goes with it: where auto
// mTLS is on, sidecars send mutual TLS to whoever takes it.
func strict(i intent.Intent, o Options) ([]*unstructured.Unstructured, error) {
	if o.SecurityVersion == "" {
		return nil, fmt.Errorf("the version of %s that the cluster serves is not known", groupSecurity)
	}
	meta, err := newMeta(i)
	if err != nil {
		return nil, err
	}
	policy := &clientv1.PeerAuthentication{
		TypeMeta: metav1.TypeMeta{Kind: kindPolicy, APIVersion: groupSecurity + "/" + o.SecurityVersion}, ObjectMeta: meta,
		Spec: security.PeerAuthentication{Mtls: &security.PeerAuthentication_MutualTLS{Mode: security.PeerAuthentication_MutualTLS_STRICT}},
	}
	if len(i.Workload) > 0 {
		policy.Spec.Selector = &typebeta.WorkloadSelector{MatchLabels: i.Workload}
	}
	for _, p := range i.PortModes {
		if policy.Spec.PortLevelMtls == nil {
			policy.Spec.PortLevelMtls = map[uint32]*security.PeerAuthentication_MutualTLS{}
		}
		mode := security.PeerAuthentication_MutualTLS_Mode_value[p.Mode]
		policy.Spec.PortLevelMtls[port32(p.Port)] = &security.PeerAuthentication_MutualTLS{Mode: security.PeerAuthentication_MutualTLS_Mode(mode)}
	}
	return bare(policy)
}

// strictNotes tells who is locked out.
func strictNotes(i intent.Intent, _ made) []string {
	notes := []string{
		"clients without a sidecar, and ways in that are no gateway of the mesh (NodePort, LoadBalancer to the workload), are refused: their connections are reset",
		"probes of the kubelet over HTTP and TCP go on as long as the injector rewrites them, which is its default",
	}
	if i.Mesh {
		notes = append(notes, "policies of namespaces and workloads go before this one: those that say PERMISSIVE or DISABLE stay in effect")
	} else if len(i.Workload) == 0 {
		notes = append(notes, "policies of workloads in "+i.Namespace+" go before this one: those that say PERMISSIVE or DISABLE stay in effect")
	}
	for _, p := range i.PortModes {
		if p.Mode != intent.InboundStrict {
			notes = append(notes, fmt.Sprintf("container port %d takes plaintext from anybody (%s)", p.Port, p.Mode))
		}
	}
	return notes
}
