package kube

import (
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// kind is one kind of object that leads to pods.
type kind struct {
	name     string // as errors spell it
	resource schema.GroupVersionResource
}

// Well-known kinds are not looked up, so that the usual command needs no
// discovery; all of these versions are stable since Kubernetes 1.9 (batch 1.21).
var wellKnown = []struct {
	kind  kind
	names []string
}{
	{kind{"pod", schema.GroupVersionResource{Version: "v1", Resource: "pods"}}, []string{"pod", "pods", "po"}},
	{kind{"service", schema.GroupVersionResource{Version: "v1", Resource: "services"}}, []string{"service", "services", "svc"}},
	{kind{"replicationcontroller", schema.GroupVersionResource{Version: "v1", Resource: "replicationcontrollers"}},
		[]string{"replicationcontroller", "replicationcontrollers", "rc"}},
	{kind{"deployment", apps("deployments")}, []string{"deployment", "deployments", "deploy", "deployment.apps", "deployments.apps"}},
	{kind{"statefulset", apps("statefulsets")}, []string{"statefulset", "statefulsets", "sts", "statefulset.apps", "statefulsets.apps"}},
	{kind{"daemonset", apps("daemonsets")}, []string{"daemonset", "daemonsets", "ds", "daemonset.apps", "daemonsets.apps"}},
	{kind{"replicaset", apps("replicasets")}, []string{"replicaset", "replicasets", "rs", "replicaset.apps", "replicasets.apps"}},
	{kind{"job", schema.GroupVersionResource{Group: "batch", Version: "v1", Resource: "jobs"}}, []string{"job", "jobs", "job.batch", "jobs.batch"}},
}

func apps(resource string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: resource}
}

func knownKind(name string) (kind, bool) {
	for _, w := range wellKnown {
		for _, n := range w.names {
			if n == strings.ToLower(name) {
				return w.kind, true
			}
		}
	}
	return kind{}, false
}

// KindNamed gives the kind that a word of kubectl's means ("deploy": "deployment"), where it is one of Kubernetes' own.
func KindNamed(word string) (name string, known bool) {
	k, known := knownKind(word)
	return k.name, known
}

// kindOf finds a kind by any name kubectl would take; discovery answers for
// those that are not well known (rollouts.argoproj.io).
func (c *Client) kindOf(name string) (kind, error) {
	if k, ok := knownKind(name); ok {
		return k, nil
	}
	mapper, err := c.Mapper()
	if err != nil {
		return kind{}, err
	}
	full, group := schema.ParseResourceArg(strings.ToLower(name))
	if full != nil {
		if r, err := mapper.ResourceFor(*full); err == nil {
			return kind{name: strings.ToLower(name), resource: r}, nil
		}
	}
	r, err := mapper.ResourceFor(group.WithVersion(""))
	if err != nil {
		return kind{}, fmt.Errorf("%q is no kind of object that this cluster knows; use pod, deploy, sts, ds, rs, job or svc: %w", name, err)
	}
	return kind{name: strings.ToLower(name), resource: r}, nil
}

// ref is one object named on the command line.
type ref struct{ kind, name string } // kind "" is a bare pod name

// parseArgs reads names as kubectl does: TYPE/NAME, TYPE NAME..., or bare pod
// names. A sole TYPE (pods) names nothing and is allowed with a selector only.
func parseArgs(args []string) ([]ref, error) {
	if len(args) > 1 && !strings.Contains(strings.Join(args, ""), "/") {
		if _, ok := knownKind(args[0]); ok {
			var refs []ref
			for _, name := range args[1:] {
				refs = append(refs, ref{args[0], name})
			}
			return refs, nil
		}
	}
	var refs []ref
	for _, arg := range args {
		kind, name, slash := strings.Cut(arg, "/")
		switch {
		case !slash && arg != "":
			refs = append(refs, ref{"", arg})
		case kind == "" || name == "" || strings.Contains(name, "/"):
			return nil, fmt.Errorf("target %q is not of the form TYPE/NAME (deploy/web) or a pod's name", arg)
		default:
			refs = append(refs, ref{kind, name})
		}
	}
	return refs, nil
}
