//go:build e2e

package e2e

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// place is where a sabotage happens, and where all is well before and after: an upstream outside the mesh, two
// workloads of it, what one of them takes, a gateway.
type place interface {
	cluster() string // whose findings count; "" is the proxy as a whole
	verify(t *testing.T, more ...string) result
	ping(t *testing.T, limit time.Duration) bool // what should be answered is answered
	healthy(t *testing.T, when string)           // demands exit code 0 and no finding
	mend(t *testing.T)                           // by enable once more, which must put right what was changed by hand
	fill(text string) string                     // puts the place's own names into YAML
}

// sabotage breaks one thing in a healthy state, by hand, and says what verify must answer.
type sabotage[P place] struct {
	name string
	ca   string // form of the CA in the healthy state; default secret
	// breaks does the harm with kubectl or at the server; repair undoes it, and where it is nil the fix is the
	// place's own.
	breaks func(t *testing.T, x P)
	repair func(t *testing.T, x P)
	// traffic is the control that the harm is real: what the client sees afterwards.
	traffic traffic
	passing bool   // the state lasts for seconds only: only the verdict can be compared
	code    int    // of verify; 0 is for harmless changes, which must not cry wolf
	id      string // of the finding that must name the cause
	words   []string
	never   []string // words of another cause, which the finding must not blame
	rare    bool     // only for `make sabotage`: it takes long, or stands beside one of its kind
}

type traffic int

const (
	trafficAny   traffic = iota // says nothing about this harm
	trafficFails                // the client gets no answer
	trafficWorks                // the client gets its answer: nobody notices but verify
)

// outcomes are those that go with an exit code.
func (s sabotage[P]) outcomes() []string {
	return [][]string{{"OK", "WARN"}, {"FAIL"}, {"UNKNOWN"}}[s.code]
}

// run breaks and mends one place, and writes down what verify made of it.
func (s sabotage[P]) run(t *testing.T, log *ledger, class string, x P) {
	t.Helper()
	s.words = slices.Clone(s.words)
	for i, w := range s.words {
		s.words[i] = x.fill(w)
	}
	t.Logf("proves: %s -> exit code %d, %s naming %q", s.name, s.code, s.id, s.words)
	e := &entry{class: class, name: s.name, want: s.id, harmless: s.code == 0}
	defer log.add(e)
	e.alarm = "before"
	x.healthy(t, "before")
	e.alarm = ""
	mended := false
	mend := func() {
		mended = true
		if s.repair != nil {
			s.repair(t, x)
		} else {
			x.mend(t)
		}
	}
	t.Cleanup(func() {
		if !mended {
			mend() // what comes next may be in the same place
		}
	})
	s.breaks(t, x)
	s.detected(t, x, e)
	s.control(t, x)
	if o, outside := any(x).(*site); outside {
		s.sameEverywhere(t, o)
		s.sameByHand(t, o)
	}
	mend()
	e.alarm = "after"
	x.healthy(t, "after the repair")
	e.alarm = ""
}

// detected waits until the verdict is there. It must come within the time that a proxy needs to get its
// configuration, and it must name the cause.
func (s sabotage[P]) detected(t *testing.T, x P, e *entry) {
	t.Helper()
	var d document
	var r result
	var found finding
	took, ok := until(proxyTime, func() bool {
		if !s.passing {
			x.ping(t, 0) // so that there is something to count
		}
		r = x.verify(t, "-o", "json")
		d = read(t, r)
		e.found = r.code == s.code
		if r.code != s.code {
			return false
		}
		for _, f := range d.findings(x.cluster(), "OK", "WARN", "FAIL", "UNKNOWN") {
			if f.names(s.id, s.outcomes(), s.words) {
				found = f
				return true
			}
		}
		return false
	})
	if e.cause = ok; !ok {
		t.Fatalf("after %s: exit code %d, want %d and a finding %s that names %q\n%s", took.Round(time.Second), r.code, s.code, s.id, s.words, d.bad(x.cluster()))
	}
	t.Logf("verify (%s after the harm): exit code %d\n%s", took.Round(100*time.Millisecond), r.code, found)
	for _, word := range s.never {
		if strings.Contains(found.Summary, word) {
			e.cause = false
			t.Errorf("the finding blames %q: %s", word, found)
		}
	}
	if s.code == 1 && found.Fix == "" {
		t.Errorf("the finding has no fix: %s", found)
	}
}

// control looks at the traffic itself.
func (s sabotage[P]) control(t *testing.T, x P) {
	t.Helper()
	switch works := s.traffic != trafficAny && x.ping(t, 0); {
	case s.traffic == trafficFails && works:
		t.Errorf("control: the client still gets its answer: the harm is not real")
	case s.traffic == trafficWorks && !works:
		t.Errorf("control: the client gets no answer: another harm than the one meant")
	}
}

