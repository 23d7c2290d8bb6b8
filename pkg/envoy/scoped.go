package envoy

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// readScoped asks for some hosts only. Envoy's admin works on its main thread:
// a name_regex makes it answer in milliseconds what takes a second in full. An
// Envoy that does not know it (before 1.19) sends everything, which is as good.
func (c *collector) readScoped(ctx context.Context, g Getter, s Scope) error {
	done, err := c.readMasked(ctx, g, s)
	if !done && err == nil {
		*c = *newCollector()
		err = c.readNamed(ctx, g, s)
	}
	switch {
	case err != nil:
	case slices.ContainsFunc(filter(c.upstreams, s.matcher()), hasTunnel):
		*c = *newCollector() // the tunnel's listener and cluster have other names
		err = c.readWhole(ctx, g)
	default:
		c.readCertificates(ctx, g)
	}
	return err
}

// readNamed asks an Envoy that does not know masks: with every name comes the
// whole bootstrap.
func (c *collector) readNamed(ctx context.Context, g Getter, s Scope) error {
	inScope := s.matcher()
	err := answer(ctx, g, "/config_dump?include_eds&name_regex="+escape(s.namePattern()), func(r io.Reader) error {
		_, err := c.dump(r, facts.StateActive)
		return err
	})
	if refused(err) {
		return c.readWhole(ctx, g)
	}
	if err != nil {
		return fmt.Errorf("the proxy's configuration (config_dump) could not be read: %w", err)
	}
	c.joinEndpoints()
	wanted := filter(c.upstreams, inScope)
	if s.Found != nil {
		s.Found(wanted)
	}
	name := s.nameMatcher()
	everything := slices.ContainsFunc(c.upstreams, func(u facts.Upstream) bool { return !name.MatchString(u.Cluster) })
	if everything {
		c.noteStranded()
	} else {
		c.readUsers(ctx, g, wanted)
	}
	c.readSecrets(ctx, g, wanted)
	c.readRest(ctx, g, s, wanted)
	if everything && s.Inbound {
		c.readDoors(ctx, g, wanted)
		return nil // an Envoy that sent everything sent the listeners too
	}
	c.listeners = nil // only some were asked for
	if s.Inbound {
		c.readInbound(ctx, g, wanted)
	}
	return nil
}

// readRest asks for counters and state.
func (c *collector) readRest(ctx context.Context, g Getter, s Scope, wanted []facts.Upstream) {
	clusters := "/clusters?format=json&filter=" + escape(`.*(`+s.namePattern()+`).*`)
	c.readCounters(ctx, g, clusters, "/stats?format=json&filter="+escape(statPattern(wanted)))
	c.readServerInfo(ctx, g)
	c.readReady(ctx, g)
}

func filter(list []facts.Upstream, keep func(facts.Upstream) bool) []facts.Upstream {
	var out []facts.Upstream
	for _, u := range list {
		if keep(u) {
			out = append(out, u)
		}
	}
	return out
}

// readUsers finds out how the upstreams are used. Listeners and routes of their
// own ports tell it as a rule; a VirtualService may send to them from any other
// port, so where nothing is found, or no port is in the name, all are read.
func (c *collector) readUsers(ctx context.Context, g Getter, wanted []facts.Upstream) {
	var ports []int
	for _, u := range wanted {
		if u.Port > 0 && !slices.Contains(ports, u.Port) {
			ports = append(ports, u.Port)
		}
	}
	fields := []string{"dynamic_listeners", "dynamic_route_configs", "static_listeners", "static_route_configs"}
	note := func(err error) {
		if err != nil {
			c.missing[facts.FactListeners] = missingAnswer("the listeners and routes (config_dump)", err)
		}
	}
	if len(ports) > 0 {
		note(c.resources(ctx, g, partListeners|partRoutes, "("+portPattern(ports)+"|virtualOutbound)", fields[:2]...))
		note(c.readStrays(ctx, g, ports))
	}
	if len(c.stranded()) > 0 || slices.ContainsFunc(wanted, c.users.unused) { // a listener of any name may hand calls over
		note(c.resources(ctx, g, partListeners|partRoutes, "", fields...))
	}
	c.noteStranded() // while those that were read are known
	c.readShared(ctx, g, wanted)
}

