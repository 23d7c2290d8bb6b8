package facts

// Exposure is how clients that are not in the mesh reach a Service.
type Exposure struct {
	Type        string // as written; "" is ClusterIP
	Headless    bool
	NodePorts   []int
	ExternalIPs []string
}

// Outside tells whether the Service is an entry for clients outside the cluster.
func (e Exposure) Outside() bool {
	return e.Type == "NodePort" || e.Type == "LoadBalancer" || len(e.ExternalIPs) > 0
}

// AppProbe is a probe of the kubelet that goes to a port of the application itself.
type AppProbe struct {
	Container string
	Kind      string // readiness, liveness, startup
	Handler   string // http, grpc, tcp
	Port      int    // 0: a name that the pod does not declare
}

// Ingress is an entry by which a controller leads outside clients to a Service.
type Ingress struct {
	Object   Ref
	Class    string
	Services []string // in its own namespace
}

// Plaintext is what a server's sidecar counted of connections without TLS since it
// started. A nil map means that nothing is exported; absent is not zero.
type Plaintext struct {
	Ports   map[int]uint64    // connections by container port (Envoy: http.inbound_*.downstream_cx_total less *_ssl_total)
	Sources map[string]uint64 // requests and connections by caller (Istio: istio_requests_total with connection_security_policy none)
	All     *uint64           // of every port (Envoy: listener.*_15006)
}

// Exported tells whether any counter of connections without TLS is there.
func (p Plaintext) Exported() bool { return p.Ports != nil || p.Sources != nil || p.All != nil }
