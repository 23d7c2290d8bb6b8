package istio

import "k8s.io/apimachinery/pkg/runtime/schema"

// OwnedKinds lists the kinds that Build may write, in apply order, for a version
// of networking.istio.io and one of security.istio.io ("" when it is not served).
func OwnedKinds(networkingVersion, securityVersion string) []schema.GroupVersionKind {
	kinds := []schema.GroupVersionKind{
		{Version: "v1", Kind: "Secret"}, {Version: "v1", Kind: "ConfigMap"},
		{Group: groupRBAC, Version: "v1", Kind: kindRole}, {Group: groupRBAC, Version: "v1", Kind: kindBinding},
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
