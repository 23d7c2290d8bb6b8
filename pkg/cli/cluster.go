package cli

import (
	"context"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/conflict"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// cluster is what the parts of one cluster share: a file of a thousand intents asks each
// question once. What is written over is looked at again, by the writer.
type cluster struct {
	c       *kube.Client // nil: a client-side dry run that reaches no cluster
	around  map[bool]*surroundings
	rights  map[string]conflict.Right // those that were asked for, by what they are
	answers map[string]any
}

// once gives the answer to a question of that name; an error is no answer.
func once[T any](c *cluster, name string, ask func() (T, error)) (T, error) {
	if known, there := c.answers[name]; there {
		return known.(T), nil
	}
	got, err := ask()
	if err != nil {
		return got, err
	}
	if c.answers == nil {
		c.answers = map[string]any{}
	}
	c.answers[name] = got
	return got, nil
}

// release is the version of Istio, or why it is not known.
func (c *cluster) release(ctx context.Context) (version, why string) {
	got, _ := once(c, "release", func() ([2]string, error) {
		version, why := c.c.IstioVersion(ctx)
		return [2]string{version, why}, nil
	})
	return got[0], got[1]
}

// found are the objects of a namespace, and which kinds could not be read.
type found struct {
	objects []*unstructured.Unstructured
	missing map[string]string
}

func (c *cluster) objects(ctx context.Context, namespace, label string, kinds ...string) (found, error) {
	name := "objects " + namespace + " " + label
	for _, k := range kinds {
		name += " " + k
	}
	return once(c, name, func() (f found, err error) {
		f.objects, f.missing, err = c.c.Objects(ctx, kube.Query{Namespaces: []string{namespace}, Label: label, Kinds: kinds})
		return f, err
	})
}

// ofName are those objects of ours in a namespace that carry this name.
func (c *cluster) ofName(ctx context.Context, namespace, name string) ([]*unstructured.Unstructured, error) {
	all, err := c.objects(ctx, namespace, istio.LabelName, kube.KindDestinationRule, kube.KindServiceEntry, kube.KindPeerAuthentication, kube.KindVirtualService)
	var out []*unstructured.Unstructured
	for _, u := range all.objects {
		if u.GetLabels()[istio.LabelName] == name {
			out = append(out, u)
		}
	}
	return out, err
}

// pods are those of the namespaces, none is all.
func (c *cluster) pods(ctx context.Context, namespaces []string) ([]facts.Pod, error) {
	name := "pods"
	for _, n := range namespaces {
		name += " " + n
	}
	return once(c, name, func() ([]facts.Pod, error) { return c.c.Pods(ctx, namespaces...) })
}

// mesh is istiod's configuration, or why it is not known.
func (c *cluster) mesh(ctx context.Context) (map[string]any, string) {
	type answer struct {
		config map[string]any
		why    string
	}
	got, _ := once(c, "mesh", func() (answer, error) {
		config, why := meshConfig(ctx, c.c)
		return answer{config, why}, nil
	})
	return got.config, got.why
}
