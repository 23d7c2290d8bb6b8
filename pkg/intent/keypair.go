package intent

import (
	"encoding/hex"
	"strings"
)

// PairKind says where a certificate and its key are; the zero value is no
// certificate, which only mode SIMPLE allows.
type PairKind string

// Kinds of pair: two files inside the sidecar, or a Secret that the proxy reads by
// credentialName.
const (
	PairNone   PairKind = ""
	PairPath   PairKind = "path"
	PairSecret PairKind = "secret"
)

// KeyPair refers to the certificate that an end of a connection presents, and to its
// key. Neither is in it: the key stays in the Secret or the file.
type KeyPair struct {
	Kind PairKind `json:"kind"`
	// Name is the certificate's path inside the sidecar, or the credentialName.
	Name string `json:"name,omitempty"`
	// Key is the key's path inside the sidecar; a Secret holds both.
	Key string `json:"key,omitempty"`
	// Fingerprint is the SHA-256 of the certificate in lower-case hex, where it is known.
	Fingerprint string `json:"fingerprint,omitempty"`
	// ServiceAccounts are the accounts of the clients that are given the right to the
	// Secret: istiod hands a pair only to a sidecar whose account may list the Secrets
	// of its namespace (istio pilot/pkg/credentials/kube/secrets.go, Authorize).
	ServiceAccounts []string `json:"serviceAccounts,omitempty"`
}

// checkPair: the certificate that this end presents, and that Istio takes it together
// with the CA. A rule names either files or a credential, never both (istio
// pkg/config/validation/agent/validation.go, ValidateTLS), and with a credential the
// CA comes from the Secret of the same name (pilot/pkg/credentials/kube, GetCaCert).
func (i Intent) checkPair(p *problems) {
	c := i.Certificate
	const field = "certificate"
	switch c.Kind {
	case PairNone:
		if c.Name != "" || c.Key != "" || c.Fingerprint != "" || len(c.ServiceAccounts) > 0 {
			p.add(field+".kind", "", "is empty, and the rest of the certificate is not: valid are %s and %s", PairPath, PairSecret)
		}
		return
	case PairPath:
		checkPath(p, field+".name", "--client-cert-path", c.Name)
		checkPath(p, field+".key", "--client-key-path", c.Key)
		if i.CA.Kind != CAPath && i.CA.Kind != CASystem {
			p.add("ca.kind", "--ca-path", "%q together with a client certificate in files of the sidecar: Istio takes both from files or both from a Secret; "+
				"mount the CA too and name it with --ca-path, or give --ca system", i.CA.Kind)
		}
		if len(c.ServiceAccounts) > 0 {
			p.add(field+".serviceAccounts", "--service-account", "files in the sidecar need no right to Secrets")
		}
	case PairSecret:
		i.checkPairSecret(p)
	default:
		p.add(field+".kind", "", "%q is unknown: valid are %s and %s", c.Kind, PairPath, PairSecret)
	}
	if c.Fingerprint != "" && !isPrint(c.Fingerprint) {
		p.add(field+".fingerprint", "", "%q is no SHA-256 in 64 lower-case hex digits", c.Fingerprint)
	}
}

func (i Intent) checkPairSecret(p *problems) {
	c := i.Certificate
	const flag = "--client-secret"
	checkObjectName(p, "certificate.name", flag, c.Name)
	if strings.HasSuffix(c.Name, "-cacert") {
		p.add("certificate.name", flag, "%q: Istio reads a Secret of such a name for its CA only", c.Name)
	}
	if c.Key != "" {
		p.add("certificate.key", "--client-key-path", "a Secret holds the key beside the certificate: leave it out")
	}
	if i.CA.Kind != CASecret || i.CA.Name != c.Name {
		p.add("ca", "--ca-file", "with a certificate from Secret %s Istio reads the CA from Secret %s-cacert, or else from key cacert or ca.crt of %s, and from nowhere else: "+
			"give the CA with --ca-file, or nothing when the Secret has it; files in the sidecar (--client-cert-path) go with --ca-path and --ca system", c.Name, c.Name, c.Name)
	}
	if len(i.Workload) == 0 && !i.AtGateway() && !i.ThroughGateway() {
		p.add("workload", "--workload", "a client certificate from a Secret (credentialName) needs the labels of the clients: without a workload selector "+
			"Istio gives a sidecar no TLS at all and the traffic stays plain; name them, for example --workload app=web, or mount files into the sidecar (--client-cert-path)")
	}
	seen := map[string]bool{}
	for _, account := range c.ServiceAccounts {
		if checkObject(account) || seen[account] {
			p.add("certificate.serviceAccounts", "--service-account", "%q is no name of a ServiceAccount, or stands twice", account)
		}
		seen[account] = true
	}
}

// isPrint tells whether s is a fingerprint as intents hold it.
func isPrint(s string) bool {
	b, err := hex.DecodeString(s)
	return err == nil && len(b) == 32 && s == strings.ToLower(s)
}
