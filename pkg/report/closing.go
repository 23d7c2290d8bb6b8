package report

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// The checks of which a table counts the findings that are OK.
const (
	encryptedID = "MT002"
	validatedID = "MT003"
	acceptsID   = "MT016"
	gatewayID   = "MT019"
)

// closing says in one sentence what was proven. It claims only what every judged
// upstream shows.
func closing(t TargetReport, judged []Upstream) string {
	if len(judged) == 0 {
		if s := accepts(t); s != "" {
			return s
		}
		return nothing(t)
	}
	var c Counts
	for _, u := range judged {
		c.add(u.Outcome)
	}
	if c.Fail+c.Unknown > 0 {
		return troubled(c)
	}
	if t.Outcome == Fail || t.Outcome == Unknown {
		return count(len(judged), "upstream is", "upstreams are") + " fine, the proxy as a whole is not: see above"
	}
	var parts []string
	if everyone(t, judged, encryptedID) {
		parts = append(parts, "encrypted")
	}
	if everyone(t, judged, validatedID) {
		parts = append(parts, "server validated")
	}
	parts = append(parts, connections(judged))
	if n := warnings(t); n > 0 {
		parts = append(parts, count(n, "warning", "warnings"))
	}
	s := count(len(judged), "upstream", "upstreams") + ": " + strings.Join(parts, ", ")
	if in := accepts(t); in != "" {
		s += "; " + in
	}
	return s
}

// accepts says what is proven of what comes in, "" where nobody asked for anything.
func accepts(t TargetReport) string {
	var c Counts
	for _, f := range t.Findings {
		if isInbound(f.ID) {
			c.add(f.Outcome)
		}
	}
	switch {
	case c.Total == 0:
		return ""
	case c.Fail+c.Unknown > 0:
		return fmt.Sprintf("%d of %s not what was asked for, or not known: see above", c.Fail+c.Unknown, count(c.Total, "inbound port is", "inbound ports are"))
	case c.Warn > 0:
		return fmt.Sprintf("%d of %s less than was asked for: see above", c.Warn, count(c.Total, "inbound port takes", "inbound ports take"))
	}
	return "what comes in is what was asked for, on " + count(c.Total, "inbound port", "inbound ports") + modes(t)
}

// modes names what the inbound ports take, "" where no mode of any is known; of a gateway those ports that were judged: what
// another one takes, as port 80 that sends callers to https, was not asked for.
func modes(t TargetReport) string {
	asked := map[string]bool{}
	for _, f := range t.Findings {
		if f.ID == gatewayID {
			asked[f.Endpoint[strings.LastIndex(f.Endpoint, ":")+1:]] = true
		}
	}
	var out []string
	for _, in := range t.Inbound {
		if in.Gateway && len(asked) > 0 && !asked[strconv.Itoa(in.Port)] {
			continue
		}
		if in.Mode != "" && !slices.Contains(out, in.Mode) {
			out = append(out, in.Mode)
		}
	}
	if len(out) == 0 {
		return ""
	}
	return " (" + strings.Join(out, ", ") + ")"
}

// isInbound tells the checks of what a proxy takes, which need no upstream.
func isInbound(id string) bool { return id == acceptsID || id == gatewayID }

// nothing says why nothing was judged.
func nothing(t TargetReport) string {
	s := "nothing was judged: no rule, intent or --to means an upstream of this proxy to be TLS"
	for _, m := range t.Missing {
		switch m.Fact {
		case string(facts.FactClusters):
			return "nothing could be judged: the upstreams of the proxy were not seen"
		case string(facts.FactRules):
			s = "nothing could be judged: the rules, which say what is meant to be TLS, were not seen"
		}
	}
	if len(t.Upstreams) == 0 {
		s += " (--all judges each that has it)"
	}
	return s
}

func troubled(c Counts) string {
	of := fmt.Sprintf(" of %s ", count(c.Total, "upstream", "upstreams"))
	switch {
	case c.Fail > 0 && c.Unknown > 0:
		return fmt.Sprintf("%d%s%s, %d could not be judged", c.Fail, of, verb(c.Fail), c.Unknown)
	case c.Fail > 0:
		return fmt.Sprintf("%d%s%s", c.Fail, of, verb(c.Fail))
	}
	return fmt.Sprintf("%d%scould not be judged", c.Unknown, of)
}

func verb(n int) string {
	if n == 1 {
		return "fails"
	}
	return "fail"
}

// everyone tells whether a check looked at every judged upstream and was content.
func everyone(t TargetReport, judged []Upstream, id string) bool {
	good := map[string]bool{}
	for _, f := range t.Findings {
		if f.ID == id {
			was, seen := good[f.Cluster]
			good[f.Cluster] = f.Outcome == OK && (was || !seen)
		}
	}
	for _, u := range judged {
		if !good[u.Cluster] {
			return false
		}
	}
	return true
}

// connections sums the counters of the upstreams that have some.
func connections(judged []Upstream) string {
	var done, all uint64
	unseen := 0
	for _, u := range judged {
		if u.Handshakes == nil {
			unseen++
			continue
		}
		done, all = done+u.Handshakes.Completed, all+u.Handshakes.Completed+u.Handshakes.Failed
	}
	switch {
	case unseen == len(judged):
		return "no counters of its connections were seen"
	case all == 0:
		return "no completed connection was seen yet"
	}
	return fmt.Sprintf("%d of %d connections completed the handshake", done, all)
}

func warnings(t TargetReport) int {
	n := 0
	for _, f := range t.Findings {
		if f.Outcome == Warn {
			n++
		}
	}
	return n
}
