package kube

import (
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

const (
	interception   = "sidecar.istio.io/interceptionMode"
	traffic        = "traffic.sidecar.istio.io/"
	excludeInbound = traffic + "excludeInboundPorts"
	includeInbound = traffic + "includeInboundPorts"
	includeRanges  = traffic + "includeOutboundIPRanges"
)

// capturing are the flags by which a pod's init container is told what to capture, and the annotations that they are
// made of, or of the installation's defaults (istio: manifests/charts/istio-control/istio-discovery/files/injection-template.yaml,
// tools/istio-iptables/pkg/cmd/root.go; the same letters since 1.0).
var capturing = map[string]string{
	"-m": interception, "-i": includeRanges, "-x": traffic + "excludeOutboundIPRanges", "-o": traffic + "excludeOutboundPorts",
	"-q": traffic + "includeOutboundPorts", "-b": includeInbound, "-d": excludeInbound, "-c": traffic + "excludeInterfaces",
}

// steer puts into t what the pod's sidecar captures. Where the pod has a container that was told, that is what counts:
// annotations may have been changed since, and the installation's defaults stand in none. With Istio's CNI plugin
// annotations count, and injection writes the defaults there. Never nil: no such annotation is a fact too.
func steer(p *corev1.Pod, t *facts.Target) {
	own := map[string]string{}
	for k, v := range p.Annotations {
		if strings.HasPrefix(k, traffic) || k == interception {
			own[k] = v
		}
	}
	t.Annotations = told(p)
	if t.Annotations == nil {
		t.Annotations = maps.Clone(own)
	}
	if mode := modeOf(p); mode != "" {
		t.Annotations[interception] = mode
	}
	for k, v := range t.Annotations {
		annotated, is := own[k]
		switch same := is && beside(k, annotated) == beside(k, v); {
		case same:
			t.Annotations[k] = annotated
		case v == usual(k):
			delete(t.Annotations, k)
		default:
			t.Annotations[k], t.Inherited = beside(k, v), append(t.Inherited, k)
		}
	}
	slices.Sort(t.Inherited)
}

// usual is the value of an annotation that says the same as none.
func usual(annotation string) string {
	switch annotation {
	case includeRanges, includeInbound:
		return "*"
	case interception:
		return "REDIRECT"
	}
	return ""
}

// beside leaves out of a list of excluded ports those of the sidecar itself, which injection adds.
func beside(annotation, value string) string {
	if annotation != excludeInbound {
		return value
	}
	return strings.Join(slices.DeleteFunc(strings.Split(value, ","), func(text string) bool {
		port, err := strconv.Atoi(strings.TrimSpace(text))
		return err == nil && agentPorts[port]
	}), ",")
}

// told gives what the container that sets up the capture was told; nil where there is none, or it only looks whether
// the CNI plugin did (istio: --skip-rule-apply). Its arguments name the program since 1.4, before that the image ran it;
// an application's own init container may have such flags, too (sed -i).
func told(p *corev1.Pod) map[string]string {
	for _, c := range p.Spec.InitContainers {
		args := append(slices.Clone(c.Command), c.Args...)
		captures := c.Name == "istio-init" || slices.ContainsFunc(args, func(a string) bool { return path.Base(a) == "istio-iptables" })
		if !captures || !slices.Contains(args, "-i") || slices.Contains(args, "--skip-rule-apply") {
			continue
		}
		set := map[string]string{}
		for i := 0; i+1 < len(args); i++ {
			if name, known := capturing[args[i]]; known {
				i++
				set[name] = args[i]
			}
		}
		for k, v := range set {
			if beside(k, v) == "" && k != includeRanges && k != includeInbound {
				delete(set, k)
			}
		}
		return set
	}
	return nil
}

// modeOf is how the sidecar was told that traffic gets to it; "" where it does not say. A pod without any capture has
// no init container at all.
func modeOf(p *corev1.Pod) string {
	for _, c := range longRunning(p) {
		for _, e := range c.Env {
			if e.Name == "ISTIO_META_INTERCEPTION_MODE" {
				return e.Value
			}
		}
	}
	return ""
}
