package cli

import (
	"crypto/rand"
	"strings"
	"testing"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/cert"
)

// TestParseBundle: of a file with a block that cannot be read nothing is taken, because the CA of the server could be the
// one that is missing; no key gets in, whatever stands around it.
func TestParseBundle(t *testing.T) {
	now := time.Unix(2e9, 0)
	made, err := cert.NewCA(cert.Request{CommonName: "root", Key: cert.ECDSAP256, Now: now, Valid: 240 * time.Hour}, nil, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, err := made.Key.PEM()
	if err != nil {
		t.Fatal(err)
	}
	one := string(cert.PEM(made.Chain...))
	cut, _, _ := strings.Cut(one, "-----END")
	for name, c := range map[string]struct {
		text, want string
		certs      int
	}{
		"one":                     {one, "", 1},
		"CRLF, and words around":  {"subject=root\r\n" + strings.ReplaceAll(one, "\n", "\r\n") + "more\r\n" + one, "", 2},
		"byte order mark, second": {"\xef\xbb\xbf" + one + one, "block 1 (line 1) does not begin at the start of its line", 0},
		"indented":                {one + " " + one, "block 2", 0},
		"damaged":                 {strings.Replace(one, "\n", "\n%", 1) + one, "block 1 (line 1) is damaged", 0},
		"cut off":                 {one + cut, "is damaged", 0},
		"key inside":              {one + string(key), "holds a private key", 0},
		"key behind a mark":       {"\xef\xbb\xbf" + string(key) + one, "holds a private key", 0},
		"empty":                   {" \n", "is empty", 0},
		"no PEM":                  {string(made.Chain[0].Raw), "is DER or PKCS#12, not PEM", 0},
	} {
		b, err := parseBundle("--ca-file", "ca.pem", []byte(c.text))
		switch {
		case c.want == "" && (err != nil || len(b.certs) != c.certs):
			t.Errorf("%s: %v", name, err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "--ca-file")):
			t.Errorf("%s: want %q, got %v", name, c.want, err)
		}
	}
	b, err := parseBundle("--ca-file", "ca.pem", []byte(one))
	if err != nil {
		t.Fatal(err)
	}
	for at, want := range map[time.Time]string{now.Add(time.Hour): "", now.AddDate(-1, 0, 0): "is valid from", now.AddDate(1, 0, 0): "expired on"} {
		if got := strings.Join(b.warnings(at), " "); (want == "") != (got == "") || !strings.Contains(got, want) {
			t.Errorf("at %s: want %q, got %q", at, want, got)
		}
	}
}
