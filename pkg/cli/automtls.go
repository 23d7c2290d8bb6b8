package cli

import (
	"context"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// autoMTLSOff names the ConfigMap that switches auto mTLS off: clients with a sidecar
// send plaintext then unless a DestinationRule says otherwise. "" where it is on. It is a
// setting of a whole control plane; of several one is enough. What cannot be read is told
// in unseen.
func autoMTLSOff(ctx context.Context, c *kube.Client) (where, unseen string, err error) {
	objects, missing, err := c.Objects(ctx, kube.Query{Kinds: []string{kube.KindConfigMap}, Namespaces: []string{c.RootNamespace}})
	if err != nil {
		return "", "", err
	}
	why, read := missing[kube.KindConfigMap], false
	for _, u := range objects {
		text, there, _ := unstructured.NestedString(u.Object, "data", "mesh")
		if !there || u.GetName() != "istio" && !strings.HasPrefix(u.GetName(), "istio-") {
			continue
		}
		var config map[string]any
		if err := yaml.Unmarshal([]byte(text), &config); err != nil {
			why = fmt.Sprintf("ConfigMap %s/%s is not YAML", u.GetNamespace(), u.GetName())
			continue
		}
		read = true
		if istio.AutoMTLSOff(config) {
			return "ConfigMap " + u.GetNamespace() + "/" + u.GetName(), "", nil
		}
	}
	if why == "" && !read {
		why = "no ConfigMap istio in namespace " + c.RootNamespace
	}
	if why != "" {
		why = "whether auto mTLS is on (Istio's default) was not seen: " + why
	}
	return "", why, nil
}

// lookAtClients says in the options whether clients need rules of their own.
func (o *enableOptions) lookAtClients(ctx context.Context, c *kube.Client) error {
	if c == nil {
		return nil
	}
	where, unseen, err := autoMTLSOff(ctx, c)
	if unseen != "" {
		o.notes = append(o.notes, unseen)
	}
	o.clientRules = where != ""
	return err
}
