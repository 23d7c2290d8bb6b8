package kube

import (
	"strings"

	corev1 "k8s.io/api/core/v1"
)

// steering gives the annotations of a pod that tell its sidecar what to capture.
// Never nil: no such annotation is a fact too.
func steering(p *corev1.Pod) map[string]string {
	out := map[string]string{}
	for k, v := range p.Annotations {
		if strings.HasPrefix(k, "traffic.sidecar.istio.io/") || k == "sidecar.istio.io/interceptionMode" {
			out[k] = v
		}
	}
	return out
}
