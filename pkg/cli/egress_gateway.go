package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// onTheWay begins the intent: with a gateway it is placed in the gateway's namespace.
func (f *egressFlags) onTheWay(ctx context.Context, d *deps) (intent.Intent, error) {
	it := intent.Intent{Recipe: intent.RecipeEgress}
	if f.through == "" {
		return it, nil
	}
	name, namespace, port, err := parseGateway(f.through)
	if err != nil {
		return it, err
	}
	dryRun := f.dryRun
	if f.output == outputIntent {
		dryRun = "client"
	}
	c, err := clusterOrNone(ctx, d, dryRun)
	if err != nil {
		return it, err
	}
	if c == nil {
		return it, fmt.Errorf("--through-gateway %s: its pods and their identity cannot be looked up without a cluster", f.through)
	}
	if it.Namespace, it.Through, err = findGateway(ctx, c, name, namespace, port); err != nil {
		return it, failure{fmt.Errorf("--through-gateway %s, nothing was written: %w", f.through, err)}
	}
	return it, nil
}

// parseGateway reads SERVICE.NAMESPACE[:PORT], NAMESPACE/SERVICE[:PORT] or SERVICE[:PORT].
func parseGateway(s string) (name, namespace string, port int, err error) {
	at, number, found := strings.Cut(s, ":")
	if found {
		if port, err = intent.ParsePort(number); err != nil {
			return "", "", 0, fmt.Errorf("--through-gateway %q: %w", s, err)
		}
	}
	at = strings.TrimSuffix(strings.TrimSuffix(at, ".svc.cluster.local"), ".svc")
	if before, after, slash := strings.Cut(at, "/"); slash {
		namespace, name, found = before, after, true
	} else {
		name, namespace, found = strings.Cut(at, ".")
	}
	if name == "" || found && namespace == "" || strings.ContainsAny(name+namespace, "./") {
		return "", "", 0, fmt.Errorf("--through-gateway %q: must be SERVICE.NAMESPACE[:PORT], for example istio-egressgateway.istio-system", s)
	}
	return name, namespace, port, nil
}

// findGateway looks at the gateway's Service and pods: whether they are there, whether the
// port is open, and by which identity the sidecars will know them.
func findGateway(ctx context.Context, c *kube.Client, name, namespace string, port int) (string, intent.Through, error) {
	var t intent.Through
	u, err := gatewayService(ctx, c, name, namespace)
	if err != nil {
		return "", t, err
	}
	namespace = u.GetNamespace()
	config, err := istio.Config([]*unstructured.Unstructured{u}, c.RootNamespace)
	if err != nil {
		return "", t, err
	}
	service := config.Services[0]
	t.Service, t.Workload = service.Hosts[0], service.Selector
	if t.Port, err = gatewayPort(service, port); err != nil {
		return "", t, err
	}
	pods, err := c.Pods(ctx, namespace)
	if err != nil {
		return "", t, fmt.Errorf("look for the gateway's pods: %w", err)
	}
	domain := trustDomain(ctx, c)
	for _, p := range pods {
		if id := fmt.Sprintf("spiffe://%s/ns/%s/sa/%s", domain, namespace, p.ServiceAccount); service.Picks(p) && p.Proxied() && !slices.Contains(t.Identities, id) {
			t.Identities = append(t.Identities, id)
		}
	}
	slices.Sort(t.Identities)
	if len(t.Identities) == 0 {
		return "", t, fmt.Errorf("no running pod with a proxy is behind Service %s/%s (selector %s): start the gateway first", namespace, name, labelText(t.Workload))
	}
	return namespace, t, nil
}

// gatewayService finds the Service; without a namespace, the only one of that name.
func gatewayService(ctx context.Context, c *kube.Client, name, namespace string) (*unstructured.Unstructured, error) {
	services := c.Dynamic().Resource(schema.GroupVersionResource{Version: "v1", Resource: "services"})
	list, err := services.Namespace(namespace).List(ctx, metav1.ListOptions{FieldSelector: "metadata.name=" + name})
	if err != nil {
		return nil, fmt.Errorf("look for Service %s: %w; name its namespace: %s.NAMESPACE", name, err, name)
	}
	var where []string
	for _, u := range list.Items {
		where = append(where, u.GetNamespace())
	}
	switch {
	case len(where) == 1:
		return &list.Items[0], nil
	case len(where) > 1:
		return nil, fmt.Errorf("a Service %s is in each of the namespaces %s: say which, %s.NAMESPACE", name, strings.Join(where, ", "), name)
	case namespace != "":
		return nil, fmt.Errorf("there is no Service %s in namespace %s", name, namespace)
	}
	return nil, fmt.Errorf("there is no Service %s in any namespace", name)
}

// gatewayPort is the port asked for, else 443, where the Service has it.
func gatewayPort(service facts.Service, port int) (int, error) {
	var open []string
	for _, p := range service.Ports {
		if p.Number == port || port == 0 && p.Number == 443 {
			return p.Number, nil
		}
		open = append(open, fmt.Sprint(p.Number))
	}
	if port == 0 {
		return 0, fmt.Errorf("%s does not open port 443, and no other was named: it opens %s; add one as :PORT", service.Object, strings.Join(open, ", "))
	}
	return 0, fmt.Errorf("%s does not open port %d: it opens %s", service.Object, port, strings.Join(open, ", "))
}

// trustDomain is the mesh's, or Istio's default where its configuration cannot be read or
// says nothing: then a wrong one is seen when no connection to the gateway completes.
func trustDomain(ctx context.Context, c *kube.Client) string {
	config, _ := meshConfig(ctx, c)
	if domain, _, _ := unstructured.NestedString(config, "trustDomain"); domain != "" {
		return domain
	}
	return "cluster.local"
}

// clientsOf are the namespaces that see the way to a gateway: "." is that of the clients,
// because the intent itself is in the gateway's.
func clientsOf(exportTo []string, namespace string) []string {
	if len(exportTo) == 0 {
		return []string{namespace}
	}
	out := slices.Clone(exportTo)
	for n, to := range out {
		if to == intent.ExportHere {
			out[n] = namespace
		}
	}
	return out
}

// describeWay is the first line of a plan with a gateway.
func describeWay(it intent.Intent, port int, protocol string) string {
	who := "namespace " + strings.Join(it.ExportTo, ", ")
	if len(it.Workload) > 0 {
		who += " with " + labelText(it.Workload)
	}
	return fmt.Sprintf("Plan: traffic of %s to %s:%d (%s) leaves its sidecar as mutual TLS of the mesh to gateway %s:%d (%s), and the gateway as TLS to %s:%d\n",
		who, it.Host, port, protocol, it.Through.Service, it.Through.Port, strings.Join(it.Through.Identities, ", "), it.Host, it.TLSPort)
}
