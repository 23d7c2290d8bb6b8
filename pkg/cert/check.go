package cert

import (
	"fmt"
	"time"
)

// Outcome is the result of a check; the zero value is Unknown, so that nothing
// passes for good by being forgotten.
type Outcome int

// Outcomes. NotRun is for what nobody gave the files for.
const (
	Unknown Outcome = iota
	OK
	Warn
	Fail
	NotRun
)

func (o Outcome) String() string {
	switch o {
	case OK:
		return "OK"
	case Warn:
		return "WARN"
	case Fail:
		return "FAIL"
	case NotRun:
		return "NOT_RUN"
	}
	return "UNKNOWN"
}

// MarshalText implements encoding.TextMarshaler.
func (o Outcome) MarshalText() ([]byte, error) { return []byte(o.String()), nil }

// Result is one check: what was found, and for what is not good, what to do.
type Result struct {
	Check   string  `json:"check"`
	End     string  `json:"end"` // client, server
	Outcome Outcome `json:"outcome"`
	Summary string  `json:"summary"`
	Fix     string  `json:"fix,omitempty"`
}

// End is what one end of the connection has: its own certificate (leaf first) and
// key, and the CA bundle that it checks the other end against. nil is not given.
type End struct{ Cert, Key, CA Pile }

// Input is the two ends and what they expect of each other.
type Input struct {
	Client, Server End
	Host           string   // what the client dials; "" is not given
	Allowed        []string // names of which the client's certificate must have one; none: not given
	Now            time.Time
	Warn           time.Duration // what ends within it is a warning
}

// side is one end as the checks see it.
type side struct {
	name, peer string // client, server
	own        End
	other      End
	in         Input
}

// Check tells whether the two ends fit. Every check is in the answer for each end,
// with NotRun where its files were not given.
func Check(in Input) []Result {
	client := side{name: "client", peer: "server", own: in.Client, other: in.Server, in: in}
	server := side{name: "server", peer: "client", own: in.Server, other: in.Client, in: in}
	var out []Result
	for _, s := range []side{server, client} {
		out = append(out, s.pem()...)
		out = append(out, s.key(), s.keyType(), s.usage(), s.names(), s.issuer(), s.caFlags())
		out = append(out, s.validity()...)
	}
	return out
}

// Worst is the outcome that decides: a failure, else what is not known, else a warning.
func Worst(results []Result) Outcome {
	worst, rank := OK, map[Outcome]int{OK: 0, Warn: 1, Unknown: 2, Fail: 3}
	for _, r := range results {
		if r.Outcome != NotRun && rank[r.Outcome] > rank[worst] {
			worst = r.Outcome
		}
	}
	return worst
}

func (s side) result(check string, o Outcome, fix, format string, args ...any) Result {
	return Result{Check: check, End: s.name, Outcome: o, Summary: fmt.Sprintf(format, args...), Fix: fix}
}

func (s side) notRun(check, flag string) Result {
	return s.result(check, NotRun, "give "+flag, "not checked: no %s", flag)
}

// leafOr gives the first certificate, or the result that there is none.
func (s side) leafOr(check string) (leafCert, *Result) {
	if s.own.Cert == nil {
		r := s.notRun(check, "--"+s.name+"-cert")
		return leafCert{}, &r
	}
	if certs := s.own.Cert.Certs(); len(certs) > 0 {
		return leafCert{certs[0]}, nil
	}
	r := s.result(check, Fail, "give the file with the "+s.name+"'s certificate", "%s holds no certificate that can be read", s.own.Cert.source())
	return leafCert{}, &r
}

// caFlag names the flag of the bundle that the other end checks this one against.
func (s side) caFlag() string { return "--" + s.peer + "-ca" }
