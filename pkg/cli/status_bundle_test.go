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
	"k8s.io/cli-runtime/pkg/genericclioptions"

	archive "github.com/mesh-tls/kubectl-mesh-tls/pkg/bundle"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/envoy"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/report"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/status"
)

const (
	dumped     = "envoy-dumps" // the namespace of the recorded sidecars
	webService = `{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web", "namespace": "envoy-dumps", "annotations": {"networking.istio.io/exportTo": "*", "secret": "x"}},
 "spec": {"selector": {"app": "web"}, "ports": [{"name": "http", "port": 80, "targetPort": 8080}, {"name": "tcp-x", "port": 9000, "targetPort": 9000}]}}`
	lostService = `{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "lost", "namespace": "envoy-dumps"}, "spec": {"selector": {"app": "lost"}, "ports": [{"name": "http", "port": 80}]}}`
)

// scenePods are the recorded client and server, a pod whose answers are not in the bundle, and one without a sidecar.
func scenePods() []facts.Pod {
	pod := func(name, app, container, ip string) facts.Pod {
		return facts.Pod{Target: facts.Target{Context: "lab", Namespace: dumped, Pod: name, Container: container, Labels: map[string]string{"app": app}, Annotations: map[string]string{}},
			IPs: []string{ip}, Ports: map[string]int{}, Ready: true, Owner: facts.Ref{Kind: "Deployment", Namespace: dumped, Name: app}}
	}
	elsewhere := pod("other-1", "other", "istio-proxy", "10.9.0.1")
	elsewhere.Target.Namespace = "other"
	return []facts.Pod{pod("client-1", "client", "istio-proxy", "10.244.0.11"), pod("lost-1", "lost", "istio-proxy", "10.9.0.3"), pod("plain-1", "plain", "", "10.9.0.2"), pod("web-1", "web", "istio-proxy", "10.244.0.10"), elsewhere}
}

func sceneObjects(t *testing.T) archive.Objects {
	t.Helper()
	var out archive.Objects
	for _, text := range []string{savedRule, webService, lostService} {
		var whole map[string]any
		if err := json.Unmarshal([]byte(text), &whole); err != nil {
			t.Fatal(err)
		}
		kept, err := archive.Object(whole)
		if err != nil {
			t.Fatal(err)
		}
		out.Items = append(out.Items, kept)
	}
	out.Pods = &archive.Pods{Namespaces: []string{dumped}, Items: scenePods()}
	out.Changes = &archive.Changes{Problems: []string{"not allowed"}, Items: []archive.Change{
		{Name: "redis", Namespace: dumped, Group: "1", Started: time.Unix(0, 0).UTC(), About: "applied"}, {Name: "redis-2", Namespace: dumped, Group: "1"}, {Name: "mine", Namespace: "other"}}}
	return out
}

// saveScene writes a bundle of recorded sidecars.
func saveScene(t *testing.T, at time.Time, objects archive.Objects, proxies ...string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "scene.tar.gz")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	m := archive.Manifest{CreatedAt: at, Context: "lab", Namespace: dumped, RootNamespace: "istio-system", Targets: proxies, Tool: archive.Tool{Version: "v0"}}
	w, err := archive.NewWriter(f, m, objects)
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range proxies {
		r := archive.NewRecorder(recorded(p))
		target := facts.Target{Context: "lab", Namespace: dumped, Pod: p + "-1", Container: "istio-proxy"}
		if _, err := envoy.Read(context.Background(), target, r, envoy.Scope{All: true}); err != nil {
			t.Fatal(err)
		}
		if err := w.Add(&archive.Target{Target: target, TakenAt: at}, r); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	return file
}

func recorded(name string) envoy.Files {
	return envoy.NewFiles(os.DirFS("../envoy/testdata/lab/"+name), "")
}

// TestVerifyBundleNamespace: -n picks the proxies of a bundle; one that holds none of that namespace is no verdict.
func TestVerifyBundleNamespace(t *testing.T) {
	file := saveScene(t, time.Date(2026, 11, 22, 23, 0, 0, 0, time.UTC), sceneObjects(t), "web", "client")
	verify := func(namespace string) (out, errs string, code int) {
		var o, e bytes.Buffer
		code = Run(context.Background(), Streams{Out: &o, Err: &e}, "test", []string{"verify", "--bundle", file, "--all", "--probe", "never", "-n", namespace})
		return o.String(), e.String(), code
	}
	if out, errs, code := verify("elsewhere"); code != codeUnknown || out != "" || !strings.Contains(errs, "it holds no proxy of namespace elsewhere, only of "+dumped) {
		t.Errorf("exit code %d\n%s%s", code, out, errs)
	}
	if out, errs, _ := verify(dumped); !strings.Contains(out, dumped+"/web-1") || !strings.Contains(out, dumped+"/client-1") {
		t.Errorf("%s%s", out, errs)
	}
}

func runStatusOf(t *testing.T, args ...string) (out, errs string, code int) {
	t.Helper()
	var o, e bytes.Buffer
	code = Run(context.Background(), Streams{Out: &o, Err: &e}, "test", append([]string{"status"}, args...))
	return o.String(), e.String(), code
}

