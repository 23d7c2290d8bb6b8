package envoy

import (
	"encoding/base64"
	"fmt"
	"sort"

	tlsv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/transport_sockets/tls/v3"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// readSPIFFE reads Envoy's SPIFFE validator: a bundle per trust domain, given
// one by one or as one SPIFFE bundle map.
func readSPIFFE(s *tlsv3.SPIFFECertValidatorConfig, v *facts.Validation) {
	v.CA = facts.Source{Kind: facts.SourceSPIFFE}
	for _, d := range s.GetTrustDomains() {
		source, text := sourceOf(d.GetTrustBundle())
		td := facts.TrustDomainCA{Name: d.GetName()}
		if source.Kind == facts.SourceInline {
			var problem string
			if td.CA, problem = certificates(text); problem != "" {
				v.Problem = "trust domain " + d.GetName() + ": " + problem
			}
		}
		v.SPIFFE = append(v.SPIFFE, td)
	}
	source, text := sourceOf(s.GetTrustBundles())
	switch source.Kind {
	case facts.SourceInline:
		found, err := bundleMap(text)
		if err != nil {
			v.Problem = "the SPIFFE trust bundles: " + err.Error()
		}
		v.SPIFFE = append(v.SPIFFE, found...)
	case facts.SourceFile:
		v.CA.Name = source.Name
	}
}

type wireBundleMap struct {
	Domains map[string]struct {
		Keys []struct {
			Use string   `json:"use"`
			X5C []string `json:"x5c"`
		} `json:"keys"`
	} `json:"trust_domains"`
}

// bundleMap reads the SPIFFE bundle map of SPIFFE's trust domain and bundle
// specification: certificates are the x5c of keys for x509-svid.
func bundleMap(text []byte) ([]facts.TrustDomainCA, error) {
	w, err := decode[wireBundleMap](text)
	if err != nil {
		return nil, wrongPart(err)
	}
	var out []facts.TrustDomainCA
	for name, d := range w.Domains {
		td := facts.TrustDomainCA{Name: name}
		for _, k := range d.Keys {
			for _, x := range k.X5C {
				der, err := base64.StdEncoding.DecodeString(x)
				if err != nil {
					return nil, fmt.Errorf("trust domain %s: a certificate is not base64", name)
				}
				cert, err := facts.ParseDER(der)
				if err != nil {
					return nil, fmt.Errorf("trust domain %s: %w", name, err)
				}
				td.CA = append(td.CA, cert)
			}
		}
		out = append(out, td)
	}
	sort.Slice(out, func(i, j int) bool { return out[i].Name < out[j].Name })
	return out, nil
}
