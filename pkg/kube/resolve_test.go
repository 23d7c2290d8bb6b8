package kube

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const (
	podsPath   = "/api/v1/namespaces/redis/pods"
	deployWeb  = "/apis/apps/v1/namespaces/redis/deployments/web"
	deployment = `{"kind":"Deployment","apiVersion":"apps/v1","metadata":{"name":"web","namespace":"redis"},` +
		`"spec":{"replicas":2,"selector":{"matchLabels":{"app":"web"},"matchExpressions":[{"key":"x","operator":"Exists"}]}}}`
	namespaceOn  = `{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"redis","labels":{"istio-injection":"enabled"}}}`
	namespaceOff = `{"kind":"Namespace","apiVersion":"v1","metadata":{"name":"redis"}}`
)

// TestResolve proves which pods stand behind each way of naming them.
func TestResolve(t *testing.T) {
	pods := list(podJSON{name: "web-b", ready: "False"}.String(), podJSON{name: "web-c"}.String(), podJSON{name: "web-a"}.String(),
		podJSON{name: "web-going", meta: `,"deletionTimestamp":"2030-01-01T00:00:00Z"`}.String(), podJSON{name: "web-done", phase: "Succeeded"}.String())
	selected := podsPath + "?labelSelector=app%3Dweb%2Cx&limit=500"
	api := func() map[string]any {
		return map[string]any{
			deployWeb: deployment, selected: pods, podsPath + "?labelSelector=app%3Dweb&limit=500": pods, podsPath + "?limit=500": pods,
			"/api/v1/pods?limit=500": pods, podsPath + "/web-a": podJSON{name: "web-a"}.String(), podsPath + "/web-c": podJSON{name: "web-c"}.String(),
			"/api/v1/namespaces/redis/services/web": `{"kind":"Service","apiVersion":"v1","metadata":{"name":"web"},"spec":{"selector":{"app":"web"}}}`,
		}
	}
	all := []string{"redis/web-a", "redis/web-c", "redis/web-b"} // ready first
	tests := map[string]struct {
		args     []string
		selector string
		all      bool
		want     []string
	}{
		"deploy/web":          {args: []string{"deploy/web"}, want: all},
		"deployment.apps/web": {args: []string{"deployment.apps/web"}, want: all},
		"deploy web":          {args: []string{"deploy", "web"}, want: all},
		"svc/web":             {args: []string{"svc/web"}, want: all},
		"pod/web-a":           {args: []string{"pod/web-a"}, want: []string{"redis/web-a"}},
		"bare names":          {args: []string{"web-c", "web-a"}, want: []string{"redis/web-c", "redis/web-a"}},
		"twice the same":      {args: []string{"web-a", "deploy/web"}, want: all},
		"selector":            {selector: "app=web", want: all},
		"pods -l":             {args: []string{"pods"}, selector: "app=web", want: all},
		"whole namespace":     {want: all},
		"whole cluster":       {all: true, want: all},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c, _ := newClient(t, api())
			targets, err := c.Resolve(t.Context(), "", tt.args, tt.selector, tt.all)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, x := range targets {
				got = append(got, x.String())
				if x.Container != "istio-proxy" {
					t.Errorf("%s: container %q", x, x.Container)
				}
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got)\n%s", diff)
			}
		})
	}
}

const (
	batchGroup = `{"kind":"APIGroupList","apiVersion":"v1","groups":[{"name":"batch","versions":[{"groupVersion":"batch/v1","version":"v1"}],"preferredVersion":{"groupVersion":"batch/v1","version":"v1"}}]}`
	batchKinds = `{"kind":"APIResourceList","apiVersion":"v1","groupVersion":"batch/v1","resources":[{"name":"cronjobs","singularName":"cronjob","namespaced":true,"kind":"CronJob","verbs":["get"]}]}`
)

