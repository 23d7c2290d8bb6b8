package check

import (
	"slices"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// mainInterface is what the kubelet has CNI plugins call a pod's own network interface; others are of networks beside it.
const mainInterface = "eth0"

// steeredBy is an annotation with its value, and who gave it where that is not the pod.
func steeredBy(t facts.Target, key string) string {
	value := t.Annotations[key]
	if value == "" {
		value = `""`
	}
	if text := key + ": " + value; !slices.Contains(t.Inherited, key) {
		return text
	}
	return key + ": " + value + ", which is not the pod's own annotation: a default of the mesh's installation, or what it was when the pod was made"
}

// recapture tells how to have the sidecar capture again what an annotation takes from it.
func (in Input) recapture(key string) string {
	if slices.Contains(in.Proxy.Target.Inherited, key) {
		return in.edit("an annotation " + key + " of its own goes before the installation's values (global.proxy, or interceptionMode of its defaultConfig)")
	}
	return in.edit("remove the annotation " + key)
}
