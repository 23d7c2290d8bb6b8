//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// document is the part of the report that is a promise, and the few other fields that the tests read.
type document struct {
	APIVersion, Kind string
	Targets          []target
}

type target struct {
	Context, Namespace, Pod string
	Outcome, Error, Istio   string
	Upstreams               []upstream
	Inbound                 []struct {
		Port int
		Mode string
	}
	Secrets  []struct{ Name, State string }
	Findings []finding
}

type upstream struct {
	Cluster, Transport, CA, SNI string
	SANs                        []string
	ClientCert                  string
	Evidence, Outcome           string
	Rule                        string
}

type finding struct {
	ID, Outcome, Cluster, Object, Summary, Got, Want, Fix string
}

func (f finding) String() string {
	return fmt.Sprintf("%s %s %s\n    object %s\n    got    %s\n    want   %s\n    fix    %s", f.Outcome, f.ID, f.Summary, f.Object, f.Got, f.Want, f.Fix)
}

// ofThePast tells whether the finding is only that some connections failed since the cluster was made.
func (f finding) ofThePast() bool { return f.ID == "MT012" && f.Outcome == "WARN" }

// read decodes a report; stdout must be the document and nothing else.
func read(t *testing.T, r result) document {
	t.Helper()
	var d document
	if err := json.Unmarshal([]byte(r.out), &d); err != nil {
		t.Fatalf("stdout is no JSON document: %v\n%s", err, r)
	}
	if d.APIVersion != "mesh-tls.io/v1alpha1" || d.Kind != "VerifyReport" {
		t.Errorf("apiVersion %q, kind %q: want mesh-tls.io/v1alpha1, VerifyReport", d.APIVersion, d.Kind)
	}
	return d
}

// upstream finds a cluster in the only target.
func (d document) upstream(cluster string) (upstream, bool) {
	for _, target := range d.Targets {
		for _, u := range target.Upstreams {
			if u.Cluster == cluster {
				return u, true
			}
		}
	}
	return upstream{}, false
}

// findings lists those of a cluster (and of the proxy as a whole) with one of the outcomes.
func (d document) findings(cluster string, outcomes ...string) []finding {
	var out []finding
	for _, target := range d.Targets {
		for _, f := range target.Findings {
			if (f.Cluster == cluster || f.Cluster == "") && slices.Contains(outcomes, f.Outcome) {
				out = append(out, f)
			}
		}
	}
	return out
}

// bad lists what is not OK, for messages.
func (d document) bad(cluster string) string {
	var lines []string
	for _, target := range d.Targets {
		if target.Error != "" {
			lines = append(lines, target.Pod+": "+target.Error)
		}
	}
	for _, f := range d.findings(cluster, "FAIL", "UNKNOWN", "WARN") {
		lines = append(lines, f.String())
	}
	u, _ := d.upstream(cluster)
	return fmt.Sprintf("%+v\n%s", u, strings.Join(lines, "\n"))
}

// names tells whether a finding is the one that is wanted: its id, its outcome, and each word somewhere in it.
func (f finding) names(id string, outcomes []string, words []string) bool {
	text := strings.ToLower(strings.Join([]string{f.Summary, f.Got, f.Want, f.Object}, "\n"))
	for _, w := range words {
		if !strings.Contains(text, strings.ToLower(w)) {
			return false
		}
	}
	return f.ID == id && slices.Contains(outcomes, f.Outcome)
}
