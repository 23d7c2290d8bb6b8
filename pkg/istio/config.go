package istio

import (
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// Config puts DestinationRules, ServiceEntries, PeerAuthentications (of any served
// version) and Services of Kubernetes into plain words; other objects are passed over. It reads
// tolerantly: what cannot be understood is told in Problems, with the object and
// the field, and the rest of the object counts. An object that comes twice, in two
// versions of the API, counts once.
//
// Each DestinationRule gives one Rule for itself, one per port, one per subset and
// one per port of a subset, with and without TLS: one without matters, because a
// port's settings replace the rule's whole.
//
// rootNamespace is Istio's root namespace, istio-system as a rule; without it
// nobody can tell which rules are for all, so that is an error.
func Config(objs []*unstructured.Unstructured, rootNamespace string) (*facts.Config, error) {
	if rootNamespace == "" {
		return nil, errors.New("reading the rules of the cluster: the mesh's root namespace is not known, and rules in it are for every client")
	}
	c := &facts.Config{RootNamespace: rootNamespace}
	var seen map[facts.Ref]bool
	if len(objs) > 1 { // thousands of objects may come one by one
		seen = map[facts.Ref]bool{}
	}
	for _, u := range objs {
		if u == nil {
			continue
		}
		ref := facts.Ref{Kind: u.GetKind(), Namespace: u.GetNamespace(), Name: u.GetName()}
		rule, entry := isNetworking(u, kindRule), isNetworking(u, kindEntry)
		service := u.GetAPIVersion() == "v1" && u.GetKind() == kindService
		policy := isPolicy(u)
		if !rule && !entry && !service && !policy || seen[ref] {
			continue
		}
		if seen != nil {
			seen[ref] = true
		}
		r := &reader{object: ref.String()}
		if policy { // a spec may be missing: everything is inherited
			c.Policies = append(c.Policies, readPolicyObject(r, u, ref))
			c.Problems = append(c.Problems, r.problems...)
			continue
		}
		spec := r.top(u.Object, "spec")
		switch {
		case rule:
			rules := readRule(r, u, ref, spec)
			if c.Rules != nil {
				rules = append(c.Rules, rules...)
			}
			c.Rules = rules
		case entry:
			c.Services = append(c.Services, readEntry(r, u, ref, spec))
		case service:
			c.Services = append(c.Services, readService(r, u, ref, spec))
		}
		c.Problems = append(c.Problems, r.problems...)
	}
	return c, nil
}

// reader reads fields of one object and keeps what it could not understand.
type reader struct {
	object   string
	problems []string
}

// node is a map together with its path, so that a problem can say where it is.
type node struct {
	at     string
	fields map[string]any
}

func (r *reader) problem(at, format string, args ...any) {
	r.problems = append(r.problems, fmt.Sprintf("%s: %s %s", r.object, at, fmt.Sprintf(format, args...)))
}

func (r *reader) top(object map[string]any, key string) node {
	n, there := r.node(node{fields: object}, key)
	if !there {
		r.problem(key, "is missing")
	}
	return n
}
