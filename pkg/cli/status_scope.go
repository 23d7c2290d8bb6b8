package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/envoy"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// choose picks the services that get rows: of the namespaces, or those that the
// targets name or are behind. None is an error, unless there is more to tell.
func (s *statusRun) choose(ctx context.Context, more bool) error {
	for _, svc := range s.mesh.config.Services {
		if s.namespaces == nil || slices.Contains(s.namespaces, svc.Object.Namespace) {
			s.services = append(s.services, svc)
		}
	}
	if len(s.options.targets) == 0 {
		if len(s.services) == 0 && !more {
			return s.noService(ctx)
		}
		return nil
	}
	var chosen []facts.Service
	for _, target := range s.options.targets {
		found, err := s.behind(ctx, target)
		if err != nil {
			return err
		}
		chosen = append(chosen, found...)
	}
	s.services = chosen
	return nil
}

// noService says why there is no row: services that may not be seen are not services that are not there.
func (s *statusRun) noService(ctx context.Context) error {
	if err := s.gone(ctx); err != nil {
		return err
	}
	if unseen := s.unseen(); unseen != "" {
		return fmt.Errorf("no service of %s was seen%s; ask for that right, or use a context that has it", s.place(), unseen)
	}
	return fmt.Errorf("no service to look at: %s has neither a Service nor a ServiceEntry", s.place())
}

// gone is an error where one of the namespaces does not exist.
func (s *statusRun) gone(ctx context.Context) error {
	if s.absent == nil {
		return nil
	}
	for _, ns := range s.namespaces {
		if err := s.absent(ctx, ns); err != nil {
			return err
		}
	}
	return nil
}

// unseen says of which kinds of services some or all could not be read, "" for none.
func (s *statusRun) unseen() string {
	if why := s.mesh.config.Missing[factServices]; why != "" {
		return ": " + why
	}
	if why := s.mesh.config.Missing[facts.FactRules]; why != "" { // ServiceEntries are among them
		return ": " + why
	}
	return ""
}

func (s *statusRun) place() string {
	if s.namespaces == nil {
		return "the cluster"
	}
	return "namespace " + strings.Join(s.namespaces, ", ")
}

// behind gives the services of one target: a service or host by its name, or those
// that pick a workload's pods.
func (s *statusRun) behind(ctx context.Context, target string) ([]facts.Service, error) {
	kind, name, typed := strings.Cut(target, "/")
	var found []facts.Service
	for _, svc := range s.services {
		byKind := typed && isService(kind) && svc.Object.Kind == "Service" && svc.Object.Name == name
		if byKind || !typed && slices.Contains(svc.Hosts, target) {
			found = append(found, svc)
		}
	}
	if !typed && len(found) == 0 {
		var err error
		if found, err = s.abroad(target); err != nil {
			return nil, err
		}
	}
	if len(found) > 0 {
		return found, nil
	}
	if typed && isService(kind) {
		if err := s.gone(ctx); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("service %s/%s was not found%s; those that are there: kubectl get services -n %[1]s", s.namespace, name, s.unseen())
	}
	pods, err := s.podsOf(ctx, target)
	if err != nil {
		if !typed && strings.Contains(target, ".") {
			err = fmt.Errorf("%s: no Service and no ServiceEntry that was seen has this host, and no pod this name: %w", target, err)
		}
		return nil, err
	}
	for _, svc := range s.services {
		if slices.ContainsFunc(pods, svc.Picks) {
			found = append(found, svc)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("no service leads to %s: name a service (svc/NAME), or a workload that has one", target)
	}
	return found, nil
}

// abroad gives the entry of another namespace for a host outside the mesh: it is the clients of this one that are asked about.
// Of a service of the mesh the pods are there, which were not read.
func (s *statusRun) abroad(host string) ([]facts.Service, error) {
	var found []facts.Service
	for _, svc := range s.mesh.config.Services {
		switch {
		case !slices.Contains(svc.Hosts, host):
		case svc.External:
			found = append(found, svc)
		default:
			return nil, fmt.Errorf("%s is %s of another namespace: kubectl mesh-tls status %[1]s -n %[3]s --from-namespace %[4]s", host, svc.Object, svc.Object.Namespace, s.namespace)
		}
	}
	return found, nil
}

func isService(kind string) bool {
	return slices.Contains([]string{"svc", "service", "services"}, strings.ToLower(kind))
}

// podsOf resolves a workload; pods without a sidecar count here, too.
func (s *statusRun) podsOf(ctx context.Context, target string) ([]facts.Pod, error) {
	targets, err := s.resolve(ctx, []string{target}, s.mesh.config.Services)
	for _, e := range flatten(err) {
		if without := new(kube.NoSidecarError); errors.As(e, &without) {
			targets = append(targets, without.Target)
		}
	}
	if len(targets) == 0 {
		return nil, err
	}
	var out []facts.Pod
	for _, p := range s.seen {
		if slices.ContainsFunc(targets, func(t facts.Target) bool { return t.String() == p.Pod.Target.String() }) {
			out = append(out, p.Pod)
		}
	}
	if len(out) == 0 {
		return nil, errors.New(target + " has no running pod")
	}
	return out, nil
}

// serves tells whether a pod is behind one of the chosen services.
func (s *statusRun) serves(p facts.Pod) bool {
	return slices.ContainsFunc(s.services, func(svc facts.Service) bool { return svc.Picks(p) }) || s.byHand()
}

// byHand tells whether a chosen service names its endpoints itself: any pod may be one.
func (s *statusRun) byHand() bool {
	return slices.ContainsFunc(s.services, func(svc facts.Service) bool { return !svc.External && svc.Selector == nil })
}

// scope asks the proxies for the chosen hosts, and for what they take in.
func (s *statusRun) scope() envoy.Scope {
	var hosts []string
	for _, svc := range s.services {
		hosts = append(hosts, svc.Hosts...)
	}
	hosts = append(hosts, s.hops(hosts)...)
	slices.Sort(hosts)
	return envoy.Scope{Hosts: slices.Compact(hosts), Inbound: true}
}

// hops are the hosts at the other end of the ways through gateways that the chosen ones have: a row of one is judged by the
// clusters of both, by what the calls are led to and by what may go past it.
func (s *statusRun) hops(hosts []string) []string {
	var out []string
	asked := func(host string) bool {
		return slices.ContainsFunc(hosts, func(h string) bool { return strings.EqualFold(h, host) })
	}
	for _, it := range s.mesh.intents {
		if it.LeadsToGateway() && asked(it.Host) != asked(it.SNI) {
			out = append(out, it.Host, it.SNI)
		}
	}
	return out
}

// ours are the intents of the namespaces, and the mesh's.
func (s *statusRun) ours() []intent.Intent {
	var out []intent.Intent
	for _, it := range s.mesh.intents {
		if it.ThroughGateway() && !it.LeadsToGateway() {
			continue // the clients' hop stands for the whole
		}
		visible := it.ThroughGateway() && slices.ContainsFunc(it.ExportTo, func(to string) bool { return slices.Contains(s.namespaces, to) })
		if s.namespaces == nil || it.Mesh || slices.Contains(s.namespaces, it.Namespace) || visible {
			out = append(out, it)
		}
	}
	return out
}
