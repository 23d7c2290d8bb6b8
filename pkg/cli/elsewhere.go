package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/apply"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// objectsElsewhere says where an intent of a name lives that is not in the namespace that
// was meant: that of a way through a gateway is beside the gateway, that of a mesh in the
// root namespace. "" where nobody has one, or where the cluster may not be searched.
func objectsElsewhere(ctx context.Context, d *deps, c *kube.Client, name string) string {
	objects, _, err := c.Objects(ctx, kube.Query{Label: istio.LabelName + "=" + name,
		Kinds: []string{kube.KindServiceEntry, kube.KindDestinationRule, kube.KindVirtualService, kube.KindGateway, kube.KindPeerAuthentication}})
	if err != nil {
		return ""
	}
	var at []string
	for _, u := range objects {
		if istio.Owner(u) == name {
			at = append(at, u.GetNamespace())
		}
	}
	return d.elsewhere("disable", name, at)
}

// changesElsewhere says the same of changes that could be undone.
func changesElsewhere(ctx context.Context, d *deps, writer *apply.Client, name string) string {
	journals, _ := writer.Journals(ctx, "") // one that cannot be read hides no other
	var at []string
	for _, j := range journals {
		if j.Owner == name && !j.Empty() {
			at = append(at, j.Namespace)
		}
	}
	return d.elsewhere("undo", name, at)
}

func (d *deps) elsewhere(verb, name string, namespaces []string) string {
	slices.Sort(namespaces)
	namespaces = slices.Compact(namespaces)
	var commands []string
	for _, ns := range namespaces {
		commands = append(commands, d.command(verb, name, ns))
	}
	if len(commands) == 0 {
		return ""
	}
	return fmt.Sprintf("; one of that name is in namespace %s: %s", strings.Join(namespaces, ", "), strings.Join(commands, " or "))
}