// TestResolveRefuses proves that each dead end is told with its reason.
func TestResolveRefuses(t *testing.T) {
	selected := podsPath + "?labelSelector=app%3Dweb%2Cx&limit=500"
	plain := `"containers":[{"name":"app"}]`
	tests := map[string]struct {
		api  map[string]any
		args []string
		want string
	}{
		"label off": {map[string]any{podsPath + "/p": podJSON{name: "p", spec: plain, meta: `,"labels":{"sidecar.istio.io/inject":"false"}`}.String()}, []string{"p"},
			"redis/p has no istio-proxy container (injection is off: label sidecar.istio.io/inject=false); verify needs a sidecar"},
		"annotation off": {map[string]any{podsPath + "/p": podJSON{name: "p", spec: plain, meta: `,"annotations":{"sidecar.istio.io/inject":"false"}`}.String()}, []string{"p"},
			"injection is off: annotation sidecar.istio.io/inject=false"},
		"host network":   {map[string]any{podsPath + "/p": podJSON{name: "p", spec: `"hostNetwork":true,` + plain}.String()}, []string{"p"}, "hostNetwork: true pods are never injected"},
		"namespace off":  {map[string]any{podsPath + "/p": podJSON{name: "p", spec: plain}.String(), "/api/v1/namespaces/redis": namespaceOff}, []string{"p"}, "namespace redis has neither label istio-injection=enabled nor istio.io/rev"},
		"older than on":  {map[string]any{podsPath + "/p": podJSON{name: "p", spec: plain}.String(), "/api/v1/namespaces/redis": namespaceOn}, []string{"p"}, "restart its workload"},
		"namespace hid":  {map[string]any{podsPath + "/p": podJSON{name: "p", spec: plain}.String(), "/api/v1/namespaces/redis": 403}, []string{"p"}, "could not be read"},
		"ambient":        {map[string]any{podsPath + "/p": podJSON{name: "p", spec: plain, meta: `,"annotations":{"ambient.istio.io/redirection":"enabled"}`}.String()}, []string{"p"}, "ambient mode"},
		"init container": {map[string]any{podsPath + "/p": podJSON{name: "p", spec: plain + `,"initContainers":[{"name":"istio-proxy"}]`}.String(), "/api/v1/namespaces/redis": namespaceOff}, []string{"p"}, "has no istio-proxy"},
		"scaled to zero": {map[string]any{deployWeb: strings.Replace(deployment, `"replicas":2`, `"replicas":0`, 1), selected: list()}, []string{"deploy/web"}, "deployment redis/web is scaled to zero"},
		"no pods":        {map[string]any{deployWeb: deployment, selected: list()}, []string{"deploy/web"}, "no pod has the labels app=web,x"},
		"image missing": {map[string]any{deployWeb: deployment, selected: list(podJSON{name: "w", phase: "Pending", status: `"containerStatuses":[{"name":"app","state":{"waiting":{"reason":"ImagePullBackOff","message":"no such image"}}}]`}.String())},
			[]string{"deploy/web"}, "deployment redis/web has no running pod: w is Pending: container app: ImagePullBackOff: no such image"},
		"no room": {map[string]any{podsPath + "/w": podJSON{name: "w", phase: "Pending", status: `"x":0`}.String()}, []string{"w"}, "has no running pod: w is Pending"},
		"selectorless": {map[string]any{"/api/v1/namespaces/redis/services/ext": `{"kind":"Service","apiVersion":"v1","metadata":{"name":"ext"},"spec":{}}`},
			[]string{"svc/ext"}, "service redis/ext has no pod selector"},
		"meant deploy": {map[string]any{deployWeb: deployment}, []string{"web"}, "did you mean deploy/web?"},
		"meant either": {map[string]any{deployWeb: deployment, "/api/v1/namespaces/redis/services/web": `{"kind":"Service","apiVersion":"v1","metadata":{"name":"web"}}`}, []string{"web"}, "did you mean deploy/web or svc/web?"},
		"no namespace": {nil, []string{"deploy/web"}, "namespace redis does not exist; those that do: kubectl get namespaces"},
		"elsewhere": {map[string]any{"/api/v1/namespaces/redis": namespaceOff, "/apis/apps/v1/deployments": list(strings.ReplaceAll(deployment, `"redis"`, `"shop"`))},
			[]string{"deploy/web"}, "one of that name is in namespace shop: give it with -n"},
		"nowhere": {map[string]any{"/api/v1/namespaces/redis": namespaceOff, "/apis/apps/v1/deployments": list()},
			[]string{"deploy/web"}, "those that are there: kubectl get deployments -n redis"},
		"may not look": {map[string]any{"/api/v1/namespaces/redis": 403, "/apis/apps/v1/deployments": 403}, []string{"deploy/web"}, "those that are there: kubectl get deployments -n redis"},
		"no such pod":  {map[string]any{"/api/v1/namespaces/redis": namespaceOff}, []string{"pod/web"}, "those that are there: kubectl get pods -n redis"},
		"cron job": {map[string]any{"/api": `{"kind":"APIVersions","versions":[]}`, "/apis": batchGroup, "/apis/batch/v1": batchKinds,
			"/apis/batch/v1/namespaces/redis/cronjobs/nightly": `{"kind":"CronJob","apiVersion":"batch/v1","metadata":{"name":"nightly","namespace":"redis"},"spec":{}}`},
			[]string{"cronjob/nightly"}, "its Jobs have them: kubectl get jobs -n redis, then job/NAME"},
		"forbidden":    {map[string]any{deployWeb: 403}, []string{"deploy/web"}, "get deployment redis/web: not allowed"},
		"slashes":      {nil, []string{"a/b/c"}, "not of the form TYPE/NAME"},
		"no such kind": {map[string]any{"/api": `{"kind":"APIVersions","versions":[]}`, "/apis": `{"kind":"APIGroupList","apiVersion":"v1","groups":[]}`}, []string{"gizmo/x"}, `"gizmo" is no kind`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c, _ := newClient(t, tt.api)
			got, err := c.Resolve(t.Context(), "redis", tt.args, "", false)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v and error %v, want %q in it", got, err, tt.want)
			}
		})
	}
}