// TestStatusBundle compares the whole JSON with that of the same facts without a bundle. What the bundle does not hold is
// named, and makes no row OK.
func TestStatusBundle(t *testing.T) {
	at := time.Date(2026, 11, 22, 23, 0, 0, 0, time.UTC)
	objects := sceneObjects(t)
	out, errs, code := runStatusOf(t, "--bundle", saveScene(t, at, objects, "web", "client"), "-o", "json")
	saved, err := newSavedObjects(objects)
	if err != nil {
		t.Fatal(err)
	}
	all := statusSource{context: "lab", namespace: dumped, root: "istio-system", at: func() time.Time { return at }, objects: saved,
		pods: func(context.Context, ...string) ([]facts.Pod, error) { return scenePods()[:4], nil },
		changes: func(context.Context, []string) archive.Changes {
			return archive.Changes{Problems: objects.Changes.Problems, Items: objects.Changes.Items[:2]}
		},
		proxies: func(ctx context.Context, wanted []*status.Seen, scope envoy.Scope) (err error) {
			for _, p := range wanted {
				if name := strings.TrimSuffix(p.Pod.Target.Pod, "-1"); name == "lost" {
					p.Err = "the bundle does not hold what its proxy answered: make one of the namespace, or of all (bundle -A)"
				} else if p.Proxy, err = envoy.Read(ctx, p.Pod.Target, recorded(name), scope); err != nil {
					return err
				}
			}
			return nil
		}}
	in, err := readStatus(context.Background(), &deps{version: "test", kube: genericclioptions.NewConfigFlags(true)}, all, statusOptions{})
	if err != nil {
		t.Fatal(err)
	}
	doc := report.NewStatus(in)
	var want bytes.Buffer
	if err := report.PrintStatus(&want, doc, report.FormatJSON, report.Options{}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.String(), out); diff != "" {
		t.Error(diff)
	}
	if code != 2 || doc.ExitCode != 2 || errs != "" {
		t.Errorf("exit code %d, want 2\n%s", code, errs)
	}
	for _, part := range []string{`"generatedAt": "2026-11-22T23:00:00Z"`, `"evidence": "ready"`, `"pod": "envoy-dumps/lost-1"`, "does not hold", "not known: not allowed", `plain-1"`, "undo redis -n"} {
		if !strings.Contains(out, part) {
			t.Errorf("the report has no %q: the test compares too little\n%s", part, out)
		}
	}
	if strings.Contains(out, `"redis-2"`) || strings.Contains(out, `"mine"`) || strings.Contains(out, "other-1") {
		t.Errorf("told twice, or of another namespace:\n%s", out)
	}
}

// TestStatusBundleScope: what is looked at, and what a bundle cannot tell.
func TestStatusBundleScope(t *testing.T) {
	at := time.Date(2026, 11, 22, 23, 0, 0, 0, time.UTC)
	none, unread, whole := sceneObjects(t), sceneObjects(t), sceneObjects(t)
	none.Pods, none.Changes = nil, nil
	unread.Pods = &archive.Pods{Error: "list pods: forbidden"}
	whole.Pods.Namespaces, whole.Changes = nil, nil
	for name, c := range map[string]struct {
		objects archive.Objects
		args    []string
		code    int
		says    string
	}{
		"by a service":             {sceneObjects(t), []string{"svc/web", "--from", "deploy/client"}, 0, "web:80"},
		"by a workload":            {sceneObjects(t), []string{"deploy/web", "--from", "client-1"}, 0, "web:80"},
		"by a client's service":    {sceneObjects(t), []string{"web.envoy-dumps.svc.cluster.local", "--from", "svc/web"}, 0, "web:80"},
		"a client without sidecar": {sceneObjects(t), []string{"svc/web", "--from", "deploy/plain"}, 2, "has no istio-proxy container"},
		"no such workload":         {sceneObjects(t), []string{"sts/web"}, 2, "no running pod of namespace envoy-dumps in the bundle"},
		"a kind of others":         {sceneObjects(t), []string{"rollout/web"}, 2, "does not tell the pods of"},
		"another namespace":        {sceneObjects(t), []string{"-n", "other"}, 2, "holds the pods of namespace envoy-dumps and none of other"},
		"clients elsewhere":        {sceneObjects(t), []string{"--from-namespace", "other"}, 2, "none of other"},
		"all of one namespace":     {sceneObjects(t), []string{"-A"}, 2, "of namespace envoy-dumps only"},
		"all":                      {whole, nil, 2, "whether changes are unfinished is not known: the bundle does not tell"},
		"one of all":               {whole, []string{"-n", dumped, "svc/web", "--from", "deploy/client"}, 0, "web:80"},
		"an older bundle":          {none, nil, 2, `version "v0" of this tool saved none`},
		"pods not allowed":         {unread, nil, 2, "list pods: forbidden"},
	} {
		t.Run(name, func(t *testing.T) {
			out, errs, code := runStatusOf(t, append(c.args, "--bundle", saveScene(t, at, c.objects, "client", "web"))...)
			if code != c.code || !strings.Contains(out+errs, c.says) {
				t.Errorf("exit code %d, want %d and %q:\n%s%s", code, c.code, c.says, out, errs)
			}
		})
	}
}

// TestStatusBundleHalf: a server whose proxy is not in the bundle is no good one, and no reason to say nothing of the client.
func TestStatusBundleHalf(t *testing.T) {
	out, errs, code := runStatusOf(t, "svc/web", "--from", "deploy/client", "-o", "json", "--bundle", saveScene(t, time.Unix(1788264000, 0), sceneObjects(t), "client"))
	var doc report.StatusReport
	if err := json.Unmarshal([]byte(out), &doc); err != nil || code != 2 {
		t.Fatalf("exit code %d, %v\n%s%s", code, err, out, errs)
	}
	for _, r := range doc.Rows {
		if r.Verdict != "UNKNOWN" || r.ClientsSend == "" {
			t.Errorf("%s:%d is %s, clients send %q", r.Host, r.Port, r.Verdict, r.ClientsSend)
		}
	}
	if len(doc.Rows) != 2 || len(doc.Errors) != 1 || doc.Errors[0].Pod != dumped+"/web-1" || !strings.Contains(doc.Errors[0].Error, "does not hold") {
		t.Errorf("%d rows, errors %+v", len(doc.Rows), doc.Errors)
	}
}
