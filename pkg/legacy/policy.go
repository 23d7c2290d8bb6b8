package legacy

import (
	"fmt"

	"go.yaml.in/yaml/v3"
)

// mode is what a server takes; empty when it cannot be translated.
type mode string

const (
	strict     mode = "STRICT"
	permissive mode = "PERMISSIVE"
	disable    mode = "DISABLE"
)

// policy is a Policy or MeshPolicy as it stands in the file.
type policy struct {
	Object
	mode    mode
	because string // why the mode is what it is, where the text does not say it
	targets []target
	lost    []string // what it says and today's object cannot
	noMode  string   // why there is no mode
}

// target is one Service that a Policy is for; no ports: all of it.
type target struct {
	name   string
	ports  []portRef
	labels bool
	line   string
}

type portRef struct {
	number int
	name   string
}

func (p portRef) String() string {
	if p.name != "" {
		return p.name
	}
	return fmt.Sprint(p.number)
}

// readPolicy follows authentication/v1alpha1/policy.proto of istio/api 1.5.
func (r *reader) readPolicy(o Object) policy {
	p := policy{Object: o}
	spec := r.known(child(o.node, "spec"), "spec", "targets", "peers", "peerIsOptional", "origins", "originIsOptional", "principalBinding")
	for i, n := range r.list(spec["targets"], "spec.targets") {
		p.targets = append(p.targets, r.target(o, n, fmt.Sprintf("spec.targets[%d]", i)))
	}
	if len(r.list(spec["origins"], "spec.origins")) > 0 {
		p.lost = append(p.lost, "origins (JWT) are RequestAuthentication and AuthorizationPolicy today, which this command does not write: without them requests need no token any more")
	}
	r.text(spec["principalBinding"], "spec.principalBinding")
	r.yes(spec["originIsOptional"], "spec.originIsOptional")
	r.peers(&p, spec["peers"], r.yes(spec["peerIsOptional"], "spec.peerIsOptional"))
	return p
}

func (r *reader) target(o Object, n *yaml.Node, path string) target {
	f := r.known(n, path, "name", "ports", "labels")
	t := target{name: r.text(f["name"], path+".name"), labels: !isNull(f["labels"]), line: o.at(n)}
	if t.name == "" && !t.labels {
		r.fail(n, "%s names no Service", path)
	}
	for i, item := range r.list(f["ports"], path+".ports") {
		where := fmt.Sprintf("%s.ports[%d]", path, i)
		pf := r.known(item, where, "number", "name")
		ref := portRef{number: r.port(pf["number"], where+".number"), name: r.text(pf["name"], where+".name")}
		if (ref.number == 0) == (ref.name == "") {
			r.fail(item, "%s must have a number or a name", where)
		}
		t.ports = append(t.ports, ref)
	}
	return t
}

// peers gives the mode. No peers meant plaintext only; mtls without a mode meant
// STRICT, the enum's zero (MutualTls.Mode).
func (r *reader) peers(p *policy, n *yaml.Node, optional bool) {
	items := r.list(n, "spec.peers")
	if len(items) == 0 {
		p.mode, p.because = disable, "no peers meant plaintext only"
		return
	}
	if len(items) > 1 {
		p.noMode = "it has several peers, of which old Istio took one"
		return
	}
	f := r.known(items[0], "spec.peers[0]", "mtls", "jwt")
	if _, there := f["mtls"]; !there {
		p.noMode = "its peer is not mtls"
		return
	}
	m := r.known(f["mtls"], "spec.peers[0].mtls", "mode", "allowTls")
	word := r.text(m["mode"], "spec.peers[0].mtls.mode")
	allow := r.yes(m["allowTls"], "spec.peers[0].mtls.allowTls")
	switch word {
	case "", "0":
		p.mode, p.because = strict, "mtls without a mode meant STRICT"
	case string(strict):
		p.mode = strict
	case string(permissive), "1":
		p.mode = permissive
	default:
		r.fail(m["mode"], "spec.peers[0].mtls.mode is %s, want STRICT or PERMISSIVE", clip(word))
	}
	if p.mode == strict && (allow || optional) {
		p.mode, p.noMode = "", "it takes TLS without a client's certificate (allowTls or peerIsOptional), which no mode of today does: choose STRICT (clients need a sidecar) or PERMISSIVE (plaintext is taken too)"
	}
}
