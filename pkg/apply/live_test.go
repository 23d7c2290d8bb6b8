//go:build e2e

package apply_test

import (
	"context"
	"net/http"
	"os"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/apply"
)

const ownerKey = "mesh-tls.io/apply-test"

var (
	ours    = apply.Options{OwnerKey: ownerKey, OwnerValue: "redis"}
	rules   = schema.GroupVersionResource{Group: "networking.istio.io", Version: "v1", Resource: "destinationrules"}
	entries = schema.GroupVersionResource{Group: "networking.istio.io", Version: "v1", Resource: "serviceentries"}
	spaces  = schema.GroupVersionResource{Version: "v1", Resource: "namespaces"}
	kinds   = []schema.GroupVersionKind{
		{Group: "networking.istio.io", Version: "v1", Kind: "ServiceEntry"},
		{Group: "networking.istio.io", Version: "v1", Kind: "DestinationRule"},
		{Group: "networking.istio.io", Version: "v1", Kind: "NoSuchKind"},
		{Version: "v1", Kind: "Secret"},
	}
)

// live is a client of the cluster in KUBECONFIG and a namespace of its own.
type live struct {
	*apply.Client
	t         *testing.T
	dynamic   dynamic.Interface
	namespace string
}

func newLive(t *testing.T) *live {
	t.Helper()
	return newLiveBy(t, func(next http.RoundTripper, r *http.Request) (*http.Response, error) { return next.RoundTrip(r) })
}

// way is how a request travels.
type way func(next http.RoundTripper, r *http.Request) (*http.Response, error)

type traveller struct {
	way
	next http.RoundTripper
}

func (w traveller) RoundTrip(r *http.Request) (*http.Response, error) { return w.way(w.next, r) }

// newLiveBy is newLive for a Client whose requests go this way; the test's own do not.
func newLiveBy(t *testing.T, by way) *live {
	t.Helper()
	path := os.Getenv("KUBECONFIG")
	if path == "" {
		t.Skip("skipped: KUBECONFIG is not set; start the lab, or name a cluster with Istio")
	}
	config, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		t.Fatal(err)
	}
	config.QPS = -1
	d, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	disco, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	ns := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "v1", "kind": "Namespace",
		"metadata": map[string]any{"generateName": "apply-live-"}}}
	ns, err = d.Resource(spaces).Create(t.Context(), ns, metav1.CreateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		_ = d.Resource(spaces).Delete(ctx, ns.GetName(), metav1.DeleteOptions{})
	})
	m := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(disco))
	config.Wrap(func(next http.RoundTripper) http.RoundTripper { return traveller{by, next} })
	watched, err := dynamic.NewForConfig(config)
	if err != nil {
		t.Fatal(err)
	}
	return &live{Client: apply.New(watched, m), t: t, dynamic: d, namespace: ns.GetName()}
}

func (l *live) object(apiVersion, kind, name string, spec map[string]any) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{"apiVersion": apiVersion, "kind": kind,
		"metadata": map[string]any{"name": name, "namespace": l.namespace}, "spec": spec}}
}

// entry and rule are the two objects of one origination, secret its CA.
func (l *live) entry() *unstructured.Unstructured {
	return l.object("networking.istio.io/v1", "ServiceEntry", "redis", map[string]any{
		"hosts": []any{"redis.example.internal"}, "location": "MESH_EXTERNAL", "resolution": "DNS", "exportTo": []any{"."},
		"ports": []any{map[string]any{"number": int64(6380), "name": "tcp-redis", "protocol": "TCP"}}})
}

func (l *live) rule(sni string) *unstructured.Unstructured {
	return l.object("networking.istio.io/v1", "DestinationRule", "redis", map[string]any{
		"host": "redis.example.internal", "exportTo": []any{"."},
		"trafficPolicy": map[string]any{"tls": map[string]any{"mode": "SIMPLE", "sni": sni}}})
}

func (l *live) secret() *unstructured.Unstructured {
	u := l.object("v1", "Secret", "redis-ca", nil)
	delete(u.Object, "spec")
	u.Object["stringData"] = map[string]any{"ca.crt": "not a real one"}
	return u
}

func (l *live) all() []*unstructured.Unstructured {
	return []*unstructured.Unstructured{l.entry(), l.rule("redis.example.internal"), l.secret()}
}

// get is a DestinationRule as it is now, nil when there is none.
func (l *live) get(name string) *unstructured.Unstructured {
	u, err := l.dynamic.Resource(rules).Namespace(l.namespace).Get(l.t.Context(), name, metav1.GetOptions{})
	if err != nil {
		return nil
	}
	return u
}

// count is how many of our kinds exist, with any label.
func (l *live) count() int {
	l.t.Helper()
	n := 0
	for _, r := range []schema.GroupVersionResource{rules, {Group: rules.Group, Version: rules.Version, Resource: "serviceentries"}, {Version: "v1", Resource: "secrets"}} {
		list, err := l.dynamic.Resource(r).Namespace(l.namespace).List(l.t.Context(), metav1.ListOptions{})
		if err != nil {
			l.t.Fatal(err)
		}
		n += len(list.Items)
	}
	return n
}

func (l *live) apply(o apply.Options, objects ...*unstructured.Unstructured) []apply.Change {
	l.t.Helper()
	changes, err := l.Apply(l.t.Context(), objects, o)
	if err != nil {
		l.t.Fatal(err)
	}
	return changes
}

func actions(changes []apply.Change) []apply.Action {
	var out []apply.Action
	for _, c := range changes {
		out = append(out, c.Action)
	}
	return out
}

func sni(u *unstructured.Unstructured) string {
	if u == nil {
		return "(none)"
	}
	s, _, _ := unstructured.NestedString(u.Object, "spec", "trafficPolicy", "tls", "sni")
	return s
}
