package cli

import (
	"fmt"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/apply"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// mayPutBack tells what a journal may make undo and disable do. A journal is a ConfigMap, and
// who may write those must not get anything else written with the rights of whoever runs
// undo: only kinds that enable writes, beside the journal (a rule that was completed may be
// elsewhere: the journal of a disable has it among its origins), and no right but the one that
// enable gives. force allows other Roles there.
func mayPutBack(namespace, name string, origins []apply.Entry, force bool) func(apply.Entry) error {
	return func(e apply.Entry) error {
		kind := schema.FromAPIVersionAndKind(e.APIVersion, e.Kind)
		ours := slices.ContainsFunc(istio.OwnedKinds(kind.Version, kind.Version), func(k schema.GroupVersionKind) bool { return k.GroupKind() == kind.GroupKind() })
		added := e.Completed || slices.ContainsFunc(origins, func(o apply.Entry) bool { return o.Completed && o.Object == e.Object })
		completed := added && e.Kind == kube.KindDestinationRule && e.Action == apply.Configured
		if !ours || e.Namespace != namespace && !completed {
			return fmt.Errorf("the journal of %q in namespace %s names %s %s/%s, which no command of that name writes: look at the journal, and delete it: kubectl get configmap %s.mesh-tls-journal -n %s -o yaml",
				name, namespace, kind.GroupKind(), e.Namespace, e.Name, name, namespace)
		}
		if kind.Group == istio.GroupRBAC && e.Action != apply.Created && !force && !istio.IsAccess(&unstructured.Unstructured{Object: e.Before}, name) {
			return fmt.Errorf("%s gives other rights than enable does, and a journal is not trusted with that: restore it by hand, or by --force-conflicts", e.Object)
		}
		return nil
	}
}
