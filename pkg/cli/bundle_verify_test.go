package cli

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	archive "github.com/mesh-tls/kubectl-mesh-tls/pkg/bundle"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/envoy"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/probe"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/report"
)

const savedRule = `{"apiVersion": "networking.istio.io/v1", "kind": "DestinationRule", "metadata": {"name": "redis", "namespace": "envoy-dumps"},
 "spec": {"host": "redis.example.internal", "trafficPolicy": {"tls": {"mode": "SIMPLE", "caCertificates": "/etc/redis-ca/ca.pem", "sni": "redis.example.internal", "subjectAltNames": ["redis.example.internal"]}}}}`

// saveLab writes a bundle of the lab's recorded sidecar, with a rule and a probe.
func saveLab(t *testing.T, at time.Time) (file string, target facts.Target, probes []facts.Handshake) {
	t.Helper()
	target = facts.Target{Context: "lab", Namespace: "envoy-dumps", Pod: "client-1", Container: "istio-proxy", Labels: map[string]string{"app": "client"}, Annotations: map[string]string{}}
	r := archive.NewRecorder(envoy.NewFiles(os.DirFS("../envoy/testdata/lab/client"), ""))
	proxy, err := envoy.Read(context.Background(), target, r, envoy.Scope{All: true})
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range probeRequests(check.Input{Proxy: proxy, All: true}, false) {
		probes = append(probes, facts.Handshake{Cluster: q.Cluster, Address: q.Address, SNI: q.SNI, At: at, Failure: facts.FailureClosed, ErrorText: "closed"})
	}
	if len(probes) == 0 {
		t.Fatal("nothing to probe in the recorded sidecar")
	}
	file = filepath.Join(t.TempDir(), "x.tar.gz")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	w, err := archive.NewWriter(f, archive.Manifest{CreatedAt: at, RootNamespace: "istio-system", Targets: []string{"a", "b"}}, archive.Objects{Items: []json.RawMessage{json.RawMessage(savedRule)},
		Missing: map[string]string{"PeerAuthentication": "not allowed"}})
	if err != nil {
		t.Fatal(err)
	}
	lost := archive.Target{Target: facts.Target{Context: "lab", Namespace: "envoy-dumps", Pod: "gone"}, Error: "the pod went away"}
	if err := errors.Join(w.Add(&archive.Target{Target: target, TakenAt: at, Probes: probes}, r), w.Add(&lost, nil), w.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	return file, target, probes
}

// TestVerifyBundle compares the whole JSON with that of the same facts judged
// without a bundle, probes, objects and a lost target included, at the bundle's time.
func TestVerifyBundle(t *testing.T) {
	at := time.Date(2026, 9, 1, 12, 0, 0, 0, time.UTC)
	file, target, probes := saveLab(t, at)
	var out, errs bytes.Buffer
	code := Run(context.Background(), Streams{Out: &out, Err: &errs}, "test", []string{"verify", "--bundle", file, "--all", "-o", "json"})
	proxy, err := envoy.Read(context.Background(), target, envoy.NewFiles(os.DirFS("../envoy/testdata/lab/client"), ""), envoy.Scope{All: true})
	if err != nil {
		t.Fatal(err)
	}
	proxy.TakenAt, proxy.Handshakes = at, probes
	delete(proxy.Missing, facts.FactHandshakes)
	objects, err := newSavedObjects(archive.Objects{Items: []json.RawMessage{json.RawMessage(savedRule)}, Missing: map[string]string{"PeerAuthentication": "not allowed"}})
	if err != nil {
		t.Fatal(err)
	}
	m, err := meshFrom(context.Background(), objects, "istio-system")
	if err != nil {
		t.Fatal(err)
	}
	in := check.Input{Proxy: proxy, Config: m.config, Intents: m.intents, All: true, Now: at, Warn: 14 * 24 * time.Hour}
	lost := report.TargetError(facts.Target{Context: "lab", Namespace: "envoy-dumps", Pod: "gone"}, errors.New("the pod went away"))
	doc := report.New([]report.TargetReport{report.Judge(check.All(), in, true, report.FormatJSON), lost}, at, "test", report.FailOn{})
	var want bytes.Buffer
	if err := report.Print(&want, doc, report.FormatJSON, report.Options{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.String(), out.String()); diff != "" {
		t.Error(diff)
	}
	if code != doc.ExitCode || errs.Len() > 0 {
		t.Errorf("exit code %d, want %d\n%s", code, doc.ExitCode, errs.String())
	}
	for _, part := range []string{`"generatedAt": "2026-09-01T12:00:00Z"`, "MT013", "DestinationRule envoy-dumps/redis", "the pod went away"} {
		if !strings.Contains(out.String(), part) {
			t.Errorf("the report has no %q: the test compares too little", part)
		}
	}
}

// TestVerifyBundleProbes: a probe that a bundle does not hold is told as not seen,
// and never taken for a server that does not answer.
func TestVerifyBundleProbes(t *testing.T) {
	s := &archive.Saved{Target: archive.Target{NoProbe: "it was made with --probe never", Probes: []facts.Handshake{{Cluster: "a", Address: "b:1", Version: "TLS 1.3"}}}}
	d := &deps{now: time.Now}
	m := &mesh{config: &facts.Config{}}
	in, err := savedInput(context.Background(), d, m, s, verifyOptions{all: true, probe: probeAuto})
	if err == nil {
		t.Errorf("a target without answers was read: %+v", in.Proxy)
	}
	if h := savedProbe(s, probe.Request{Cluster: "a", Address: "b:1"}); h.Version != "TLS 1.3" {
		t.Errorf("%+v", h)
	}
	if h := savedProbe(s, probe.Request{Cluster: "a", Address: "b:2"}); h.Failure != facts.FailureInternal || !strings.Contains(h.ErrorText, "--probe never") {
		t.Errorf("%+v", h)
	}
}
