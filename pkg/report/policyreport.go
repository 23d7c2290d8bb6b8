package report

import (
	"bytes"
	"fmt"
	"io"
	"regexp"
	"strings"
	"time"

	"sigs.k8s.io/yaml"
)

// policyName is the name of the objects: the next report replaces the last.
const policyName = "mesh-tls-verify"

// mostPassed is how many passed results one object may have: etcd takes 1.5 MB,
// and one takes 500 bytes. Above it they are counted and not listed.
const mostPassed = 1000

// policyReport is PolicyReport or ClusterPolicyReport of wgpolicyk8s.io/v1alpha2
// (kubernetes-sigs/wg-policy-prototypes, policy-report/crd/v1alpha2).
type policyReport struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Metadata   struct {
		Name      string            `json:"name"`
		Namespace string            `json:"namespace,omitempty"`
		Labels    map[string]string `json:"labels"`
		Notes     map[string]string `json:"annotations"`
	} `json:"metadata"`
	Summary policySummary  `json:"summary"`
	Results []policyResult `json:"results"`
}

type policySummary struct {
	Pass  int `json:"pass"`
	Fail  int `json:"fail"`
	Warn  int `json:"warn"`
	Error int `json:"error"`
	Skip  int `json:"skip"`
}

type policyResult struct {
	Source     string            `json:"source"`
	Policy     string            `json:"policy"`
	Rule       string            `json:"rule,omitempty"`
	Category   string            `json:"category"`
	Severity   string            `json:"severity,omitempty"`
	Result     string            `json:"result"`
	Scored     bool              `json:"scored"`
	Message    string            `json:"message"`
	Timestamp  *policyTime       `json:"timestamp,omitempty"`
	Resources  []policyResource  `json:"resources,omitempty"`
	Properties map[string]string `json:"properties,omitempty"`
}

type policyTime struct {
	Seconds int64 `json:"seconds"`
	Nanos   int32 `json:"nanos"`
}

type policyResource struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`
	Namespace  string `json:"namespace"`
	Name       string `json:"name"`
}

// printPolicyReport writes one PolicyReport for each namespace, as documents of one
// YAML stream; targets without a namespace are in a ClusterPolicyReport. FAIL is
// "fail", WARN "warn", UNKNOWN "error", accepted and not judged "skip".
func printPolicyReport(w io.Writer, doc Report) error {
	var order []string
	of := map[string]*policyReport{}
	for _, t := range doc.Targets {
		ns := t.Namespace
		if !namespaceName.MatchString(ns) {
			ns = ""
		}
		if of[ns] == nil {
			of[ns] = newPolicyReport(ns)
			of[ns].Metadata.Notes = map[string]string{"mesh-tls.io/tool": safe(strings.TrimSpace(doc.Tool.Name + " " + doc.Tool.Version)), "mesh-tls.io/context": safe(t.Context), "mesh-tls.io/generated-at": doc.GeneratedAt}
			order = append(order, ns)
		}
		of[ns].addTarget(doc, t)
	}
	var b bytes.Buffer
	for _, ns := range order {
		raw, err := yaml.Marshal(of[ns])
		if err != nil {
			return fmt.Errorf("encode the policy report: %w", err)
		}
		b.WriteString("---\n")
		b.Write(raw)
	}
	if len(order) == 0 {
		b.WriteString("# no proxy was judged\n")
	}
	_, err := w.Write(b.Bytes())
	return err
}

// namespaceName is a DNS label (RFC 1123), as Kubernetes wants namespaces.
var namespaceName = regexp.MustCompile(`^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$`)

func newPolicyReport(namespace string) *policyReport {
	p := &policyReport{APIVersion: "wgpolicyk8s.io/v1alpha2", Kind: "PolicyReport", Results: []policyResult{}}
	if namespace == "" {
		p.Kind = "ClusterPolicyReport"
	}
	p.Metadata.Name, p.Metadata.Namespace = policyName, namespace
	p.Metadata.Labels = map[string]string{"app.kubernetes.io/managed-by": "kubectl-mesh-tls"}
	return p
}

func (p *policyReport) addTarget(doc Report, t TargetReport) {
	base := policyResult{Source: doc.Tool.Name, Category: "TLS", Scored: true}
	if now, err := time.Parse(time.RFC3339, doc.GeneratedAt); err == nil {
		base.Timestamp = &policyTime{Seconds: now.Unix()}
	}
	if p.Metadata.Namespace != "" && t.Pod != "" {
		base.Resources = []policyResource{{"v1", "Pod", p.Metadata.Namespace, safe(t.Pod)}}
	}
	if t.Error != "" {
		r := base
		r.Policy, r.Result, r.Message = "read-the-proxy", "error", safe(t.name()+": "+t.Error)
		p.add(r)
	}
	for _, f := range t.Findings {
		r := base
		r.Policy, r.Rule, r.Message = safe(f.ID), safe(f.Name), safe(f.Summary)
		r.Result, r.Severity = policyWords(f)
		if f.wrong() {
			r.Properties = policyProperties(t, f)
		} else if f.Cluster != "" {
			r.Properties = map[string]string{"cluster": safe(f.Cluster)}
		}
		p.add(r)
	}
}

func (p *policyReport) add(r policyResult) {
	s := &p.Summary
	for word, n := range map[string]*int{"pass": &s.Pass, "fail": &s.Fail, "warn": &s.Warn, "error": &s.Error, "skip": &s.Skip} {
		if word == r.Result {
			*n++
		}
	}
	if r.Result != "pass" || s.Pass <= mostPassed {
		p.Results = append(p.Results, r)
	}
}

func policyWords(f Finding) (result, severity string) {
	switch {
	case f.Accepted != nil, f.Outcome == NotJudged:
		return "skip", ""
	case f.Outcome == OK:
		return "pass", ""
	case f.Outcome == Warn:
		return "warn", "low"
	case f.Outcome == Fail:
		return "fail", "high"
	}
	return "error", "medium"
}

func policyProperties(t TargetReport, f Finding) map[string]string {
	out := map[string]string{}
	for name, s := range map[string]string{"cluster": f.Cluster, "endpoint": f.Endpoint, "object": f.Object, "got": f.Got, "want": f.Want, "fix": f.Fix, "accepted": f.Accepted.by(), "istio": t.Istio, "envoy": t.Envoy} {
		if s != "" {
			out[name] = safe(s)
		}
	}
	return out
}
