package cli

import (
	"context"
	"errors"
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
	return startMeshFrom(ctx, c, c.RootNamespace)
}

func startMeshFrom(ctx context.Context, from objectSource, root string) meshReader {
	read := sync.OnceValues(func() (*mesh, error) { return meshFrom(ctx, from, root) })
	go func() { _, _ = read() }()
	return read
}

// meshKinds are the objects that say what should be.
var meshKinds = []string{kube.KindDestinationRule, kube.KindServiceEntry, kube.KindPeerAuthentication, kube.KindGateway, kube.KindBackendPolicy}

// readMesh reads the objects, one at a time: of thousands of rules the facts are kept, not the objects. What may not be
// read stands in the config's Missing; only a cluster that cannot be asked at all is an error.
func readMesh(ctx context.Context, c *kube.Client) (*mesh, error) {
	return meshFrom(ctx, c, c.RootNamespace)
}

// objectSource gives the objects of a cluster, or those that were saved of it.
type objectSource interface {
	EachObject(ctx context.Context, q kube.Query, do func(*unstructured.Unstructured)) (missing map[string]string, err error)
}

func meshFrom(ctx context.Context, from objectSource, root string) (*mesh, error) {
	config, err := istio.Config(nil, root)
	if err != nil {
		return nil, err
	}
	byKind := map[string]*facts.Config{}
	var ours, backends []*unstructured.Unstructured
	var failed error
	missing, err := from.EachObject(ctx, kube.Query{Kinds: meshKinds}, func(u *unstructured.Unstructured) {
		if istio.IsBackendPolicy(u) {
			backends = append(backends, u)
			return
		}
		one, err := istio.Config([]*unstructured.Unstructured{u}, root)
		if err != nil {
			failed = err
			return
		}
		addConfig(byKind, u.GetKind(), one)
		if istio.Owner(u) != "" {
			ours = append(ours, u)
		}
	})
	if err = errors.Join(err, failed); err != nil {
		return nil, err
	}
	for _, kind := range meshKinds {
		if of := byKind[kind]; of != nil {
			config.Rules, config.Services = joined(config.Rules, of.Rules), joined(config.Services, of.Services)
			config.Policies, config.Problems = joined(config.Policies, of.Policies), joined(config.Problems, of.Problems)
		}
	}
	if err := addBackends(ctx, from, config, backends); err != nil {
		return nil, err
	}
	return meshOf(config, ours, missing), nil
}

// addBackends adds the rules that BackendTLSPolicies are. Where they name a Service's port its Services are read, too.
func addBackends(ctx context.Context, from objectSource, config *facts.Config, policies []*unstructured.Unstructured) error {
	services := config.Services
	if namespaces := istio.SectionsOf(policies); len(namespaces) > 0 {
		var read []*unstructured.Unstructured
		keep := func(u *unstructured.Unstructured) { read = append(read, u) }
		if _, err := from.EachObject(ctx, kube.Query{Kinds: []string{kube.KindService}, Namespaces: namespaces}, keep); err != nil {
			return err
		}
		more, err := istio.Config(read, config.RootNamespace)
		if err != nil {
			return err
		}
		services = slices.Concat(services, more.Services)
	}
	rules, problems := istio.BackendRules(policies, services)
	config.Rules, config.Problems = joined(config.Rules, rules), joined(config.Problems, problems)
	return nil
}

// joined is slices.Concat without a copy where one list is all: of thousands of rules that is a megabyte.
func joined[T any](first, second []T) []T {
	if len(first) == 0 {
		return second
	}
	return slices.Concat(first, second)
}

// addConfig keeps kinds apart: they come mixed, and the order of what is said must not change from run to run.
func addConfig(byKind map[string]*facts.Config, kind string, one *facts.Config) {
	all := byKind[kind]
	if all == nil {
		all = &facts.Config{}
		byKind[kind] = all
	}
	all.Rules, all.Services = append(all.Rules, one.Rules...), append(all.Services, one.Services...)
	all.Policies, all.Problems = append(all.Policies, one.Policies...), append(all.Problems, one.Problems...)
}

// meshOf adds what could not be read, and the intents of our own objects.
func meshOf(config *facts.Config, ours []*unstructured.Unstructured, missing map[string]string) *mesh {
	config.Missing = map[facts.Fact]string{}
	for kind, fact := range map[string]facts.Fact{kube.KindPeerAuthentication: facts.FactPolicies, kube.KindBackendPolicy: facts.FactBackends} {
		if why, lacks := missing[kind]; lacks {
			config.Missing[fact] = why
			delete(missing, kind)
		}
	}
	if why, lacks := missing[kube.KindGateway]; lacks { // only gateways are judged by them
		config.Problems = append(config.Problems, "Gateways could not be read, so what gateways should demand is not known: "+why)
		delete(missing, kube.KindGateway)
	}
	if len(missing) > 0 {
		var whys []string
		for _, kind := range slices.Sorted(maps.Keys(missing)) {
			whys = append(whys, fmt.Sprintf("%s: %s", kind, missing[kind]))
		}
		config.Missing[facts.FactRules] = strings.Join(whys, "; ")
	}
	intents, err := istio.Intents(ours)
	if err != nil {
		config.Problems = append(config.Problems, err.Error())
	}
	return &mesh{config: config, intents: hopsOf(intents)}
}

// hosts lists the hosts that rules and intents name, for reading no more of a
// proxy than is needed.
func (m *mesh) hosts(t facts.Target) []string {
	seen := map[string]bool{}
	for _, r := range m.config.Rules {
		if r.HasTLS && r.Mode != "" {
			seen[r.FullHost()] = true
		}
	}
	ruled := slices.Collect(maps.Keys(seen))
	for _, s := range m.config.Services {
		for _, h := range s.Hosts { // a rule for a host that is known by a wildcard alone does nothing
			if end, wild := strings.CutPrefix(h, "*"); wild && slices.ContainsFunc(ruled, func(host string) bool { return strings.HasSuffix(host, end) }) {
				seen[h] = true
			}
		}
	}
	for _, it := range m.intents {
		seen[it.Host] = true
	}
	delete(seen, "")
	return slices.Sorted(maps.Keys(seen))
}
