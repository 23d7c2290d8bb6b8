package cli

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/cert"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
)

// soon is when a certificate that is still good is worth a word.
const soon = 14 * 24 * time.Hour

// readEnd reads the certificate and the key that an end presents, and the CA that it
// checks the other end against, where that comes as a file too ("" for none). Whether
// they are any good is for checkEnds to say. Errors name files and never show a key.
func readEnd(ctx context.Context, d *deps, certFlag, certFile, keyFlag, keyFile, caFlag, caFile string) (cert.End, error) {
	var end cert.End
	for _, f := range []struct {
		flag, file string
		into       *cert.Pile
	}{{certFlag, certFile, &end.Cert}, {keyFlag, keyFile, &end.Key}, {caFlag, caFile, &end.CA}} {
		if f.file == "" {
			continue
		}
		var err error
		if *f.into, err = readPEM(ctx, d, f.flag, f.file); err != nil {
			return end, err
		}
	}
	return end, nil
}

// checkEnds refuses files with which no connection could be made: a key of another
// certificate, one that Envoy does not take, a certificate that expired or is not for
// this end; and, where both ends are given, a CA on the wrong side. What is odd comes
// back as notes.
func checkEnds(in cert.Input) (notes []string, err error) {
	var errs []error
	for _, r := range cert.Check(in) {
		text := fmt.Sprintf("%s's certificate: %s", r.End, r.Summary)
		if r.Fix != "" {
			text += "; " + r.Fix
		}
		switch r.Outcome {
		case cert.Fail, cert.Unknown:
			errs = append(errs, errors.New(text))
		case cert.Warn:
			notes = append(notes, text)
		}
	}
	return notes, errors.Join(errs...)
}

// pairOf gives the certificates and the key as the Secret gets them, and nothing else
// that stood in the files.
func pairOf(end cert.End) (istio.Pair, error) {
	key, err := end.Key.Key()
	if err != nil {
		return istio.Pair{}, err
	}
	text, err := key.PEM()
	if err != nil {
		return istio.Pair{}, err
	}
	return istio.Pair{Cert: cert.PEM(end.Cert.Certs()...), Key: text}, nil
}

// sansOf lists the names of a certificate as a peer's list of names spells them.
func sansOf(c *x509.Certificate) []string {
	out := slices.Clone(c.DNSNames)
	for _, u := range c.URIs {
		out = append(out, u.String())
	}
	for _, ip := range c.IPAddresses {
		out = append(out, ip.String())
	}
	return out
}
