package cli

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// mesh is what the objects of the cluster say: the rules, and the intents of ours.
type mesh struct {
	config  *facts.Config
	intents []intent.Intent
}

// meshReader waits for the objects, and gives them to everyone who asks.
type meshReader func() (*mesh, error)

// startMesh reads the objects in the background: proxies are looked up and read
// meanwhile.
func startMesh(ctx context.Context, c *kube.Client) meshReader {
	read := sync.OnceValues(func() (*mesh, error) { return readMesh(ctx, c) })
	go func() { _, _ = read() }()
	return read
}

// readMesh reads the objects. What may not be read stands in the config's
// Missing; only a cluster that cannot be asked at all is an error.
func readMesh(ctx context.Context, c *kube.Client) (*mesh, error) {
	objects, missing, err := c.Objects(ctx, kube.Query{Kinds: []string{kube.KindDestinationRule, kube.KindServiceEntry, kube.KindPeerAuthentication}})
	if err != nil {
		return nil, err
	}
	return meshOf(objects, missing, c.RootNamespace)
}

func meshOf(objects []*unstructured.Unstructured, missing map[string]string, root string) (*mesh, error) {
	config, err := istio.Config(objects, root)
	if err != nil {
		return nil, err
	}
	if why, lacks := missing[kube.KindPeerAuthentication]; lacks {
		config.Missing = map[facts.Fact]string{facts.FactPolicies: why}
		delete(missing, kube.KindPeerAuthentication)
	}
	if len(missing) > 0 {
		var whys []string
		for _, kind := range slices.Sorted(maps.Keys(missing)) {
			whys = append(whys, fmt.Sprintf("%s: %s", kind, missing[kind]))
		}
		if config.Missing == nil {
			config.Missing = map[facts.Fact]string{}
		}
		config.Missing[facts.FactRules] = strings.Join(whys, "; ")
	}
	intents, err := istio.Intents(objects)
	if err != nil {
		config.Problems = append(config.Problems, err.Error())
	}
	return &mesh{config: config, intents: intents}, nil
}

// hosts lists the hosts that rules and intents name, for reading no more of a
// proxy than is needed.
func (m *mesh) hosts(t facts.Target) []string {
	seen := map[string]bool{}
	for _, r := range m.config.Rules {
		if r.HasTLS && r.Mode != "" {
			seen[fullHost(r.Host, r.Object.Namespace)] = true
		}
	}
	for _, it := range m.intents {
		seen[it.Host] = true
	}
	delete(seen, "")
	return slices.Sorted(maps.Keys(seen))
}

// fullHost completes a short name in the rule's own namespace, as Istio does
// (istio: pkg/config/resource ResolveShortnameToFQDN).
func fullHost(host, namespace string) string {
	if host == "" || strings.ContainsAny(host, ".*") {
		return host
	}
	return host + "." + namespace + ".svc.cluster.local"
}
