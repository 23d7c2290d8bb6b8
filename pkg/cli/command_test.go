package cli

import (
	"testing"

	"k8s.io/cli-runtime/pkg/genericclioptions"
)

// TestCommand: a command that is shown goes where this one went.
func TestCommand(t *testing.T) {
	d := &deps{kube: genericclioptions.NewConfigFlags(true)}
	if got := d.command("undo", "a", "b"); got != "kubectl mesh-tls undo a -n b" {
		t.Errorf("%q", got)
	}
	*d.kube.KubeConfig = "/etc/kube/it's mine"
	if got := d.inContext("arn:aws:eks:eu/x@y").command("undo", "a", "b"); got != `kubectl mesh-tls undo a -n b --context arn:aws:eks:eu/x@y --kubeconfig '/etc/kube/it'\''s mine'` {
		t.Errorf("%q", got)
	}
}
