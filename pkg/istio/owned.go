package istio

import (
	"slices"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// OwnedKinds lists the kinds that Build may write, in apply order, for a version
// of networking.istio.io and one of security.istio.io ("" when it is not served).
func OwnedKinds(networkingVersion, securityVersion string) []schema.GroupVersionKind {
	kinds := []schema.GroupVersionKind{
		{Version: "v1", Kind: "Secret"}, {Version: "v1", Kind: "ConfigMap"},
		{Group: GroupRBAC, Version: "v1", Kind: kindRole}, {Group: GroupRBAC, Version: "v1", Kind: kindBinding},
		{Group: group, Version: networkingVersion, Kind: kindEntry},
		{Group: group, Version: networkingVersion, Kind: kindRule},
		{Group: group, Version: networkingVersion, Kind: kindGateway},
		{Group: group, Version: networkingVersion, Kind: kindRoute},
	}
	if securityVersion != "" {
		kinds = append(kinds, schema.GroupVersionKind{Group: groupSecurity, Version: securityVersion, Kind: kindPolicy})
	}
	return kinds
}

// WithoutAccess leaves out the kinds that only a client certificate in a Secret needs:
// who may change Istio's objects may often not look at Roles.
func WithoutAccess(kinds []schema.GroupVersionKind) []schema.GroupVersionKind {
	return slices.DeleteFunc(slices.Clone(kinds), func(k schema.GroupVersionKind) bool { return k.Group == GroupRBAC })
}
