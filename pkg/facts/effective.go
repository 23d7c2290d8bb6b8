package facts

import (
	"fmt"
	"slices"
)

// Effective finds the DestinationRule setting that Istio uses when a sidecar of
// client t connects to host:port (and subset, "" for none), and tells of every
// other rule of that host why it does not count.
//
// It follows istiod: pilot/pkg/model/push_context.go (setDestinationRules,
// destinationRule), destination_rule.go (mergeDestinationRule, with
// ENABLE_ENHANCED_DESTINATIONRULE_MERGE at its default), sidecar.go
// (DestinationRule) and networking/util (MergeSubsetTrafficPolicy). It does not
// know Sidecar resources, which can hide a host altogether, nor a mesh-wide
// default of exportTo other than everyone.
func (c *Config) Effective(t Client, host string, port int, subset string) Decision {
	l := lookup{client: t, root: c.RootNamespace, service: c.serviceNamespace(t.Namespace, host), host: host, port: port, subset: subset}
	l.rules = ruleObjects(c.Rules)
	chosen, unsure := l.choose()
	d := Decision{Unsure: unsure}
	if chosen != nil {
		d.Rule, d.Found = chosen.level(port, subset)
	}
	for _, r := range l.rules {
		if hostMatches(r.host, host) {
			d.Rejected = append(d.Rejected, l.reject(r, chosen, d)...)
		}
	}
	// The ones that say something of TLS first: they are what a reader looks for.
	slices.SortStableFunc(d.Rejected, func(a, b Rejected) int { return tlsRank(a.Rule) - tlsRank(b.Rule) })
	return d
}

func tlsRank(r Rule) int {
	if r.HasTLS {
		return 0
	}
	return 1
}

// lookup is one question.
type lookup struct {
	client        Client
	root, service string // namespaces; service is "" when the host's is not known
	host          string
	port          int
	subset        string
	rules         []ruleObject
}

// choose walks the three places in Istio's order and stops at the first that has a
// rule for the host. In the client's own namespace it stops even when the rule is
// for other workloads: Istio looks no further.
func (l lookup) choose() (*merged, string) {
	if l.client.Namespace != l.root {
		own := mergeAll(l.rules, func(r ruleObject) bool { return r.namespace() == l.client.Namespace && r.seenAtHome() })
		if list := mostSpecific(own, l.host); list != nil {
			return l.forPod(list)
		}
	} else {
		private := mergeAll(l.rules, func(r ruleObject) bool { return r.namespace() == l.root && r.privateOnly() })
		if list := mostSpecific(private, l.host); list != nil {
			return l.forPod(list)
		}
	}
	for _, ns := range []string{l.service, l.root} {
		if ns == "" {
			continue
		}
		exported := mergeAll(l.rules, func(r ruleObject) bool { return r.namespace() == ns && !r.privateOnly() })
		visible := slices.DeleteFunc(mostSpecific(exported, l.host), func(m *merged) bool { return !m.exportedTo(l.client.Namespace) })
		if len(visible) > 0 {
			return l.forPod(visible)
		}
	}
	return nil, ""
}

// forPod picks among rules of one host: a selector that matches, else the last
// one without selector.
func (l lookup) forPod(list []*merged) (*merged, string) {
	var all *merged
	unsure := ""
	for _, m := range list {
		if m.first.selector == nil {
			all = m
			continue
		}
		if l.client.Labels == nil && len(m.first.selector) > 0 {
			unsure = fmt.Sprintf("%s is for pods with %s, and the labels of this pod are not known", m.first.object, labelText(m.first.selector))
			continue
		}
		if m.first.namespace() == l.client.Namespace && subsetOf(m.first.selector, l.client.Labels) {
			return m, unsure
		}
	}
	return all, unsure
}

func subsetOf(want, have map[string]string) bool {
	for k, v := range want {
		if got, ok := have[k]; !ok || got != v {
			return false
		}
	}
	return true
}
