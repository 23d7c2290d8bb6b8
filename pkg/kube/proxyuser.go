package kube

import (
	"cmp"

	corev1 "k8s.io/api/core/v1"
)

// sidecarUser is the user and the group that Istio's sidecar runs as, and whose traffic it does not capture, because
// that is its own (istio: tools/istio-iptables, proxy-uid and proxy-gid). Where it runs as root, for TPROXY or to bind low
// ports, traffic of this one is left alone all the same, and root's is captured (istio: injection-template.yaml,
// cni/pkg/plugin/sidecar_redirect.go).
const sidecarUser = 1337

// proxyUser lists the containers that run as the sidecar's user or group: what they send goes around the sidecar. A
// user that only the image names is not seen.
func proxyUser(p *corev1.Pod, proxy string) []string {
	user, group := int64(sidecarUser), int64(sidecarUser)
	for _, c := range longRunning(p) {
		if c.Name == proxy && c.SecurityContext != nil {
			user, group = cmp.Or(or(c.SecurityContext.RunAsUser, user), user), cmp.Or(or(c.SecurityContext.RunAsGroup, group), group)
		}
	}
	var podUser, podGroup int64
	if s := p.Spec.SecurityContext; s != nil {
		podUser, podGroup = or(s.RunAsUser, 0), or(s.RunAsGroup, 0)
	}
	var out []string
	for _, c := range longRunning(p) {
		u, g := podUser, podGroup
		if s := c.SecurityContext; s != nil {
			u, g = or(s.RunAsUser, u), or(s.RunAsGroup, g)
		}
		if c.Name != proxy && (u == user || g == group) {
			out = append(out, c.Name)
		}
	}
	return out
}

func or(set *int64, otherwise int64) int64 {
	if set != nil {
		return *set
	}
	return otherwise
}
