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

// pair is a certificate of 30 days and a key, its own or another's.
func pair(own bool) map[string][]byte {
	ca := made("ca", now())
	authority := cert.Authority{Chain: ca.Chain, Key: ca.Key}
	sans, err := cert.ParseSANs([]string{"client.example.com"})
	if err != nil {
		panic(err)
	}
	issue := func() cert.Issued {
		leaf, err := cert.Issue(cert.Request{CommonName: "client", SANs: sans, Client: true, Key: cert.ECDSAP256, Now: now(), Valid: 24 * time.Hour * 30}, authority, rand.Reader)
		if err != nil {
			panic(err)
		}
		return leaf
	}
	leaf := issue()
	values := map[string][]byte{"tls.crt": cert.PEM(leaf.Chain...)}
	if !own {
		leaf = issue()
	}
	if values["tls.key"], err = leaf.Key.PEM(); err != nil {
		panic(err)
	}
	return values
}
