package kube

import (
	"fmt"
	"os"
	"sort"
	"strings"
	"sync"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	"k8s.io/client-go/dynamic"
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

// smallTimeout is how long the API server may take for one small answer about itself; client-go's own for discovery.
const smallTimeout = 32 * time.Second

// Client talks to one cluster. The exported fields are settings: New fills them
// with defaults, and they are changed before the first call only.
type Client struct {
	RootNamespace string        // where istiod and mesh-wide rules are
	AdminPort     int           // 0: what the pod says, else DefaultAdminPort
	Timeout       time.Duration // how long one request may stand still
	MaxAnswer     int64         // bytes of one answer of the admin port

	config    *rest.Config
	context   string
	namespace string
	dynamic   dynamic.Interface
	rest      rest.Interface
	bulk      rest.Interface // for pods and lists: without the half minute that one small answer may take

	mu        sync.Mutex
	pods      map[string]podState                          // as last seen by Resolve or Admin
	resources map[schema.GroupVersion][]metav1.APIResource // what the cluster was seen to serve
	begin     func(facts.Target)                           // nil: nothing is expected
	begun     map[string]*expected                         // by namespace/pod
}

// New reads the kubeconfig that the flags point to; it sends nothing. It fails
// with a sentence when no cluster is named, or the context does not exist.
func New(flags *Flags) (*Client, error) {
	loader := flags.Loader()
	raw, err := loader.RawConfig()
	if err != nil {
		return nil, fmt.Errorf("read the kubeconfig: %w", err)
	}
	if err := namesCluster(flags, raw); err != nil {
		return nil, err
	}
	config, err := flags.restConfig()
	if err != nil {
		return nil, fmt.Errorf("read the kubeconfig: %w", err)
	}
	namespace, _, err := loader.Namespace()
	if err != nil {
		return nil, fmt.Errorf("read the namespace of the kubeconfig: %w", err)
	}
	c := &Client{
		RootNamespace: DefaultRootNamespace, Timeout: DefaultTimeout, MaxAnswer: DefaultMaxAnswer,
		config: rest.CopyConfig(config), context: raw.CurrentContext, namespace: namespace,
		pods: map[string]podState{}, resources: map[schema.GroupVersion][]metav1.APIResource{},
	}
	if flags.CurrentContext != "" {
		c.context = flags.CurrentContext
	}
	// The command makes a handful of requests; the client's own rate limit
	// would only slow a fan-out over pods (the server has its own).
	c.config.QPS = -1
	if err := c.connect(); err != nil {
		return nil, fmt.Errorf("make a client for context %q: %w", c.context, err)
	}
	return c, nil
}

// connect makes the clients; they share their connections.
func (c *Client) connect() error {
	var err error
	if c.dynamic, err = dynamic.NewForConfig(c.config); err != nil {
		return err
	}
	status := runtime.NewScheme()
	metav1.AddToGroupVersion(status, schema.GroupVersion{Version: "v1"})
	bulk := rest.CopyConfig(c.config)
	bulk.NegotiatedSerializer = serializer.NewCodecFactory(status).WithoutConversion() // for a refusal, in whatever form it comes
	if c.bulk, err = rest.UnversionedRESTClientFor(bulk); err != nil {
		return err
	}
	small := rest.CopyConfig(bulk)
	if small.Timeout == 0 {
		small.Timeout = smallTimeout
	}
	c.rest, err = rest.UnversionedRESTClientFor(small)
	return err
}

// namesCluster refuses what client-go would quietly turn into localhost:8080.
func namesCluster(flags *Flags, raw clientcmdapi.Config) error {
	wanted := raw.CurrentContext
	if flags.CurrentContext != "" {
		wanted = flags.CurrentContext
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
	if len(raw.Clusters) > 0 || flags.ClusterInfo.Server != "" || os.Getenv("KUBERNETES_SERVICE_HOST") != "" {
		return nil
	}
	return fmt.Errorf("no cluster to talk to: %s; name a kubeconfig with --kubeconfig or KUBECONFIG", whereLooked(flags))
}

func whereLooked(flags *Flags) string {
	if flags.KubeConfig != "" {
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

// RESTConfig is a copy of the client's configuration, for other clients.
func (c *Client) RESTConfig() *rest.Config { return rest.CopyConfig(c.config) }

// Dynamic is the client for any kind of object.
func (c *Client) Dynamic() dynamic.Interface { return c.dynamic }
