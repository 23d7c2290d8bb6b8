package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/cert"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// gatewayFlags are those of the gateway's end.
type gatewayFlags struct {
	toService                   string
	gateway, gatewayNamespace   string
	certFile, keyFile, clientCA string
	credential                  string
	allow                       []string
	allowAny                    bool
	httpPort                    int
}

func (g *gatewayFlags) add(fs *pflag.FlagSet) {
	fs.StringVar(&g.toService, "to-service", "", "gateway: `SERVICE.NAMESPACE:PORT` that the calls are led to")
	fs.StringVar(&g.gateway, "gateway", "istio=ingressgateway", "gateway: `LABELS` of its pods")
	fs.StringVar(&g.gatewayNamespace, "gateway-namespace", "", "gateway: its namespace (default: -n with --role gateway, else where its pods are)")
	fs.StringVar(&g.certFile, "cert-file", "", "gateway: PEM `FILE` here with its certificate and chain: makes the Secret")
	fs.StringVar(&g.keyFile, "key-file", "", "gateway: PEM `FILE` here with its key")
	fs.StringVar(&g.clientCA, "client-ca-file", "", "gateway: PEM `FILE` here with the CA of the clients")
	fs.StringVar(&g.credential, "credential", "", "gateway: existing Secret `NAME` with certificate, key and the CA of the clients (or that in NAME-cacert)")
	fs.StringSliceVar(&g.allow, "allow-san", nil, "gateway: subjectAltName of a client that may come in (may be repeated; default with both ends: that of --client-cert-file)")
	fs.BoolVar(&g.allowAny, "allow-any-client", false, "gateway: any certificate of the clients' CA may come in")
	fs.IntVar(&g.httpPort, "http-port", 80, "gateway: plain port whose callers are sent to the TLS port; 0 for none")
}

// given names a flag of the gateway's end that was typed, "" for none.
func (g *gatewayFlags) given() string {
	for _, v := range []struct{ flag, value string }{
		{"--to-service", g.toService}, {"--gateway-namespace", g.gatewayNamespace}, {"--cert-file", g.certFile}, {"--key-file", g.keyFile},
		{"--client-ca-file", g.clientCA}, {"--credential", g.credential}, {"--allow-san", strings.Join(g.allow, ",")},
	} {
		if v.value != "" {
			return v.flag
		}
	}
	if g.allowAny {
		return "--allow-any-client"
	}
	return ""
}

// gatewayOptions makes the gateway's intent, without its namespace. client is the other
// end, nil where only this one is enabled.
func (f *mutualFlags) gatewayOptions(ctx context.Context, d *deps, arg string, client *enableOptions) (enableOptions, error) {
	g := &f.gatewayFlags
	o := enableOptions{applyFlags: f.applyFlags}
	if err := f.applyFlags.validate(); err != nil {
		return o, err
	}
	host, err := intent.ParseHost(strings.Split(arg, ":")[0])
	if err != nil {
		return o, err
	}
	it := intent.Intent{Recipe: intent.RecipeMutual, Role: intent.RoleGateway, Name: f.name, Host: host, TLSPort: f.tlsPort, SANs: g.allow, AnyClient: g.allowAny}
	if it.Workload, err = intent.ParseSelector(g.gateway); err != nil {
		return o, fmt.Errorf("--gateway: %w", err)
	}
	if g.httpPort != 0 {
		it.Ports = []intent.Port{{Number: g.httpPort, Protocol: intent.ProtocolHTTP}}
	}
	if it.Service, it.ServicePort, err = parseService(g.toService); err != nil {
		return o, err
	}
	if client != nil && client.bundle != nil && len(it.SANs) == 0 && !it.AnyClient {
		if certs := client.bundle.end.Cert.Certs(); len(certs) > 0 {
			it.SANs = sansOf(certs[0])
		}
	}
	o.intent = it.Complete()
	if err := g.readFiles(ctx, d, &o); err != nil {
		return o, err
	}
	somewhere := o.intent
	somewhere.Namespace = "any" // it is looked up once the rest is known to be good
	return o, somewhere.Validate()
}

// place finds the gateway and looks at what is there.
func (g *gatewayFlags) place(ctx context.Context, d *deps, o *enableOptions, alone bool) error {
	var err error
	if o.intent.Namespace, err = g.namespaceOf(ctx, d, o.applyFlags, o.intent.Workload, alone); err != nil {
		return err
	}
	if err := o.intent.Validate(); err != nil {
		return err
	}
	return lookAtGateway(ctx, d, o)
}

