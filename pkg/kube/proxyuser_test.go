package kube

import (
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

func TestProxyUser(t *testing.T) {
	id := func(n int64) *int64 { return &n }
	as := func(name string, user, group *int64) corev1.Container {
		return corev1.Container{Name: name, SecurityContext: &corev1.SecurityContext{RunAsUser: user, RunAsGroup: group}}
	}
	sidecar := as("istio-proxy", id(1337), id(1337))
	for name, c := range map[string]struct {
		pod        *corev1.PodSecurityContext
		containers []corev1.Container
		want       []string
	}{
		"nobody says":            {nil, []corev1.Container{{Name: "app"}, sidecar}, nil},
		"root":                   {nil, []corev1.Container{as("app", id(0), nil), sidecar}, nil},
		"the sidecar's user":     {nil, []corev1.Container{as("app", id(1337), nil), sidecar}, []string{"app"}},
		"the sidecar's group":    {nil, []corev1.Container{as("app", id(1), id(1337)), sidecar}, []string{"app"}},
		"the whole pod":          {&corev1.PodSecurityContext{RunAsUser: id(1337)}, []corev1.Container{{Name: "app"}, as("own", id(7), nil), sidecar}, []string{"app"}},
		"a sidecar as root":      {nil, []corev1.Container{{Name: "app"}, as("own", id(0), id(0)), as("istio-proxy", id(0), id(1337))}, nil},
		"its group all the same": {nil, []corev1.Container{as("app", id(0), id(1337)), as("istio-proxy", id(0), id(1337))}, []string{"app"}},
		"another sidecar's own":  {nil, []corev1.Container{as("app", id(1337), nil), as("istio-proxy", id(2000), id(2000))}, nil},
	} {
		p := &corev1.Pod{Spec: corev1.PodSpec{SecurityContext: c.pod, Containers: c.containers}}
		if got := proxyUser(p, "istio-proxy"); !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
