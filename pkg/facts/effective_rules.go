package facts

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// ruleObject is one DestinationRule: all its levels together.
type ruleObject struct {
	object   Ref
	host     string // full name
	selector map[string]string
	exportTo []string // sorted; a rule with selector is private whatever it says
	created  time.Time
	unused   string // Rule.Unused
	levels   []Rule
}

// merged is what Istio makes of one or more DestinationRules of one host.
type merged struct {
	first  ruleObject // its host, selector and exportTo count
	levels []Rule     // as merged: the policy of one, subsets of all
}

const clusterDomain = "cluster.local" // Istio's default; Config does not carry another

// ruleObjects groups the levels by object and sorts as Istio does: rules with
// selector first, then the oldest, then by name.
func ruleObjects(rules []Rule) []ruleObject {
	type key struct {
		object       Ref
		host, unused string // a BackendTLSPolicy may be for several, and be refused for one
	}
	index := map[key]int{}
	var out []ruleObject
	for _, r := range rules {
		is := key{object: r.Object}
		if r.OfBackendPolicy() {
			is.host, is.unused = r.Host, r.Unused
		}
		n, known := index[is]
		if !known {
			n = len(out)
			index[is] = n
			exportTo := slices.Sorted(slices.Values(r.ExportTo))
			if r.Selector != nil {
				exportTo = []string{"."}
			}
			o := ruleObject{object: r.Object, host: fullName(r.Host, r.Object.Namespace), selector: r.Selector, exportTo: exportTo, created: r.Created, unused: r.Unused}
			if r.OfBackendPolicy() { // what Istio makes of it has no time, and comes before all others
				o.created = time.Time{}
			}
			out = append(out, o)
		}
		out[n].levels = append(out[n].levels, r)
	}
	slices.SortStableFunc(out, func(a, b ruleObject) int {
		return cmp.Or(selectorRank(a)-selectorRank(b), a.created.Compare(b.created),
			cmp.Compare(a.object.Name, b.object.Name), cmp.Compare(a.object.Namespace, b.object.Namespace))
	})
	return out
}

func selectorRank(r ruleObject) int {
	if r.selector != nil {
		return 0
	}
	return 1
}

func (r ruleObject) namespace() string { return r.object.Namespace }

// seenAtHome tells whether clients of the rule's own namespace see it.
func (r ruleObject) seenAtHome() bool {
	return len(r.exportTo) == 0 || containsAny(r.exportTo, "*", ".", r.namespace())
}

// privateOnly tells whether nobody outside the rule's namespace sees it.
func (r ruleObject) privateOnly() bool {
	return len(r.exportTo) == 1 && containsAny(r.exportTo, ".", r.namespace())
}

func (m *merged) exportedTo(ns string) bool {
	return len(m.first.exportTo) == 0 || containsAny(m.first.exportTo, "*", ns)
}

func containsAny(list []string, words ...string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return slices.Contains(words, s) })
}

// fullName gives a name without dots its namespace, as Istio's
// ResolveShortnameToFQDN does; "*" stays.
func fullName(host, namespace string) string {
	if host == "" || host == "*" || strings.ContainsAny(host, ".:") {
		return host
	}
	return host + "." + namespace + ".svc." + clusterDomain
}

// hostMatches tells whether a rule's host covers a host ("*.x" by its end).
func hostMatches(rule, host string) bool {
	if rule == host {
		return rule != ""
	}
	return strings.HasPrefix(rule, "*") && strings.HasSuffix(strings.TrimPrefix(host, "*"), rule[1:])
}

// mostSpecific gives the list of the most specific host that matches: the name
// itself, else the longest wildcard.
func mostSpecific(hosts map[string][]*merged, host string) []*merged {
	best := ""
	for h := range hosts {
		if !hostMatches(h, host) {
			continue
		}
		if h == host {
			return hosts[h]
		}
		if len(h) > len(best) { // no two of one length end the same
			best = h
		}
	}
	return hosts[best]
}

// FullHost is the rule's host with the namespace that a short name leaves out.
func (r Rule) FullHost() string { return fullName(r.Host, r.Object.Namespace) }

// HostCovers tells whether a rule for a host, as written in an object of a namespace, is
// about a full name.
func HostCovers(rule, namespace, host string) bool {
	return hostMatches(fullName(rule, namespace), host)
}
