package istio

import (
	"fmt"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// originationNotes tells what the objects do not cover. Each is a fact that the
// user can act on.
func originationNotes(i intent.Intent, m made) []string {
	notes := hostNotes(i)
	for _, p := range i.Ports {
		if p.Protocol == intent.ProtocolTCP && len(i.Addresses) == 0 {
			notes = append(notes, fmt.Sprintf("port %d is TCP and has no address: unless its sidecar captures DNS, a client that sees this entry "+
				"sends every connection to port %d, of any host that is not in the mesh, to %s; give --address to narrow it", p.Number, p.Number, i.Host))
		}
		if p.Number == 80 {
			notes = append(notes, "TLS goes to port 80 itself, where most servers speak plain HTTP")
		}
		if name := intent.StartTLSName(p.Number); name != "" {
			notes = append(notes, fmt.Sprintf("port %d is %s as a rule, which refuses TLS from the first byte: it was said that this server takes it", p.Number, name))
		}
	}
	if len(i.Workload) > 0 {
		notes = append(notes, "other workloads of namespace "+i.Namespace+" see the host too and send plain text to it")
	}
	return slices.Concat(notes, caNotes(i, m), pairNotes(i, m))
}

// egressNotes tells the same of egress, and what its form does to applications that
// speak HTTPS by themselves.
func egressNotes(i intent.Intent, m made) []string {
	if i.ThroughGateway() {
		return throughNotes(i, m)
	}
	notes := hostNotes(i)
	if i.Form == intent.FormTargetPort || i.Subset != "" {
		notes = append(notes, fmt.Sprintf("port %d of %s is not touched: applications that speak HTTPS to it by themselves go on as before", i.TLSPort, i.Host))
	} else if i.Subset == "" {
		notes = append(notes, fmt.Sprintf("an application that already speaks HTTPS to %s:%d gets TLS inside TLS and fails: let it call http://%s, or use --form %s, which leaves port %d alone",
			i.Host, i.TLSPort, i.Host, intent.FormTargetPort, i.TLSPort))
	}
	if len(i.Workload) > 0 {
		notes = append(notes, "other workloads of namespace "+i.Namespace+" go on sending plain HTTP to "+i.Host)
	}
	return slices.Concat(notes, caNotes(i, m), pairNotes(i, m))
}

func hostNotes(i intent.Intent) []string {
	return []string{
		"the hop from the application to its sidecar stays plain; it is inside the pod",
		"pods without a sidecar are not covered: what they send to " + i.Host + " stays as it is",
	}
}

func caNotes(i intent.Intent, m made) []string {
	wide := slices.ContainsFunc(i.ExportTo, func(to string) bool { return to != intent.ExportHere && to != i.Namespace })
	switch i.CA.Kind {
	case intent.CAPath:
		notes := []string{fmt.Sprintf("%s must be a file in each client's sidecar (annotations sidecar.istio.io/userVolume and userVolumeMount): "+
			"without it no connection to %s succeeds", i.CA.Name, i.Host)}
		if wide {
			notes = append(notes, "the rule is visible outside "+i.Namespace+": sidecars there without that file can no longer reach "+i.Host)
		}
		return notes
	case intent.CASystem:
		return []string{"the roots are those of the sidecar's image; the word system for them is not documented by Istio, and releases before 1.12 " +
			"do not know it and let nothing through"}
	case intent.CASecret:
		if !m.ca {
			return []string{fmt.Sprintf("Secret %s-cacert, or else %s, in namespace %s must hold the CA in key cacert or ca.crt; the first of the two wins", i.CA.Name, i.CA.Name, i.Namespace)}
		}
	case intent.CAConfigMap:
		if !m.ca {
			return []string{fmt.Sprintf("ConfigMap %s in namespace %s must hold the CA in key cacert or ca.crt; if it holds both, cacert counts", i.CA.Name, i.Namespace)}
		}
	}
	return nil
}

// pairNotes tells what the client certificate needs that no object of the plan gives.
func pairNotes(i intent.Intent, m made) []string {
	c := i.Certificate
	switch c.Kind {
	case intent.PairPath:
		return []string{fmt.Sprintf("%s and %s must be files in each client's sidecar (annotations sidecar.istio.io/userVolume and userVolumeMount): "+
			"without them no connection to %s succeeds; what is in them was not looked at", c.Name, c.Key, i.Host)}
	case intent.PairSecret:
		var notes []string
		if !m.pair {
			notes = append(notes, fmt.Sprintf("Secret %s in namespace %s must hold the client's certificate and key in tls.crt and tls.key (or cert and key)", c.Name, i.Namespace))
		}
		if len(c.ServiceAccounts) == 0 {
			return append(notes, fmt.Sprintf("the accounts of the clients must be allowed to list Secrets in namespace %s: istiod hands a pair to no other sidecar, and then no connection to %s succeeds", i.Namespace, i.Host))
		}
		return append(notes, fmt.Sprintf("ServiceAccount %s may now list the Secrets of namespace %s (Role %s), all of them, because istiod hands a pair to no other sidecar; "+
			"where that is too much, mount the files and use --client-cert-path", strings.Join(c.ServiceAccounts, ", "), i.Namespace, i.Name))
	}
	return nil
}