// readInbound asks for Istio's one listener that takes what comes to the workload; a
// gateway has one for each port, named after it.
func (c *collector) readInbound(ctx context.Context, g Getter, wanted []facts.Upstream) {
	names := "virtualInbound.*"
	if c.boot.node.Kind == facts.NodeRouter {
		names = ""
	}
	if err := c.resources(ctx, g, partListeners, names, "dynamic_listeners"); err != nil {
		c.missing[facts.FactListeners] = missingAnswer("the inbound listener (config_dump)", err)
	}
	c.readDoors(ctx, g, wanted)
}

// readDoors asks for the secrets that what comes in needs, and that no upstream names: TLS of a Gateway's or a Sidecar's own.
func (c *collector) readDoors(ctx context.Context, g Getter, wanted []facts.Upstream) {
	known := secretNames(wanted)
	var more []string
	for _, l := range c.listeners {
		for _, ch := range l.chains {
			for _, name := range named([]facts.Socket{ch.Socket}) {
				if !slices.Contains(known, name) && !slices.Contains(more, name) {
					more = append(more, name)
				}
			}
		}
	}
	if len(more) == 0 {
		return
	}
	had := len(c.secrets)
	if err := c.resources(ctx, g, partSecrets, secretPattern(more), c.secretFields()...); err != nil {
		c.missing[facts.FactSecrets] = missingAnswer("the secrets of what comes in (config_dump)", err)
	}
	c.secrets = slices.Concat(c.secrets[:had], slices.DeleteFunc(slices.Clone(c.secrets[had:]), func(s facts.Secret) bool { return !slices.Contains(more, s.Name) }))
}

// readSecrets asks for the secrets that the upstreams name, and the workload's
// own: a bundle of public CAs is most of a sidecar's secrets.
func (c *collector) readSecrets(ctx context.Context, g Getter, wanted []facts.Upstream) {
	c.secrets = nil // those that the pattern for hosts let through by chance
	if err := c.resources(ctx, g, partSecrets, secretPattern(secretNames(wanted)), c.secretFields()...); err != nil {
		c.missing[facts.FactSecrets] = missingAnswer("the secrets (config_dump)", err)
	}
	c.keepSecrets(wanted)
}

// secretFields are the sections that may hold secrets: static ones only where the bootstrap has some, or was not seen.
func (c *collector) secretFields() []string {
	fields := []string{"dynamic_active_secrets", "dynamic_warming_secrets", "static_secrets"}
	if c.seen&partBootstrap != 0 && !c.boot.secrets {
		return fields[:2]
	}
	return fields
}

// keepSecrets drops what nobody names.
func (c *collector) keepSecrets(wanted []facts.Upstream) {
	keep := map[string]bool{}
	for _, name := range secretNames(wanted) {
		keep[name] = true
	}
	c.secrets = slices.DeleteFunc(c.secrets, func(s facts.Secret) bool { return !keep[s.Name] })
}

// resourceStates give the state of entries that are asked for by their field.
var resourceStates = map[string]facts.State{
	"dynamic_active_secrets": facts.StateActive, "dynamic_warming_secrets": facts.StateWarming, "static_secrets": facts.StateStatic,
	"dynamic_listeners": facts.StateActive, "static_listeners": facts.StateStatic,
	"dynamic_route_configs": facts.StateActive, "static_route_configs": facts.StateStatic,
}

// resources asks field by field, for names that fit the pattern; none means
// all. Envoy before 1.13 ignores the parameter and sends everything, which ends
// the asking; one that refuses is asked for everything.
func (c *collector) resources(ctx context.Context, g Getter, want part, names string, fields ...string) error {
	for _, field := range fields {
		query := "resource=" + field
		if names != "" {
			query += "&name_regex=" + escape(names)
		}
		err := c.some(ctx, g, query, want, resourceStates[field])
		if refused(err) {
			return c.some(ctx, g, "", want, facts.StateActive)
		}
		if err != nil {
			return err
		}
		c.seen |= want // an empty answer means that there are none
		if c.sections {
			return nil
		}
	}
	return nil
}

// some reads the wanted parts of one dump.
func (c *collector) some(ctx context.Context, g Getter, query string, want part, state facts.State) error {
	path := "/config_dump"
	if query != "" {
		path += "?" + query
	}
	c.want = want
	defer func() { c.want = partAll }()
	return answer(ctx, g, path, func(r io.Reader) error {
		w, err := c.dump(r, state)
		if err == nil {
			c.sections = w.sections
		}
		return err
	})
}
