package check

import (
	"crypto/x509"
	"testing"
)

// TestPathEnds: a CA between must say that it is one, whatever its version: boringssl's check_ca lets only a certificate of version 1
// that signed itself do without.
func TestPathEnds(t *testing.T) {
	leaf, root := &x509.Certificate{Version: 3}, &x509.Certificate{Version: 3}
	for name, c := range map[string]struct {
		between x509.Certificate
		ok      bool
	}{
		"a CA":                     {x509.Certificate{Version: 3, BasicConstraintsValid: true, IsCA: true}, true},
		"no CA":                    {x509.Certificate{Version: 3, BasicConstraintsValid: true}, false},
		"says nothing":             {x509.Certificate{Version: 3}, false},
		"says nothing, version 1":  {x509.Certificate{Version: 1}, false},
		"constraints not readable": {x509.Certificate{Version: 3, IsCA: true}, false},
	} {
		p := path{certs: []*x509.Certificate{leaf, &c.between, root}, anchored: true}
		if err := p.ends(); (err == nil) != c.ok {
			t.Errorf("%s: %v, want ok %t", name, err, c.ok)
		}
	}
}
