// Package istio speaks the Istio language both ways: an intent becomes a Plan of
// objects (Build), objects become intents again (Intents) and plain facts for the
// checks (Config). It is pure: it sends nothing, reads nothing, has no clock, and
// puts a private key nowhere but into the Secret that it is asked to make. What Istio would silently ignore it refuses to write.
package istio

// What marks an object as ours. The labels are for selection; the annotation keeps
// what the user asked for through later edits of the object, so that verify can
// compare the two.
const (
	LabelName        = "mesh-tls.io/name"
	LabelManagedBy   = "app.kubernetes.io/managed-by"
	ManagedBy        = "kubectl-mesh-tls"
	AnnotationIntent = "mesh-tls.io/intent" // compact JSON of intent.Intent, on all of Istio's objects that a recipe makes
)

// Kinds and groups of the objects that are read and written.
const (
	kindRule    = "DestinationRule"
	kindEntry   = "ServiceEntry"
	kindRoute   = "VirtualService"
	kindService = "Service"
	kindPolicy  = "PeerAuthentication"
	kindGateway = "Gateway"
	kindRole    = "Role"
	kindBinding = "RoleBinding"
	group       = "networking.istio.io"

	groupSecurity = "security.istio.io"
)

// GroupRBAC is the group of Roles and RoleBindings.
const GroupRBAC = "rbac.authorization.k8s.io"