// TestMixedPods proves that a pod without a sidecar does not hide the others,
// and is not hidden by them.
func TestMixedPods(t *testing.T) {
	mixed := list(podJSON{name: "a"}.String(), podJSON{name: "b", spec: `"containers":[{"name":"app"}]`}.String())
	api := map[string]any{podsPath: mixed, "/api/v1/namespaces/redis": namespaceOn}
	c, _ := newClient(t, api)
	got, err := c.Resolve(t.Context(), "", nil, "app=web", false)
	var without *NoSidecarError
	if len(got) != 1 || !errors.As(err, &without) || without.Target.Pod != "b" {
		t.Errorf("by selector: got %v and %v, want a and a *NoSidecarError about b", got, err)
	}
	got, err = c.Resolve(t.Context(), "", nil, "", false)
	if len(got) != 1 || err != nil {
		t.Errorf("whole namespace: got %v and %v, want a alone", got, err)
	}
	got, err = c.Every(t.Context())
	if len(got) != 1 || !errors.As(err, &without) || without.Target.Pod != "b" {
		t.Errorf("every pod: got %v and %v, want a and a *NoSidecarError about b", got, err)
	}
}

// TestProxyContainer proves where the proxy may be, and which admin port it has.
func TestProxyContainer(t *testing.T) {
	tests := map[string]struct {
		spec, container string
		port            int
	}{
		"usual":   {`"containers":[{"name":"istio-proxy"}]`, "istio-proxy", 0},
		"native":  {`"containers":[{"name":"app"}],"initContainers":[{"name":"istio-proxy","restartPolicy":"Always"}]`, "istio-proxy", 0},
		"renamed": {`"containers":[{"name":"gw","args":["proxy","router","--domain","x"]}]`, "gw", 0},
		"port":    {`"containers":[{"name":"istio-proxy","env":[{"name":"PROXY_CONFIG","value":"{\"proxyAdminPort\":15999}"}]}]`, "istio-proxy", 15999},
		"old":     {`"containers":[{"name":"istio-proxy","args":["proxy","sidecar","--proxyAdminPort","15001"]}]`, "istio-proxy", 15001},
		"broken":  {`"containers":[{"name":"istio-proxy","env":[{"name":"PROXY_CONFIG","value":"{"}]}]`, "istio-proxy", 0},
		"none":    {`"containers":[{"name":"app","args":["proxy"]}]`, "", 0},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c, _ := newClient(t, map[string]any{podsPath + "/p": podJSON{name: "p", spec: tt.spec}.String()})
			p, err := c.getPod(t.Context(), "redis", "p")
			if err != nil {
				t.Fatal(err)
			}
			container, _ := proxyContainer(&p)
			if pod := c.podFact(&p); pod.Target.Gateway != (name == "renamed") {
				t.Errorf("gateway %t", pod.Target.Gateway)
			}
			if port := adminPortOf(&p, container); container != tt.container || port != tt.port {
				t.Errorf("got %q and port %d, want %q and %d", container, port, tt.container, tt.port)
			}
		})
	}
}
