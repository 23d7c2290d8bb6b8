package cli

import (
	"bytes"
	"encoding/pem"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// bundle is the content of --ca-file: certificates only.
type bundle struct {
	path  string
	certs []facts.Certificate
}

// maxBundle is far over any CA bundle (the public roots are 200 KB); etcd takes
// objects of 1.5 MB.
const maxBundle = 1 << 20

// readBundle reads a PEM file of CA certificates. It refuses a file with a
// private key, so that no key ends up in an object that everybody may read.
func readBundle(path string) (*bundle, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("--ca-file: %w", err)
	}
	if st.IsDir() || st.Size() > maxBundle {
		return nil, fmt.Errorf("--ca-file %s: must be a PEM file of at most %d KiB", path, maxBundle>>10)
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("--ca-file: %w", err)
	}
	for rest := text; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if strings.Contains(block.Type, "PRIVATE KEY") {
			return nil, fmt.Errorf("--ca-file %s: holds a private key; give a file with the CA's certificate only", path)
		}
	}
	certs, err := facts.ParsePEM(text)
	if err != nil {
		return nil, fmt.Errorf("--ca-file %s: %w; give the CA's certificate in PEM form", path, err)
	}
	return &bundle{path: path, certs: certs}, nil
}

func (b *bundle) fingerprints() []string {
	out := make([]string, 0, len(b.certs))
	for _, c := range b.certs {
		out = append(out, c.Fingerprint)
	}
	return out
}

// pem writes the certificates alone: whatever else stood in the file stays here.
func (b *bundle) pem() []byte {
	var out bytes.Buffer
	for _, c := range b.certs {
		_ = pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: c.DER}) // a Buffer takes everything
	}
	return out.Bytes()
}

// warnings tells what is odd about the bundle and still allowed.
func (b *bundle) warnings(now time.Time) []string {
	var out []string
	for _, c := range b.certs {
		switch {
		case now.After(c.NotAfter):
			out = append(out, fmt.Sprintf("%s: %s expired on %s", b.path, c.Subject, c.NotAfter.Format(time.DateOnly)))
		case !c.IsCA:
			out = append(out, fmt.Sprintf("%s: %s is no CA certificate: only a server with exactly this certificate would be accepted", b.path, c.Subject))
		}
	}
	return out
}
