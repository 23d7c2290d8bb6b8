package cli

import (
	"context"
	"net"
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestConverse: what a connection through a sidecar comes to. One that is closed at once is none.
func TestConverse(t *testing.T) {
	for _, c := range []struct {
		name, ask string
		peer      func(net.Conn)
		want      string
	}{
		{"answered", "HEAD", func(c net.Conn) { _, _ = c.Write([]byte("HTTP/1.1 204 No Content\r\n\r\n")) }, "was answered: HTTP/1.1 204 No Content"},
		{"speaks first", "", func(c net.Conn) { _, _ = c.Write([]byte("\x1b[31m220 mail")) }, "was answered"},
		{"closed", "", func(c net.Conn) { _ = c.Close() }, "closed at once"},
		{"silent", "", func(net.Conn) {}, "stood for 2s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			ours, theirs := net.Pipe()
			defer func() { _, _ = ours.Close(), theirs.Close() }()
			go func() {
				if c.ask != "" {
					_, _ = theirs.Read(make([]byte, 99))
				}
				c.peer(theirs)
			}()
			if got := converse(context.Background(), ours, c.ask); !strings.Contains(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestExerciseNothing: what has no one host, or no application, is not connected to.
func TestExerciseNothing(t *testing.T) {
	s := check.Subject{Host: "a.example", Port: 443}
	for want, ask := range map[string]struct {
		app string
		s   check.Subject
	}{
		"no container of an application": {"", s},
		"no single host and port":        {"app", check.Subject{Host: "*.example", Port: 443}},
		"subset v1":                      {"app", check.Subject{Host: "a.example", Port: 443, Subset: "v1"}},
	} {
		if got := exercise(context.Background(), nil, facts.Target{App: ask.app}, ask.s); !strings.Contains(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
