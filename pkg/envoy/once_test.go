package envoy

import (
	"context"
	"io"
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// asked answers every question with one text, and counts them.
type asked struct {
	text  string
	paths []string
}

func (a *asked) Get(_ context.Context, path string) (io.ReadCloser, error) {
	a.paths = append(a.paths, path)
	return io.NopCloser(strings.NewReader(a.text)), nil
}

// TestCertificatesOnce: certificates in files and delivered ones come from one answer, and where there are neither nothing is asked.
func TestCertificatesOnce(t *testing.T) {
	const path = "/etc/certs/client.pem"
	c := newCollector()
	c.upstreams = []facts.Upstream{
		{State: facts.StateActive, Socket: facts.Socket{Kind: facts.SocketTLS, Cert: facts.Source{Kind: facts.SourceFile, Name: path}}},
		{State: facts.StateActive, Socket: facts.Socket{Kind: facts.SocketTLS, Cert: facts.Source{Kind: facts.SourceSDS, Name: "kubernetes://client"}}},
	}
	c.secrets = []facts.Secret{{Name: "kubernetes://client", State: facts.StateActive, Chain: []facts.Certificate{{Serial: "0b"}}}}
	g := &asked{text: `{"certificates":[{"cert_chain":[{"path":"` + path + `","serial_number":"0a","valid_from":"2026-01-01T00:00:00Z","expiration_time":"2027-01-01T00:00:00Z"}]}]}`}
	c.readCertificates(t.Context(), g)
	if len(g.paths) != 1 || g.paths[0] != "/certs" {
		t.Errorf("asked %q, want /certs once", g.paths)
	}
	if own := c.upstreams[0].Socket.Own; len(own) != 1 || own[0][0].Serial != "0a" {
		t.Errorf("of the file: %v", own)
	}
	if !c.secrets[0].NotHeld {
		t.Error("a delivered certificate that no context holds is not told")
	}
	g.paths, c.upstreams = nil, nil
	if c.readCertificates(t.Context(), g); len(g.paths) != 0 {
		t.Errorf("without certificates %q was asked", g.paths)
	}
}
