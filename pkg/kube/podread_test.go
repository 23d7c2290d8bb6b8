package kube

import (
	"errors"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// TestForbiddenPods: who may not look at pods is told who may not do what, in the server's words.
func TestForbiddenPods(t *testing.T) {
	c, _ := newClient(t, map[string]any{podsPath: 403, podsPath + "/web": 403})
	for _, args := range [][]string{nil, {"pod/web"}} {
		_, err := c.Resolve(t.Context(), "redis", args, "", false)
		if err == nil || !strings.Contains(err.Error(), "not allowed (fake: "+podsPath) {
			t.Errorf("%v: %v", args, err)
		}
	}
}

// TestRefusalInProtobuf: the server refuses in the form that was asked for, and its words are told; what is no refusal leaves the
// error as it was.
func TestRefusalInProtobuf(t *testing.T) {
	plain := errors.New("unknown")
	wrap := func(kind string, status metav1.Status) []byte {
		raw, err := status.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		text, err := (&runtime.Unknown{TypeMeta: runtime.TypeMeta{Kind: kind, APIVersion: "v1"}, Raw: raw}).Marshal()
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	failure := metav1.Status{Status: metav1.StatusFailure, Reason: metav1.StatusReasonForbidden, Message: "nobody cannot get pods"}
	if err := refusal(wrap("Status", failure), plain); !apierrors.IsForbidden(err) || err.Error() != failure.Message {
		t.Errorf("a refusal: %v", err)
	}
	for name, text := range map[string][]byte{"of another kind": wrap("Pod", failure), "no failure": wrap("Status", metav1.Status{}), "damaged": []byte("\xff\xff")} {
		if err := refusal(text, plain); err != plain {
			t.Errorf("%s: %v", name, err)
		}
	}
}
