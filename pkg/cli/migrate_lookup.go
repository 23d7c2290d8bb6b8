package cli

import (
	"context"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/legacy"
)

// lookUpTime bounds the questions to the cluster; without answers the files alone count.
const lookUpTime = 20 * time.Second

// howToGoOn ends the refusals to drop what may be needed.
const howToGoOn = "; leave --drop-redundant out, or add --offline to decide by the files alone"

// mostPods is enough to learn the names of a Service's container ports.
const mostPods = 500

// lookUp adds what the cluster knows: Services and, for ports led to by a name, pods
// of the namespaces concerned; the DestinationRules when redundant ones are to go. A
// cluster that cannot be asked is told, and the files alone count.
func (d *deps) lookUp(ctx context.Context, in *legacy.Input) error {
	namespaces, policies := legacy.Namespaces(in.Objects), legacy.PolicyNamespaces(in.Objects, in.RootNamespace)
	if len(policies) == 0 && !in.DropRedundant {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, lookUpTime)
	defer cancel()
	c, err := kube.New(d.kube)
	if err == nil && len(namespaces) > 0 {
		err = lookUpServices(ctx, c, in, namespaces)
	}
	if err == nil && len(policies) > 0 {
		err = lookUpPolicies(ctx, c, in, policies)
	}
	if err == nil && in.DropRedundant {
		return lookUpRules(ctx, c, in)
	}
	if err != nil && in.DropRedundant {
		return fmt.Errorf("--drop-redundant: %w%s", err, howToGoOn)
	}
	if err != nil {
		fmt.Fprintf(d.Err, "note: the cluster was not asked, or not for all; the files count alone: %v\n", err)
	}
	return nil
}

func lookUpServices(ctx context.Context, c *kube.Client, in *legacy.Input, namespaces []string) error {
	objects, missing, err := c.Objects(ctx, kube.Query{Kinds: []string{kube.KindService}, Namespaces: namespaces})
	if err != nil {
		return err
	}
	if why := missing[kube.KindService]; why != "" {
		return fmt.Errorf("read Services: %s", why)
	}
	named := map[string]bool{} // namespaces in which a port leads to a name
	for _, u := range objects {
		s, ok := legacy.ServiceOf(u.Object)
		if !ok {
			continue
		}
		in.Services = append(in.Services, s)
		for _, p := range s.Ports {
			named[s.Namespace] = named[s.Namespace] || p.TargetName != ""
		}
	}
	in.AllServices = true
	for namespace := range named {
		if !named[namespace] {
			continue
		}
		pods, err := c.Dynamic().Resource(schema.GroupVersionResource{Version: "v1", Resource: "pods"}).Namespace(namespace).List(ctx, metav1.ListOptions{Limit: mostPods})
		if err != nil {
			return fmt.Errorf("read the pods of namespace %s: %w", namespace, err)
		}
		for i := range pods.Items {
			pods.Items[i].SetKind("Pod") // items of a list leave it out
			if w, ok := legacy.WorkloadOf(pods.Items[i].Object); ok {
				in.Workloads = append(in.Workloads, w)
			}
		}
	}
	return nil
}

func lookUpPolicies(ctx context.Context, c *kube.Client, in *legacy.Input, namespaces []string) error {
	objects, missing, err := c.Objects(ctx, kube.Query{Kinds: []string{kube.KindPeerAuthentication}, Namespaces: namespaces})
	if err != nil {
		return err
	}
	if why := missing[kube.KindPeerAuthentication]; why != "" {
		return fmt.Errorf("read PeerAuthentications, to see conflicts: %s", why)
	}
	for _, u := range objects {
		in.LivePolicies = append(in.LivePolicies, u.Object)
	}
	return nil
}

// lookUpRules: what is redundant depends on the other rules, and on auto mTLS being
// on. Where that cannot be seen, nothing may be dropped.
func lookUpRules(ctx context.Context, c *kube.Client, in *legacy.Input) error {
	switch where, unseen, err := autoMTLSOff(ctx, c); {
	case err != nil:
		return fmt.Errorf("--drop-redundant: %w%s", err, howToGoOn)
	case where != "":
		return failure{fmt.Errorf("--drop-redundant: auto mTLS is off in this mesh (enableAutoMtls: false in %s), so that clients need these rules%s", where, howToGoOn)}
	case unseen != "":
		return fmt.Errorf("--drop-redundant: %s%s", unseen, howToGoOn)
	}
	objects, missing, err := c.Objects(ctx, kube.Query{Kinds: []string{kube.KindDestinationRule}})
	if err != nil {
		return fmt.Errorf("--drop-redundant: %w%s", err, howToGoOn)
	}
	if why := missing[kube.KindDestinationRule]; why != "" {
		return fmt.Errorf("--drop-redundant: the rules of the cluster are not known: %s%s", why, howToGoOn)
	}
	for _, u := range objects {
		in.LiveRules = append(in.LiveRules, u.Object)
	}
	return nil
}
