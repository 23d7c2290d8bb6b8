package facts

import "slices"

// mergeAll puts the rules that belong to a place together by host, in the given
// order, as Istio's mergeDestinationRule does.
func mergeAll(rules []ruleObject, belongs func(ruleObject) bool) map[string][]*merged {
	hosts := map[string][]*merged{}
	for _, r := range rules {
		if r.host != "" && r.unused == "" && belongs(r) {
			hosts[r.host] = mergeOne(hosts[r.host], r)
		}
	}
	return hosts
}

// mergeOne merges a rule into the ones before it, or adds it. Rules of different
// visibility stay apart; of rules with the same one the first policy counts and
// only subsets of a new name are added.
//
// As in Istio, a rule without selector that has the same visibility as an earlier
// one with a selector melts into that and has no life of its own.
func mergeOne(list []*merged, r ruleObject) []*merged {
	alone := true
	for _, m := range list {
		switch {
		case slices.Equal(r.exportTo, m.first.exportTo):
			alone = false
		case len(m.first.exportTo) > 0 && containsAll(r.exportTo, m.first.exportTo):
			alone = true
		default:
			alone = true
			continue
		}
		with, without := r.selector != nil && m.first.selector != nil, r.selector == nil && m.first.selector == nil
		same := len(r.selector) == len(m.first.selector) && subsetOf(r.selector, m.first.selector)
		if with && !same {
			alone = true
			continue
		}
		if without { // two with the same selector are seen by the same, "."
			alone = false
		}
		m.take(r)
	}
	if alone {
		list = append(list, &merged{first: r, levels: slices.Clone(r.levels)})
	}
	return list
}

// take adds the subsets that m does not have, and the policy if m has none; of a BackendTLSPolicy see put.
func (m *merged) take(r ruleObject) {
	hasPolicy := hasPolicy(m.levels)
	known := map[string]bool{}
	for _, l := range m.levels {
		known[l.Subset] = true
	}
	for _, l := range r.levels {
		if l.Subset == "" && hasPolicy && !l.OfBackendPolicy() || l.Subset != "" && known[l.Subset] {
			continue
		}
		m.put(l)
	}
}

func hasPolicy(levels []Rule) bool {
	return slices.ContainsFunc(levels, func(l Rule) bool { return l.Subset == "" && !l.OfBackendPolicy() && (l.speaks() || l.Port != 0) })
}

// speaks tells whether the rule has a traffic policy at this level.
func (r Rule) speaks() bool { return r.Policy || r.HasTLS }

func containsAll(list, words []string) bool {
	for _, w := range words {
		if !slices.Contains(list, w) {
			return false
		}
	}
	return true
}

// level picks the setting for a port and a subset. A port's setting replaces the
// rule's whole (without tls in it there is none); a subset's tls goes before the
// rule's, and a subset that has none inherits (MergeSubsetTrafficPolicy). A level
// with TLS, or of the rule itself, is preferred when a policy-less one of a merged
// rule stands beside it.
func (m *merged) level(port int, subset string) (Rule, bool) {
	find := func(subset string, port int, tlsOnly bool) (found Rule, ok bool) {
		for _, l := range m.levels {
			if l.Subset != subset || l.Port != port || tlsOnly && !l.HasTLS {
				continue
			}
			if !ok || l.speaks() && !found.speaks() {
				found, ok = l, true
			}
		}
		return found, ok
	}
	if subset != "" {
		if r, ok := find(subset, port, false); ok && port != 0 {
			return r, true
		}
		if r, ok := find(subset, 0, true); ok {
			return r, true
		}
	}
	if r, ok := find("", port, false); ok && port != 0 {
		return r, true
	}
	return find("", 0, false)
}
