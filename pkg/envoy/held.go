package envoy

import (
	"slices"
	"strings"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// noteHeld finds out which delivered certificates no TLS context of the proxy holds. The dump lists as active what came last,
// also where Envoy then refused it, because the key does not fit as a rule (sds_api.cc sets the secret before who uses it
// looks at it). The workload's own is left out: whoever issues it makes both. Where the answer lists none nothing is noted.
func (c *collector) noteHeld(wanted map[string]bool, w wireCerts) {
	serials, begins := map[string]bool{}, map[string]time.Time{}
	for _, one := range w.Certificates {
		for _, d := range one.Chain {
			serials[serial(d.Serial)] = true
			from, _ := time.Parse(time.RFC3339, d.From)
			for _, n := range d.Names {
				if name := n.DNS + n.URI + n.IP; begins[name].Before(from) {
					begins[name] = from
				}
			}
		}
	}
	if len(serials) == 0 {
		return
	}
	for i := range c.secrets {
		s := &c.secrets[i]
		s.NotHeld = wanted[s.Name] && s.State == facts.StateActive && len(s.Chain) > 0 && s.Chain[0].Serial != "" && !serials[serial(s.Chain[0].Serial)] && !replaced(s.Chain[0], begins)
	}
}

// replaced tells whether the proxy holds a younger certificate of one of the names: it came after the dump was made, which is
// asked for first. One that was refused is younger than what is held.
func replaced(c facts.Certificate, begins map[string]time.Time) bool {
	return slices.ContainsFunc(slices.Concat(c.DNS, c.URIs, c.IPs), func(name string) bool { return begins[name].After(c.NotBefore) })
}

// serial makes serial numbers comparable, which some write with a zero before them.
func serial(hex string) string { return strings.TrimLeft(strings.ToLower(hex), "0") }

// ownCertificates names the secrets with certificates of sockets in use to which everything was delivered: without a CA, too,
// there is no context.
func (c *collector) ownCertificates() map[string]bool {
	delivered := map[string]bool{}
	for _, s := range c.secrets {
		delivered[s.Name] = s.State == facts.StateActive && !s.Empty && s.Problem == ""
	}
	out := map[string]bool{}
	own := func(s facts.Source) bool { return s.Kind == facts.SourceSDS && s.Name != "default" }
	note := func(k *facts.Socket) {
		if !own(k.Cert) && !slices.ContainsFunc(k.MoreCerts, own) {
			return
		}
		if slices.ContainsFunc(named([]facts.Socket{*k}), func(name string) bool { return !delivered[name] }) {
			return
		}
		for _, s := range append([]facts.Source{k.Cert}, k.MoreCerts...) {
			if own(s) {
				out[s.Name] = true
			}
		}
	}
	for i := range c.upstreams {
		if c.upstreams[i].State != facts.StateWarming {
			for _, k := range contexts(&c.upstreams[i]) {
				note(k)
			}
		}
	}
	for _, l := range c.listeners {
		for i := range l.chains {
			if l.state != facts.StateWarming {
				note(&l.chains[i].Socket)
			}
		}
	}
	return out
}
