package facts

// Target names one sidecar or gateway proxy. A saved dump has an empty Pod.
type Target struct {
	Context, Namespace, Pod string
	Container               string            // the proxy container, istio-proxy as a rule
	Labels                  map[string]string // of the pod: workload selectors are matched against them
	Annotations             map[string]string // what steers the pod's sidecar, by the names of its annotations: what was set up for the pod, whatever they say today; nil when the pod was not read
	Inherited               []string          // names of those whose value is not the pod's own annotation: a default of the mesh's installation
	ProxyUser               []string          // containers that run as the sidecar's user: it does not capture what they send
	HTTPProxies             []HTTPProxy       // that containers are told to send HTTP calls to: the sidecar sees calls to the proxy then, and not to the host
	IPs                     []string          // the pod's addresses, one of each family that it has; none: not known
	App                     string            // a container of the application, whose traffic the sidecar captures; "" when there is none, or the pod was not read
	Gateway                 bool              // the container runs a gateway, as the pod says: no application stands behind it; false when the pod was not read
	Source                  string            // where a saved dump came from; empty for a live proxy
}

// HTTPProxy is where the environment of a container leads calls of HTTP (http_proxy); Except are the hosts that it does
// not (no_proxy). Nothing tells whether the application heeds them.
type HTTPProxy struct {
	Container, Host string
	Except          []string
}

// String gives namespace/pod, or the source of a saved dump.
func (t Target) String() string {
	if t.Pod == "" {
		return t.Source
	}
	return t.Namespace + "/" + t.Pod
}

// Fact names one thing that a proxy or the cluster can tell; a check lists the
// facts it needs, and Missing says why one could not be had.
type Fact string

// The facts that checks may need.
const (
	FactClusters     Fact = "clusters"      // config_dump, cluster sections
	FactEndpoints    Fact = "endpoints"     // config_dump?include_eds
	FactListeners    Fact = "listeners"     // config_dump, listener sections
	FactRoutes       Fact = "routes"        // config_dump, route sections
	FactSecrets      Fact = "secrets"       // config_dump, secret sections
	FactHostCounters Fact = "host-counters" // /clusters?format=json
	FactTLSCounters  Fact = "tls-counters"  // /stats, cluster.*.ssl.*
	FactServerInfo   Fact = "server-info"   // /server_info or the bootstrap
	FactUpdates      Fact = "updates"       // /stats, *.update_rejected
	FactFiles        Fact = "files"         // /certs: certificates that the proxy reads from files of its own
	FactHandshakes   Fact = "handshakes"    // a probe from the pod's network
	FactRules        Fact = "rules"         // DestinationRules of the cluster
	FactPolicies     Fact = "policies"      // PeerAuthentications of the cluster
	FactBackends     Fact = "backends"      // BackendTLSPolicies of the cluster
)
