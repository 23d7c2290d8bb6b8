package envoy

import (
	"context"
	"fmt"
	"io"
	"slices"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// The masks of one section each: a mask that is not valid for a section leaves
// that section out (Envoy: config_dump_handler.cc addAllConfigToDump). Of the
// bootstrap, most is a list of extensions: 100 KB that nobody reads.
const (
	maskClusters  = "static_clusters,dynamic_active_clusters,dynamic_warming_clusters"
	maskEndpoints = "static_endpoint_configs,dynamic_endpoint_configs"
	maskSecrets   = "static_secrets,dynamic_active_secrets,dynamic_warming_secrets"
	maskBootstrap = "bootstrap.node.id,bootstrap.node.metadata,bootstrap.node.user_agent_build_version," +
		"bootstrap.stats_config,bootstrap.static_resources.secrets"
)

// readMasked asks for the hosts section by section, the clusters and endpoints
// first. It tells false where the answers are not those of an Envoy that knows
// masks and names (1.19 and later); then what was read does not count.
func (c *collector) readMasked(ctx context.Context, g Getter, s Scope) (bool, error) {
	names := "&name_regex=" + escape(s.namePattern())
	known, err := c.masked(ctx, g, partClusters, maskClusters+names)
	if !known || err != nil {
		return false, err
	}
	if name := s.nameMatcher(); slices.ContainsFunc(c.upstreams, func(u facts.Upstream) bool { return !name.MatchString(u.Cluster) }) {
		return false, nil
	}
	if known, err = c.masked(ctx, g, partEndpoints, maskEndpoints+"&include_eds"+names); !known || err != nil {
		return false, err
	}
	c.joinEndpoints()
	wanted := filter(c.upstreams, s.matcher())
	if s.Found != nil {
		s.Found(wanted)
	}
	if known, err = c.masked(ctx, g, partBootstrap, maskBootstrap); !known || err != nil {
		return false, err
	}
	c.readUsers(ctx, g, wanted)
	c.seen |= partListeners | partRoutes // what was not asked for is not missing
	query := maskSecrets
	if pattern := secretPattern(secretNames(wanted)); pattern != "" {
		query += "&name_regex=" + escape(pattern)
	}
	if known, err = c.masked(ctx, g, partSecrets, query); !known || err != nil {
		c.readSecrets(ctx, g, wanted)
	}
	c.keepSecrets(wanted)
	c.readRest(ctx, g, s, wanted)
	c.listeners = nil // only some were asked for
	if s.Inbound {
		c.readInbound(ctx, g, wanted)
	}
	return true, nil
}

// masked reads one section. It tells false where the section is not in the answer,
// or Envoy refused the question.
func (c *collector) masked(ctx context.Context, g Getter, want part, query string) (bool, error) {
	c.want = want
	defer func() { c.want = partAll }()
	err := answer(ctx, g, "/config_dump?mask="+query, func(r io.Reader) error {
		_, err := c.dump(r, facts.StateActive)
		return err
	})
	if refused(err) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("the proxy's configuration (config_dump) could not be read: %w", err)
	}
	return c.seen&want != 0, nil
}
