package apply

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/dynamic/fake"
)

// deaf does what it is asked and loses the answers to the next writes of journals; blind loses those to reads too.
type deaf struct {
	dynamic.Interface
	lose, blind int
}

type deafTo struct {
	dynamic.NamespaceableResourceInterface
	d *deaf
}

func (d *deaf) Resource(r schema.GroupVersionResource) dynamic.NamespaceableResourceInterface {
	return deafTo{d.Interface.Resource(r), d}
}

func (to deafTo) Namespace(ns string) dynamic.ResourceInterface {
	return lossy{to.NamespaceableResourceInterface.Namespace(ns), to.d}
}

type lossy struct {
	dynamic.ResourceInterface
	d *deaf
}

var errDead = errors.New("the line went dead")

func (l lossy) answer(u *unstructured.Unstructured, err error) (*unstructured.Unstructured, error) {
	if l.d.lose > 0 && err == nil {
		l.d.lose--
		return nil, errDead
	}
	return u, err
}

func (l lossy) Create(ctx context.Context, u *unstructured.Unstructured, o metav1.CreateOptions, sub ...string) (*unstructured.Unstructured, error) {
	u = u.DeepCopy()
	u.SetResourceVersion("1")
	return l.answer(l.ResourceInterface.Create(ctx, u, o, sub...))
}

func (l lossy) Update(ctx context.Context, u *unstructured.Unstructured, o metav1.UpdateOptions, sub ...string) (*unstructured.Unstructured, error) {
	now, err := l.ResourceInterface.Get(ctx, u.GetName(), metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	if now.GetResourceVersion() != u.GetResourceVersion() { // the fake counts none
		return nil, &apierrors.StatusError{ErrStatus: metav1.Status{Reason: metav1.StatusReasonConflict, Code: http.StatusConflict}}
	}
	u = u.DeepCopy()
	u.SetResourceVersion(u.GetResourceVersion() + "1")
	return l.answer(l.ResourceInterface.Update(ctx, u, o, sub...))
}

func (l lossy) Get(ctx context.Context, n string, o metav1.GetOptions, sub ...string) (*unstructured.Unstructured, error) {
	if l.d.blind > 0 {
		l.d.blind--
		return nil, errDead
	}
	return l.ResourceInterface.Get(ctx, n, o, sub...)
}

// TestLostMark: a journal that was written although the answer never came is ours, and nobody else's; where that cannot be
// seen at once, it is seen at the next write.
func TestLostMark(t *testing.T) {
	lists := map[schema.GroupVersionResource]string{{Version: "v1", Resource: "configmaps"}: "ConfigMapList"}
	d := &deaf{Interface: fake.NewSimpleDynamicClientWithCustomListKinds(runtime.NewScheme(), lists)}
	c := New(d, nil)
	o := Options{OwnerKey: "k", OwnerValue: "r"}
	planned := []Change{{Object: "ConfigMap redis/ca", Action: Created, After: object(nil)}}
	d.lose = 1
	j, err := c.Begin(t.Context(), planned, "redis", StepApplying, time.Unix(1e9, 0), o)
	if err != nil {
		t.Fatalf("the journal is there: %v", err)
	}
	d.lose = 1
	if err := c.Mark(t.Context(), j, StepApplied); err != nil {
		t.Errorf("it is marked: %v", err)
	}
	d.lose, d.blind = 1, 1
	if err := c.Mark(t.Context(), j, StepTakingBack); !errors.Is(err, errDead) {
		t.Errorf("whether it is marked cannot be told: %v", err)
	}
	if err := c.Mark(t.Context(), j, StepDone); err != nil {
		t.Errorf("the write before was ours: %v", err)
	}
	if kept, err := c.Journal(t.Context(), "redis", "r"); err != nil || kept.Step != StepDone {
		t.Errorf("%+v, %v", kept, err)
	}
}
