//go:build e2e

package e2e

import (
	"cmp"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"text/tabwriter"
)

// reportVariable names the file that `make sabotage` wants the table in. Where it is set every sabotage is run;
// else those that are rare are left out.
const reportVariable = "MESH_TLS_E2E_SABOTAGE"

// entry is what became of one sabotage, or of a change that is none.
type entry struct {
	class, name, want string
	harmless          bool   // nothing is broken: a failure would be a false alarm
	found             bool   // the exit code is the one that is right
	cause             bool   // the finding is the one expected and has the words that name the cause
	alarm             string // "before" or "after": when something was said of a cluster that is unharmed
}

// falseAlarms counts what was said without a reason.
func (e entry) falseAlarms() int {
	n := 0
	if e.alarm != "" {
		n++
	}
	if e.harmless && !e.found {
		n++
	}
	return n
}

// ledger has an entry for each sabotage, from many tests at once.
type ledger struct {
	mu      sync.Mutex
	entries []entry
}

func (l *ledger) add(e *entry) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = append(l.entries, *e)
}

// table writes a line for each entry, and the sums.
func (l *ledger) table() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	slices.SortFunc(l.entries, func(a, b entry) int { return cmp.Or(cmp.Compare(a.class, b.class), cmp.Compare(a.name, b.name)) })
	var out strings.Builder
	w := tabwriter.NewWriter(&out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "WHERE\tSABOTAGE\tEXPECTED\tFOUND\tCAUSE RIGHT\tFALSE ALARMS")
	harms, found, cause, harmless, alarms := 0, 0, 0, 0, 0
	for _, e := range l.entries {
		alarms += e.falseAlarms()
		if e.harmless {
			harmless++
			fmt.Fprintf(w, "%s\t%s\tno failure\t-\t%s\t%d\n", e.class, e.name, mark(e.cause), e.falseAlarms())
			continue
		}
		harms, found, cause = harms+1, found+count(e.found), cause+count(e.cause)
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%d\n", e.class, e.name, e.want, mark(e.found), mark(e.cause), e.falseAlarms())
	}
	w.Flush() // into memory
	fmt.Fprintf(&out, "\n%d sabotages: %d found, %d with the right cause. %d harmless changes. False alarms, before, after and by harmless changes: %d\n", harms, found, cause, harmless, alarms)
	return out.String()
}

func mark(yes bool) string { return []string{"NO", "yes"}[count(yes)] }

func count(yes bool) int {
	if yes {
		return 1
	}
	return 0
}

// show writes the table where `make sabotage` looks for it.
func (l *ledger) show(t *testing.T) {
	t.Helper()
	t.Logf("\n%s", l.table())
	if file := os.Getenv(reportVariable); file != "" {
		write(t, file, []byte(l.table()))
	}
}

// TestLedger proves that the sums count what they say, because the exit code of `make sabotage` hangs on the tests and
// its table on these.
func TestLedger(t *testing.T) {
	var l ledger
	for _, e := range []entry{
		{class: "rule", name: "good", want: "MT002", found: true, cause: true},
		{class: "rule", name: "cause wrong", want: "MT002", found: true},
		{class: "rule", name: "missed", want: "MT002"},
		{class: "rule", name: "cries before", want: "MT002", found: true, cause: true, alarm: "before"},
		{class: "rule", name: "harmless", harmless: true, found: true, cause: true},
		{class: "rule", name: "cries wolf", harmless: true},
	} {
		l.add(&e)
	}
	want := "4 sabotages: 3 found, 2 with the right cause. 2 harmless changes. False alarms, before, after and by harmless changes: 2\n"
	if got := l.table(); !strings.HasSuffix(got, want) {
		t.Errorf("got\n%s\nwant the last line\n%s", got, want)
	}
}
