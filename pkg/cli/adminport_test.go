package cli

import (
	"testing"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"
)

// TestAdminPort: without the flag no command says which port to ask, so that the pod's own setting counts (kube.Client.AdminPort).
func TestAdminPort(t *testing.T) {
	for typed, want := range map[string]adminPort{"": 0, "15999": 15999, "65535": 65535} {
		var got adminPort
		if err := (&got).Set(typed); typed != "" && err != nil || got != want {
			t.Errorf("%q: %d, %v", typed, got, err)
		}
	}
	for _, typed := range []string{"0", "-1", "65536", "admin"} {
		var got adminPort
		if err := got.Set(typed); err == nil || got != 0 {
			t.Errorf("%q is taken for port %d", typed, got)
		}
	}
	d := &deps{kube: genericclioptions.NewConfigFlags(true)}
	for _, c := range []*cobra.Command{newVerify(d), newStatus(d), newBundle(d)} {
		if port := c.Flag("proxy-admin-port").Value.String(); port != "" {
			t.Errorf("%s asks port %s of every pod, whatever the pod says", c.Name(), port)
		}
	}
}
