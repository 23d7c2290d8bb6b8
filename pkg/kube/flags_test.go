package kube

import (
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/pflag"
	"k8s.io/client-go/rest"
)

// TestFlags proves that kubectl's flags for the cluster are there under its names, that each reaches the configuration of
// the clients, and that what is not KEY=VALUE is refused.
func TestFlags(t *testing.T) {
	t.Setenv("KUBECONFIG", os.DevNull)
	typed := func(args ...string) (*Flags, *pflag.FlagSet) {
		t.Helper()
		f, fs := NewFlags(), pflag.NewFlagSet("", pflag.ContinueOnError)
		f.AddFlags(fs)
		if err := fs.Parse(args); err != nil {
			t.Fatal(err)
		}
		return f, fs
	}
	f, fs := typed("-s", "https://127.0.0.1:1", "-n", "ns/shop", "--as", "jo", "--as-uid", "7", "--as-group", "a", "--as-group", "b", "--as-user-extra", "k=v=1", "--as-user-extra", "k=w",
		"--token", "t", "--insecure-skip-tls-verify", "--tls-server-name", "api.example", "--proxy-url", "http://127.0.0.1:2", "--disable-compression", "--request-timeout", "3s", "--cache-dir", "x")
	c, err := f.restConfig()
	if err != nil {
		t.Fatal(err)
	}
	want := rest.ImpersonationConfig{UserName: "jo", UID: "7", Groups: []string{"a", "b"}, Extra: map[string][]string{"k": {"v=1", "w"}}}
	if diff := cmp.Diff(want, c.Impersonate); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if c.Host != "https://127.0.0.1:1" || c.BearerToken != "t" || !c.Insecure || c.ServerName != "api.example" || c.Proxy == nil || !c.DisableCompression || c.Timeout.String() != "3s" {
		t.Errorf("%s", c)
	}
	if namespace, _, err := f.Loader().Namespace(); namespace != "shop" || err != nil {
		t.Errorf("%s, %v", namespace, err)
	}
	var names []string
	fs.VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	slices.Sort(names)
	if diff := cmp.Diff([]string{"as", "as-group", "as-uid", "as-user-extra", "cache-dir", "certificate-authority", "client-certificate", "client-key", "cluster", "context",
		"disable-compression", "insecure-skip-tls-verify", "kubeconfig", "namespace", "proxy-url", "request-timeout", "server", "tls-server-name", "token", "user"}, names); diff != "" {
		t.Errorf("kubectl options lists these (-want +got)\n%s", diff)
	}
	if f, _ = typed("-s", "https://127.0.0.1:1", "--as", "jo", "--as-user-extra", "k"); f != nil {
		if _, err := f.restConfig(); err == nil {
			t.Error("--as-user-extra without a value was taken")
		}
	}
}
