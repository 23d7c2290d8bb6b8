package istio

import (
	"bytes"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// Where istiod looks (pilot/pkg/credentials/kube/secrets.go): for credentialName X
// the Secret X-cacert, then X; the key cacert, then ca.crt. A ConfigMap is found
// by its own name.
const (
	secretSuffix = "-cacert"
	caKey        = "ca.crt"
	maxBundle    = 1 << 20 // etcd takes no larger object
)

// buildCA makes the object that holds the bundle, and adds the certificates'
// fingerprints to the intent. Without a bundle there is nothing to make.
func buildCA(i intent.Intent, bundle []byte) (intent.Intent, *unstructured.Unstructured, error) {
	if len(bundle) == 0 {
		return i, nil, nil
	}
	if i.CA.Kind != intent.CASecret && i.CA.Kind != intent.CAConfigMap {
		return i, nil, fmt.Errorf("a bundle of certificates is given, but a CA of kind %s does not use one: valid are %s and %s",
			i.CA.Kind, intent.CASecret, intent.CAConfigMap)
	}
	certs, err := readBundle(bundle)
	if err != nil {
		return i, nil, err
	}
	var prints []string
	var text bytes.Buffer
	for _, c := range certs {
		prints = append(prints, c.Fingerprint)
		if err := pem.Encode(&text, &pem.Block{Type: "CERTIFICATE", Bytes: c.DER}); err != nil {
			return i, nil, err
		}
	}
	if text.Len() > maxBundle {
		return i, nil, fmt.Errorf("the bundle has %d bytes, and an object holds no more than %d: leave certificates out", text.Len(), maxBundle)
	}
	if len(i.CA.Fingerprints) > 0 && !slices.Equal(i.CA.Fingerprints, prints) {
		return i, nil, errors.New("the bundle's certificates are not those whose fingerprints the intent names")
	}
	i.CA.Fingerprints = prints
	return i, caObject(i, text.Bytes()), nil
}

// readBundle takes certificates only. A private key in it is refused, not skipped:
// a file with one is the wrong file.
func readBundle(bundle []byte) ([]facts.Certificate, error) {
	for rest := bundle; ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			break
		}
		if strings.Contains(block.Type, "PRIVATE KEY") {
			return nil, errors.New("the CA bundle holds a private key: give a file with certificates only")
		}
	}
	certs, err := facts.ParsePEM(bundle)
	if err != nil {
		return nil, fmt.Errorf("reading the CA bundle: %w: give PEM certificates", err)
	}
	return certs, nil
}

func caObject(i intent.Intent, text []byte) *unstructured.Unstructured {
	if i.CA.Kind == intent.CAConfigMap {
		u := newOwned(i, "v1", "ConfigMap", i.CA.Name)
		u.Object["data"] = map[string]any{caKey: string(text)}
		return u
	}
	// The name with suffix: a Secret of that name, made by someone else, would go
	// before one without; and istiod gives it to sidecars without asking whether
	// their account may read secrets (pilot/pkg/xds/sds.go).
	u := newOwned(i, "v1", "Secret", i.CA.Name+secretSuffix)
	u.Object["type"] = "Opaque"
	u.Object["data"] = map[string]any{caKey: base64.StdEncoding.EncodeToString(text)}
	return u
}
