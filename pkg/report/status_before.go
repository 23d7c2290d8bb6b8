package report

import (
	"fmt"

	"sigs.k8s.io/yaml"
)

// notThere is the verdict "before" of a row that the saved report does not have.
const notThere = "NEW"

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
// stand in Vanished. The outcome is that of now.
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
		}
		rows[i] = row
	}
	r.Rows, r.Vanished, r.ComparedTo = rows, []StatusRow{}, saved.GeneratedAt
	for _, row := range saved.Rows {
		if !seen[row.key()] {
			r.Vanished = append(r.Vanished, row.whole())
		}
	}
	return r
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