// readFiles takes the certificate from files or from a Secret that is there.
func (g *gatewayFlags) readFiles(ctx context.Context, d *deps, o *enableOptions) error {
	files := g.certFile + g.keyFile + g.clientCA
	switch {
	case g.credential != "" && files != "":
		return errors.New("give either --credential, or --cert-file, --key-file and --client-ca-file")
	case g.credential != "":
		o.intent.Certificate.Name, o.intent.CA.Name = g.credential, g.credential
		return nil
	case g.certFile == "" || g.keyFile == "" || g.clientCA == "":
		return errors.New("the gateway's certificate is needed: give --cert-file, --key-file and --client-ca-file (the CA that signed the clients' certificates), or --credential SECRET")
	}
	b, err := readBundle(ctx, d, "--client-ca-file", g.clientCA)
	if err != nil {
		return err
	}
	end, err := readEnd(ctx, d, "--cert-file", g.certFile, "--key-file", g.keyFile, "--client-ca-file", g.clientCA)
	if err != nil {
		return err
	}
	notes, err := checkEnds(cert.Input{Server: end, Host: o.intent.Host, Now: d.judged(), Warn: soon})
	if err != nil {
		return err
	}
	o.intent.CA.Fingerprints, o.notes = b.fingerprints(), notes
	o.bundle, err = b.with(end, g.certFile, g.keyFile)
	return err
}

// parseService reads SERVICE.NAMESPACE:PORT, or the full name.
func parseService(s string) (host string, port int, err error) {
	name, number, found := strings.Cut(s, ":")
	if !found || strings.Count(strings.TrimSuffix(name, ".svc.cluster.local"), ".") != 1 {
		return "", 0, fmt.Errorf("--to-service %q: must be SERVICE.NAMESPACE:PORT, for example helloworld.sample:5000", s)
	}
	if port, err = intent.ParsePort(number); err != nil {
		return "", 0, fmt.Errorf("--to-service %q: %w", s, err)
	}
	return strings.TrimSuffix(name, ".svc.cluster.local") + ".svc.cluster.local", port, nil
}

// namespaceOf is where the gateway's pods are: there its Secret must be, and there
// everything goes that belongs to it.
func (g *gatewayFlags) namespaceOf(ctx context.Context, d *deps, f applyFlags, labels map[string]string, alone bool) (string, error) {
	if g.gatewayNamespace != "" {
		return g.gatewayNamespace, nil
	}
	if typed := d.kube.Namespace; alone && typed != nil && *typed != "" {
		return *typed, nil
	}
	c, err := clusterOrNone(ctx, d, f.dryRun)
	if err != nil {
		return "", err
	}
	if c == nil {
		return "", errors.New("where the gateway is cannot be looked up without a cluster: give --gateway-namespace")
	}
	pods, err := c.Dynamic().Resource(schema.GroupVersionResource{Version: "v1", Resource: "pods"}).List(ctx, metav1.ListOptions{LabelSelector: labelText(labels)})
	if err != nil {
		return "", fmt.Errorf("look for the pods of the gateway (%s): %w; or give --gateway-namespace", labelText(labels), err)
	}
	found := map[string]bool{}
	for _, p := range pods.Items {
		found[p.GetNamespace()] = true
	}
	switch names := slices.Sorted(maps.Keys(found)); len(names) {
	case 1:
		return names[0], nil
	case 0:
		return "", fmt.Errorf("no pod has the labels %s: is there a gateway? name its pods with --gateway LABELS", labelText(labels))
	default:
		return "", fmt.Errorf("pods with the labels %s are in namespaces %s: say which with --gateway-namespace", labelText(labels), strings.Join(names, ", "))
	}
}

// lookAtGateway refuses where another Gateway would win over ours, and tells when the
// Service is not there.
func lookAtGateway(ctx context.Context, d *deps, o *enableOptions) error {
	c, err := clusterOrNone(ctx, d, o.dryRun)
	if err != nil || c == nil || o.output == outputIntent {
		return err
	}
	it := o.intent
	foreign, err := foreignGateways(ctx, c, it)
	if err != nil {
		return err
	}
	if len(foreign) > 0 {
		return failure{fmt.Errorf("the Gateway %s/%s already opens port %d for %s at the same gateway, and of two only the oldest counts: remove the host there first",
			foreign[0].GetNamespace(), foreign[0].GetName(), it.TLSPort, it.Host)}
	}
	name, namespace, _ := strings.Cut(strings.TrimSuffix(it.Service, ".svc.cluster.local"), ".")
	if _, err := c.Dynamic().Resource(schema.GroupVersionResource{Version: "v1", Resource: "services"}).Namespace(namespace).Get(ctx, name, metav1.GetOptions{}); err != nil {
		o.notes = append(o.notes, fmt.Sprintf("Service %s/%s could not be read, and calls to a Service that is not there are answered with 503: %v", namespace, name, err))
	}
	return nil
}

func foreignGateways(ctx context.Context, c *kube.Client, it intent.Intent) ([]*unstructured.Unstructured, error) {
	version, err := c.NetworkingVersion(ctx)
	if err != nil {
		return nil, err
	}
	at := schema.GroupVersionResource{Group: "networking.istio.io", Version: version, Resource: "gateways"}
	list, err := c.Dynamic().Resource(at).List(ctx, metav1.ListOptions{})
	if err != nil {
		return nil, fmt.Errorf("cannot tell whether another Gateway opens %s already: %w", it.Host, err)
	}
	var all []*unstructured.Unstructured
	for n := range list.Items {
		all = append(all, &list.Items[n])
	}
	return istio.ForeignGateways(all, it), nil
}
