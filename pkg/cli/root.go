// Package cli holds the commands: what was typed becomes options, and a runX
// function whose lines are the steps. It is the only package that knows all
// others, that fans out over pods, and that asks for the time. It must not judge
// (pkg/check does) and not format (pkg/report does).
package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/cobra"
	"k8s.io/cli-runtime/pkg/genericclioptions"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/report"
)

// Streams are where a command reads, reports (Out: data) and talks (Err).
type Streams struct {
	In       io.Reader
	Out, Err io.Writer
}

// deps is what every command needs: streams, the kubeconfig flags, the clock.
type deps struct {
	Streams
	kube    *genericclioptions.ConfigFlags
	now     func() time.Time // this machine's: for how long things take; certificates are judged by judged
	clock   *serverClock
	read    smallFiles // PEM files that flags named
	version string
}

// Run executes one command line and returns the exit code: 0 all OK, 1 at least
// one failure, 2 could not determine or bad usage.
func Run(ctx context.Context, s Streams, version string, args []string) int {
	collectLate()
	kube.Quiet()
	d := &deps{Streams: s, kube: genericclioptions.NewConfigFlags(true), now: time.Now, clock: &serverClock{}, version: version, read: smallFiles{}}
	kube.Dates(d.kube, d.now, d.clock.hear)
	root := newRoot(d)
	root.SetArgs(args)
	root.SetIn(s.In)
	root.SetOut(s.Out)
	root.SetErr(s.Err)
	err := root.ExecuteContext(ctx)
	var code exitCode
	switch {
	case err == nil:
		return codeOK
	case errors.As(err, &code):
		return int(code)
	}
	var failed failure
	if !errors.As(err, &failed) && errors.Is(err, syscall.EPIPE) {
		return codeUnknown // whoever read the output has seen enough: | head
	}
	for n, line := range strings.Split(err.Error(), "\n") {
		if n == 0 {
			line = "error: " + line
		}
		fmt.Fprintln(s.Err, report.Plain(line)) // it may quote a file, or a server
	}
	if errors.As(err, &failed) {
		return codeFail
	}
	return codeUnknown
}

const (
	groupConfigure = "configure"
	groupVerify    = "verify"
	groupMaintain  = "maintain"
)

func newRoot(d *deps) *cobra.Command {
	root := &cobra.Command{
		Use:   "kubectl-mesh_tls",
		Short: "Encrypt traffic of an Istio mesh, and prove it",
		Long: "kubectl mesh-tls applies TLS configuration to an Istio mesh and verifies it on the live proxies:\n" +
			"upstream by upstream, whether traffic is encrypted, against which CA the server is validated,\n" +
			"whether its name is checked, which client certificate is presented, and how far that is proven.\n\n" +
			"Where to begin:\n  kubectl mesh-tls verify deploy/NAME --all     what is encrypted now\n  kubectl mesh-tls enable                       what can be enabled",
		SilenceUsage: true, SilenceErrors: true,
		Annotations: map[string]string{cobra.CommandDisplayNameAnnotation: "kubectl mesh-tls"},
		RunE:        func(c *cobra.Command, _ []string) error { return c.Help() },
		Args:        noCommand, PersistentPreRunE: noEmpty,
	}
	root.AddGroup(
		&cobra.Group{ID: groupConfigure, Title: "Configure:"},
		&cobra.Group{ID: groupVerify, Title: "Verify:"},
		&cobra.Group{ID: groupMaintain, Title: "Maintain:"},
	)
	root.SetHelpCommandGroupID(groupMaintain)
	root.SetCompletionCommandGroupID(groupMaintain)
	root.SetFlagErrorFunc(flagError)
	d.kube.AddFlags(root.PersistentFlags())
	groupFlags(root)
	root.AddCommand(newEnable(d), newDisable(d), newUndo(d), newVerify(d), newBundle(d), newStatus(d), newExplain(d), newVersion(d))
	root.AddCommand(newCert(d), newMigrate(d))
	addCompletion(root)
	completing(d, root)
	return root
}
