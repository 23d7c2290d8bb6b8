// Command kubectl-mesh_tls is the kubectl plugin `kubectl mesh-tls` (kubectl
// turns the typed dash into an underscore). It must hold no logic: signals,
// streams and the exit code only.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/cli"
)

// version is set by the linker (-X main.version).
var version = "dev"

func main() {
	signal.Ignore(syscall.SIGPIPE) // a reader that goes away (2>&1 | head) must not end a change in its middle
	signals := []os.Signal{os.Interrupt, syscall.SIGTERM}
	if !signal.Ignored(syscall.SIGHUP) { // nohup
		signals = append(signals, syscall.SIGHUP)
	}
	ctx, stop := signal.NotifyContext(context.Background(), signals...)
	context.AfterFunc(ctx, stop) // the second of them ends the command at once
	code := cli.Run(ctx, cli.Streams{In: os.Stdin, Out: os.Stdout, Err: os.Stderr}, version, os.Args[1:])
	stop()
	os.Exit(code)
}
