package cli

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/report"
)

const wantedFile = `apiVersion: mesh-tls.io/v1alpha1
kind: MeshTLS
metadata: {name: redis, namespace: shop}
spec:
  recipe: origination
  host: redis.example.com
  ports: [{number: 6379, protocol: TCP}]
  workload: {app: web}
  ca: {kind: system}
---
apiVersion: mesh-tls.io/v1alpha1
kind: MeshTLS
metadata: {name: other, namespace: shop}
spec:
  recipe: origination
  host: redis.example.com
  ports: [{number: 6379, protocol: TCP}]
  workload: {app: other}
  ca: {kind: system}
---
apiVersion: mesh-tls.io/v1alpha1
kind: MeshTLS
metadata: {name: strict, namespace: shop}
spec: {recipe: strict}
`

// TestWanted: each finding is at the field of the document that it is about, by the object, else by host, port, namespace and labels; the
// intents of a file stand in the place of those of the same name in the cluster.
func TestWanted(t *testing.T) {
	file := filepath.Join(t.TempDir(), "intents.yaml")
	if err := os.WriteFile(file, []byte(wantedFile), 0o600); err != nil {
		t.Fatal(err)
	}
	var o verifyOptions
	var err error
	if o.wanted, err = readWanted(t.Context(), &deps{kube: genericclioptions.NewConfigFlags(true), now: time.Now}, []string{file}); err != nil {
		t.Fatal(err)
	}
	web := facts.Target{Namespace: "shop", Labels: map[string]string{"app": "web", "v": "1"}}
	for _, c := range []struct {
		name    string
		finding report.Finding
		target  facts.Target
		line    int
	}{
		{"by object", report.Finding{ID: "MT011", Object: "DestinationRule shop/other"}, web, 11},
		{"by cluster", report.Finding{ID: "MT002", Cluster: "outbound|6379||redis.example.com"}, web, 7},
		{"by cluster, at its CA", report.Finding{ID: "MT013", Cluster: "outbound|6379||redis.example.com"}, web, 9},
		{"by cluster, at a field that is not written", report.Finding{ID: "MT007", Cluster: "outbound|6379||redis.example.com"}, web, 1},
		{"by cluster, of another workload", report.Finding{ID: "MT002", Cluster: "outbound|6379||redis.example.com"}, facts.Target{Namespace: "shop", Labels: map[string]string{"app": "other"}}, 17},
		{"another port", report.Finding{ID: "MT002", Cluster: "outbound|1||redis.example.com"}, web, 0},
		{"another namespace", report.Finding{ID: "MT002", Cluster: "outbound|6379||redis.example.com"}, facts.Target{Namespace: "far", Labels: web.Labels}, 0},
		{"what comes in", report.Finding{ID: "MT016"}, web, 21},
		{"somebody else's object", report.Finding{ID: "MT005", Object: "DestinationRule shop/theirs"}, web, 0},
	} {
		got := o.placed(report.TargetReport{Findings: []report.Finding{c.finding}}, c.target).Findings[0].Document
		var want *report.Place
		if c.line > 0 {
			want = &report.Place{File: file, Line: c.line}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", c.name, diff)
		}
	}
	read := &mesh{intents: []intent.Intent{{Name: "redis", Namespace: "shop", Host: "old.example.com"}, {Name: "kept", Namespace: "shop"}}}
	both, err := o.wantedOf(func() (*mesh, error) { return read, nil })()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, it := range both.intents {
		names = append(names, it.Name+" "+it.Host)
	}
	if diff := cmp.Diff([]string{"kept ", "redis redis.example.com", "other redis.example.com", "strict "}, names); diff != "" || len(read.intents) != 2 {
		t.Errorf("(-want +got)\n%s", diff)
	}
}
