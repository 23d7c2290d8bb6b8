package cli_test

import (
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/cli"
)

// TestMain lets the scripts run the plugin in this process under its real name.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){
		"mesh-tls": func() {
			os.Exit(cli.Run(context.Background(), cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, "test", os.Args[1:]))
		},
	})
}

// TestScripts: what a user types, what comes back on which stream, and the exit
// code. Nothing here reaches a cluster: KUBECONFIG names a file that is not there.
func TestScripts(t *testing.T) {
	dumps, err := filepath.Abs("../envoy/testdata/lab")
	if err != nil {
		t.Fatal(err)
	}
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(e *testscript.Env) error {
			e.Setenv("KUBECONFIG", filepath.Join(e.WorkDir, "no-kubeconfig"))
			e.Setenv("HOME", e.WorkDir)
			e.Setenv("DUMPS", dumps)
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"exits": exits},
	})
}

// exits CODE COMMAND...: the command must end with exactly this exit code.
func exits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND [ARG...]")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = codeOf(err)
	}
	if got != args[0] {
		ts.Fatalf("exit code %s, want %s\nstdout:\n%s\nstderr:\n%s", got, args[0], ts.ReadFile("stdout"), ts.ReadFile("stderr"))
	}
}
