// Command gotest runs `go test -json` and says at the end what counts: how many tests passed and failed, and
// which were skipped, each with its reason. A run in which no test ran is a failure. It changes nothing in how
// the tests run.
//
//	go run ./scripts/gotest -label e2e -v -- -tags e2e -count=1 ./e2e/...
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Args[1:], os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "gotest:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	fs := flag.NewFlagSet("gotest", flag.ContinueOnError)
	label := fs.String("label", "tests", "the word before the counts")
	verbose := fs.Bool("v", false, "show what passing tests print, too")
	if err := fs.Parse(args); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, "go", append([]string{"test", "-json"}, fs.Args()...)...)
	cmd.Stderr = os.Stderr
	// Interrupting the tests lets them clean up; the default would kill them.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	pipe, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("connecting to go test: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("starting go test: %w", err)
	}
	sum := newSummary(out, *verbose)
	readErr := sum.read(pipe)
	runErr := cmd.Wait()
	sum.print(*label)
	if runErr != nil {
		return fmt.Errorf("go test %v: %w", fs.Args(), runErr)
	}
	if readErr != nil {
		return fmt.Errorf("reading the answer of go test: %w", readErr)
	}
	if sum.passed == 0 {
		return errors.New("no test ran: check the packages and the build tags")
	}
	return nil
}
