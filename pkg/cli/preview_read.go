package cli

import (
	"context"
	"fmt"
	"slices"
	"sync"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/conflict"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/envoy"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

func scopeText(it intent.Intent) string {
	switch {
	case it.Mesh:
		return "the mesh"
	case len(it.Workload) > 0:
		return it.Namespace + "/" + labelText(it.Workload)
	}
	return "namespace " + it.Namespace
}

// readPreview reads objects, pods and the servers' counters.
func readPreview(ctx context.Context, d *deps, o enableOptions) (conflict.PreviewInput, error) {
	var in conflict.PreviewInput
	c, err := kube.New(d.kube)
	if err != nil {
		return in, err
	}
	if err := c.NoNamespace(ctx, o.intent.Namespace); err != nil {
		return in, err // nobody would be locked out of it
	}
	plan, err := buildPlan(ctx, &cluster{c: c}, o.intent, nil)
	if err != nil {
		return in, err
	}
	if err := meetPolicies(ctx, &cluster{c: c}, &plan, true); err != nil {
		return in, err
	}
	planned, err := istio.Config(plan.Objects, c.RootNamespace)
	if err != nil {
		return in, err
	}
	in.Intent, in.Plan, in.Now = plan.Intent, *planned, d.judged()
	if in.There, _, in.Missing, err = readAround(ctx, c, false); err != nil {
		return in, err
	}
	policies, missing, err := c.Objects(ctx, kube.Query{Kinds: []string{kube.KindPeerAuthentication}})
	if err != nil {
		return in, err
	}
	read, err := istio.Config(policies, c.RootNamespace)
	if err != nil {
		return in, err
	}
	in.There.Policies = read.Policies
	in.Missing = slices.DeleteFunc(in.Missing, func(m conflict.Missing) bool { return m.What != kube.KindDestinationRule && m.What != kube.KindService })
	if why := missing[kube.KindPeerAuthentication]; why != "" {
		in.Missing = append(in.Missing, conflict.Missing{What: kube.KindPeerAuthentication, Why: why})
	}
	if in.Pods, err = previewPods(ctx, c, &in); err != nil {
		return in, err
	}
	in.Ingresses = ingresses(ctx, c, &in)
	in.Counted = countPlaintext(ctx, d, c, in)
	return in, stopped(ctx)
}

// previewPods lists the pods of the cluster; who may not gets those of the namespace.
func previewPods(ctx context.Context, c *kube.Client, in *conflict.PreviewInput) ([]facts.Pod, error) {
	pods, err := c.Pods(ctx)
	if err == nil || in.Intent.Mesh {
		return pods, err
	}
	in.Missing = append(in.Missing, conflict.Missing{What: "clients of other namespaces", Why: err.Error()})
	return c.Pods(ctx, in.Intent.Namespace)
}

// ingresses reads the entries that a controller serves.
func ingresses(ctx context.Context, c *kube.Client, in *conflict.PreviewInput) []facts.Ingress {
	namespace := in.Intent.Namespace
	if in.Intent.Mesh {
		namespace = metav1.NamespaceAll
	}
	list, err := c.Dynamic().Resource(schema.GroupVersionResource{Group: "networking.k8s.io", Version: "v1", Resource: "ingresses"}).Namespace(namespace).List(ctx, metav1.ListOptions{})
	if err != nil {
		in.Missing = append(in.Missing, conflict.Missing{What: "Ingress", Why: err.Error()})
		return nil
	}
	var out []facts.Ingress
	for _, u := range list.Items {
		class, _, _ := unstructured.NestedString(u.Object, "spec", "ingressClassName")
		i := facts.Ingress{Object: facts.Ref{Kind: "Ingress", Namespace: u.GetNamespace(), Name: u.GetName()}, Class: class}
		if name, found, _ := unstructured.NestedString(u.Object, "spec", "defaultBackend", "service", "name"); found {
			i.Services = append(i.Services, name)
		}
		rules, _, _ := unstructured.NestedSlice(u.Object, "spec", "rules")
		for _, rule := range rules {
			r, _ := rule.(map[string]any)
			paths, _, _ := unstructured.NestedSlice(r, "http", "paths")
			for _, path := range paths {
				p, _ := path.(map[string]any)
				if name, found, _ := unstructured.NestedString(p, "backend", "service", "name"); found {
					i.Services = append(i.Services, name)
				}
			}
		}
		out = append(out, i)
	}
	return out
}

// countPlaintext asks the sidecars of the scope what came in without TLS, a few at once.
func countPlaintext(ctx context.Context, d *deps, c *kube.Client, in conflict.PreviewInput) map[string]conflict.Plaintext {
	out := map[string]conflict.Plaintext{}
	var mu sync.Mutex
	var wg sync.WaitGroup
	slots := make(chan struct{}, workers)
	for _, p := range in.Servers() {
		wg.Go(func() {
			slots <- struct{}{}
			defer func() { <-slots }()
			got := askPlaintext(ctx, c, p)
			mu.Lock()
			defer mu.Unlock()
			out[p.Target.String()] = got
		})
	}
	wg.Wait()
	fmt.Fprintf(d.talk(), "read the counters of %d sidecars\n", len(out))
	return out
}

func askPlaintext(ctx context.Context, c *kube.Client, p facts.Pod) conflict.Plaintext {
	admin, err := c.Admin(ctx, p.Target)
	if err != nil {
		return conflict.Plaintext{Err: err.Error()}
	}
	defer func() { _ = admin.Close() }()
	got, err := envoy.ReadPlaintext(ctx, admin)
	if err != nil {
		return conflict.Plaintext{Err: err.Error()}
	}
	return conflict.Plaintext{Plaintext: got}
}
