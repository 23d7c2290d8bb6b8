package check

import (
	"crypto/rand"
	"crypto/x509"
	"math/big"
	"testing"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestListsEnded: a CA whose lists are all over is told of before any server is asked.
func TestListsEnded(t *testing.T) {
	root, other := makeCert(t, "root", nil, nil, nil), makeCert(t, "other", nil, nil, nil)
	crl := func(by *signed, until time.Time) []byte {
		der, err := x509.CreateRevocationList(rand.Reader, &x509.RevocationList{Number: big.NewInt(1), ThisUpdate: now.AddDate(-1, 0, 0), NextUpdate: until}, by.Certificate, by.key)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	past, later := now.AddDate(0, 0, -1), now.AddDate(0, 0, 1)
	for name, c := range map[string]struct {
		lists [][]byte
		want  Outcome
	}{
		"none":                      {nil, OK},
		"valid":                     {[][]byte{crl(root, later)}, OK},
		"ended":                     {[][]byte{crl(root, past)}, Fail},
		"ended, and a newer one":    {[][]byte{crl(root, past), crl(root, later)}, OK},
		"a newer one, and ended":    {[][]byte{crl(root, later), crl(root, past)}, OK},
		"of a CA that is not there": {[][]byte{crl(other, past)}, OK},
		"garbage":                   {[][]byte{{1}}, OK},
	} {
		in := healthy(t)
		noProbe(&in)
		v := in.Proxy.Secrets[0].Validation
		v.Inline, v.CRL, v.Revoked = list(t, root), facts.Source{Kind: facts.SourceInline}, c.lists
		if got := byID(Run(All(), in), "MT008"); len(got) != 1 || got[0].Outcome != c.want {
			t.Errorf("%s: %+v, want %s", name, got, c.want)
		}
	}
}
