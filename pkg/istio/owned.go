package istio

import "k8s.io/apimachinery/pkg/runtime/schema"

// OwnedKinds lists the kinds that Build may write, in apply order, for a version
// of networking.istio.io.
func OwnedKinds(networkingVersion string) []schema.GroupVersionKind {
	return []schema.GroupVersionKind{
		{Version: "v1", Kind: "Secret"}, {Version: "v1", Kind: "ConfigMap"},
		{Group: group, Version: networkingVersion, Kind: kindEntry},
		{Group: group, Version: networkingVersion, Kind: kindRule},
		{Group: group, Version: networkingVersion, Kind: kindRoute},
	}
}
