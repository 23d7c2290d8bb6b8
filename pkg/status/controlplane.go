package status

import (
	"slices"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// controlPlane takes the plaintext ports of istiod (15010, 15014) out of the judgement while nobody calls them: every sidecar
// has clusters for them, and reaches istiod by another one, of its own bootstrap (xds-grpc: port 15012, TLS). The counters
// of the clients' endpoints tell whether somebody calls; where one was not seen the row stays what it is.
func (t *table) controlPlane(r *Row) {
	if r.Verdict != check.VerdictPlaintext || !t.istiods(r) || slices.ContainsFunc(r.Clients, func(c Client) bool { return c.Wanted }) {
		return
	}
	for _, c := range t.clients {
		if sub, has := c.subjects[r.key()]; has && !neverCalled(sub.Serving()) {
			return
		}
	}
	r.Verdict = check.VerdictNotJudged
	for i := range r.Clients {
		r.Clients[i].Verdict = check.VerdictNotJudged
		r.Clients[i].Why = "a port of istiod itself, which no client that was read has called: sidecars reach istiod by a connection of their own (port 15012, TLS). Who calls this one sends plaintext"
	}
}

// istiods tells whether only pods of istiod stand behind a row, without sidecars.
func (in Input) istiods(r *Row) bool {
	return len(r.Servers) > 0 && !slices.ContainsFunc(r.Servers, func(s Server) bool { return !in.istiod(s.Pod) || s.Accepts.Mode != check.ModeNone })
}

// istiod tells its pods: those in the mesh's root namespace with the labels of Istio's charts.
func (in Input) istiod(p facts.Target) bool {
	return in.Config != nil && p.Namespace == in.Config.RootNamespace && (p.Labels["app"] == "istiod" || p.Labels["istio"] == "pilot")
}

// ofMesh tells pods that are the mesh itself and no client of it: istiod, ztunnel, and the CNI plugin's, which may be in
// kube-system, too (labels of Istio's charts).
func (in Input) ofMesh(p facts.Target) bool {
	inRoot := in.Config != nil && p.Namespace == in.Config.RootNamespace
	return in.istiod(p) || inRoot && p.Labels["app"] == "ztunnel" || (inRoot || p.Namespace == "kube-system") && p.Labels["k8s-app"] == "istio-cni-node"
}

// neverCalled tells that a cluster's endpoints are known, and that no connection to any was ever tried.
func neverCalled(u *facts.Upstream) bool {
	return u != nil && u.EndpointsKnown && !slices.ContainsFunc(u.Endpoints, func(e facts.Endpoint) bool { return e.Hosts == nil || e.Hosts.Total > 0 })
}
