package report

import (
	"bytes"
	"cmp"
	"flag"
	"slices"
	"strconv"
	"testing"
	"time"
)

var everywhere = flag.Bool("everywhere", false, "make every edit of a recorded dump on every upstream that was taken, not on a few of different kinds")

// harm is one change of a dump after which an upstream that was OK is it no longer, or an inbound port no longer STRICT.
type harm struct {
	name string
	why  string                // what it does to the calls
	do   func(e *edited) bool  // false: there is nothing to change
	sees func(u Upstream) bool // what the upstream's row must say then; nil: anything
	late time.Duration         // how much later it is judged
	way  bool                  // it leads calls elsewhere
}

// most is on how many upstreams an edit is made: of those that lead calls elsewhere one of HTTP, of TCP and of both.
func (h harm) most() int {
	if h.way {
		return 3
	}
	return 2
}

// smallest puts the smallest dumps first.
func smallest(all []*scene) []*scene {
	return slices.SortedStableFunc(slices.Values(all), func(a, b *scene) int { return cmp.Compare(len(a.text), len(b.text)) })
}

// made is a scene after an edit.
type made struct {
	*scene
	report TargetReport
	err    error
}

// each makes an edit on some scenes, of different kinds, and gives what became of them.
func each(t *testing.T, all []*scene, h harm, most int, do func(made)) (tried int) {
	t.Helper()
	kinds := map[string]bool{}
	for _, s := range smallest(all) {
		kind := s.row.Protocol + s.row.Mode + strconv.Itoa(s.port)
		if !*everywhere && (kinds[kind] || tried == most) {
			continue
		}
		e := s.edit(t)
		e.addPlain()
		before := written(e.root)
		if !h.do(e) {
			continue
		}
		after := written(e.root)
		if e.raw != nil {
			after = e.raw
		}
		if bytes.Equal(before, after) && len(e.other) == 0 && h.late == 0 {
			continue
		}
		kinds[kind] = true
		tried++
		r, err := s.judged(after, e.other, h.late)
		do(made{s, r, err})
	}
	if tried == 0 {
		t.Logf("%s: nothing to change in the dumps that are there", h.name)
	}
	return tried
}

// TestHarms makes edits of recorded dumps. Whatever harm is done to an upstream that is OK, it is OK no longer, and its row says what is there now.
func TestHarms(t *testing.T) {
	all, inbound := scenes(t)
	t.Run("upstreams", func(t *testing.T) { upstreamsHarmed(t, all) })
	t.Run("inbound", func(t *testing.T) { inboundHarmed(t, inbound) })
	t.Run("not harmed", func(t *testing.T) { notHarmed(t, all) })
}

func upstreamsHarmed(t *testing.T, all []*scene) {
	if len(all) < 5 {
		t.Fatalf("only %d upstreams of the project's own dumps are OK", len(all))
	}
	tried, edits := 0, 0
	for _, h := range harms() {
		edits++
		tried += each(t, all, h, h.most(), func(m made) {
			row := m.of(m.report)
			switch {
			case m.err != nil:
			case row.Outcome == OK && !m.told():
				t.Errorf("%s: %s of %s is still OK, and %s", h.name, m.cluster, m.dump, h.why)
			case h.sees != nil && row.Cluster != "" && !h.sees(row):
				t.Errorf("%s: the row of %s of %s does not say it: transport %s, CA %s, SANs %v, client certificate %s, SNI %q", h.name, m.cluster, m.dump, row.Transport, row.CA, row.SANs, row.ClientCert, row.SNI)
			}
		})
	}
	for _, h := range shown() {
		edits++
		tried += each(t, all, h, h.most(), func(m made) {
			if row := m.of(m.report); m.err != nil || !h.sees(row) {
				t.Errorf("%s: the row of %s of %s does not say it: %v %+v", h.name, m.cluster, m.dump, m.err, row)
			}
		})
	}
	t.Logf("%d edits, %d times, on %d upstreams", edits, tried, len(all))
}

// told tells whether the report has a finding that it did not have before.
func (m made) told() bool {
	type which struct {
		id, cluster string
		outcome     Outcome
	}
	had := map[which]bool{}
	for _, f := range m.base.Findings {
		had[which{f.ID, f.Cluster, f.Outcome}] = true
	}
	return slices.ContainsFunc(m.report.Findings, func(f Finding) bool {
		return f.Outcome != OK && f.Outcome != NotJudged && !had[which{f.ID, f.Cluster, f.Outcome}]
	})
}

// inboundHarmed: the same of what a proxy takes.
func inboundHarmed(t *testing.T, all []*scene) {
	if len(all) < 2 {
		t.Fatalf("only %d ports of the project's own dumps are STRICT", len(all))
	}
	tried := 0
	for _, h := range inboundHarms() {
		tried += each(t, all, h, h.most(), func(m made) {
			if got := m.mode(m.report); m.err == nil && got == "STRICT" {
				t.Errorf("%s: port %d of %s is still %s, and %s", h.name, m.port, m.dump, got, h.why)
			}
		})
	}
	t.Logf("%d edits, %d times, on %d ports", len(inboundHarms()), tried, len(all))
}

// notHarmed: what changes nothing of the calls changes no finding either.
func notHarmed(t *testing.T, all []*scene) {
	tried := 0
	for _, h := range noHarms() {
		tried += each(t, all, h, h.most(), func(m made) {
			if m.err != nil || m.told() || m.of(m.report).Outcome != OK {
				t.Errorf("%s: %s of %s was OK: %v %s", h.name, m.cluster, m.dump, m.err, m.of(m.report).Outcome)
				for _, f := range m.report.Findings {
					if f.Outcome != OK && f.Cluster == m.cluster {
						t.Logf("%s %s %s (%s)", f.ID, f.Outcome, f.Summary, f.Got)
					}
				}
			}
		})
	}
	t.Logf("%d edits, %d times", len(noHarms()), tried)
}
