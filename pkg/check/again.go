package check

import (
	"net/netip"
	"strings"
)

// again is the command that looks once more at the pod, and what to do then; of a saved dump the pod is not known.
func (in Input) again(s Subject, then string) string {
	if then != "" {
		then = "; if it stays: " + then
	}
	command := in.look(s)
	if command == "" {
		return "verify again in some seconds" + then
	}
	return command + "   # again in some seconds" + then
}

// calledAgain looks once more after a call.
func (in Input) calledAgain(s Subject) string {
	if command := in.look(s); command != "" {
		return command + " --exercise   # or without it, after a call of the application"
	}
	return "make one call from the application, then verify again"
}

// look is the command that judges an upstream of this pod; "" where the pod is not known.
func (in Input) look(s Subject) string {
	t := in.Proxy.Target
	if t.Pod == "" {
		return ""
	}
	command := "kubectl mesh-tls verify pod/" + t.Pod + " -n " + t.Namespace
	switch {
	case len(in.To) > 0 && s.Host != "" && s.Port != 0:
		command += " --to " + hostPort(s)
	case in.All:
		command += " --all"
	}
	return command
}

// edit is the command that changes the pod's template, and what to change there. Which workload has the template is known by
// the labels that Kubernetes' own controllers give their pods, and by the name that the injector noted.
func (in Input) edit(change string) string {
	t, kind := in.Proxy.Target, ""
	switch {
	case t.Labels["pod-template-hash"] != "":
		kind = "deployment"
	case t.Labels["statefulset.kubernetes.io/pod-name"] != "":
		kind = "statefulset"
	case t.Labels["pod-template-generation"] != "":
		kind = "daemonset"
	}
	name := in.Proxy.Node.Workload
	switch {
	case t.Pod == "":
		return change
	case kind == "" || name == "" || !strings.HasPrefix(t.Pod, name+"-"):
		return "kubectl get pod " + t.Pod + " -n " + t.Namespace + " -o jsonpath='{.metadata.ownerReferences}'   # in the template of that: " + change
	}
	return "kubectl edit " + kind + " " + name + " -n " + t.Namespace + "   # in the pod's template: " + change
}

// inject finds the pod that needs a sidecar.
func inject(host, address string) string {
	_, namespace, service := ServiceName(host)
	at, err := netip.ParseAddrPort(address)
	if !service || err != nil {
		return "inject the sidecar into the pods behind " + host
	}
	return "kubectl get pods -n " + namespace + " -o wide | grep -wF " + at.Addr().String() + "   # it needs a sidecar: label the namespace istio-injection=enabled, and restart it"
}

// meshConfig edits the mesh's own settings, and restarts who reads some of them only when it starts.
func (in Input) meshConfig(change string) string {
	root := "istio-system"
	if in.Config != nil && in.Config.RootNamespace != "" {
		root = in.Config.RootNamespace
	}
	return "kubectl edit configmap istio -n " + root + "   # (of a revision: istio-REVISION) " + change
}
