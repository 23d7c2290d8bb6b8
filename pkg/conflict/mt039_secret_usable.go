package conflict

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/cert"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// secretUsable: a Secret that is named and not made must be where istiod looks, hold
// what istiod reads, and be of use (istio pilot/pkg/credentials/kube/secrets.go). Without
// it the cluster of the host stays in warming, and its calls fail.
func secretUsable() *Conflict {
	return &Conflict{
		ID: "MT039", Name: "secret-usable",
		Doc: "every Secret that the plan names is there, with the keys that istiod reads, a key that fits and certificates in their validity",
		Find: func(in Input) []check.Finding {
			var out []check.Finding
			if len(in.Secrets) == 0 {
				return nil
			}
			for _, s := range in.Secrets {
				if s.Unread != "" {
					out = append(out, check.Finding{Outcome: check.Unknown, Summary: fmt.Sprintf("Secret %s/%s was not looked at: %s", s.Namespace, s.Name, s.Unread)})
				}
			}
			if in.Intent.CA.Kind == intent.CASecret {
				out = append(out, in.authority()...)
			}
			if in.Intent.Certificate.Kind == intent.PairSecret {
				out = append(out, in.pair()...)
			}
			return out
		},
	}
}

func (in Input) secret(name string) (Secret, bool) {
	n := slices.IndexFunc(in.Secrets, func(s Secret) bool { return s.Name == name })
	if n < 0 || in.Secrets[n].Unread != "" {
		return Secret{}, false
	}
	return in.Secrets[n], true
}

// authority looks for the CA as istiod does: NAME-cacert, then NAME.
func (in Input) authority() []check.Finding {
	name := in.Intent.CA.Name
	first, asked := in.secret(name + cert.CASuffix)
	second, askedToo := in.secret(name)
	switch {
	case !asked: // the plan makes it, or it could not be read
		return nil
	case !first.Found && !askedToo:
		return nil
	case !first.Found && !second.Found:
		return []check.Finding{absent(second, "the CA", fmt.Sprintf("%s, or %s%s,", name, name, cert.CASuffix))}
	case !first.Found:
		return in.bundle(second)
	}
	out := in.bundle(first)
	if key, has := cert.InSecret(second.Values, cert.PartCA); second.Found && has {
		out = append(out, warn("Secret "+second.Namespace+"/"+second.Name, fmt.Sprintf("Secret %s%s goes before %s in Secret %s, which is not used", name, cert.CASuffix, key, name),
			fmt.Sprintf("delete one of the two: kubectl delete secret %s%s -n %s", name, cert.CASuffix, first.Namespace)))
	}
	return out
}

func absent(s Secret, what, names string) check.Finding {
	text := fmt.Sprintf("Secret %s with %s is not in namespace %s, where Istio looks for it", names, what, s.Namespace)
	fix := fmt.Sprintf("kubectl mesh-tls cert secret --help shows how to make it in namespace %s", s.Namespace)
	if len(s.Elsewhere) > 0 {
		text += "; one of that name is in namespace " + few(s.Elsewhere)
		fix = fmt.Sprintf("make it in namespace %s too: Istio never looks into another one", s.Namespace)
	}
	return fail("Secret "+s.Namespace+"/"+s.Name, text, fix)
}

// bundle judges the CA's certificates.
func (in Input) bundle(s Secret) []check.Finding {
	object := "Secret " + s.Namespace + "/" + s.Name
	key, has := cert.InSecret(s.Values, cert.PartCA)
	if !has {
		return []check.Finding{fail(object, fmt.Sprintf("%s has neither cacert nor ca.crt, where Istio reads the CA; it has %s", object, keysOf(s)), "name the key cacert or ca.crt: kubectl mesh-tls cert secret --help")}
	}
	pile, err := cert.Read(object+", "+key, s.Values[key])
	if err != nil {
		return []check.Finding{fail(object, err.Error(), "put the CA's certificate there, in PEM form")}
	}
	certs := pile.Certs()
	if len(certs) == 0 {
		return []check.Finding{fail(object, fmt.Sprintf("%s, %s holds no certificate that can be read", object, key), "put the CA's certificate there, in PEM form")}
	}
	var expired int
	for _, c := range certs {
		if in.Now.After(c.NotAfter) {
			expired++
		}
	}
	switch {
	case expired == len(certs):
		return []check.Finding{fail(object, fmt.Sprintf("%s, %s: the CA expired on %s", object, key, certs[0].NotAfter.UTC().Format("2006-01-02")), "put the CA's present certificate there")}
	case expired > 0:
		return []check.Finding{warn(object, fmt.Sprintf("%s, %s: %d of %d certificates are expired", object, key, expired, len(certs)), "take them out")}
	}
	return nil
}

// pair judges a certificate with its key as package cert does for files.
func (in Input) pair() []check.Finding {
	s, asked := in.secret(in.Intent.Certificate.Name)
	if !asked {
		return nil
	}
	object := "Secret " + s.Namespace + "/" + s.Name
	if !s.Found {
		return []check.Finding{absent(s, "the certificate and its key", s.Name)}
	}
	name, has := cert.InSecret(s.Values, cert.PartCert)
	key, _ := cert.InSecret(s.Values, cert.PartKey)
	if !has {
		return []check.Finding{fail(object, fmt.Sprintf("%s has neither tls.crt and tls.key nor cert and key, which Istio reads; it has %s", object, keysOf(s)), "kubectl mesh-tls cert secret --help shows how to make it")}
	}
	var end cert.End
	var err error
	if end.Cert, err = cert.Read(object+", "+name, s.Values[name]); err != nil {
		return []check.Finding{fail(object, err.Error(), "put the certificate there, in PEM form")}
	}
	if end.Key, err = cert.Read(object+", "+key, s.Values[key]); err != nil {
		return []check.Finding{fail(object, err.Error(), "put the key there, in PEM form")}
	}
	ends := cert.Input{Client: end, Now: in.Now, Warn: in.Warn}
	if in.Intent.AtGateway() {
		ends.Client, ends.Server, ends.Host = cert.End{}, end, in.Intent.Host
	}
	var out []check.Finding
	for _, r := range cert.Check(ends) {
		if o, bad := outcomeOf[r.Outcome]; bad {
			out = append(out, check.Finding{Outcome: o, Object: object, Summary: r.Summary, Fix: r.Fix})
		}
	}
	return out
}

// keysOf lists the names in a Secret, never what they hold.
func keysOf(s Secret) string {
	if len(s.Values) == 0 {
		return "nothing"
	}
	return strings.Join(slices.Sorted(maps.Keys(s.Values)), ", ")
}