// sameEverywhere compares the other ways to ask: the table must say the cause too, and the default and --all must
// come to the same verdict on this upstream. (Their exit codes also count other upstreams of the mesh.) Each is asked
// again for a while: where many upstreams are broken at once, a probe may get no answer in its time.
func (s sabotage[P]) sameEverywhere(t *testing.T, x *site) {
	t.Helper()
	var differs string
	agree := func(asked func() string) {
		t.Helper()
		if _, ok := until(proxyTime, func() bool { differs = asked(); return differs == "" }); !ok {
			t.Error(differs)
		}
	}
	agree(func() string {
		switch table := x.verify(t); {
		case table.code != s.code:
			return fmt.Sprintf("as a table the exit code is %d, as json %d\n%s", table.code, s.code, table)
		case s.code != 0 && !strings.Contains(table.out, s.id):
			return fmt.Sprintf("the table does not show %s:\n%s", s.id, table)
		}
		return ""
	})
	for _, args := range [][]string{{}, {"--all"}} {
		agree(func() string { return s.sameBy(t, x, args) })
	}
}

// sameBy says how the verdict on this upstream differs from that of --to where it is asked for with other flags.
func (s sabotage[P]) sameBy(t *testing.T, x *site, args []string) string {
	t.Helper()
	to := read(t, x.verify(t, "-o", "json"))
	want, found := to.upstream(x.cluster())
	if !found {
		return fmt.Sprintf("--to does not list the upstream: %+v", to)
	}
	d := read(t, x.plugin(t, append([]string{"verify", "deploy/" + x.client, "-n", x.namespace, "-o", "json"}, args...)...))
	switch got, found := d.upstream(x.cluster()); {
	case !found:
		return fmt.Sprintf("verify %v does not list the upstream, --to says %s", args, want.Outcome)
	case got.Outcome != want.Outcome || !s.passing && (got.Transport != want.Transport || got.CA != want.CA):
		return fmt.Sprintf("verify %v says\n%s\n--to says\n%s", args, d.bad(x.cluster()), to.bad(x.cluster()))
	}
	return ""
}

// sameByHand takes our labels off the objects, as if a person had written them: the verdict must not need an intent
// of ours to find the harm. Afterwards they are put on again.
func (s sabotage[P]) sameByHand(t *testing.T, x *site) {
	t.Helper()
	if s.code != 1 || s.passing {
		return
	}
	owned := strings.Fields(x.kube(t, "get", "destinationrules.networking.istio.io,serviceentries.networking.istio.io", "-n", x.namespace, "-l", ownerLabel+"="+x.name, "-o", "name"))
	if len(owned) == 0 {
		return
	}
	label := append([]string{"label", "-n", x.namespace}, owned...)
	x.kube(t, append(label, ownerLabel+"-")...)
	var r result
	var d document
	_, ok := until(proxyTime, func() bool {
		r = x.verify(t, "-o", "json")
		d = read(t, r)
		return r.code == s.code && slices.ContainsFunc(d.findings(x.cluster(), s.outcomes()...), func(f finding) bool { return f.names(s.id, s.outcomes(), s.words) })
	})
	x.kube(t, append(label, ownerLabel+"="+x.name)...)
	if !ok {
		t.Errorf("without our labels: exit code %d, want %d and a finding %s that names %q\n%s", r.code, s.code, s.id, s.words, d.bad(x.cluster()))
	}
}

// ownerLabel marks the objects of an intent.
const ownerLabel = "mesh-tls.io/name"

// mend is enable once more, which must put right what was changed by hand.
func (x *site) mend(t *testing.T) {
	t.Helper()
	if r := x.enable(t, "--adopt", "--force-conflicts"); r.code != 0 {
		t.Errorf("enable once more does not repair: %s", r)
	}
}

// patchRule changes the DestinationRule that enable made, as a person with an editor would.
func patchRule(spec string) func(*testing.T, *site) {
	return func(t *testing.T, x *site) {
		t.Helper()
		x.kube(t, "patch", "destinationrule", x.name, "-n", x.namespace, "--type", "merge", "-p", x.fill("spec: "+spec))
	}
}

func patchEntry(spec string) func(*testing.T, *site) {
	return func(t *testing.T, x *site) {
		t.Helper()
		x.kube(t, "patch", "serviceentry", x.name, "-n", x.namespace, "--type", "merge", "-p", x.fill("spec: "+spec))
	}
}

// tlsRule is a rule's TLS for the whole host, in place of what enable wrote for the port.
func tlsRule(fields string) string {
	return "{trafficPolicy: {portLevelSettings: null, tls: {" + fields + "}}}"
}

// fill puts the site's own names into YAML.
func (x *site) fill(yaml string) string {
	return strings.NewReplacer("$HOST", x.host, "$PORT", fmt.Sprint(x.port), "$NAME", x.name, "$NS", x.namespace, "$ELSEWHERE", x.elsewhere, "$CLIENT", x.client).Replace(yaml)
}
