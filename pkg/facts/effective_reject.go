package facts

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// reject tells why a rule of the host does not count: one entry for a rule that
// was not chosen, one per other TLS setting for the one that was.
func (l lookup) reject(r ruleObject, chosen *merged, d Decision) []Rejected {
	if r.unused == "" && (d.Found && d.Rule.Object == r.object || chosen != nil && chosen.first.object == r.object) {
		return l.otherLevels(r, d)
	}
	reason, why := l.reason(r, chosen)
	// The setting that would have counted, had the rule been chosen.
	rule, found := (&merged{first: r, levels: r.levels}).level(l.port, l.subset)
	if !found || !rule.HasTLS {
		if n := slices.IndexFunc(r.levels, func(x Rule) bool { return x.HasTLS }); n >= 0 {
			rule = r.levels[n]
		} else {
			rule = r.levels[0]
		}
	}
	return []Rejected{{Rule: rule, Reason: reason, Why: why}}
}

// reason finds the first of Istio's hurdles that the rule fails.
func (l lookup) reason(r ruleObject, chosen *merged) (Reason, string) {
	ns := r.namespace()
	switch {
	case r.unused != "":
		return ReasonUnused, fmt.Sprintf("%s does not count, Istio refuses it: %s", r.object, r.unused)
	case ns != l.client.Namespace && ns != l.service && ns != l.root:
		return ReasonNamespace, fmt.Sprintf("%s is in namespace %s, which is neither the client's (%s), nor the service's (%s), nor the root (%s)",
			r.object, ns, l.client.Namespace, orUnknown(l.service), orUnknown(l.root))
	case ns != l.client.Namespace && r.selector != nil:
		return ReasonExportTo, fmt.Sprintf("%s has a workloadSelector, and such a rule is not visible outside its namespace %s", r.object, ns)
	case ns != l.client.Namespace && !(&merged{first: r}).exportedTo(l.client.Namespace),
		ns == l.client.Namespace && !r.seenAtHome():
		return ReasonExportTo, fmt.Sprintf("%s is not visible to namespace %s: exportTo %s", r.object, l.client.Namespace, quoted(r.exportTo))
	case r.selector != nil && l.client.Labels == nil:
		return ReasonSelector, fmt.Sprintf("%s is for pods with %s, and the labels of this pod are not known", r.object, labelText(r.selector))
	case r.selector != nil && !subsetOf(r.selector, l.client.Labels):
		return ReasonSelector, fmt.Sprintf("%s is for pods with %s, which this pod does not have", r.object, labelText(r.selector))
	}
	return ReasonOther, l.beaten(r, chosen)
}

// beaten says which rule wins and by what.
func (l lookup) beaten(r ruleObject, chosen *merged) string {
	if chosen == nil {
		for _, o := range l.rules {
			if o.namespace() == l.client.Namespace && hostMatches(o.host, l.host) && o.object != r.object {
				return fmt.Sprintf("%s does not count: %s is found first, in the client's own namespace, and Istio looks no further although that one is for other pods", r.object, o.object)
			}
		}
		return fmt.Sprintf("%s does not count for this client", r.object)
	}
	w := chosen.first
	why := "it is older"
	switch {
	case w.namespace() != r.namespace() && w.namespace() == l.client.Namespace:
		why = "it is in the client's own namespace"
	case w.namespace() != r.namespace():
		why = "it is in the namespace of the service"
	case w.host != r.host:
		why = fmt.Sprintf("its host %s is more specific than %s", w.host, r.host)
	case w.selector != nil && r.selector == nil:
		why = "its workloadSelector names this pod"
	case !slices.Equal(w.exportTo, r.exportTo) && l.place(r) < l.place(w):
		why = "of rules with different exportTo Istio takes the last"
	}
	return fmt.Sprintf("%s does not count: %s wins, because %s", r.object, w.object, why)
}

// place is the rule's turn in Istio's order.
func (l lookup) place(r ruleObject) int {
	return slices.IndexFunc(l.rules, func(x ruleObject) bool { return x.object == r.object })
}

// otherLevels lists the TLS settings of the chosen rule that are not the one used.
func (l lookup) otherLevels(r ruleObject, d Decision) []Rejected {
	var out []Rejected
	for _, x := range r.levels {
		if !x.HasTLS || d.Found && x.Object == d.Rule.Object && x.Subset == d.Rule.Subset && x.Port == d.Rule.Port {
			continue
		}
		switch {
		case x.Subset != "" && x.Subset != l.subset:
			out = append(out, Rejected{x, ReasonSubset, fmt.Sprintf("%s names subset %s only", x.Object, x.Subset)})
		case x.Port != 0 && x.Port != l.port:
			out = append(out, Rejected{x, ReasonPort, fmt.Sprintf("%s names port %d only", x.Object, x.Port)})
		case d.Found && d.Rule.Object != x.Object:
			out = append(out, Rejected{x, ReasonOther, fmt.Sprintf("%s does not count: the setting of %s is used", x.Object, d.Rule.Object)})
		default:
			out = append(out, Rejected{x, ReasonOther, fmt.Sprintf("%s has a setting for this %s, which replaces the one of the rule", x.Object, narrower(d.Rule))})
		}
	}
	return out
}

func narrower(r Rule) string {
	if r.Port != 0 {
		return fmt.Sprintf("port (%d)", r.Port)
	}
	return fmt.Sprintf("subset (%s)", r.Subset)
}

func orUnknown(s string) string {
	if s == "" {
		return "not known"
	}
	return s
}

func quoted(list []string) string {
	var out []string
	for _, s := range list {
		out = append(out, "'"+s+"'")
	}
	return strings.Join(out, ", ")
}

func labelText(labels map[string]string) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		out = append(out, k+"="+labels[k])
	}
	return strings.Join(out, ",")
}
