package kube

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/util/intstr"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// agentPorts are those of the sidecar itself: a probe that the injector rewrote goes
// there, and no policy stands in its way (istio: pkg/kube/inject/app_probe.go).
var agentPorts = map[int]bool{15020: true, 15021: true, 15090: true}

// appProbes lists the probes that the kubelet sends to the application's own ports.
func appProbes(p *corev1.Pod) []facts.AppProbe {
	var out []facts.AppProbe
	for _, c := range longRunning(p) {
		for _, k := range []struct {
			kind  string
			probe *corev1.Probe
		}{{"readiness", c.ReadinessProbe}, {"liveness", c.LivenessProbe}, {"startup", c.StartupProbe}} {
			if k.probe == nil {
				continue
			}
			found := facts.AppProbe{Container: c.Name, Kind: k.kind}
			switch h := k.probe.ProbeHandler; {
			case h.HTTPGet != nil:
				found.Handler, found.Port = "http", portNumber(c, h.HTTPGet.Port)
			case h.GRPC != nil:
				found.Handler, found.Port = "grpc", int(h.GRPC.Port)
			case h.TCPSocket != nil:
				found.Handler, found.Port = "tcp", portNumber(c, h.TCPSocket.Port)
			default:
				continue // exec: runs inside the container
			}
			if !agentPorts[found.Port] {
				out = append(out, found)
			}
		}
	}
	return out
}

func portNumber(c corev1.Container, port intstr.IntOrString) int {
	if port.Type == intstr.Int {
		return port.IntValue()
	}
	for _, p := range c.Ports {
		if p.Name == port.StrVal {
			return int(p.ContainerPort)
		}
	}
	return 0
}
