package plan

import "fmt"

// APIPort is where kube-apiserver listens, on every address of the instance.
const APIPort = 16443

// Netns is the name of the instance's network namespace, also used for its
// cgroups and its CNI network: whatever the instance leaves on the machine can
// be found by this name.
func (i Instance) Netns() string { return "mesh-lab-" + i.Name }

// NetnsPath is the file to enter the namespace with.
func (i Instance) NetnsPath() string { return "/run/netns/" + i.Netns() }

// Link is the outer end of the veth pair that lets kubectl in.
func (i Instance) Link() string { return "mlab-" + i.Name }

// OuterIP is the outer end of that pair, which is a /30.
func (i Instance) OuterIP() string { return fmt.Sprintf("10.%d.0.1", 200+i.Index) }

// InnerIP is the address of the API server as seen from outside.
func (i Instance) InnerIP() string { return fmt.Sprintf("10.%d.0.2", 200+i.Index) }

// Node is the node's address: the bridge of the pods, and where servers
// outside the mesh listen.
func (i Instance) Node() string { return fmt.Sprintf("10.%d.0.1", 244+i.Index) }

// NodeName is the name of the cluster's only node.
func (i Instance) NodeName() string { return "node-" + i.Name }

// PodCIDR is the range of the pods' addresses.
func (i Instance) PodCIDR() string { return fmt.Sprintf("10.%d.0.0/24", 244+i.Index) }

// ServiceCIDR is the range of the Services' addresses.
func (i Instance) ServiceCIDR() string { return fmt.Sprintf("10.%d.0.0/16", 96+i.Index) }

// ServiceIP is the first address of that range: the Service "kubernetes".
func (i Instance) ServiceIP() string { return fmt.Sprintf("10.%d.0.1", 96+i.Index) }

// Join is the link between two instances.
type Join struct {
	LinkInA, LinkInB string // interface names, each in its own namespace
	IPInA, IPInB     string // without the /30
}

// NewJoin plans the link between a and b. The order of a and b does not matter
// for the addresses, so joining twice finds the first link again.
func NewJoin(a, b Instance) (Join, error) {
	if a.Name == b.Name || a.Index == b.Index {
		return Join{}, fmt.Errorf("cannot join %q with %q: name two different instances", a.Name, b.Name)
	}
	low, high := min(a.Index, b.Index), max(a.Index, b.Index)
	net := fmt.Sprintf("10.199.%d.", low*(MaxIndex+1)+high)
	j := Join{LinkInA: "to-" + b.Name, LinkInB: "to-" + a.Name, IPInA: net + "1", IPInB: net + "2"}
	if a.Index > b.Index {
		j.IPInA, j.IPInB = j.IPInB, j.IPInA
	}
	return j, nil
}
