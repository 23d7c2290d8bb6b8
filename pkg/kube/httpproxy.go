package kube

import (
	"net"
	"net/netip"
	"net/url"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// httpProxies are the proxies that containers are told to send HTTP calls to, by the variables that curl and the
// libraries of most languages heed. One on the pod's own loopback is left out: the sidecar may be it (istio:
// meshConfig.proxyHttpPort), and what another container there sends on is captured as all is.
func httpProxies(p *corev1.Pod, sidecar string) []facts.HTTPProxy {
	var out []facts.HTTPProxy
	for _, c := range longRunning(p) {
		if c.Name == sidecar {
			continue
		}
		set := map[string]string{}
		for _, e := range c.Env {
			if set[strings.ToLower(e.Name)] = e.Value; e.ValueFrom != nil {
				set[strings.ToLower(e.Name)] = elsewhere
			}
		}
		to := proxyHost(set["http_proxy"])
		if to == "" {
			to = proxyHost(set["all_proxy"])
		}
		if to != "" {
			out = append(out, facts.HTTPProxy{Container: c.Name, Host: to, Except: strings.FieldsFunc(set["no_proxy"], func(r rune) bool { return r == ',' || r == ' ' })})
		}
	}
	return out
}

// elsewhere stands for a value that another object holds (valueFrom).
const elsewhere = "its address is in another object"

// proxyHost is the host of a proxy's address, without the password that may stand in it; "" for none, and for the pod itself.
func proxyHost(text string) string {
	if text == "" || text == elsewhere {
		return text
	}
	if !strings.Contains(text, "://") {
		text = "http://" + text
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || strings.Contains(u.Path+u.RawQuery+u.Fragment, "@") { // what looks like the host is then a piece of a password
		return "its address cannot be read"
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil && ip.IsLoopback() || strings.EqualFold(u.Hostname(), "localhost") {
		return ""
	}
	if u.Port() == "" {
		return u.Hostname()
	}
	return net.JoinHostPort(u.Hostname(), u.Port())
}
