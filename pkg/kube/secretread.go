package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// partialList asks for names and labels only, so that no value of a Secret is sent.
const partialList = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"

// SecretValues reads the values of one Secret; found is false when there is none of the
// name. They may hold a private key: the caller compares and never shows them.
func (c *Client) SecretValues(ctx context.Context, namespace, name string) (values map[string][]byte, found bool, err error) {
	body, err := c.bulk.Get().AbsPath("/api/v1", "namespaces", namespace, "secrets", name).SetHeader("Accept", "application/json").Stream(ctx)
	if apierrors.IsNotFound(err) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, c.explain(fmt.Sprintf("read Secret %s/%s", namespace, name), err)
	}
	defer func() { _ = body.Close() }()
	var s corev1.Secret
	if json.NewDecoder(body).Decode(&s) != nil { // its error would show a piece of the Secret
		return nil, false, fmt.Errorf("read Secret %s/%s: %w", namespace, name, errNoSecret)
	}
	return s.Data, true, nil
}

var errNoSecret = errors.New("the API server answered something that is no Secret")

// SecretNamespaces lists the namespaces that have a Secret of the name, as far as this
// user may see. No value is asked for.
func (c *Client) SecretNamespaces(ctx context.Context, name string) []string {
	body, err := c.bulk.Get().AbsPath("/api/v1", "secrets").Param("fieldSelector", "metadata.name="+name).SetHeader("Accept", partialList).Stream(ctx)
	if err != nil {
		return nil
	}
	defer func() { _ = body.Close() }()
	var list metav1.PartialObjectMetadataList
	if json.NewDecoder(body).Decode(&list) != nil {
		return nil
	}
	var out []string
	for _, item := range list.Items {
		out = append(out, item.Namespace)
	}
	return out
}
