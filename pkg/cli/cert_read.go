package cli

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/cert"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// errNoSecret says that a Secret does not exist.
var errNoSecret = errors.New("is not there")

// secretReader reads Secrets, each once; the cluster is opened at the first.
type secretReader struct {
	d      *deps
	client *kube.Client
	read   map[string]map[string][]byte
}

func newSecretReader(d *deps) *secretReader {
	return &secretReader{d: d, read: map[string]map[string][]byte{}}
}

// secretRef splits secret/NAME and secret/NAMESPACE/NAME; ok is false for a file.
func secretRef(ref string) (namespace, name string, ok bool) {
	rest, ok := strings.CutPrefix(ref, "secret/")
	if !ok {
		return "", "", false
	}
	if before, after, both := strings.Cut(rest, "/"); both {
		return before, after, true
	}
	return "", rest, true
}

// values gives the content of a Secret. An error never holds any of it.
func (r *secretReader) values(ctx context.Context, namespace, name string) (where string, values map[string][]byte, err error) {
	if r.client == nil {
		if r.client, err = kube.New(r.d.kube); err != nil {
			return "", nil, err
		}
	}
	if namespace == "" {
		namespace = r.client.Namespace()
	}
	where = "Secret " + namespace + "/" + name
	if values, seen := r.read[where]; seen {
		return where, values, nil
	}
	u, err := r.client.Dynamic().Resource(schema.GroupVersionResource{Version: "v1", Resource: "secrets"}).Namespace(namespace).Get(ctx, name, metav1.GetOptions{})
	switch {
	case apierrors.IsNotFound(err):
		return where, nil, fmt.Errorf("%s %w: kubectl get secrets -n %s", where, errNoSecret, namespace)
	case apierrors.IsForbidden(err):
		return where, nil, fmt.Errorf("read %s: not allowed; ask for the right to get secrets in namespace %s", where, namespace)
	case err != nil:
		return where, nil, fmt.Errorf("read %s: %w", where, err)
	}
	if values, err = decodeData(u); err != nil {
		return where, nil, fmt.Errorf("read %s: %w", where, err)
	}
	r.read[where] = values
	return where, values, nil
}

func decodeData(u *unstructured.Unstructured) (map[string][]byte, error) {
	texts, _, err := unstructured.NestedStringMap(u.Object, "data")
	if err != nil {
		return nil, errors.New("its data is no map of texts")
	}
	out := map[string][]byte{}
	for key, text := range texts {
		if out[key], err = base64.StdEncoding.DecodeString(text); err != nil {
			return nil, fmt.Errorf("key %s is no base64", key)
		}
	}
	return out, nil
}

// part reads a part of what a flag names: the file whole, or of a Secret what istiod
// would read. A CA is looked for as istiod does it, in NAME-cacert first.
func (r *secretReader) part(ctx context.Context, flag, ref string, p cert.Part) (cert.Pile, error) {
	namespace, name, ok := secretRef(ref)
	if !ok {
		return readPEM(ctx, r.d, flag, ref)
	}
	if p == cert.PartCA && !strings.HasSuffix(name, cert.CASuffix) {
		pile, err := r.ofSecret(ctx, flag, namespace, name+cert.CASuffix, p)
		if !errors.Is(err, errNoSecret) {
			return pile, err
		}
	}
	return r.ofSecret(ctx, flag, namespace, name, p)
}

func (r *secretReader) ofSecret(ctx context.Context, flag, namespace, name string, p cert.Part) (cert.Pile, error) {
	where, values, err := r.values(ctx, namespace, name)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	key, ok := cert.InSecret(values, p)
	if !ok {
		return nil, fmt.Errorf("%s: %w", flag, &noPartError{where: where, part: p, has: slices.Sorted(maps.Keys(values))})
	}
	pile, err := cert.Read(where+" "+key, values[key])
	if err != nil {
		return nil, fmt.Errorf("%s: %w", flag, err)
	}
	return pile, nil
}

// noPartError says that a Secret has no keys of the names that istiod reads.
type noPartError struct {
	where string
	part  cert.Part
	has   []string
}

func (e *noPartError) Error() string {
	want := "tls.crt and tls.key, or cert and key"
	if e.part == cert.PartCA {
		want = "ca.crt or cacert"
	}
	return fmt.Sprintf("%s has no keys that Istio reads for it (%s); it has %s", e.where, want, strings.Join(e.has, ", "))
}
