package conflict

import (
	"crypto/rand"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/cert"
)

// made issues a certificate of a new CA, at a time.
func made(name string, at time.Time) cert.Issued {
	ca, err := cert.NewCA(cert.Request{CommonName: name, Key: cert.ECDSAP256, Now: at, Valid: 24 * time.Hour * 60}, nil, rand.Reader)
	if err != nil {
		panic(err)
	}
	return ca
}

func good() []byte { return cert.PEM(made("good", now()).Chain...) }
func old() []byte  { return cert.PEM(made("old", now().AddDate(-1, 0, 0)).Chain...) }

func mismatched() map[string][]byte {
	ca := made("ca", now())
	authority := cert.Authority{Chain: ca.Chain, Key: ca.Key}
	values := map[string][]byte{}
	for _, name := range []string{"tls.crt", "tls.key"} {
		sans, err := cert.ParseSANs([]string{"client.example.com"})
		if err != nil {
			panic(err)
		}
		leaf, err := cert.Issue(cert.Request{CommonName: "client", SANs: sans, Client: true, Key: cert.ECDSAP256, Now: now(), Valid: 24 * time.Hour * 30}, authority, rand.Reader)
		if err != nil {
			panic(err)
		}
		values[name] = cert.PEM(leaf.Chain...)
		if name == "tls.key" {
			if values[name], err = leaf.Key.PEM(); err != nil {
				panic(err)
			}
		}
	}
	return values
}
