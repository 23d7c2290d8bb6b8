package istio

import (
	"slices"
	"strings"

	networking "istio.io/api/networking/v1alpha3"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

const kindSidecar = "Sidecar"

// Steering puts VirtualServices, Sidecars and Gateways into plain words, as tolerantly
// as Config does; other objects are passed over.
func Steering(objs []*unstructured.Unstructured) facts.Steering {
	var s facts.Steering
	for _, u := range objs {
		if u == nil || !isNetworking(u, kindRoute, kindSidecar, kindGateway) {
			continue
		}
		ref := facts.Ref{Kind: u.GetKind(), Namespace: u.GetNamespace(), Name: u.GetName()}
		r := &reader{object: ref.String()}
		spec, _ := r.node(node{fields: u.Object}, "spec")
		switch u.GetKind() {
		case kindRoute:
			s.Routes = append(s.Routes, readRoute(r, u, ref, spec))
		case kindSidecar:
			s.Sidecars = append(s.Sidecars, readSidecar(r, u, ref, spec))
		case kindGateway:
			s.Gateways = append(s.Gateways, readGateway(r, u, ref, spec)...)
		}
		s.Problems = append(s.Problems, r.problems...)
	}
	return s
}

func readRoute(r *reader, u *unstructured.Unstructured, ref facts.Ref, spec node) facts.Route {
	gateways := r.texts(spec, "gateways")
	out := facts.Route{
		Object: ref, Hosts: r.texts(spec, "hosts"), Mesh: len(gateways) == 0 || slices.Contains(gateways, "mesh"),
		ExportTo: r.texts(spec, "exportTo"), Created: u.GetCreationTimestamp().Time, Owner: Owner(u),
	}
	for _, kind := range []string{"http", "tls", "tcp"} {
		for _, rule := range r.nodes(spec, kind) {
			var from []int
			for _, m := range r.nodes(rule, "match") {
				if n := r.number(m, "port"); n != 0 {
					from = append(from, n)
				}
			}
			for _, to := range r.nodes(rule, "route") {
				d, _ := r.node(to, "destination")
				port, _ := r.node(d, "port")
				out.To = append(out.To, facts.Destination{From: from, Host: r.text(d, "host"), Subset: r.text(d, "subset"), Port: r.number(port, "number")})
			}
		}
	}
	return out
}

// readSidecar: without any egress listener everything stays visible.
func readSidecar(r *reader, u *unstructured.Unstructured, ref facts.Ref, spec node) facts.Sidecar {
	out := facts.Sidecar{Object: ref, Created: u.GetCreationTimestamp().Time}
	if selector, there := r.node(spec, "workloadSelector"); there {
		out.Selector = r.labels(selector, "labels")
	}
	for _, e := range r.nodes(spec, "egress") {
		out.Limits = true
		out.Hosts = append(out.Hosts, r.texts(e, "hosts")...)
	}
	if policy, there := r.node(spec, "outboundTrafficPolicy"); there {
		out.Outbound = r.enum(policy, "mode", networking.OutboundTrafficPolicy_Mode_name)
	}
	return out
}

func readGateway(r *reader, u *unstructured.Unstructured, ref facts.Ref, spec node) []facts.Gateway {
	var out []facts.Gateway
	selector := r.labels(spec, "selector")
	for _, server := range r.nodes(spec, "servers") {
		port, _ := r.node(server, "port")
		g := facts.Gateway{Object: ref, Selector: selector, Port: r.number(port, "number"), Owner: Owner(u)}
		for _, h := range r.texts(server, "hosts") {
			if _, name, found := strings.Cut(h, "/"); found {
				h = name
			}
			g.Hosts = append(g.Hosts, h)
		}
		if tls, there := r.node(server, "tls"); there {
			g.Mode, g.SANs = r.enum(tls, "mode", networking.ServerTLSSettings_TLSmode_name), r.texts(tls, "subjectAltNames")
			if r.yes(tls, "httpsRedirect") {
				g.Mode = ""
			}
		}
		out = append(out, g)
	}
	return out
}

// Outbound reads the mode of outboundTrafficPolicy from a mesh configuration (see
// AutoMTLSOff); ALLOW_ANY is the default since Istio 1.3.
func Outbound(meshConfig map[string]any) string {
	mode, there, _ := unstructured.NestedString(meshConfig, "outboundTrafficPolicy", "mode")
	if !there || mode == "" {
		return facts.OutboundAny
	}
	return mode
}
