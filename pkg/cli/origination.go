package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

const originationLong = `Let the sidecars originate TLS to a host outside the mesh: the application speaks plaintext to its
sidecar, the sidecar speaks TLS to the server, validates its certificate against the CA given, and
checks its name. Makes a ServiceEntry, a DestinationRule and, with --ca-file, the object that holds
the CA in the form that this mesh can use: a Secret with --workload, else a ConfigMap (Istio 1.26+).

SNI and the names to check default to HOST, always both: on TCP Istio sets neither by itself, and
with sni alone it checks no name at all.`

// originationFlags holds what was typed.
type originationFlags struct {
	applyFlags
	name, protocol               string
	ca, caFile, caPath           string
	caSecret, caConfigMap        string
	sni, workload, resolution    string
	sans, exportTo               []string
	addresses, endpointAddresses []string
}

// originationOptions is the finished form; the CA's form is still open when it
// comes as a file, because it depends on the mesh's version.
type originationOptions struct {
	applyFlags
	intent intent.Intent
	bundle *bundle // of --ca-file
}

func newOrigination(d *deps) *cobra.Command {
	var f originationFlags
	c := &cobra.Command{
		Use: "origination HOST:PORT", Short: "The sidecar makes TLS of what an application sends to an external host", Long: originationLong,
		Example: `  # CA in a file here; only the pods app=redis-client of namespace redis
  kubectl mesh-tls enable origination redis.example.internal:16222 -n redis --ca-file ca.pem --workload app=redis-client

  # CA already mounted into the sidecar
  kubectl mesh-tls enable origination redis.example.internal:16222 -n redis --ca-path /etc/redis-ca/ca.pem

  # A server with a public certificate, for every namespace
  kubectl mesh-tls enable origination api.example.com:8443 --protocol http --ca system --export-to '*'`,
		Args: oneArg("HOST:PORT"),
		RunE: func(c *cobra.Command, args []string) error {
			o, err := f.toOptions(d, args[0])
			if err != nil {
				return fmt.Errorf("%w\nsee: kubectl mesh-tls enable origination --help", err)
			}
			return runOrigination(c.Context(), d, o)
		},
	}
	f.add(c)
	return c
}

func (f *originationFlags) add(c *cobra.Command) {
	fs := c.Flags()
	fs.StringVar(&f.name, "name", "", "name of the intent and of its objects (default: made of HOST)")
	fs.StringVar(&f.protocol, "protocol", "", "what the application speaks: tcp, http, http2, grpc, ... (default: by well-known port, else tcp)")
	fs.StringVar(&f.caFile, "ca-file", "", "PEM `FILE` here with the CA of the server")
	fs.StringVar(&f.caPath, "ca-path", "", "`PATH` of the CA inside the sidecar")
	fs.StringVar(&f.ca, "ca", "", "`system`: the public CAs of the sidecar's image")
	fs.StringVar(&f.caSecret, "ca-secret", "", "existing Secret `NAME` (Istio reads NAME-cacert, then NAME); needs --workload")
	fs.StringVar(&f.caConfigMap, "ca-configmap", "", "existing ConfigMap `NAME` with ca.crt (Istio 1.26+)")
	fs.StringVar(&f.sni, "sni", "", "server name to send (default HOST)")
	fs.StringSliceVar(&f.sans, "san", nil, "name that the server's certificate must have (default HOST; may be repeated)")
	fs.StringVar(&f.workload, "workload", "", "`LABELS` of the client pods, app=x,tier=y (default: every pod that sees the rule)")
	fs.StringSliceVar(&f.exportTo, "export-to", nil, "namespaces that see it: '.', '*' or names (default '.', the namespace itself)")
	fs.StringVar(&f.resolution, "resolution", "", "how the sidecar finds the server: DNS, DNS_ROUND_ROBIN, STATIC or NONE (default DNS)")
	fs.StringSliceVar(&f.addresses, "address", nil, "virtual address that the clients dial, so that a TCP port is not taken for every host")
	fs.StringSliceVar(&f.endpointAddresses, "endpoint", nil, "address or name that the sidecar dials instead of HOST")
	f.applyFlags.add(fs)
}

func (f *originationFlags) toOptions(d *deps, arg string) (originationOptions, error) {
	o := originationOptions{applyFlags: f.applyFlags}
	if err := f.validate(); err != nil {
		return o, err
	}
	host, port, err := intent.ParseHostPort(arg)
	if err != nil {
		return o, err
	}
	protocol, err := f.protocolOf(port)
	if err != nil {
		return o, err
	}
	namespace, _, err := d.kube.ToRawKubeConfigLoader().Namespace()
	if err != nil {
		return o, fmt.Errorf("find the namespace in the kubeconfig: %w", err)
	}
	it := intent.Intent{Name: f.name, Namespace: namespace, Recipe: intent.RecipeOrigination, Host: host, Ports: []intent.Port{{Number: port, Protocol: protocol}},
		SNI: strings.ToLower(f.sni), SANs: f.sans, ExportTo: f.exportTo, Resolution: strings.ToUpper(f.resolution), Addresses: f.addresses, Endpoints: f.endpointAddresses}
	if f.workload != "" {
		if it.Workload, err = intent.ParseSelector(f.workload); err != nil {
			return o, fmt.Errorf("--workload: %w", err)
		}
	}
	o.intent = it.Complete()
	if o.bundle, err = f.setCA(&o.intent); err != nil {
		return o, err
	}
	return o, o.intent.Validate()
}

func (f *originationFlags) protocolOf(port int) (string, error) {
	if f.protocol == "" {
		return intent.DefaultProtocol(port)
	}
	return intent.ParseProtocol(f.protocol)
}

// setCA fills the intent's CA from the one flag that names it. For a file the
// form is a Secret with --workload and a ConfigMap without; the run checks that
// the mesh can read it.
func (f *originationFlags) setCA(it *intent.Intent) (*bundle, error) {
	given := 0
	for _, v := range []string{f.ca, f.caFile, f.caPath, f.caSecret, f.caConfigMap} {
		if v != "" {
			given++
		}
	}
	switch {
	case given == 0:
		return nil, fmt.Errorf("which CA signs the server's certificate? give --ca-file FILE, --ca-path PATH (in the sidecar), --ca-secret, --ca-configmap, or --ca system for the public CAs")
	case given > 1:
		return nil, fmt.Errorf("give one of --ca-file, --ca-path, --ca-secret, --ca-configmap and --ca, not several")
	case f.ca != "":
		if f.ca != "system" {
			return nil, fmt.Errorf("--ca %q: the only word is system; a file is --ca-file, a path in the sidecar --ca-path", f.ca)
		}
		it.CA = intent.CA{Kind: intent.CASystem}
	case f.caPath != "":
		it.CA = intent.CA{Kind: intent.CAPath, Name: f.caPath}
	case f.caSecret != "":
		it.CA = intent.CA{Kind: intent.CASecret, Name: f.caSecret}
	case f.caConfigMap != "":
		it.CA = intent.CA{Kind: intent.CAConfigMap, Name: f.caConfigMap}
	default:
		b, err := readBundle(f.caFile)
		if err != nil {
			return nil, err
		}
		it.CA = intent.CA{Kind: intent.CAConfigMap, Name: it.Name, Fingerprints: b.fingerprints()}
		if len(it.Workload) > 0 {
			it.CA.Kind = intent.CASecret
		}
		return b, nil
	}
	return nil, nil
}

func runOrigination(ctx context.Context, d *deps, o originationOptions) error {
	return runEnable(ctx, d, enableOptions{applyFlags: o.applyFlags, intent: o.intent, bundle: o.bundle})
}
