package istio

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/api/equality"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// Keys of a pair's Secret, as Kubernetes' own type has them; istiod reads them as well
// as cert and key (pilot/pkg/credentials/kube/secrets.go).
const (
	certKey    = "tls.crt"
	privateKey = "tls.key"
	tlsSecret  = "kubernetes.io/tls"
)

// Pair is a certificate chain and its key in PEM. It lives from the file to the Secret
// and is never printed: see WithoutKeys.
type Pair struct{ Cert, Key []byte }

// buildPair makes the Secret of the pair and adds the certificate's fingerprint to the
// intent. Without a pair there is nothing to make. Errors never hold what was read.
func buildPair(i intent.Intent, p Pair) (intent.Intent, *unstructured.Unstructured, error) {
	if len(p.Cert) == 0 && len(p.Key) == 0 {
		return i, nil, nil
	}
	if i.Certificate.Kind != intent.PairSecret {
		return i, nil, fmt.Errorf("a certificate and a key are given, but a certificate of kind %q does not use them: valid is %s", i.Certificate.Kind, intent.PairSecret)
	}
	pair, err := tls.X509KeyPair(p.Cert, p.Key)
	if err != nil {
		return i, nil, fmt.Errorf("the key does not fit the certificate, or one of the two is no PEM: %w", err)
	}
	sum := sha256.Sum256(pair.Certificate[0])
	print := hex.EncodeToString(sum[:])
	if i.Certificate.Fingerprint != "" && i.Certificate.Fingerprint != print {
		return i, nil, errors.New("the certificate is not the one whose fingerprint the intent names")
	}
	i.Certificate.Fingerprint = print
	u := newOwned(i, "v1", "Secret", i.Certificate.Name)
	u.Object["type"] = tlsSecret
	u.Object["data"] = map[string]any{
		certKey: base64.StdEncoding.EncodeToString(p.Cert), privateKey: base64.StdEncoding.EncodeToString(p.Key),
	}
	return i, u, nil
}

// buildAccess lets the clients' accounts read the pair. Istiod asks the API server
// whether the account may list the Secrets of the namespace, all of them: a right to
// one name is not enough for it.
func buildAccess(i intent.Intent) []*unstructured.Unstructured {
	if len(i.Certificate.ServiceAccounts) == 0 {
		return nil
	}
	role := newOwned(i, GroupRBAC+"/v1", kindRole, i.Name)
	role.Object["rules"] = accessRules()
	binding := newOwned(i, GroupRBAC+"/v1", kindBinding, i.Name)
	binding.Object["roleRef"] = map[string]any{"apiGroup": GroupRBAC, "kind": kindRole, "name": i.Name}
	var subjects []any
	for _, account := range i.Certificate.ServiceAccounts {
		subjects = append(subjects, map[string]any{"kind": "ServiceAccount", "name": account, "namespace": i.Namespace})
	}
	binding.Object["subjects"] = subjects
	return []*unstructured.Unstructured{role, binding}
}

func accessRules() []any {
	return []any{map[string]any{"apiGroups": []any{""}, "resources": []any{"secrets"}, "verbs": []any{"get", "list", "watch"}}}
}

// IsAccess tells whether a Role or RoleBinding gives no more than an intent of the name
// gives its clients.
func IsAccess(u *unstructured.Unstructured, name string) bool {
	if u.GroupVersionKind().Group != GroupRBAC || u.GetName() != name {
		return false
	}
	if u.GetKind() == kindRole {
		return equality.Semantic.DeepEqual(u.Object["rules"], accessRules())
	}
	subjects, _, err := unstructured.NestedSlice(u.Object, "subjects")
	if u.GetKind() != kindBinding || err != nil || !equality.Semantic.DeepEqual(u.Object["roleRef"], map[string]any{"apiGroup": GroupRBAC, "kind": kindRole, "name": name}) {
		return false
	}
	for _, s := range subjects {
		if m, _ := s.(map[string]any); m["kind"] != "ServiceAccount" || m["namespace"] != u.GetNamespace() {
			return false
		}
	}
	return true
}

// newOwned is an object of Kubernetes' own with our labels.
func newOwned(i intent.Intent, version, kind, name string) *unstructured.Unstructured {
	u := &unstructured.Unstructured{Object: map[string]any{}}
	u.SetAPIVersion(version)
	u.SetKind(kind)
	u.SetNamespace(i.Namespace)
	u.SetName(name)
	u.SetLabels(ownLabels(i.Name))
	return u
}

// notShown stands where a private key is. It is no base64, so that no API server takes the
// object for the Secret: it would overwrite the key with this text.
const notShown = "(a private key, not shown)"

// WithoutKeys gives the object as it may be printed: in a Secret every value that is
// no certificate is replaced by a text that says so. Other objects come back as they
// are; the given one is never changed.
func WithoutKeys(u *unstructured.Unstructured) *unstructured.Unstructured {
	if u == nil || u.GetKind() != "Secret" || u.GroupVersionKind().Group != "" {
		return u
	}
	public := map[string]bool{certKey: true, caKey: true, "cert": true, "cacert": true, "ca.crl": true, "crl": true}
	out := u.DeepCopy()
	for _, field := range []string{"data", "stringData"} {
		values, there, _ := unstructured.NestedMap(out.Object, field)
		for name := range values {
			if !public[name] {
				values[name] = notShown
			}
		}
		if there {
			out.Object[field] = values
		}
	}
	return out
}
