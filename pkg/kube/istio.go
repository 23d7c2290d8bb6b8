package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/version"
)

const (
	networkingGroup = "networking.istio.io"
	securityGroup   = "security.istio.io"
)

// ErrNoIstio says that the cluster has no Istio networking API.
var ErrNoIstio = errors.New("the cluster serves no networking.istio.io API: Istio is not installed, or its CRDs are missing")

// ErrNoPolicies says that the cluster has no Istio security API.
var ErrNoPolicies = errors.New("the cluster serves no security.istio.io API: Istio is older than 1.5, or its CRDs are missing")

// Versions that this tool knows, newest first. A version newer than these is not
// chosen: its fields are unknown here.
var (
	networkingVersions = []string{"v1", "v1beta1", "v1alpha3"}
	securityVersions   = []string{"v1", "v1beta1"}
)

// NetworkingVersion is the newest version of networking.istio.io that both the
// cluster and this tool know: v1, v1beta1 or v1alpha3. ErrNoIstio when none.
func (c *Client) NetworkingVersion(ctx context.Context) (string, error) {
	return c.versionOf(ctx, networkingGroup, networkingVersions, ErrNoIstio)
}

// SecurityVersion is the same of security.istio.io: v1 or v1beta1. ErrNoPolicies
// when none.
func (c *Client) SecurityVersion(ctx context.Context) (string, error) {
	return c.versionOf(ctx, securityGroup, securityVersions, ErrNoPolicies)
}

func (c *Client) versionOf(ctx context.Context, name string, known []string, none error) (string, error) {
	raw, err := c.rest.Get().AbsPath("/apis/" + name).Do(ctx).Raw()
	if apierrors.IsNotFound(err) {
		return "", none
	}
	if err != nil {
		return "", c.explain("ask which versions of "+name+" are served", err)
	}
	var group metav1.APIGroup
	if err := json.Unmarshal(raw, &group); err != nil {
		return "", fmt.Errorf("ask which versions of %s are served: %w", name, err)
	}
	var served []string
	for _, v := range group.Versions {
		served = append(served, v.Version)
	}
	for _, v := range known {
		if slices.Contains(served, v) {
			return v, nil
		}
	}
	return "", fmt.Errorf("%w (it serves %s of it)", none, strings.Join(served, ", "))
}

// IstioVersion is the version of istiod ("1.31.0"). Where several run, it is
// the oldest, since objects must suit all of them, and the reason says so. An
// unknown version is "" with the reason why it is unknown.
//
// Sources, in this order: the istiod's own answer to /version (through the API
// server's pod proxy), the label app.kubernetes.io/version, the image's tag.
func (c *Client) IstioVersion(ctx context.Context) (istio, reason string) {
	pods, err := c.listPods(ctx, c.RootNamespace, "app=istiod")
	if err != nil {
		return "", err.Error()
	}
	var found []string
	why := fmt.Sprintf("no running pod with the label app=istiod in namespace %s", c.RootNamespace)
	for i := range pods {
		if pods[i].Status.Phase != corev1.PodRunning || pods[i].DeletionTimestamp != nil {
			continue
		}
		v, whyNot := c.istiodVersion(ctx, &pods[i])
		if v == "" {
			why = whyNot
			continue
		}
		found = append(found, v)
	}
	if len(found) == 0 {
		return "", why
	}
	slices.SortFunc(found, compareVersions)
	if found = slices.Compact(found); len(found) > 1 {
		reason = "istiod runs in several versions (" + strings.Join(found, ", ") + "); the oldest counts"
	}
	return found[0], reason
}

var versionText = regexp.MustCompile(`\b(\d+\.\d+(?:\.\d+)?(?:-(?:alpha|beta|rc)[.0-9]*)?)\b`)

// istiodVersionIn finds a version that istiod can have: it exists since 1.5, and
// the charts of development builds carry the placeholder 1.0.0.
func istiodVersionIn(text string) string {
	v := versionText.FindString(text)
	if v == "" || compareVersions(v, "1.5") < 0 {
		return ""
	}
	return v
}

func (c *Client) istiodVersion(ctx context.Context, p *corev1.Pod) (istio, whyNot string) {
	answer, err := c.rest.Get().
		AbsPath("/api/v1/namespaces", p.Namespace, "pods", p.Name+":15014", "proxy", "version").Do(ctx).Raw()
	said := []string{string(answer), p.Labels["app.kubernetes.io/version"]}
	for _, ctr := range p.Spec.Containers {
		if at := strings.LastIndex(ctr.Image, ":"); ctr.Name == "discovery" && at >= 0 {
			said = append(said, ctr.Image[at+1:])
		}
	}
	for _, text := range said {
		if v := istiodVersionIn(text); v != "" {
			return v, ""
		}
	}
	whyNot = fmt.Sprintf("pod %s/%s names no version in its labels or its image tag", p.Namespace, p.Name)
	if err != nil {
		return "", fmt.Sprintf("%s, and its port 15014 could not be asked: %v", whyNot, err)
	}
	return "", fmt.Sprintf("%s, and answers %q to /version (a development build?)", whyNot, clean(strings.TrimSpace(string(answer))))
}

func compareVersions(a, b string) int {
	v, errA := version.ParseGeneric(a)
	w, errB := version.ParseGeneric(b)
	if errA != nil || errB != nil {
		return strings.Compare(a, b)
	}
	if v.LessThan(w) {
		return -1
	}
	if w.LessThan(v) {
		return 1
	}
	return 0
}
