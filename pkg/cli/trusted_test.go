package cli

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/apply"
)

// TestMayPutBack: a ConfigMap that passes for a journal gets nothing written that enable would not have written.
func TestMayPutBack(t *testing.T) {
	role := func(verb string) map[string]any {
		return map[string]any{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": map[string]any{"name": "bank", "namespace": "shop"},
			"rules": []any{map[string]any{"apiGroups": []any{""}, "resources": []any{"secrets"}, "verbs": []any{"get", verb, "watch"}}}}
	}
	binding := func(kind, account string) map[string]any {
		return map[string]any{"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "RoleBinding", "metadata": map[string]any{"name": "bank", "namespace": "shop"},
			"roleRef":  map[string]any{"apiGroup": "rbac.authorization.k8s.io", "kind": kind, "name": "bank"},
			"subjects": []any{map[string]any{"kind": "ServiceAccount", "name": account, "namespace": account}}}
	}
	const rbac, rule = "rbac.authorization.k8s.io/v1", "networking.istio.io/v1beta1"
	for name, c := range map[string]struct {
		e     apply.Entry
		force bool
		want  string
	}{
		"a rule":                   {apply.Entry{APIVersion: rule, Kind: "DestinationRule", Namespace: "shop", Action: apply.Configured}, false, ""},
		"a Secret":                 {apply.Entry{APIVersion: "v1", Kind: "Secret", Namespace: "shop", Action: apply.Deleted}, false, ""},
		"a policy":                 {apply.Entry{APIVersion: "security.istio.io/v1", Kind: "PeerAuthentication", Namespace: "shop", Action: apply.Created}, false, ""},
		"a completed rule":         {apply.Entry{APIVersion: rule, Kind: "DestinationRule", Namespace: "far", Action: apply.Configured, Completed: true}, false, ""},
		"a rule elsewhere":         {apply.Entry{APIVersion: rule, Kind: "DestinationRule", Namespace: "far", Action: apply.Configured}, false, "no command of that name writes"},
		"a deleted rule elsewhere": {apply.Entry{APIVersion: rule, Kind: "DestinationRule", Namespace: "far", Action: apply.Deleted, Completed: true}, false, "no command of that name writes"},
		"a Secret elsewhere":       {apply.Entry{APIVersion: "v1", Kind: "Secret", Namespace: "far", Action: apply.Configured, Completed: true}, true, "no command of that name writes"},
		"a pod":                    {apply.Entry{APIVersion: "v1", Kind: "Pod", Namespace: "shop", Action: apply.Deleted}, true, "no command of that name writes"},
		"a right for the cluster":  {apply.Entry{APIVersion: rbac, Kind: "ClusterRoleBinding", Action: apply.Deleted}, true, "no command of that name writes"},
		"a Role that was made":     {apply.Entry{APIVersion: rbac, Kind: "Role", Namespace: "shop", Action: apply.Created}, false, ""},
		"the Role of enable":       {apply.Entry{APIVersion: rbac, Kind: "Role", Namespace: "shop", Action: apply.Deleted, Before: role("list")}, false, ""},
		"another Role":             {apply.Entry{APIVersion: rbac, Kind: "Role", Namespace: "shop", Action: apply.Deleted, Before: role("delete")}, false, "gives other rights"},
		"another Role, forced":     {apply.Entry{APIVersion: rbac, Kind: "Role", Namespace: "shop", Action: apply.Deleted, Before: role("delete")}, true, ""},
		"a Role that is not seen":  {apply.Entry{APIVersion: rbac, Kind: "Role", Namespace: "shop", Action: apply.Configured, Copy: "copy"}, false, "gives other rights"},
		"the binding of enable":    {apply.Entry{APIVersion: rbac, Kind: "RoleBinding", Namespace: "shop", Action: apply.Configured, Before: binding("Role", "shop")}, false, ""},
		"a binding to a far Role":  {apply.Entry{APIVersion: rbac, Kind: "RoleBinding", Namespace: "shop", Action: apply.Configured, Before: binding("ClusterRole", "shop")}, false, "gives other rights"},
		"a binding of a far user":  {apply.Entry{APIVersion: rbac, Kind: "RoleBinding", Namespace: "shop", Action: apply.Configured, Before: binding("Role", "far")}, false, "gives other rights"},
	} {
		err := mayPutBack("shop", "bank", nil, c.force)(c.e)
		if (c.want == "") != (err == nil) || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: want %q, got %v", name, c.want, err)
		}
	}
}

// TestMayPutBackAfterDisable: the journal of a disable that was interrupted has a completed rule of another namespace among its
// origins, and its own entry of it does not say so.
func TestMayPutBackAfterDisable(t *testing.T) {
	e := apply.Entry{Object: "DestinationRule far/x", APIVersion: "networking.istio.io/v1", Kind: "DestinationRule", Namespace: "far", Name: "x", Action: apply.Configured}
	origin := e
	origin.Completed = true
	if err := mayPutBack("shop", "bank", []apply.Entry{origin}, false)(e); err != nil {
		t.Errorf("a rule that the change before had completed: %v", err)
	}
	other := origin
	other.Object = "DestinationRule far/y"
	if err := mayPutBack("shop", "bank", []apply.Entry{other}, false)(e); err == nil {
		t.Error("a rule that nobody completed: no error")
	}
}
