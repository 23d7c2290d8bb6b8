package envoy

import (
	"context"
	"errors"
	"io"
	"slices"

	"github.com/go-json-experiment/json"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// wireCerts is the answer to /certs (envoy: admin/v3/certs.proto): of each TLS context what it holds in memory.
type wireCerts struct {
	Certificates []struct {
		Chain []wireCertDetails `json:"cert_chain"`
	} `json:"certificates"`
}

type wireCertDetails struct {
	Path   string        `json:"path"`
	Serial string        `json:"serial_number"`
	Names  []wireCertSAN `json:"subject_alt_names"`
	From   string        `json:"valid_from"`
	To     string        `json:"expiration_time"`
}

type wireCertSAN struct {
	DNS string `json:"dns"`
	URI string `json:"uri"`
	IP  string `json:"ip_address"`
}

// readCertificates asks once, after the configuration, what the proxy holds in memory: of certificates in files the dump has
// paths only, and of those that were delivered it does not tell whether a TLS context took them.
func (c *collector) readCertificates(ctx context.Context, g Getter) {
	files, own := c.fileCertificates(), c.ownCertificates()
	if len(files) == 0 && len(own) == 0 {
		return
	}
	var w wireCerts
	err := answer(ctx, g, "/certs", func(r io.Reader) (err error) {
		w, err = decodeCerts(r)
		return err
	})
	c.noteFiles(files, w, err)
	if err == nil {
		c.noteHeld(own, w)
	}
}

// fileCertificates are the paths of certificates that the TLS contexts of upstreams name.
func (c *collector) fileCertificates() map[string]bool {
	paths := map[string]bool{}
	for i := range c.upstreams {
		for _, k := range contexts(&c.upstreams[i]) {
			for _, s := range append([]facts.Source{k.Cert}, k.MoreCerts...) {
				if s.Kind == facts.SourceFile {
					paths[s.Name] = true
				}
			}
		}
	}
	return paths
}

// noteFiles gives the contexts what the proxy has read from files that they name. What cannot be had stays unknown.
func (c *collector) noteFiles(wanted map[string]bool, w wireCerts, err error) {
	if len(wanted) == 0 {
		return
	}
	held := map[string][]facts.Certificate{}
	if err == nil {
		err = heldFiles(w, wanted, held)
	}
	if err != nil {
		c.missing[facts.FactFiles] = missingAnswer("the certificates that the proxy read from files (/certs)", err)
		return
	}
	for i := range c.upstreams {
		for _, k := range contexts(&c.upstreams[i]) {
			for _, s := range append([]facts.Source{k.Cert}, k.MoreCerts...) {
				if s.Kind == facts.SourceFile {
					for _, cert := range held[s.Name] {
						k.Own = append(k.Own, []facts.Certificate{cert})
					}
				}
			}
		}
	}
}

// contexts are the sockets of an upstream.
func contexts(u *facts.Upstream) []*facts.Socket {
	out := []*facts.Socket{&u.Socket}
	for i := range u.Matches {
		out = append(out, &u.Matches[i])
	}
	return out
}

// heldFiles keeps the certificates of the wanted paths. Of several versions of a file it keeps the one that ends first and the one
// that ends last: contexts may hold an older one, and the answer does not tell which do.
func heldFiles(w wireCerts, wanted map[string]bool, held map[string][]facts.Certificate) error {
	for _, one := range w.Certificates {
		for _, d := range one.Chain {
			c := facts.Certificate{Subject: d.Path, Serial: d.Serial, NotBefore: at(d.From), NotAfter: at(d.To)}
			for _, n := range d.Names {
				c.DNS, c.URIs, c.IPs = withName(c.DNS, n.DNS), withName(c.URIs, n.URI), withName(c.IPs, n.IP)
			}
			if wanted[d.Path] && !c.NotAfter.IsZero() {
				held[d.Path] = outermost(append(held[d.Path], c))
			}
		}
	}
	if len(held) == 0 && len(w.Certificates) == 0 {
		return errors.New("it lists no certificate")
	}
	return nil
}

func decodeCerts(r io.Reader) (w wireCerts, err error) {
	text, err := sniff(r)
	if err != nil {
		return w, err
	}
	if err := json.UnmarshalRead(text, &w, json.MatchCaseInsensitiveNames(true)); err != nil {
		return wireCerts{}, inWords(wrongPart(err))
	}
	return w, nil
}

// outermost leaves of versions of a file the one that ends first and the one that ends last, where those differ.
func outermost(versions []facts.Certificate) []facts.Certificate {
	end := func(a, b facts.Certificate) int { return a.NotAfter.Compare(b.NotAfter) }
	first, last := slices.MinFunc(versions, end), slices.MaxFunc(versions, end)
	if first.NotAfter.Equal(last.NotAfter) {
		return []facts.Certificate{first}
	}
	return []facts.Certificate{first, last}
}

func withName(list []string, name string) []string {
	if name == "" {
		return list
	}
	return append(list, name)
}
