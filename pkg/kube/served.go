package kube

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// ResourceOf tells where the cluster has objects of a kind, and whether they live in namespaces. A kind that it does not
// serve is an error that meta.IsNoMatchError knows.
func (c *Client) ResourceOf(ctx context.Context, gvk schema.GroupVersionKind) (gvr schema.GroupVersionResource, namespaced bool, err error) {
	served, err := c.served(ctx, gvk.GroupVersion())
	if err != nil {
		return gvr, false, err
	}
	for _, r := range served {
		if r.Kind == gvk.Kind && !isPart(r) {
			return gvk.GroupVersion().WithResource(r.Name), r.Namespaced, nil
		}
	}
	return gvr, false, &meta.NoKindMatchError{GroupKind: gvk.GroupKind(), SearchedVersions: []string{gvk.Version}}
}

// isPart tells a subresource (pods/exec).
func isPart(r metav1.APIResource) bool { return strings.Contains(r.Name, "/") }

// served lists what the cluster has in one version of a group, once; nothing where it does not serve that version.
func (c *Client) served(ctx context.Context, gv schema.GroupVersion) ([]metav1.APIResource, error) {
	c.mu.Lock()
	known, ok := c.resources[gv]
	c.mu.Unlock()
	if ok {
		return known, nil
	}
	path := "/apis/" + gv.String()
	if gv.Group == "" {
		path = "/api/" + gv.Version
	}
	var list metav1.APIResourceList
	if err := c.ask(ctx, path, &list); err != nil && !apierrors.IsNotFound(err) {
		return nil, c.explain("ask what "+gv.String()+" has", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.resources[gv] = list.APIResources
	return list.APIResources, nil
}

func (c *Client) ask(ctx context.Context, path string, into any) error {
	raw, err := c.rest.Get().AbsPath(path).Do(ctx).Raw()
	if err != nil {
		return err
	}
	if err := json.Unmarshal(raw, into); err != nil {
		return fmt.Errorf("read the answer to %s: %w", path, err)
	}
	return nil
}

// search finds a resource by any name that kubectl takes: rollouts, rollout, a short name, a kind, with the group after a
// dot (rollouts.argoproj.io, or the start of it), or version and group (rollouts.v1alpha1.argoproj.io). Of several
// groups the first counts, in the server's order.
func (c *Client) search(ctx context.Context, name string) (gvr schema.GroupVersionResource, err error) {
	versions, err := c.preferred(ctx)
	if err != nil {
		return gvr, err
	}
	full, short := schema.ParseResourceArg(name)
	if full != nil {
		if gvr, ok, err := c.named(ctx, full.GroupVersion(), full.Resource); ok || err != nil {
			return gvr, err
		}
	}
	var silent error // a group whose server is away does not hide the others
	for _, exact := range []bool{true, false} {
		for _, gv := range versions {
			if exact && short.Group != "" && gv.Group != short.Group || !strings.HasPrefix(gv.Group, short.Group) {
				continue
			}
			gvr, ok, err := c.named(ctx, gv, short.Resource)
			if ok {
				return gvr, nil
			}
			silent = cmp.Or(silent, err)
		}
	}
	return gvr, cmp.Or(silent, error(&meta.NoResourceMatchError{PartialResource: short.WithVersion("")}))
}

// named finds one by its name in one version of a group.
func (c *Client) named(ctx context.Context, gv schema.GroupVersion, name string) (gvr schema.GroupVersionResource, ok bool, err error) {
	served, err := c.served(ctx, gv)
	for _, r := range served {
		if !isPart(r) && (name == r.Name || name == r.SingularName || name == strings.ToLower(r.Kind) || slices.Contains(r.ShortNames, name)) {
			return gv.WithResource(r.Name), true, nil
		}
	}
	return gvr, false, err
}

// preferred lists the groups of the cluster, each in the version that it prefers.
func (c *Client) preferred(ctx context.Context) ([]schema.GroupVersion, error) {
	var groups metav1.APIGroupList
	if err := c.ask(ctx, "/apis", &groups); err != nil {
		return nil, c.explain("ask which API groups the cluster has", err)
	}
	out := []schema.GroupVersion{{Version: "v1"}}
	for _, g := range groups.Groups {
		out = append(out, schema.GroupVersion{Group: g.Name, Version: g.PreferredVersion.Version})
	}
	return out, nil
}
