// Command lab runs real single-node Kubernetes clusters with Istio on one
// Linux machine, without Docker and without internet: each in a network
// namespace of its own. It is for this project's tests and demo only and must
// not be needed by the plugin. See README.md.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:])
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string) int {
	l, err := newLab(time.Now)
	if err == nil {
		err = l.dispatch(ctx, args)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "lab: "+err.Error())
		return 1
	}
	return 0
}
