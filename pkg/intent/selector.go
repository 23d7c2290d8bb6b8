package intent

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// ParseSelector reads "app=x,tier=y" into the labels that a workload must have.
// Istio's workloadSelector knows equality only, so !=, in, notin and bare keys are
// refused; "==" is equality too. The empty string gives nil: every workload.
func ParseSelector(s string) (map[string]string, error) {
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	labels := map[string]string{}
	for term := range strings.SplitSeq(s, ",") {
		key, value, found := strings.Cut(strings.TrimSpace(term), "=")
		if !found || strings.HasSuffix(key, "!") || strings.ContainsAny(term, "()") {
			return nil, fmt.Errorf("selector %q: %q is not KEY=VALUE: Istio's workloadSelector knows equality only", s, term)
		}
		key, value = strings.TrimSpace(key), strings.TrimSpace(strings.TrimPrefix(value, "="))
		if err := checkLabel(key, value); err != nil {
			return nil, fmt.Errorf("selector %q: %w", s, err)
		}
		if old, twice := labels[key]; twice && old != value {
			return nil, fmt.Errorf("selector %q: %s cannot be both %q and %q", s, key, old, value)
		}
		labels[key] = value
	}
	return labels, nil
}

// checkLabel follows Kubernetes' rules for a label's key and value. An empty
// value is legal there, yet Istio's would match only pods that have it empty.
func checkLabel(key, value string) error {
	prefix, name, hasPrefix := strings.Cut(key, "/")
	if !hasPrefix {
		prefix, name = "", key
	}
	if hasPrefix && checkName(prefix) != nil || !isLabelName(name) {
		return fmt.Errorf("%q is no label key", key)
	}
	if value != "" && !isLabelName(value) {
		return fmt.Errorf("%q is no value of label %s", value, key)
	}
	return nil
}

func isLabelName(s string) bool {
	if s == "" || len(s) > maxLabel {
		return false
	}
	for n, r := range s {
		inner := n > 0 && n < len(s)-1
		if !isAlnum(r) && (!inner || !strings.ContainsRune("-_.", r)) {
			return false
		}
	}
	return true
}

func isAlnum(r rune) bool {
	return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9'
}

// sortedKeys makes messages and loops the same on every run.
func sortedKeys(m map[string]string) []string { return slices.Sorted(maps.Keys(m)) }
