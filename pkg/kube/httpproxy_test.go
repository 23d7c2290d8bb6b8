package kube

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	corev1 "k8s.io/api/core/v1"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

func TestHTTPProxies(t *testing.T) {
	env := func(pairs ...string) []corev1.EnvVar {
		var out []corev1.EnvVar
		for i := 0; i+1 < len(pairs); i += 2 {
			out = append(out, corev1.EnvVar{Name: pairs[i], Value: pairs[i+1]})
		}
		return out
	}
	to := func(host string, except ...string) []facts.HTTPProxy {
		return []facts.HTTPProxy{{Container: "app", Host: host, Except: except}}
	}
	for name, c := range map[string]struct {
		env  []corev1.EnvVar
		want []facts.HTTPProxy
	}{
		"none":                  {env("no_proxy", "a"), nil},
		"in capitals":           {env("HTTP_PROXY", "http://proxy.example:3128"), to("proxy.example:3128")},
		"its password":          {env("http_proxy", "http://user:word@proxy.example:3128/"), to("proxy.example:3128")},
		"without a scheme":      {env("http_proxy", "proxy.example:3128", "NO_PROXY", "a.example,.svc, b"), to("proxy.example:3128", "a.example", ".svc", "b")},
		"for all protocols":     {env("ALL_PROXY", "socks5://proxy.example"), to("proxy.example")},
		"for https alone":       {env("HTTPS_PROXY", "http://proxy.example:3128"), nil},
		"the sidecar":           {env("http_proxy", "http://127.0.0.1:15007"), nil},
		"the pod itself":        {env("http_proxy", "localhost:3128"), nil},
		"emptied by the second": {env("http_proxy", "http://proxy.example", "http_proxy", ""), nil},
		"no address":            {env("http_proxy", "http://user:word@%zz"), to("its address cannot be read")},
		"a password with signs": {env("http_proxy", "http://user:12/34@proxy.example:3128"), to("its address cannot be read")},
		"and with a question":   {env("http_proxy", "http://tok?en@proxy.example"), to("its address cannot be read")},
		"and with a hash":       {env("http_proxy", "http://tok#en@proxy.example"), to("its address cannot be read")},
		"of another object":     {[]corev1.EnvVar{{Name: "HTTP_PROXY", ValueFrom: &corev1.EnvVarSource{}}}, to(elsewhere)},
	} {
		p := &corev1.Pod{Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "app", Env: c.env}, {Name: "istio-proxy", Env: env("http_proxy", "http://other.example")}}}}
		if diff := cmp.Diff(c.want, httpProxies(p, "istio-proxy"), cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
