package apply

import (
	"context"
	"errors"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/fake"
)

// mortal answers nobody whose context has ended, as the real client does, and ends it when a Secret is made.
type mortal struct {
	dynamic.Interface
	end context.CancelFunc
}

type mortalKind struct {
	dynamic.NamespaceableResourceInterface
	end context.CancelFunc // nil: of another kind than Secrets
}

type mortalAt struct {
	dynamic.ResourceInterface
	end context.CancelFunc
}

func (m mortal) Resource(r schema.GroupVersionResource) dynamic.NamespaceableResourceInterface {
	end := m.end
	if r.Resource != "secrets" {
		end = nil
	}
	return mortalKind{m.Interface.Resource(r), end}
}

func (m mortalKind) Namespace(ns string) dynamic.ResourceInterface {
	return mortalAt{m.NamespaceableResourceInterface.Namespace(ns), m.end}
}

func (m mortalAt) Create(ctx context.Context, u *unstructured.Unstructured, o metav1.CreateOptions, sub ...string) (*unstructured.Unstructured, error) {
	if m.end != nil {
		m.end()
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	u = u.DeepCopy()
	u.SetResourceVersion("1") // the fake counts none
	return m.ResourceInterface.Create(ctx, u, o, sub...)
}

func (m mortalAt) Update(ctx context.Context, u *unstructured.Unstructured, o metav1.UpdateOptions, sub ...string) (*unstructured.Unstructured, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return m.ResourceInterface.Update(ctx, u, o, sub...)
}

func (m mortalAt) Delete(ctx context.Context, n string, o metav1.DeleteOptions, sub ...string) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return m.ResourceInterface.Delete(ctx, n, o, sub...)
}

// TestBeginInterrupted: an interruption between the journal and its copies leaves no journal of a change that never began.
func TestBeginInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	lists := map[schema.GroupVersionResource]string{{Version: "v1", Resource: "configmaps"}: "ConfigMapList", {Version: "v1", Resource: "secrets"}: "SecretList"}
	c := New(mortal{fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), lists), cancel}, nil)
	u := secretNamed("ca", "a2V5", nil)
	planned := []Change{{Object: name(u), Action: Configured, Before: u, After: secretNamed("ca", "bmV3", nil)}}
	if _, err := c.Begin(ctx, planned, "redis", StepApplying, time.Unix(1e9, 0), Options{OwnerKey: "k", OwnerValue: "r"}); !errors.Is(err, context.Canceled) {
		t.Fatalf("interrupted: %v", err)
	}
	if j, err := c.Journal(t.Context(), "redis", "r"); j != nil || err != nil {
		t.Errorf("a journal stays: %+v, %v", j, err)
	}
}
