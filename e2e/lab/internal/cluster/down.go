package cluster

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/internal/conf"
	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/internal/host"
	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/internal/proc"
)

// Down ends every process of the instance and removes what it made: mounts,
// network namespaces (the pods' too), links, cgroups, files. It goes on after
// an error and returns all of them; a second Down finishes what was left.
func (c Cluster) Down(ctx context.Context) error {
	groups := c.cgroups()
	var errs []error
	note := func(err error) {
		if err != nil {
			errs = append(errs, err)
		}
	}
	// First those with a pid file, the kubelet before all: it would start
	// again what the next step kills.
	pids, _ := filepath.Glob(filepath.Join(c.Run.Pids(), "*"))
	for _, file := range append([]string{filepath.Join(c.Run.Pids(), "kubelet")}, pids...) {
		note(proc.End(ctx, file, syscall.SIGKILL))
	}
	note(proc.EndGroup(ctx, groups))
	note(c.unmount())
	note(c.unlink(ctx))
	note(host.RemoveCgroups(groups))
	note(c.strays())
	if len(errs) == 0 {
		note(os.RemoveAll(string(c.Run)))
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("take %s down: %w", c.Name, err)
	}
	return nil
}

// unmount removes the mounts below the instance's directories, last first.
func (c Cluster) unmount() error {
	mounted := func() ([]string, error) {
		b, err := os.ReadFile("/proc/self/mounts")
		if err != nil {
			return nil, fmt.Errorf("read the mounts: %w", err)
		}
		return host.MountsBelow(string(b), string(c.Run), conf.ShimSockets(c.Instance)), nil
	}
	points, err := mounted()
	if err != nil {
		return err
	}
	var errs []error
	for _, at := range points {
		if err := syscall.Unmount(at, syscall.MNT_DETACH); err != nil && !errors.Is(err, syscall.EINVAL) {
			errs = append(errs, fmt.Errorf("unmount %s: %w", at, err))
		}
	}
	// The files below are removed next: nothing may be mounted there.
	left, err := mounted()
	if len(left) > 0 {
		err = fmt.Errorf("still mounted: %q", left)
	}
	errs = append(errs, err)
	return errors.Join(errs...)
}

// unlink removes the namespace, and with it every link, route and iptables
// rule inside and the far ends of its veth pairs.
func (c Cluster) unlink(ctx context.Context) error {
	var errs []error
	if exists("/sys/class/net/" + c.Link()) {
		if _, err := host.Run(ctx, nil, "ip", "link", "del", c.Link()); err != nil {
			errs = append(errs, err)
		}
	}
	if exists(c.NetnsPath()) {
		if _, err := host.Run(ctx, nil, "ip", "netns", "del", c.Netns()); err != nil {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// strays removes what kubelet, containerd and CNI write outside their own
// directories and cannot be told otherwise.
func (c Cluster) strays() error {
	errs := []error{os.RemoveAll(conf.ShimSockets(c.Instance))}
	// kubelet links every container's log here.
	logs, _ := filepath.Glob("/var/log/containers/*.log")
	for _, l := range logs {
		if target, err := os.Readlink(l); err == nil && strings.HasPrefix(target, string(c.Run)+"/") {
			errs = append(errs, os.Remove(l))
		}
	}
	// libcni remembers results by the network's name, which is the instance's.
	results, _ := filepath.Glob("/var/lib/cni/results/" + c.Netns() + "-*")
	for _, r := range results {
		errs = append(errs, os.Remove(r))
		// The loopback of the same sandbox is kept under a name without ours.
		id := strings.TrimSuffix(strings.TrimPrefix(filepath.Base(r), c.Netns()+"-"), "-eth0")
		_ = os.Remove("/var/lib/cni/results/cni-loopback-" + id + "-lo")
	}
	// The kubelet's path for device plugins is fixed; nobody listens there now
	// if the socket was ours.
	const socket = "/var/lib/kubelet/device-plugins/kubelet.sock"
	if conn, err := net.Dial("unix", socket); err == nil {
		conn.Close()
	} else if errors.Is(err, syscall.ECONNREFUSED) {
		errs = append(errs, os.Remove(socket))
	}
	return errors.Join(errs...)
}
