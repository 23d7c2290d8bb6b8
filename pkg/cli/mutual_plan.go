package cli

import (
	"fmt"
	"slices"
	"strings"

	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/cert"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
)

// describeGateway shows the gateway's end as a person reads it.
func describeGateway(p istio.Plan) string {
	var b strings.Builder
	it := p.Intent
	who := "whoever has a certificate of the clients' CA"
	if len(it.SANs) > 0 {
		who = "clients with a certificate of " + strings.Join(it.SANs, ", ")
	}
	fmt.Fprintf(&b, "Plan: gateway %s/%s takes %s:%d from %s, by mutual TLS, and leads them to %s:%d\n",
		it.Namespace, labelText(it.Workload), it.Host, it.TLSPort, who, it.Service, it.ServicePort)
	for _, port := range it.Ports {
		fmt.Fprintf(&b, "  callers of port %d are sent to https\n", port.Number)
	}
	for _, o := range p.Objects {
		fmt.Fprintf(&b, "  + %-16s %s/%s\n", o.GetKind(), o.GetNamespace(), o.GetName())
	}
	fmt.Fprintf(&b, "  %s, CA of the clients %s%s\n", it.Mode, caText(it.CA), pairText(it.Certificate))
	for _, n := range p.Notes {
		fmt.Fprintf(&b, "Note: %s\n", n)
	}
	return b.String()
}

// pairText names the certificate that is presented, "" for none.
func pairText(c intent.KeyPair) string {
	switch c.Kind {
	case intent.PairPath:
		return ", certificate " + c.Name
	case intent.PairSecret:
		return ", certificate of secret " + c.Name
	}
	return ""
}

// caPile gives the CA's certificates as pkg/cert takes them; nil when none were read.
func (b *bundle) caPile() cert.Pile {
	if len(b.certs) == 0 {
		return nil
	}
	pile, err := cert.Read(b.path, b.pem())
	if err != nil {
		return nil // they were read before
	}
	return pile
}

// inContext is the same program talking to another context of the kubeconfig. What
// names a cluster or a user on the command line is for the first one only.
func (d *deps) inContext(name string) *deps {
	flags := genericclioptions.NewConfigFlags(true)
	flags.KubeConfig, flags.CacheDir, flags.Timeout = d.kube.KubeConfig, d.kube.CacheDir, d.kube.Timeout
	flags.Impersonate, flags.ImpersonateUID, flags.ImpersonateGroup = d.kube.Impersonate, d.kube.ImpersonateUID, d.kube.ImpersonateGroup
	flags.Context = &name
	other := *d
	other.kube = flags
	return &other
}

// atGateway tells whether an intent is carried out at this proxy as a gateway: then its
// listeners are what is judged, and they have names of no host.
func (m *mesh) atGateway(t facts.Target) bool {
	return slices.ContainsFunc(m.intents, func(it intent.Intent) bool {
		from := it.ThroughGateway() && !it.LeadsToGateway()
		if !it.AtGateway() && !from || it.Namespace != t.Namespace {
			return false
		}
		for k, v := range it.Workload {
			if t.Labels[k] != v {
				return false
			}
		}
		return true
	})
}
