package cluster

import (
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/internal/conf"
	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/internal/host"
)

// Up starts an instance that has been recorded and comes back when istiod is ready. What is left of
// a failed start stays for inspection; Down removes it.
func (c Cluster) Up(ctx context.Context) error {
	began := c.Now()
	if err := c.network(ctx); err != nil {
		return err
	}
	if err := host.MakeCgroups(c.cgroups()); err != nil {
		return err
	}
	if err := c.files(); err != nil {
		return err
	}
	c.say("starting the control plane and the node")
	images := make(chan error, 1)
	if err := c.controlPlane(ctx, images); err != nil {
		return err
	}
	c.say("installing Istio")
	if err := c.istio(ctx, images); err != nil {
		return err
	}
	wantGateway := c.Gateway
	c.Ready, c.Gateway = true, false
	if err := c.Record(); err != nil {
		return err
	}
	if wantGateway {
		if err := c.InstallGateway(ctx); err != nil {
			return err
		}
	}
	c.say("up in %d s: export KUBECONFIG=%s", int(c.Now().Sub(began).Seconds()), c.Run.Kubeconfig())
	return nil
}

// controlPlane starts all daemons. The images are imported meanwhile: images
// gets one error or nil.
func (c Cluster) controlPlane(ctx context.Context, images chan<- error) error {
	v := c.values()
	for _, d := range []conf.Daemon{conf.Etcd(v), conf.APIServer(v), conf.Runtime(v)} {
		if err := c.Start(d.Name, d.Args...); err != nil {
			return err
		}
	}
	go func() { images <- c.importImages(ctx) }()
	if err := c.until(ctx, "the API server is ready", 120*time.Second, func() error {
		_, err := c.kubectl(ctx, "get", "--raw", "/readyz")
		return err
	}); err != nil {
		return err
	}
	for _, d := range append(conf.Controllers(v), conf.Node(v)) {
		if err := c.Start(d.Name, d.Args...); err != nil {
			return err
		}
	}
	return nil
}

func (c Cluster) importImages(ctx context.Context) error {
	ctr := c.Bin + "/ctr"
	if err := c.until(ctx, "containerd answers", 60*time.Second, func() error {
		_, err := host.Run(ctx, c.env(), ctr, "-a", c.Run.Containerd(), "version")
		return err
	}); err != nil {
		return err
	}
	if _, err := host.Run(ctx, c.env(), ctr, "-a", c.Run.Containerd(), "-n", "k8s.io", "images", "import", c.Images); err != nil {
		return fmt.Errorf("import the pods' images into %s: %w", c.Name, err)
	}
	return nil
}

// until tries f five times a second. It gives up at once if a daemon that was
// started does not run any more, and says where its log is.
func (c Cluster) until(ctx context.Context, what string, limit time.Duration, f func() error) error {
	end := c.Now().Add(limit)
	for {
		err := f()
		if err == nil {
			return nil
		}
		if dead := c.died(); dead != "" {
			return fmt.Errorf("wait until %s: %s has ended; its last words:\n%s\nsee \"lab logs %s %s\", then \"lab down %s\"", what, dead, c.lastWords(dead), c.Name, dead, c.Name)
		}
		if c.Now().After(end) {
			return fmt.Errorf("wait until %s: gave up after %s: %w\nsee \"lab logs %s\", then \"lab down %s\"", what, limit, err, c.Name, c.Name)
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("interrupted while waiting until %s: run \"lab down %s\"", what, c.Name)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// died names a daemon that has a pid file but does not run.
func (c Cluster) died() string {
	for _, name := range c.Dead() {
		if exists(c.Run.Path("pids", name)) {
			return name
		}
	}
	return ""
}

// lastWords is the end of a daemon's log.
func (c Cluster) lastWords(name string) string {
	b, err := os.ReadFile(c.Run.Path("logs", name+".log"))
	if err != nil {
		return err.Error()
	}
	lines := strings.Split(strings.TrimSpace(string(b)), "\n")
	return strings.Join(lines[max(0, len(lines)-5):], "\n")
}
