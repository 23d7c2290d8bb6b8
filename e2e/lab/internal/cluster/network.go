package cluster

import (
	"context"
	"fmt"
	"net"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/internal/host"
	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/internal/plan"
)

// network makes the namespace, the link into it and the pods' bridge. The
// bridge is the default route, so that the node itself reaches Services.
func (c Cluster) network(ctx context.Context) error {
	if err := freeAddress(c.Instance); err != nil {
		return err
	}
	inside := func(args ...string) []string {
		return append([]string{"nsenter", "--net=" + c.NetnsPath(), "--"}, args...)
	}
	for _, args := range [][]string{
		{"ip", "netns", "add", c.Netns()},
		{"ip", "link", "add", c.Link(), "type", "veth", "peer", "name", "host0", "netns", c.Netns()},
		{"ip", "addr", "add", c.OuterIP() + "/30", "dev", c.Link()},
		{"ip", "link", "set", c.Link(), "up"},
		inside("ip", "link", "set", "lo", "up"),
		inside("ip", "addr", "add", c.InnerIP()+"/30", "dev", "host0"),
		inside("ip", "link", "set", "host0", "up"),
		inside("ip", "link", "add", "lab0", "address", bridgeMAC, "type", "bridge"),
		inside("ip", "addr", "add", c.Node()+"/24", "dev", "lab0"),
		inside("ip", "link", "set", "lab0", "up"),
		inside("ip", "route", "add", "default", "dev", "lab0"),
		inside("sysctl", "-qw", "net.ipv4.ip_forward=1"),
	} {
		if _, err := host.Run(ctx, nil, args[0], args[1:]...); err != nil {
			return fmt.Errorf("make the network of %s: %w", c.Name, err)
		}
	}
	// Only kernels with br_netfilter have this; without it bridged packets do
	// not pass iptables, which the lab can do without.
	_, _ = host.In(ctx, c.NetnsPath(), "sysctl", "-qw", "net.bridge.bridge-nf-call-iptables=1")
	return nil
}

// bridgeMAC is given, because a bridge without an address of its own has the lowest of its ports': it changes as pods come
// and go, and the others talk for seconds to one that is not there any more.
const bridgeMAC = "02:00:6c:61:62:30"

// freeAddress refuses an index whose link range the machine uses otherwise.
func freeAddress(i plan.Instance) error {
	interfaces, err := net.Interfaces()
	if err != nil {
		return fmt.Errorf("list the machine's addresses: %w", err)
	}
	_, link, err := net.ParseCIDR(i.OuterIP() + "/30")
	if err != nil {
		return err
	}
	for _, dev := range interfaces {
		addrs, _ := dev.Addrs()
		for _, a := range addrs {
			if n, ok := a.(*net.IPNet); ok && link.Contains(n.IP) {
				return fmt.Errorf("address %s is taken by interface %s: choose another --index", n.IP, dev.Name)
			}
		}
	}
	return nil
}

// JoinTo links the namespaces of c and o and routes each one's pods (and node
// address) to the other. It says so if they are joined already.
func (c Cluster) JoinTo(ctx context.Context, o Cluster) error {
	j, err := plan.NewJoin(c.Instance, o.Instance)
	if err != nil {
		return err
	}
	if _, err := host.In(ctx, c.NetnsPath(), "ip", "link", "show", j.LinkInA); err == nil {
		c.say("already joined with %s", o.Name)
		return nil
	}
	if _, err := host.Run(ctx, nil, "ip", "link", "add", j.LinkInA, "netns", c.Netns(), "type", "veth", "peer", "name", j.LinkInB, "netns", o.Netns()); err != nil {
		return fmt.Errorf("join %s with %s: %w", c.Name, o.Name, err)
	}
	for _, end := range []struct {
		netns, link, ip, via, cidr string
	}{
		{c.NetnsPath(), j.LinkInA, j.IPInA, j.IPInB, o.PodCIDR()},
		{o.NetnsPath(), j.LinkInB, j.IPInB, j.IPInA, c.PodCIDR()},
	} {
		for _, args := range []string{
			"ip addr add " + end.ip + "/30 dev " + end.link,
			"ip link set " + end.link + " up",
			"ip route add " + end.cidr + " via " + end.via,
		} {
			if _, err := host.In(ctx, end.netns, strings.Fields(args)...); err != nil {
				return fmt.Errorf("join %s with %s: %w", c.Name, o.Name, err)
			}
		}
	}
	c.say("joined with %s: its node is %s, pods in %s", o.Name, o.Node(), o.PodCIDR())
	return nil
}
