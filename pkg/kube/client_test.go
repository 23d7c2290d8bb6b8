package kube

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/cli-runtime/pkg/genericclioptions"
)

const kubeconfig = `{"kind":"Config","apiVersion":"v1","current-context":"lab",
"clusters":[{"name":"c","cluster":{"server":"https://127.0.0.1:1"}}],"users":[{"name":"u","user":{"token":"s3cret"}}],
"contexts":[{"name":"lab","context":{"cluster":"c","user":"u","namespace":"shop"}},{"name":"other","context":{"cluster":"c","user":"u"}}]}`

// TestNew proves what is read from a kubeconfig, and the sentence for each way
// in which it names no cluster.
func TestNew(t *testing.T) {
	t.Setenv("KUBERNETES_SERVICE_HOST", "")
	t.Setenv("HOME", t.TempDir())
	good := filepath.Join(t.TempDir(), "good")
	bad := filepath.Join(t.TempDir(), "bad")
	for path, text := range map[string]string{good: kubeconfig, bad: "{:"} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	tests := map[string]struct {
		env, file, context, namespace string
		wantContext, wantNamespace    string
		fails                         string
	}{
		"KUBECONFIG":      {env: good, wantContext: "lab", wantNamespace: "shop"},
		"flags":           {file: good, context: "other", wantContext: "other", wantNamespace: "default"},
		"-n":              {file: good, namespace: "redis", wantContext: "lab", wantNamespace: "redis"},
		"nothing":         {fails: "KUBECONFIG is not set and ~/.kube/config names no cluster; name a kubeconfig"},
		"no such env":     {env: good + "x", fails: "names no cluster"},
		"no such file":    {file: good + "x", fails: "no such file"},
		"not a file":      {file: bad, fails: "read the kubeconfig"},
		"no such context": {file: good, context: "prod", fails: `context "prod" does not exist in the kubeconfig (it has: lab, other)`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("KUBECONFIG", tt.env)
			flags := genericclioptions.NewConfigFlags(false)
			flags.KubeConfig, flags.Context, flags.Namespace = &tt.file, &tt.context, &tt.namespace
			c, err := New(flags)
			if tt.fails != "" {
				if err == nil || !strings.Contains(err.Error(), tt.fails) || strings.Contains(err.Error(), "s3cret") {
					t.Errorf("got %v, want %q in it", err, tt.fails)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if c.Context() != tt.wantContext || c.Namespace() != tt.wantNamespace {
				t.Errorf("got %s/%s, want %s/%s", c.Context(), c.Namespace(), tt.wantContext, tt.wantNamespace)
			}
		})
	}
}
