package envoy

import (
	"github.com/go-json-experiment/json/jsontext"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// part is one kind of section of a config dump.
type part uint8

const (
	partClusters part = 1 << iota
	partEndpoints
	partListeners
	partRoutes
	partSecrets
	partBootstrap
	partAll = partClusters | partEndpoints | partListeners | partRoutes | partSecrets | partBootstrap
)

// collector gathers what the answers of one proxy say, whatever their order.
type collector struct {
	saved      bool // the answers are files
	waits      bool // it said that it is not LIVE yet
	want, seen part
	sections   bool // the last answer had whole sections
	upstreams  []facts.Upstream
	held       map[string]int              // by name: one that serves, one that waits
	edsNames   map[string]string           // cluster -> name under which EDS knows it
	eds        map[string][]facts.Endpoint // endpoints section, by that name
	count      int                         // endpoints so far
	chains     int                         // filter chains so far
	entries    int                         // entries of sections so far
	listeners  []listener
	users      users
	outbound   string // facts.Proxy.Outbound
	plain      []facts.PlainHost
	plainSeen  map[facts.PlainHost]bool
	rejected   []facts.Rejection
	secrets    []facts.Secret
	boot       bootstrap
	hosts      map[string][]hostStatus // /clusters, by cluster name
	stats      stats
	missing    map[facts.Fact]string
	problems   []string
	lost       int // clusters

	named       map[string]int // secrets, by name
	validations map[string]facts.Validation
	names       map[string]string // of members, made comparable
}

func newCollector() *collector {
	return &collector{
		want: partAll, held: map[string]int{}, edsNames: map[string]string{}, eds: map[string][]facts.Endpoint{}, users: newUsers(),
		plainSeen: map[facts.PlainHost]bool{}, named: map[string]int{}, missing: map[facts.Fact]string{}, validations: map[string]facts.Validation{}, names: map[string]string{},
	}
}

func (c *collector) problem(text string) {
	for _, p := range c.problems {
		if p == text {
			return
		}
	}
	if len(c.problems) < maxProblems {
		c.problems = append(c.problems, text)
	}
}

// lose notes a cluster that is left out: what it is nobody knows, so it counts beside the problem.
func (c *collector) lose(why string) {
	c.lost++
	c.problem(why)
}

// element is one entry of a section while its members are being read.
type element struct {
	upstream               *facts.Upstream
	listener               *listener
	rejected               *facts.Rejection
	secret                 jsontext.Value
	state                  facts.State
	has                    []string // members with content that were read
	name, version, updated string
}

// finish adds a whole element to the collection.
func (c *collector) finish(e *element) error {
	if err := e.wordy(); err != nil {
		return err
	}
	if e.upstream != nil {
		if len(c.upstreams) >= maxClusters {
			return errTooMany
		}
		e.upstream.Updated = at(e.updated)
		if err := c.once(e.upstream); err != nil {
			return err
		}
		if c.count += len(e.upstream.Endpoints); c.count > maxEndpoints {
			return errTooMany
		}
		c.upstreams = append(c.upstreams, *e.upstream)
	}
	if e.listener != nil {
		if len(c.listeners) >= maxListeners {
			return errTooMany
		}
		if c.chains += len(e.listener.chains); c.chains > maxChains {
			return errTooMany
		}
		c.listeners = append(c.listeners, *e.listener)
	}
	c.reject(e)
	if e.secret != nil {
		s, inner := c.secret(e.secret, e.state, e.name, e.version, e.updated)
		if err := c.keepSecret(s); err != nil || inner == "" || inner == s.Name {
			return err
		}
		s.Name = inner // under which of the two it was asked for is not told: Envoy 1.12 with Istio's node agent had such
		return c.keepSecret(s)
	}
	return nil
}

func (c *collector) keepSecret(s facts.Secret) error {
	if c.named[s.Name]++; c.named[s.Name] > maxOfName || len(c.secrets) >= maxSecrets {
		return errTooMany
	}
	if len(s.Name) > maxWord {
		return errWord
	}
	c.secrets = append(c.secrets, s)
	return nil
}

// once refuses a second cluster of one name in a saved dump: Envoy has at most one that
// serves and one that waits, so the text is of several proxies, or joined from several
// times. A live proxy is asked several times, and answers as it is then.
func (c *collector) once(u *facts.Upstream) error {
	if !c.saved {
		return nil
	}
	slot := 1
	if u.State == facts.StateWarming {
		slot = 2
	}
	if c.held[u.Cluster]&slot != 0 {
		return errTwice
	}
	c.held[u.Cluster] |= slot
	return nil
}

// reject keeps a refusal once: Envoy lists it with the listener and alone.
func (c *collector) reject(e *element) {
	if e.rejected == nil || len(c.rejected) >= maxProblems {
		return
	}
	r := *e.rejected
	r.Listener = firstOf(e.name, r.Listener)
	r.Serving = e.listener != nil && e.listener.state == facts.StateActive
	for _, known := range c.rejected {
		if known.Listener == r.Listener && known.Why == r.Why {
			return
		}
	}
	c.rejected = append(c.rejected, r)
}

// counted bounds the entries of all sections, the broken ones too.
func (c *collector) counted() error {
	if c.entries++; c.entries > maxEntries {
		return errTooMany
	}
	return nil
}
