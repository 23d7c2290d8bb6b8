package legacy

import "strings"

// Kinds that are read.
const (
	kindPolicy     = "Policy"
	kindMeshPolicy = "MeshPolicy"
	kindRule       = "DestinationRule"
	kindService    = "Service"
	groupAuthn     = "authentication.istio.io"
	groupNetwork   = "networking.istio.io"
	oldNetworking  = groupNetwork + "/v1alpha3"
)

// legacy tells the objects that are translated.
func (o Object) legacy() bool {
	return o.policy() || o.APIVersion == oldNetworking && o.Kind == kindRule
}

func (o Object) policy() bool {
	return o.group() == groupAuthn && (o.Kind == kindPolicy || o.Kind == kindMeshPolicy)
}

// passed says why an object is not translated; lost is for those that old Istio
// enforced and that mean nothing today: leaving them out takes something away.
func (o Object) passed() (why string, lost bool) {
	switch group := o.group(); {
	case group == "rbac.istio.io":
		return "access rules of old Istio (RbacConfig, ServiceRole, ...) are AuthorizationPolicy today, and are not translated: write one before the mesh is upgraded, or the access is open", true
	case group == groupAuthn:
		return "is no kind of " + groupAuthn + " that is known", true
	case group == "config.istio.io":
		return "belongs to Mixer, which Istio 1.8 took out: telemetry is Telemetry today, checks are AuthorizationPolicy or EnvoyFilter", true
	case group == groupNetwork && strings.HasPrefix(o.APIVersion, oldNetworking):
		return "is served in its old version too: apply it as it is", false
	}
	return "is no object of old Istio's TLS: apply it as it is", false
}
