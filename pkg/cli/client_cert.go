package cli

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/spf13/pflag"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// certFlags name the certificate that the sidecars present: MUTUAL.
type certFlags struct {
	certFile, keyFile string
	certPath, keyPath string
	secret            string
	accounts          []string
	noRBAC            bool
}

func (f *certFlags) add(fs *pflag.FlagSet) {
	fs.StringVar(&f.certFile, "client-cert-file", "", "PEM `FILE` here with the client certificate and its chain: makes the Secret; needs --workload")
	fs.StringVar(&f.keyFile, "client-key-file", "", "PEM `FILE` here with its key")
	fs.StringVar(&f.secret, "client-secret", "", "existing Secret `NAME` with tls.crt and tls.key (CA: NAME-cacert, or ca.crt in it); needs --workload")
	fs.StringVar(&f.certPath, "client-cert-path", "", "`PATH` of the client certificate inside the sidecar")
	fs.StringVar(&f.keyPath, "client-key-path", "", "`PATH` of its key inside the sidecar")
	fs.StringSliceVar(&f.accounts, "service-account", nil, "account of the clients that may read the Secret (default: those of the pods with --workload)")
	fs.BoolVar(&f.noRBAC, "no-rbac", false, "give no account the right to read the Secret: it has it already")
}

// reference says where the certificate is; the Secret for files has no name yet.
func (f *certFlags) reference() (intent.KeyPair, error) {
	given := 0
	for _, v := range []bool{f.certFile+f.keyFile != "", f.secret != "", f.certPath+f.keyPath != ""} {
		if v {
			given++
		}
	}
	switch {
	case given > 1:
		return intent.KeyPair{}, errors.New("give one of --client-cert-file, --client-secret and --client-cert-path, not several")
	case (f.certFile == "") != (f.keyFile == ""):
		return intent.KeyPair{}, errors.New("--client-cert-file and --client-key-file go together")
	case (f.certPath == "") != (f.keyPath == ""):
		return intent.KeyPair{}, errors.New("--client-cert-path and --client-key-path go together")
	case f.noRBAC && len(f.accounts) > 0:
		return intent.KeyPair{}, errors.New("give either --service-account or --no-rbac, not both")
	case f.secret == "" && f.certFile == "" && (f.noRBAC || len(f.accounts) > 0):
		return intent.KeyPair{}, errors.New("--service-account and --no-rbac are for a client certificate in a Secret: give --client-cert-file or --client-secret")
	case f.certPath != "":
		return intent.KeyPair{Kind: intent.PairPath, Name: f.certPath, Key: f.keyPath}, nil
	case f.secret != "" || f.certFile != "":
		return intent.KeyPair{Kind: intent.PairSecret, Name: f.secret, ServiceAccounts: f.accounts}, nil
	}
	return intent.KeyPair{}, nil
}

// findAccounts fills in the accounts of the clients, from the pods that the intent is
// for: istiod hands the Secret only to sidecars whose account may list Secrets.
func (f *certFlags) findAccounts(ctx context.Context, d *deps, o *enableOptions) error {
	it := &o.intent
	if it.Certificate.Kind != intent.PairSecret || it.AtGateway() || it.ThroughGateway() || f.noRBAC || len(it.Certificate.ServiceAccounts) > 0 {
		return nil
	}
	dryRun := o.dryRun
	if o.output == outputIntent {
		dryRun = "client" // a document can be made without a cluster; with one it is complete
	}
	c, err := clusterOrNone(ctx, d, dryRun)
	if err != nil {
		return err
	}
	if c == nil {
		o.notes = append(o.notes, "no cluster was asked for the accounts of the clients, so none gets the right to the Secret here: name them with --service-account")
		return nil
	}
	accounts, err := accountsOf(ctx, c, it.Namespace, it.Workload)
	if err != nil {
		return err
	}
	if len(accounts) == 0 && o.output == outputIntent {
		o.notes = append(o.notes, "no pod has the labels "+labelText(it.Workload)+" yet: name the accounts of the clients in certificate.serviceAccounts")
		return nil
	}
	if len(accounts) == 0 {
		return fmt.Errorf("no pod in namespace %s has the labels %s, so the account that must read the client certificate is not known: give it with --service-account NAME, or --no-rbac when it may list Secrets already",
			it.Namespace, labelText(it.Workload))
	}
	it.Certificate.ServiceAccounts = accounts
	return nil
}

// accountsOf lists the ServiceAccounts of the pods with the labels, sorted.
func accountsOf(ctx context.Context, c *kube.Client, namespace string, labels map[string]string) ([]string, error) {
	pods, err := c.Dynamic().Resource(schema.GroupVersionResource{Version: "v1", Resource: "pods"}).Namespace(namespace).
		List(ctx, metav1.ListOptions{LabelSelector: labelText(labels)})
	if err != nil {
		return nil, fmt.Errorf("find the accounts of the pods with %s in namespace %s: %w; or name them with --service-account", labelText(labels), namespace, err)
	}
	found := map[string]bool{}
	for _, p := range pods.Items {
		account, _, _ := unstructured.NestedString(p.Object, "spec", "serviceAccountName")
		if account == "" {
			account = "default"
		}
		found[account] = true
	}
	return slices.Sorted(maps.Keys(found)), nil
}

// gaveAccess tells whether an intent made a Role for its clients. Where that cannot be
// read it is true: a right that was given must not be left behind unseen.
func gaveAccess(ctx context.Context, c *kube.Client, namespace, name string) bool {
	kinds := []string{kube.KindDestinationRule, kube.KindPeerAuthentication, kube.KindVirtualService}
	objects, missing, err := c.Objects(ctx, kube.Query{Kinds: kinds, Namespaces: []string{namespace}, Label: istio.LabelName + "=" + name})
	if err != nil || len(missing) > 0 {
		return true
	}
	intents, err := istio.Intents(objects)
	if err != nil || len(intents) == 0 {
		return true
	}
	return slices.ContainsFunc(intents, func(it intent.Intent) bool { return len(it.Certificate.ServiceAccounts) > 0 })
}
