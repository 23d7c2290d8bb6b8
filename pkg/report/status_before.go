package report

import (
	"fmt"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// notThere is the verdict "before" of a row that the saved report does not have.
const notThere = "NEW"

// notAsked is that of a row for which the saved report was not made.
const notAsked = "NOT ASKED"

// ReadStatus reads a report that `status -o json` or `-o yaml` wrote. Anything else
// is an error that says what it is.
func ReadStatus(text []byte) (StatusReport, error) {
	var r StatusReport
	if err := yaml.Unmarshal(text, &r); err != nil {
		return r, fmt.Errorf("is no report of status -o json or yaml: %w", err)
	}
	switch {
	case r.Kind == "":
		return r, fmt.Errorf("is no report: it has no kind (make one with kubectl mesh-tls status -o json)")
	case r.Kind != StatusKind:
		return r, fmt.Errorf("is a %s, and status compares with a %s (make one with kubectl mesh-tls status -o json)", safe(r.Kind), StatusKind)
	case r.APIVersion != APIVersion:
		return r, fmt.Errorf("is of version %s, and this program reads %s: make it anew", safe(r.APIVersion), APIVersion)
	}
	return r, nil
}

type rowKey struct {
	host, subset string
	port         int
}

func (r StatusRow) key() rowKey { return rowKey{r.Host, r.Subset, r.Port} }

// Compare puts each row of a saved report beside the row of now; those that are gone
// stand in Vanished, where both reports were asked for them. The outcome is that of now.
func (r StatusReport) Compare(saved StatusReport) StatusReport {
	old, seen := map[rowKey]StatusRow{}, map[rowKey]bool{}
	for _, row := range saved.Rows {
		old[row.key()] = row
	}
	rows := make([]StatusRow, len(r.Rows))
	for i, row := range r.Rows {
		seen[row.key()] = true
		row.Before = &StatusBefore{Verdict: notThere}
		if was, there := old[row.key()]; there {
			row.Before = &StatusBefore{Verdict: was.Verdict, ServerAccepts: was.ServerAccepts, ClientsSend: was.ClientsSend}
		} else if !saved.Scope.covers(row, r.Scope) {
			row.Before.Verdict = notAsked
		}
		rows[i] = row
	}
	r.Rows, r.Vanished, r.ComparedTo = rows, []StatusRow{}, saved.GeneratedAt
	left := 0
	for _, row := range saved.Rows {
		switch {
		case seen[row.key()]:
		case r.Scope.covers(row, saved.Scope):
			r.Vanished = append(r.Vanished, row.whole())
		default:
			left++
		}
	}
	r.ComparedNotes = r.differs(saved, left)
	return r
}

// differs says by what else than time two reports differ: left is how many rows of the saved one were not asked for now.
func (r StatusReport) differs(saved StatusReport, left int) []string {
	out := []string{}
	if was, is := saved.Scope.Context, r.Scope.Context; was != is {
		out = append(out, fmt.Sprintf("the saved report is of context %s, this one of %s", orNone(was), orNone(is)))
	}
	if left > 0 {
		out = append(out, fmt.Sprintf("%s of the saved report %s not asked for now", count(left, "row", "rows"), map[bool]string{true: "is", false: "are"}[left == 1]))
	}
	if was, is := saved.Scope.clients(), r.Scope.clients(); was != is {
		out = append(out, fmt.Sprintf("the clients were %s, and are %s", was, is))
	}
	if saved.GeneratedAt > r.GeneratedAt { // RFC 3339 in UTC, both
		out = append(out, "the saved report is the newer one")
	}
	return out
}

// covers tells whether a report of this scope would have the row of another one if it were there.
func (s StatusScope) covers(row StatusRow, other StatusScope) bool {
	_, object, _ := strings.Cut(row.Service, " ")
	ns, _, _ := strings.Cut(object, "/")
	return (len(s.Targets) == 0 || sameNames(s.Targets, other.Targets)) && (len(s.Namespaces) == 0 || ns == "" || slices.Contains(s.Namespaces, ns))
}

// clients are those of the rows, in words.
func (s StatusScope) clients() string {
	switch {
	case len(s.From) > 0:
		return strings.Join(slices.Sorted(slices.Values(s.From)), ", ")
	case len(s.Namespaces) > 0:
		return "all of namespace " + strings.Join(slices.Sorted(slices.Values(s.Namespaces)), ", ")
	}
	return "all of the mesh"
}

func sameNames(a, b []string) bool {
	return slices.Equal(slices.Sorted(slices.Values(a)), slices.Sorted(slices.Values(b)))
}

func orNone(s string) string {
	if s == "" {
		return "no name"
	}
	return s
}

// whole gives a row that came from a file every list.
func (r StatusRow) whole() StatusRow {
	for _, list := range []*[]string{&r.Policies, &r.Rules, &r.Why} {
		*list = append([]string{}, *list...)
	}
	r.Servers, r.Before = append([]StatusServer{}, r.Servers...), nil
	r.Clients = mapped(r.Clients, func(c StatusClient) StatusClient { c.Sends = append([]StatusSent{}, c.Sends...); return c })
	return r
}
