package kube

import (
	"fmt"
	"os"
	"sort"
	"strings"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// Defaults of a Client's settings.
const (
	DefaultRootNamespace = "istio-system"
	DefaultAdminPort     = 15000
	DefaultTimeout       = 10 * time.Second
	DefaultMaxAnswer     = 256 << 20
)

// Client talks to one cluster. The exported fields are settings: New fills them
// with defaults, and they are changed before the first call only.
type Client struct {
	RootNamespace string        // where istiod and mesh-wide rules are
	AdminPort     int           // 0: what the pod says, else DefaultAdminPort
	Timeout       time.Duration // how long one request may stand still
	MaxAnswer     int64         // bytes of one answer of the admin port

	flags     *genericclioptions.ConfigFlags
	config    *rest.Config
	context   string
	namespace string
	dynamic   dynamic.Interface
	rest      rest.Interface
	bulk      rest.Interface // for pods and lists: without the half minute that discovery's client gives a request

	mu    sync.Mutex
	pods  map[string]podState  // as last seen by Resolve or Admin
	begin func(facts.Target)   // nil: nothing is expected
	begun map[string]*expected // by namespace/pod
}

// New reads the kubeconfig that the flags point to; it sends nothing. It fails
// with a sentence when no cluster is named, or the context does not exist.
func New(flags *genericclioptions.ConfigFlags) (*Client, error) {
	loader := flags.ToRawKubeConfigLoader()
	raw, err := loader.RawConfig()
	if err != nil {
		return nil, fmt.Errorf("read the kubeconfig: %w", err)
	}
	if err := namesCluster(flags, raw); err != nil {
		return nil, err
	}
	config, err := flags.ToRESTConfig()
	if err != nil {
		return nil, fmt.Errorf("read the kubeconfig: %w", err)
	}
	namespace, _, err := loader.Namespace()
	if err != nil {
		return nil, fmt.Errorf("read the namespace of the kubeconfig: %w", err)
	}
	c := &Client{
		RootNamespace: DefaultRootNamespace, Timeout: DefaultTimeout, MaxAnswer: DefaultMaxAnswer,
		flags: flags, config: rest.CopyConfig(config), context: raw.CurrentContext, namespace: namespace,
		pods: map[string]podState{},
	}
	if flags.Context != nil && *flags.Context != "" {
		c.context = *flags.Context
	}
	// The command makes a handful of requests; the client's own rate limit
	// would only slow a fan-out over pods (the server has its own).
	c.config.QPS = -1
	if c.dynamic, err = dynamic.NewForConfig(c.config); err != nil {
		return nil, fmt.Errorf("make a client for context %q: %w", c.context, err)
	}
	disco, err := discovery.NewDiscoveryClientForConfig(c.config)
	if err != nil {
		return nil, fmt.Errorf("make a client for context %q: %w", c.context, err)
	}
	c.rest = disco.RESTClient()
	bulk := rest.CopyConfig(c.config)
	bulk.NegotiatedSerializer = scheme.Codecs.WithoutConversion() // for a refusal, in whatever form it comes
	if c.bulk, err = rest.UnversionedRESTClientFor(bulk); err != nil {
		return nil, fmt.Errorf("make a client for context %q: %w", c.context, err)
	}
	return c, nil
}

// namesCluster refuses what client-go would quietly turn into localhost:8080.
func namesCluster(flags *genericclioptions.ConfigFlags, raw clientcmdapi.Config) error {
	wanted := raw.CurrentContext
	if flags.Context != nil && *flags.Context != "" {
		wanted = *flags.Context
	}
	if wanted != "" && raw.Contexts[wanted] == nil {
		names := make([]string, 0, len(raw.Contexts))
		for name := range raw.Contexts {
			names = append(names, name)
		}
		sort.Strings(names)
		return fmt.Errorf("context %q does not exist in the kubeconfig (it has: %s); choose one with --context",
			wanted, strings.Join(names, ", "))
	}
	if len(raw.Clusters) > 0 || (flags.APIServer != nil && *flags.APIServer != "") || os.Getenv("KUBERNETES_SERVICE_HOST") != "" {
		return nil
	}
	return fmt.Errorf("no cluster to talk to: %s; name a kubeconfig with --kubeconfig or KUBECONFIG", whereLooked(flags))
}

func whereLooked(flags *genericclioptions.ConfigFlags) string {
	if flags.KubeConfig != nil && *flags.KubeConfig != "" {
		return "the file of --kubeconfig names no cluster"
	}
	if path := os.Getenv(clientcmd.RecommendedConfigPathEnvVar); path != "" {
		return "KUBECONFIG=" + path + " names no cluster"
	}
	return "KUBECONFIG is not set and ~/.kube/config names no cluster"
}

// Context is the name of the kubeconfig's context; "" in a cluster's own pod.
func (c *Client) Context() string { return c.context }

// Namespace is that of -n, else the context's, else default.
func (c *Client) Namespace() string { return c.namespace }

// Dynamic is the client for any kind of object.
func (c *Client) Dynamic() dynamic.Interface { return c.dynamic }

// Mapper tells kinds and resources apart by the cluster's (cached) discovery.
func (c *Client) Mapper() (meta.RESTMapper, error) {
	m, err := c.flags.ToRESTMapper()
	if err != nil {
		return nil, c.explain("read the API resources of the cluster", err)
	}
	return m, nil
}
