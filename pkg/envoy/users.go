package envoy

import (
	"maps"
	"slices"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// users says which clusters HTTP routes and TCP filters send to: that decides
// whether an upstream is HTTP or TCP for the proxy.
type users struct {
	http, tcp map[string]bool
	shared    map[string][]string      // clusters that get parts of the same calls
	also      map[string][]string      // other names and addresses that a cluster's host has in its routes
	authority map[string][]string      // names that routes give the calls of a cluster; "" for those that keep the caller's
	outbound  map[int][]facts.Outbound // listeners by port
	place     map[listenerKey]int      // in outbound
	routes    map[string][]string      // route configurations that lead to a cluster
	asking    map[string][]listenerKey // listeners whose HTTP managers ask for a route configuration
	leading   map[string][]listenerKey // listeners whose filters lead to a cluster
	away      map[string][]away        // by the name that is called, in lower case
	pairs     int                      // of clusters, that were looked at
	tired     bool                     // there were too many
	any       map[string]bool          // what chooses among all clusters in place of a name
}

type listenerKey struct {
	port int
	name string
}

func newUsers() users {
	return users{http: map[string]bool{}, tcp: map[string]bool{}, shared: map[string][]string{}, also: map[string][]string{}, authority: map[string][]string{}, outbound: map[int][]facts.Outbound{}, place: map[listenerKey]int{}, routes: map[string][]string{}, asking: map[string][]listenerKey{}, leading: map[string][]listenerKey{}, away: map[string][]away{}, any: map[string]bool{}}
}

// protocol tells how a cluster is used, or that nothing read so far uses it.
func (u users) protocol(cluster string) facts.Protocol {
	switch {
	case u.http[cluster] && u.tcp[cluster]:
		return facts.ProtocolMixed
	case u.http[cluster]:
		return facts.ProtocolHTTP
	case u.tcp[cluster]:
		return facts.ProtocolTCP
	}
	return facts.ProtocolUnknown
}

// routes notes the clusters of one RouteConfiguration. Envoy has route
// configurations only where an HTTP connection manager asked for them.
func (c *collector) routes(raw jsontext.Value) ([]string, error) {
	w, err := decode[wireRoutes](raw)
	if err != nil {
		c.problem("a route configuration could not be decoded: " + wrongPart(err).Error())
		return nil, err
	}
	copies := c.mirrors(nil, w.Mirrors)
	found := copies
	for _, h := range w.Hosts {
		found = append(found, c.virtualHost(copies, h)...)
	}
	return found, nil
}

// virtualHost notes the clusters of one virtual host; copies of its calls go to some already.
func (c *collector) virtualHost(copies []string, h wireVirtualHost) []string {
	copies = c.mirrors(slices.Clone(copies), h.Mirrors)
	found := slices.Clone(copies)
	if len(copies) > maxShared { // each route's calls go to all of them, too
		copies, c.users.tired = copies[:maxShared], true
	}
	for _, r := range h.Routes {
		one := c.anyUser(c.httpUser(nil, r.Route.Cluster), byHeader(r.Route.Header))
		if r.Route.Plugin != "" || given(r.Route.Inline) {
			one = c.anyUser(one, byPlugin)
		}
		c.users.named(r.Route.Rewrite, r.Route.Cluster)
		one = c.mirrors(one, append(r.Route.Mirrors, r.Route.Mirror))
		for _, n := range r.Route.Weighted.Clusters {
			one = c.anyUser(c.httpUser(one, n.Name), byHeader(n.Header))
			c.users.named(firstOf(n.Rewrite, r.Route.Rewrite), n.Name)
		}
		c.users.together(append(slices.Clone(copies), one...))
		found = append(found, one...)
	}
	if given(h.Matcher) {
		found = c.anyUser(found, byMatcher)
	}
	c.users.hosts(h.Domains, found)
	return found
}

func (c *collector) mirrors(found []string, list []wireMirror) []string {
	for _, m := range list {
		found = c.anyUser(c.httpUser(found, m.Cluster), byHeader(m.Header))
	}
	return found
}

func (c *collector) httpUser(found []string, cluster string) []string {
	if cluster == "" {
		return found
	}
	c.users.http[cluster] = true
	return append(found, cluster)
}

// httpCluster reads the name of a cluster that a route sends to.
func (w *walker) httpCluster() error {
	cluster, err := w.text()
	if cluster != "" {
		w.c.users.http[cluster] = true
		w.route = append(w.route, cluster)
	}
	if len(w.route) > maxEntries || len(w.c.users.http) > maxEntries {
		return errTooMany
	}
	return err
}

// walkRoutes reads a RouteConfiguration host by host: that of one HTTP port names every host of the mesh, some
// megabytes. What has another shape is passed over, and the rest counts.
func (w *walker) walkRoutes() error {
	var copies []string
	w.routes, w.leads, w.unnamed = "", map[string]bool{}, nil
	defer func() {
		w.noteUnnamed()
		w.c.users.copied(copies, slices.Collect(maps.Keys(w.leads)))
	}()
	return w.members(func(name string) error {
		switch name {
		case "name":
			return w.textInto(&w.routes)
		case "virtualhosts":
			return w.list(w.virtualHost)
		case "requestmirrorpolicies":
			return w.mirrors(&copies)
		}
		return w.skip()
	})
}

func (w *walker) virtualHost() error {
	var host plainHost
	var leads, copies []string
	defer func() { w.noteHost(hostRead{host, leads, copies}) }()
	return w.members(func(name string) error {
		switch name {
		case "domains":
			return w.list(func() error {
				domain, err := w.text()
				if host.domains = append(host.domains, domain); len(host.domains) > maxEntries {
					return errTooMany
				}
				return err
			})
		case "requiretls":
			return w.textInto(&host.requireTLS)
		case "routes":
			return w.list(func() error {
				return w.members(func(name string) error {
					if name != "route" {
						return w.skip()
					}
					w.route, w.names, w.rewrite = w.route[:0], w.names[:0], ""
					err := w.members(w.routeMember)
					w.c.users.together(w.route)
					w.noteNames()
					if leads = append(leads, w.route...); len(leads) > maxEntries || len(w.names) > maxEntries {
						return errTooMany
					}
					host.leads = host.leads || len(w.route) > 0
					return err
				})
			})
		case "requestmirrorpolicies":
			return w.mirrors(&copies)
		case "matcher":
			if w.dec.PeekKind() != 'n' {
				leads, host.leads, w.c.users.any[byMatcher] = append(leads, byMatcher), true, true
			}
		}
		return w.skip()
	})
}

// routeMember reads what of wireRoute is there.
func (w *walker) routeMember(name string) error {
	switch name {
	case "cluster":
		err := w.httpCluster()
		w.names = append(w.names, wireRouted{Name: last(w.route)})
		return err
	case "clusterheader":
		return w.headerCluster()
	case "clusterspecifierplugin", "inlineclusterspecifierplugin":
		if k := w.dec.PeekKind(); k == 'n' {
			return w.skip()
		}
		if err := w.anyCluster(byPlugin); err != nil {
			return err
		}
		return w.skip()
	case "hostrewriteliteral":
		return w.textInto(&w.rewrite)
	case "requestmirrorpolicies":
		return w.list(w.mirror)
	case "requestmirrorpolicy":
		return w.mirror()
	case "weightedclusters":
		return w.members(func(name string) error {
			if name != "clusters" {
				return w.skip()
			}
			return w.list(func() error {
				var one wireRouted
				err := w.members(func(name string) error {
					switch name {
					case "name":
						err := w.httpCluster()
						one.Name = last(w.route)
						return err
					case "clusterheader":
						return w.headerCluster()
					case "hostrewriteliteral":
						return w.textInto(&one.Rewrite)
					}
					return w.skip()
				})
				w.names = append(w.names, one)
				return err
			})
		})
	}
	return w.skip()
}

func (w *walker) mirror() error {
	return w.members(func(name string) error {
		switch name {
		case "cluster":
			return w.httpCluster()
		case "clusterheader":
			return w.headerCluster()
		}
		return w.skip()
	})
}

// mirrors adds the clusters that get copies of all calls of a host, or of all hosts.
func (w *walker) mirrors(into *[]string) error {
	w.route = w.route[:0]
	err := w.list(w.mirror)
	if *into = append(*into, w.route...); len(*into) > maxEntries {
		return errTooMany
	}
	return err
}
