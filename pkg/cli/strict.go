package cli

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/istio"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
	"github.com/spf13/cobra"
)

const strictLong = `Let workloads take connections of the mesh only: mutual TLS with a certificate of the mesh. Whoever
has no sidecar is refused, and its connections are reset. Makes one PeerAuthentication: for the
namespace, for the mesh (--mesh), or for the workload TARGET (deploy/NAME, pod/NAME, ...).

--port makes an exception for a port of TARGET. Istio counts container ports; a port of a Service is
translated and said. With auto mTLS, Istio's default, clients with a sidecar send mutual TLS by
themselves. Where that is switched off (enableAutoMtls: false), DestinationRules are made for them
first: for hosts that have none, and inside the rules of others that say nothing of TLS. What
those say is kept, and what they say against it is named.`

// strictFlags holds what was typed.
type strictFlags struct {
	applyFlags
	name    string
	mesh    bool
	preview bool
	ports   []string
}

func newStrict(d *deps) *cobra.Command {
	var f strictFlags
	c := &cobra.Command{
		Use: "strict [TARGET]", Short: "Workloads take mutual TLS of the mesh only", Long: strictLong,
		Example: `  # Every workload of namespace workshop
  kubectl mesh-tls enable strict -n workshop

  # Who would be locked out? Nothing is written
  kubectl mesh-tls enable strict -n workshop --preview

  # One workload, except one port, which stays open to plaintext
  kubectl mesh-tls enable strict deploy/wordpress -n workshop --port 8080=PERMISSIVE

  # The whole mesh; policies of namespaces and workloads go before it
  kubectl mesh-tls enable strict --mesh`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			return runStrict(c.Context(), d, f, strings.Join(args, ""))
		},
	}
	fs := c.Flags()
	fs.StringVar(&f.name, "name", "", "name of the intent and of its object (default: strict, strict-mesh, or made of TARGET)")
	fs.BoolVar(&f.mesh, "mesh", false, "for the whole mesh: the policy stands in Istio's root namespace")
	fs.StringSliceVar(&f.ports, "port", nil, "exception `PORT=MODE` for a port of TARGET: STRICT, PERMISSIVE or DISABLE (may be repeated)")
	fs.BoolVar(&f.preview, "preview", false, "write nothing, and tell who would be locked out and why (exit code 1: somebody surely is, 2: it could not be told)")
	f.add(fs)
	return c
}

// runStrict: what was typed -> an intent with labels and container ports -> enable.
func runStrict(ctx context.Context, d *deps, f strictFlags, target string) error {
	const help = "\nsee: kubectl mesh-tls enable strict --help"
	if err := f.validate(); err != nil {
		return fmt.Errorf("%w%s", err, help)
	}
	if f.mesh && target != "" {
		return fmt.Errorf("give either --mesh or a TARGET, not both%s", help)
	}
	c, err := clusterOrNone(ctx, d, f.dryRun)
	if err != nil {
		return err
	}
	o := enableOptions{applyFlags: f.applyFlags}
	if o.intent, err = f.scope(d, c, target); err != nil {
		return err
	}
	if target != "" {
		if o.intent, o.notes, err = f.forWorkload(ctx, c, o.intent, target); err != nil {
			return err
		}
	} else if len(f.ports) > 0 {
		return fmt.Errorf("--port needs a TARGET: Istio takes modes of ports in a policy for some workloads only%s", help)
	}
	if err := o.intent.Validate(); err != nil {
		return fmt.Errorf("%w%s", err, help)
	}
	if f.preview {
		return runPreview(ctx, d, o)
	}
	if err := o.lookAtClients(ctx, c); err != nil {
		return err
	}
	return carryOut(ctx, d, o)
}

var notLabel = regexp.MustCompile(`[^a-z0-9]+`)

// scope gives the intent its name and namespace. In the root namespace a policy
// without selector is the mesh's, which must be meant, and one with a selector is
// ignored by Istio.
func (f *strictFlags) scope(d *deps, c *kube.Client, target string) (intent.Intent, error) {
	it := intent.Intent{Recipe: intent.RecipeStrict, Name: f.name, Mesh: f.mesh}
	root, namespace := kube.DefaultRootNamespace, ""
	if c != nil {
		root, namespace = c.RootNamespace, c.Namespace()
	} else {
		var err error
		if namespace, _, err = d.kube.ToRawKubeConfigLoader().Namespace(); err != nil {
			return it, fmt.Errorf("find the namespace in the kubeconfig: %w", err)
		}
	}
	switch it.Namespace = namespace; {
	case f.mesh && *d.kube.Namespace != "" && *d.kube.Namespace != root:
		return it, fmt.Errorf("--mesh is for the whole mesh, and --namespace %s for one namespace: give one of them", *d.kube.Namespace)
	case f.mesh:
		it.Namespace = root
	case namespace == root && target != "":
		return it, fmt.Errorf("%s is Istio's root namespace, where a policy for some workloads is ignored", root)
	case namespace == root:
		return it, fmt.Errorf("%s is Istio's root namespace: a policy there is for the whole mesh; say --mesh if that is meant", root)
	}
	if it.Name == "" {
		switch it.Name = "strict"; {
		case f.mesh:
			it.Name += "-mesh"
		case target != "":
			it.Name += "-" + strings.Trim(notLabel.ReplaceAllString(strings.ToLower(target[strings.LastIndex(target, "/")+1:]), "-"), "-")
			it.Name = strings.TrimRight(it.Name[:min(len(it.Name), 63)], "-")
		}
	}
	return it, nil
}

// forWorkload finds the pods' labels and the container ports of the exceptions.
func (f *strictFlags) forWorkload(ctx context.Context, c *kube.Client, it intent.Intent, target string) (intent.Intent, []string, error) {
	if c == nil {
		return it, nil, errors.New("a policy for TARGET needs its labels, and no cluster answers")
	}
	w, err := c.Workload(ctx, it.Namespace, target)
	if err != nil {
		return it, nil, err
	}
	it.Workload = w.Selector
	if len(f.ports) == 0 {
		return it, nil, nil
	}
	services, missing, err := c.Objects(ctx, kube.Query{Kinds: []string{kube.KindService}, Namespaces: []string{it.Namespace}})
	if err != nil {
		return it, nil, err
	}
	var notes []string
	if why := missing[kube.KindService]; why != "" {
		notes = append(notes, "ports are taken for container ports: "+why)
	}
	for _, p := range f.ports {
		number, mode, _ := strings.Cut(p, "=")
		typed, err := strconv.Atoi(number)
		if err != nil || mode == "" {
			return it, nil, fmt.Errorf("--port %q: must be PORT=MODE, for example 8080=PERMISSIVE", p)
		}
		port, note, err := istio.ContainerPort(typed, w.Labels, w.Ports, services)
		if err != nil {
			return it, nil, fmt.Errorf("--port %s: %w", p, err)
		}
		if note != "" {
			notes = append(notes, note)
		}
		it.PortModes = append(it.PortModes, intent.PortMode{Port: port, Mode: strings.ToUpper(mode)})
	}
	return it, notes, nil
}
