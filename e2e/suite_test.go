//go:build e2e

// Package e2e proves the plugin's promises on a live cluster with Istio: it tells the story of the README, breaks
// one thing at a time and demands the cause, and asks for what cannot be had. Everything goes through `kubectl
// mesh-tls`, in an environment built from nothing. It sends traffic only between pods of its own and servers that
// it started, and removes what it made.
package e2e

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Bounds of everything that the tests wait for. The lab needs a few seconds for each; a loaded machine more.
const (
	commandTime = 160 * time.Second // longer than any time that a command is given
	podTime     = 150 * time.Second
	proxyTime   = 30 * time.Second
)

// suite is where the tests run: the programs, the cluster, and whether it is the lab.
type suite struct {
	env     []string
	kubectl string
	lab     string // name of the lab's instance; empty on another cluster
	tool    string // the lab's program
	image   string // has a shell, sleep, redis-cli and, off the lab, redis-server
	work    string // a directory of this test's own
}

// newSuite reads what scripts/e2e gives. The environment of the commands is made of PATH, HOME and KUBECONFIG
// alone, so that nothing of the machine decides a test.
func newSuite(t *testing.T) *suite {
	t.Helper()
	kubeconfig := os.Getenv("KUBECONFIG")
	if kubeconfig == "" {
		t.Fatal("KUBECONFIG is not set: run these tests by `make e2e`")
	}
	s := &suite{lab: os.Getenv("MESH_TLS_LAB"), tool: os.Getenv("MESH_TLS_LAB_TOOL"), image: os.Getenv("MESH_TLS_E2E_IMAGE"), work: t.TempDir()}
	var path []string
	for _, program := range []string{"kubectl-mesh_tls", "kubectl"} {
		file, err := exec.LookPath(program)
		if err != nil {
			t.Fatalf("%v: run these tests by `make e2e`", err)
		}
		if program == "kubectl" {
			s.kubectl = file
		}
		path = append(path, filepath.Dir(file))
	}
	s.env = []string{"PATH=" + strings.Join(append(path, "/usr/bin", "/bin"), ":"), "HOME=" + s.work, "KUBECONFIG=" + kubeconfig}
	if s.image == "" {
		if s.image = "docker.io/library/redis:7"; s.lab != "" {
			s.image = "docker.io/lab/base:1"
		}
	}
	return s
}

// needLab skips a test that needs servers outside the mesh.
func needLab(t *testing.T, s *suite) {
	t.Helper()
	if s.lab == "" {
		t.Skip("needs the lab: it starts servers outside the mesh and gives them names (make e2e without KUBECONFIG)")
	}
}

// result is what a command left.
type result struct {
	line     string
	out, err string
	code     int
	took     time.Duration
}

func (r result) String() string {
	return fmt.Sprintf("$ %s   (exit code %d, %s)\n%s%s", r.line, r.code, r.took.Round(time.Millisecond), r.out, r.err)
}

// try runs kubectl and returns whatever comes.
func (s *suite) try(t *testing.T, args ...string) result {
	t.Helper()
	return s.exec(t, "", s.kubectl, args...)
}

// exec runs a program with a bounded time; only a program that does not start or does not end is an error here.
func (s *suite) exec(t *testing.T, stdin, program string, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), commandTime)
	defer cancel()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(ctx, program, args...)
	cmd.Env, cmd.Dir, cmd.Stdin, cmd.Stdout, cmd.Stderr = s.env, s.work, strings.NewReader(stdin), &out, &errs
	cmd.WaitDelay = time.Second
	start := time.Now()
	err := cmd.Run()
	r := result{line: filepath.Base(program) + " " + strings.Join(args, " "), out: out.String(), err: errs.String(), took: time.Since(start)}
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		t.Fatalf("%s: not finished after %s\n%s%s", r.line, commandTime, r.out, r.err)
	case errors.As(err, &exit):
		r.code = exit.ExitCode()
	case err != nil:
		t.Fatalf("%s: %v", r.line, err)
	}
	return r
}

// kube runs kubectl and demands success.
func (s *suite) kube(t *testing.T, args ...string) string {
	t.Helper()
	r := s.try(t, args...)
	if r.code != 0 {
		t.Fatalf("%s", r)
	}
	return r.out
}

// plugin runs `kubectl mesh-tls`. A panic, or a word that shows a mistake in formatting, fails the test whatever
// the command was for.
func (s *suite) plugin(t *testing.T, args ...string) result {
	t.Helper()
	r := s.try(t, append([]string{"mesh-tls"}, args...)...)
	for _, bad := range []string{"panic:", "goroutine ", "%!", "<nil>", "runtime error", "PRIVATE KEY"} {
		if strings.Contains(r.out+r.err, bad) {
			t.Errorf("the answer holds %q:\n%s", bad, r)
		}
	}
	return r
}

// until asks again until done says so, and reports how long that took. The last question is asked at the end of
// the time; what is still wrong then is for the caller to say.
func until(limit time.Duration, done func() bool) (time.Duration, bool) {
	start := time.Now()
	for {
		if done() {
			return time.Since(start), true
		}
		if time.Since(start) > limit {
			return time.Since(start), false
		}
		time.Sleep(300 * time.Millisecond)
	}
}
