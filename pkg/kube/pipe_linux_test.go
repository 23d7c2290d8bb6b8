package kube

import (
	"errors"
	"net"
	"os"
	"strconv"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// deafPort is a port of loopback that takes no connection and refuses none: its queue is full.
func deafPort(t *testing.T) (host, port string) {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Close(fd) })
	if err := errors.Join(unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}), unix.Listen(fd, 0)); err != nil {
		t.Fatal(err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	host, port = "127.0.0.1", strconv.Itoa(name.(*unix.SockaddrInet4).Port)
	for range 8 {
		c, err := net.DialTimeout("tcp", net.JoinHostPort(host, port), 200*time.Millisecond)
		if os.IsTimeout(err) {
			return host, port
		}
		if err != nil {
			t.Skipf("skipped: this kernel answers for a full queue: %v", err) // sysctl net.ipv4.tcp_abort_on_overflow
		}
		t.Cleanup(func() { _ = c.Close() })
	}
	t.Skip("skipped: this kernel takes connections that nobody accepts")
	return "", ""
}

// TestPipeNowhere proves that a connection that nothing answers is given up in time, and that each helper leaves no
// process behind, not even a dead one: the first process of a sidecar reaps nobody.
func TestPipeNowhere(t *testing.T) {
	host, port := deafPort(t)
	if err := unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Prctl(unix.PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0) })
	for name, w := range helperWays(t) {
		t.Run(name, func(t *testing.T) {
			ended := make(chan struct{})
			p := startPipe(t.Context(), local(t, w.command(host, port, time.Second), ended))
			defer func() { _ = p.Close() }()
			if err := p.waitOpen(t.Context(), 10*time.Second); err == nil || name == "bash" && !errors.Is(err, ErrTimeout) {
				t.Errorf("got %v, want that nothing answered in time", err)
			}
			within(t, ended, "the helper waits for a connection for good")
			var status unix.WaitStatus
			pid, err := unix.Wait4(-1, &status, unix.WNOHANG, nil)
			for n := 0; pid == 0 && err == nil && n < 50; n++ { // an orphan that still runs
				time.Sleep(20 * time.Millisecond)
				pid, err = unix.Wait4(-1, &status, unix.WNOHANG, nil)
			}
			if !errors.Is(err, syscall.ECHILD) {
				t.Errorf("process %d was left behind (%v)", pid, err)
			}
		})
	}
}
