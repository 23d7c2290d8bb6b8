//go:build unix

package cli

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

func fifo(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Skipf("no pipes with names here: %v", err)
	}
	return path
}

// TestSmallFileInterrupted: a pipe that nobody writes to ends with the command.
func TestSmallFileInterrupted(t *testing.T) {
	path := fifo(t)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	ended := make(chan error, 1)
	go func() {
		_, err := (&deps{}).small(ctx, "--ca-file", path)
		ended <- err
	}()
	select {
	case err := <-ended:
		if !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "--ca-file "+path+": interrupted") {
			t.Error(err)
		}
	case <-time.After(10 * time.Second):
		t.Error("the pipe holds the command")
	}
	if f, err := os.OpenFile(path, os.O_RDWR, 0); err == nil { // lets the reader go
		_ = f.Close()
	}
}

// TestOnePipeForTwoFlags: a pipe gives its text once, and both flags get it.
func TestOnePipeForTwoFlags(t *testing.T) {
	dir, path := t.TempDir(), fifo(t)
	said := &strings.Builder{}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	run := func(args ...string) int {
		return Run(ctx, Streams{In: strings.NewReader(""), Out: io.Discard, Err: said}, "test", args)
	}
	if code := run("cert", "ca", "x", "--dir", dir); code != codeOK {
		t.Fatal(code, said)
	}
	var text []byte
	made, _ := filepath.Glob(filepath.Join(dir, "*"))
	for _, name := range made {
		more, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		text = append(text, more...)
	}
	go func() {
		if f, err := os.OpenFile(path, os.O_WRONLY, 0); err == nil {
			_, _ = f.Write(text)
			_ = f.Close()
		}
	}()
	if code := run("cert", "secret", "x", "-n", "x", "--cert-file", path, "--key-file", path, "--dry-run=client"); code != codeOK {
		t.Error(code, said)
	}
}
