package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"regexp"
	"time"
)

// answers are the paths of Envoy's admin API that verify --all reads (pkg/envoy: readWhole).
var answers = []string{
	"/config_dump?include_eds",
	"/clusters?format=json",
	"/stats?format=json&filter=" + url.QueryEscape(`^cluster\..*(\.ssl\.(handshake|connection_error|fail_verify_error|fail_verify_san|fail_verify_no_cert|fail_verify_cert_hash)$`+
		`|\.client_ssl_socket_factory\.upstream_context_secrets_not_ready$)|^(cluster_manager\.cds|listener_manager\.lds)\.update_rejected$`),
}

// forward is a running kubectl port-forward.
type forward struct {
	local string
	run   *exec.Cmd
}

func startForward(ctx context.Context, o options, namespace, pod string) (*forward, error) {
	run := exec.CommandContext(ctx, o.kubectl, "port-forward", "-n", namespace, "pod/"+pod, ":15000")
	out, err := run.StdoutPipe()
	if err != nil {
		return nil, err
	}
	run.Stderr = os.Stderr
	if err := run.Start(); err != nil {
		return nil, err
	}
	f := &forward{run: run}
	line, err := bufio.NewReader(out).ReadString('\n')
	if m := regexp.MustCompile(`127\.0\.0\.1:(\d+)`).FindStringSubmatch(line); m != nil {
		f.local = "http://127.0.0.1:" + m[1]
		return f, nil
	}
	f.stop()
	return nil, errors.Join(fmt.Errorf("kubectl port-forward said %q", line), err)
}

func (f *forward) stop() {
	_ = f.run.Process.Signal(os.Interrupt)
	_ = f.run.Wait()
}

// curl is one curl for all answers, over one connection.
func (f *forward) curl() []string {
	argv := []string{"curl", "-sS", "--fail"}
	for _, a := range answers {
		argv = append(argv, f.local+a)
	}
	return argv
}

// forwardAndCurl does by hand what verify --all does before it judges.
func forwardAndCurl(ctx context.Context, o options, namespace, pod string) (sample, error) {
	start := time.Now()
	f, err := startForward(ctx, o, namespace, pod)
	if err != nil {
		return sample{}, err
	}
	s, err := cmd(f.curl()...).once(ctx)
	s.took = time.Since(start)
	f.stop()
	return s, err
}
