package cluster

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/manifests"
)

const istioNamespace = "istio-system"

// istio installs istiod as soon as the node and the images are there, and
// waits until it is ready.
func (c Cluster) istio(ctx context.Context, images <-chan error) error {
	if err := c.apply(ctx, "istio-crds", manifests.CRDs); err != nil {
		return err
	}
	if _, err := c.kubectl(ctx, "create", "namespace", istioNamespace); err != nil {
		return err
	}
	if err := <-images; err != nil {
		return err
	}
	if err := c.until(ctx, "the node is ready", 120*time.Second, func() error {
		out, err := c.kubectl(ctx, "get", "node", c.NodeName(), "-o", `jsonpath={.status.conditions[?(@.type=="Ready")].status}`)
		if err == nil && out != "True" {
			err = fmt.Errorf("node %s: Ready is %q", c.NodeName(), out)
		}
		return err
	}); err != nil {
		return err
	}
	if err := c.apply(ctx, "istio", manifests.Istio); err != nil {
		return err
	}
	return c.rollout(ctx, "istiod")
}

// InstallGateway adds the ingress gateway; its ports are open on the node's
// address, also for a joined instance.
func (c Cluster) InstallGateway(ctx context.Context) error {
	c.say("installing the ingress gateway")
	if err := c.apply(ctx, "gateway", manifests.Gateway); err != nil {
		return err
	}
	patch := fmt.Sprintf(`{"spec":{"externalIPs":[%q]}}`, c.Node())
	if _, err := c.kubectl(ctx, "-n", istioNamespace, "patch", "service", "istio-ingressgateway", "--type=merge", "-p", patch); err != nil {
		return fmt.Errorf("open the ingress gateway on %s: %w", c.Node(), err)
	}
	if err := c.rollout(ctx, "istio-ingressgateway"); err != nil {
		return err
	}
	c.Gateway = true
	return c.Record()
}

// apply applies a manifest, again while definitions that came with it are not
// served yet.
func (c Cluster) apply(ctx context.Context, name string, manifest []byte) error {
	file := c.Run.Path("pki", name+".yaml")
	if err := os.WriteFile(file, manifest, 0o600); err != nil {
		return err
	}
	defer os.Remove(file)
	return c.until(ctx, name+" is applied", 90*time.Second, func() error {
		_, err := c.kubectl(ctx, "apply", "--server-side", "--force-conflicts", "-f", file)
		return err
	})
}

func (c Cluster) rollout(ctx context.Context, deployment string) error {
	_, err := c.kubectl(ctx, "-n", istioNamespace, "rollout", "status", "deployment/"+deployment, "--timeout=150s")
	if err == nil {
		return nil
	}
	pods, _ := c.kubectl(ctx, "-n", istioNamespace, "get", "pods", "-o", "wide")
	events, _ := c.kubectl(ctx, "-n", istioNamespace, "get", "events", "--sort-by=.lastTimestamp")
	lines := strings.Split(events, "\n")
	return fmt.Errorf("wait for %s: %w\n%s\n%s", deployment, err, pods, strings.Join(lines[max(0, len(lines)-5):], "\n"))
}
