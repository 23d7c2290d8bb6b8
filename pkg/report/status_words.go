package report

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// accepted puts the modes of all pods into words.
func accepted(r StatusRow) string {
	if r.External {
		return "outside the mesh"
	}
	var all []string
	for _, s := range r.Servers {
		word := s.Mode
		switch {
		case word == "UNKNOWN":
			word = unknownWord
		case word == "NONE" && s.Why == "no sidecar":
			word = "no sidecar"
		case word == "NONE":
			word = "not captured"
		}
		all = append(all, word)
	}
	if len(all) == 0 {
		return "no pod"
	}
	return tallied(all, true)
}

// sent puts what all clients send into words: "mTLS 2 of 2".
func sent(r StatusRow) string {
	var all []string
	for _, c := range r.Clients {
		all = append(all, c.sent())
	}
	return tallied(all, false)
}

// sent is what one client sends: one word, or one for each part of the endpoints.
func (c StatusClient) sent() string {
	if len(c.Sends) == 0 {
		return "nothing (no endpoint)"
	}
	if len(c.Sends) == 1 {
		return c.Sends[0].What
	}
	total := 0
	for _, s := range c.Sends {
		total += s.Endpoints
	}
	var parts []string
	for _, s := range c.Sends {
		parts = append(parts, fmt.Sprintf("%s %d/%d", s.What, s.Endpoints, total))
	}
	return strings.Join(parts, " + ") + " endpoints"
}

// tallied counts equal words, the most frequent first: "STRICT 2 of 3, PERMISSIVE 1
// of 3". With brief, a word that all share stands alone.
func tallied(all []string, brief bool) string {
	n := map[string]int{}
	for _, w := range all {
		n[w]++
	}
	words := slices.SortedFunc(maps.Keys(n), func(a, b string) int {
		if n[a] != n[b] {
			return n[b] - n[a]
		}
		return strings.Compare(a, b)
	})
	if brief && len(words) == 1 {
		return words[0]
	}
	var parts []string
	for _, w := range words {
		parts = append(parts, fmt.Sprintf("%s %d of %d", w, n[w], len(all)))
	}
	return strings.Join(parts, ", ")
}

// about says what an intent is for.
func about(it intent.Intent) string {
	if it.Recipe == intent.RecipeStrict {
		return whom(it) + exceptions(it)
	}
	var ports []string
	for _, p := range it.Ports {
		ports = append(ports, fmt.Sprint(p.Number))
	}
	s := it.Target() + ":" + strings.Join(ports, ",")
	if it.ThroughGateway() {
		s += " of " + strings.Join(it.ExportTo, ", ") + ", through " + it.Through.Service
	}
	if len(it.Workload) > 0 {
		s += ", for " + labels(it.Workload)
	}
	return s
}

func whom(it intent.Intent) string {
	switch {
	case it.Mesh:
		return "all workloads of the mesh"
	case len(it.Workload) > 0:
		return "pods with " + labels(it.Workload)
	}
	return "all workloads of the namespace"
}

func exceptions(it intent.Intent) string {
	var parts []string
	for _, p := range it.PortModes {
		parts = append(parts, fmt.Sprintf("%d %s", p.Port, p.Mode))
	}
	if len(parts) == 0 {
		return ""
	}
	return ", except port " + strings.Join(parts, ", port ")
}

func labels(m map[string]string) string {
	var parts []string
	for _, k := range slices.Sorted(maps.Keys(m)) {
		parts = append(parts, k+"="+m[k])
	}
	return strings.Join(parts, ",")
}
