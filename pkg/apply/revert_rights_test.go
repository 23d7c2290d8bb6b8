package apply

import (
	"errors"
	"strings"
	"testing"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic/fake"
	clienttesting "k8s.io/client-go/testing"
)

// TestRevertAsksFirst: a right that is missing for one object is found by the dry run of an undo, before the others are put
// back; another answer to a dry run (a webhook that takes none) does not stop it.
func TestRevertAsksFirst(t *testing.T) {
	forbidden := apierrors.NewForbidden(schema.GroupResource{Resource: "configmaps"}, "ca", errors.New(`User "jo" cannot do it`))
	quota := apierrors.NewForbidden(schema.GroupResource{Resource: "configmaps"}, "ca", errors.New("exceeded quota: small, requested: count/configmaps=1"))
	live := object(map[string]any{"k": "r"})
	before := object(map[string]any{"was": "theirs"})
	created := Entry{Object: "ConfigMap redis/ca", APIVersion: "v1", Kind: "ConfigMap", Namespace: "redis", Name: "ca", Action: Created}
	configured, deleted := created, created
	configured.Action, configured.Before, configured.Was, configured.After = Configured, before.Object, fingerprint(before), fingerprint(live)
	deleted.Action, deleted.Before, deleted.Was = Deleted, before.Object, fingerprint(before)
	for verb, c := range map[string]struct {
		entry Entry
		live  []runtime.Object
	}{"delete": {created, []runtime.Object{live}}, "update": {configured, []runtime.Object{live}}, "create": {deleted, nil}} {
		for answer, stops := range map[error]bool{forbidden: true, apierrors.NewBadRequest("webhook w does not support dry run"): false, quota: false} {
			d := fake.NewSimpleDynamicClient(runtime.NewScheme(), c.live...)
			d.PrependReactor(verb, "configmaps", func(clienttesting.Action) (bool, runtime.Object, error) { return true, nil, answer })
			mapper := meta.NewDefaultRESTMapper(nil)
			mapper.Add(schema.GroupVersionKind{Version: "v1", Kind: "ConfigMap"}, meta.RESTScopeNamespace)
			_, err := New(d, mapper).Revert(t.Context(), &Journal{Owner: "r", Entries: []Entry{c.entry}}, Options{OwnerKey: "k", OwnerValue: "r", DryRun: true})
			if stops != apierrors.IsForbidden(err) || stops != (err != nil) || stops && !strings.Contains(err.Error(), "ask for that right") {
				t.Errorf("%s, answered %v: %v", verb, answer, err)
			}
		}
	}
}
