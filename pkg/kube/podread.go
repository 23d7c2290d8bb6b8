package kube

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
)

// Pods are asked for in protobuf: reading one as JSON into the typed form costs 6 MB
// of type tables, more than everything else that a command does.
const podForms = runtime.ContentTypeProtobuf + "," + runtime.ContentTypeJSON

func (c *Client) getPod(ctx context.Context, namespace, name string) (corev1.Pod, error) {
	var pod corev1.Pod
	err := readPods(ctx, c.bulk.Get().AbsPath("/api/v1/namespaces", namespace, "pods", name), &pod)
	if err != nil {
		return corev1.Pod{}, c.explain(fmt.Sprintf("get pod %s/%s", namespace, name), err)
	}
	return pod, nil
}

// listPods gives the pods of a namespace, or with metav1.NamespaceAll of all. An
// expired page token starts the list anew, in one piece.
func (c *Client) listPods(ctx context.Context, namespace, selector string) ([]corev1.Pod, error) {
	where, path := "namespace "+namespace, []string{"/api/v1/namespaces", namespace, "pods"}
	if namespace == metav1.NamespaceAll {
		where, path = "all namespaces", []string{"/api/v1/pods"}
	}
	var pods []corev1.Pod
	limit, next := pageSize, ""
	for {
		req := c.bulk.Get().AbsPath(path...)
		for key, value := range map[string]string{"labelSelector": selector, "limit": strconv.Itoa(limit), "continue": next} {
			if value != "" && value != "0" {
				req = req.Param(key, value)
			}
		}
		var page corev1.PodList
		err := readPods(ctx, req, &page)
		if apierrors.IsResourceExpired(err) && limit > 0 {
			pods, limit, next = nil, 0, ""
			continue
		}
		if err != nil {
			return nil, c.explain("list pods in "+where, err)
		}
		pods = append(pods, page.Items...)
		if next = page.Continue; next == "" {
			return pods, nil
		}
	}
}

// magic precedes every protobuf answer (apimachinery: serializer/protobuf).
const magic = "k8s\x00"

func readPods(ctx context.Context, req *rest.Request, into interface{ Unmarshal([]byte) error }) error {
	answer := req.SetHeader("Accept", podForms).Do(ctx)
	raw, err := answer.Raw()
	text, ok := bytes.CutPrefix(raw, []byte(magic))
	switch {
	case err != nil && ok:
		return refusal(text, err)
	case err != nil:
		return answer.Error() // with the server's words, which Raw leaves out
	case !ok:
		return json.Unmarshal(raw, into)
	}
	var wrapped runtime.Unknown
	if err := wrapped.Unmarshal(text); err != nil {
		return err
	}
	return into.Unmarshal(wrapped.Raw)
}

// refusal reads the server's words, which it says in the form that was asked for; the client knows only those in JSON.
func refusal(text []byte, err error) error {
	var wrapped runtime.Unknown
	var status metav1.Status
	if wrapped.Unmarshal(text) != nil || wrapped.Kind != "Status" || status.Unmarshal(wrapped.Raw) != nil || status.Status != metav1.StatusFailure {
		return err
	}
	return &apierrors.StatusError{ErrStatus: status}
}
