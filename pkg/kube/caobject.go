package kube

import (
	"context"
	"encoding/base64"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// caKeys are where istiod looks for a CA in an object, in its order
// (pilot/pkg/credentials/kube/secrets.go, ExtractRoot).
var caKeys = []string{"cacert", "ca.crt"}

// CAObject reads the object that istiod delivers a CA from, by the name that the CA
// has in Envoy: kubernetes://NAME in the proxy's namespace, kubernetes-gateway://NS/NAME,
// configmap://NS/NAME (istio: pilot/pkg/model/credentials/resource.go). ok is false for
// names that are no objects of the cluster (files, the mesh's own root). Of a Secret
// nothing but the CA is looked at.
func (c *Client) CAObject(ctx context.Context, namespace, sds string) (ca facts.CAObject, ok bool) {
	kind, names := KindSecret, []string(nil)
	scheme, name, found := strings.Cut(sds, "://")
	if found && scheme != "kubernetes" {
		namespace, name, found = strings.Cut(name, "/")
	}
	plain := strings.TrimSuffix(name, "-cacert")
	switch {
	case !found || name == "":
		return ca, false
	case scheme == "kubernetes" || scheme == "kubernetes-gateway":
		names = []string{name, plain}
	case scheme == "configmap":
		kind, names = KindConfigMap, []string{plain}
	default:
		return ca, false
	}
	for _, n := range names {
		ca = c.caObject(ctx, facts.Ref{Kind: kind, Namespace: namespace, Name: n})
		if !ca.Gone {
			return ca, true
		}
	}
	ca.Object.Name = names[0]
	return ca, true
}

func (c *Client) caObject(ctx context.Context, ref facts.Ref) facts.CAObject {
	out := facts.CAObject{Object: ref}
	gvr := schema.GroupVersionResource{Version: "v1", Resource: resources[ref.Kind]}
	u, err := c.dynamic.Resource(gvr).Namespace(ref.Namespace).Get(ctx, ref.Name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		out.Gone = true
		return out
	case err != nil:
		out.Unread = c.explain("get "+ref.String(), err).Error()
		return out
	}
	data, _, _ := unstructured.NestedStringMap(u.Object, "data")
	for _, key := range caKeys {
		text := data[key]
		if text == "" { // as if it were not there
			continue
		}
		raw := []byte(text)
		if ref.Kind == KindSecret {
			if raw, err = base64.StdEncoding.DecodeString(text); err != nil {
				out.Problem = "key " + key + " is not base64"
				return out
			}
		}
		if out.Certificates, err = facts.ParsePEM(raw); err != nil {
			out.Problem = "key " + key + ": " + err.Error()
		}
		return out
	}
	out.Problem = "it has none of the keys " + strings.Join(caKeys, ", ") + ", or nothing in them"
	return out
}
