//go:build e2e

package e2e

import (
	"encoding/json"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// placed proves that verify -f judges the pods that the intents of a file are for, finds those that are not enabled, and
// says at which line of the file each finding stands, in SARIF and as annotations; once they are enabled nothing is found.
func (f *field) placed(t *testing.T, file string, enabled bool, lines map[string]int) {
	t.Helper()
	name, code := filepath.Base(file), 1
	if enabled {
		code = 0
	}
	r := must(t, f.plugin(t, "verify", "-f", name, "-o", "sarif"), code)
	var log struct {
		Runs []struct {
			Results []struct {
				Level     string
				Message   struct{ Text string }
				Locations []struct {
					PhysicalLocation *struct {
						ArtifactLocation struct{ URI string }
						Region           struct{ StartLine int }
					}
				}
			}
		}
	}
	if err := json.Unmarshal([]byte(r.out), &log); err != nil {
		t.Fatalf("%v\n%s", err, r)
	}
	found := map[string]bool{}
	for _, result := range log.Runs[0].Results {
		if result.Level != "error" {
			continue
		}
		at := result.Locations[0].PhysicalLocation
		for host, line := range lines {
			if at != nil && at.ArtifactLocation.URI == name && at.Region.StartLine == line && strings.Contains(result.Message.Text, host) {
				found[host] = true
			}
		}
	}
	notes := f.plugin(t, "verify", "-f", "./"+name, "-o", "github").out
	for host, line := range lines {
		annotation := strings.Contains(notes, "::error file="+name+",line="+strconv.Itoa(line)+",title=FAIL ")
		if found[host] == enabled || annotation == enabled {
			t.Errorf("%s (enabled: %v): SARIF places a failure at line %d: %v, an annotation there: %v\n%s\n%s", host, enabled, line, found[host], annotation, r, notes)
		}
	}
	t.Logf("proves: verify -f, enabled %v, places its findings at the lines of the intents", enabled)
}

// policyReported proves that the policy report of verify is one that an API server with the published CRDs of
// wgpolicyk8s.io takes whole: validation is strict, so that a field that the CRD does not know is an error.
func (f *field) policyReported(t *testing.T, file string, fails bool) {
	t.Helper()
	crds := publishedCRDs(t, filepath.Join("lab", "parts", "policyreport"), "github.com/kyverno/kyverno", filepath.Join("config", "crds", "policyreport"))
	names := []string{"policyreports.wgpolicyk8s.io", "clusterpolicyreports.wgpolicyk8s.io"}
	if f.try(t, append([]string{"get", "crd"}, names...)...).code != 0 {
		f.kube(t, "apply", "--server-side", "-f", crds)
		t.Cleanup(func() { f.try(t, append([]string{"delete", "crd", "--ignore-not-found"}, names...)...) })
	}
	f.kube(t, "wait", "--for=condition=Established", "--timeout=30s", "crd/"+names[0], "crd/"+names[1])
	report := f.plugin(t, "verify", "-f", filepath.Base(file), "-o", "policyreport")
	apply := func(text string) result {
		return f.exec(t, text, f.kubectl, "apply", "--server-side", "--validate=strict", "--field-manager=e2e", "-f", "-")
	}
	var r result
	until(proxyTime, func() bool { r = apply(report.out); return r.code == 0 }) // discovery of a new kind takes a moment
	if r.code != 0 {
		t.Fatalf("%s\n%s", r, report)
	}
	summary := f.kube(t, "get", "policyreport", "mesh-tls-verify", "-n", f.namespace, "-o", "jsonpath={.summary.fail} {.results[?(@.result==\"fail\")].severity}")
	if has := !strings.HasPrefix(summary, "0"); has != fails || fails && !strings.Contains(summary, "high") {
		t.Errorf("the cluster keeps %q, fails: %v", summary, fails)
	}
	if r := apply(strings.Replace(report.out, "\nsummary:", "\nverdict: good\nsummary:", 1)); r.code == 0 || !strings.Contains(r.err, "verdict") {
		t.Errorf("the control failed: a field that the CRD does not know is taken: %s", r)
	}
	f.kube(t, "delete", "policyreport", "mesh-tls-verify", "-n", f.namespace)
	t.Logf("proves: the API server takes the policy report by the published CRD, strictly")
}
