package cli

import (
	"fmt"

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
	hostFlags
	protocol string
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
			return runEnable(c.Context(), d, o)
		},
	}
	c.Flags().StringVar(&f.protocol, "protocol", "", "what the application speaks: tcp, http, http2, grpc, ... (default: by well-known port, else tcp)")
	f.add(c.Flags())
	return c
}

func (f *originationFlags) toOptions(d *deps, arg string) (enableOptions, error) {
	host, port, err := intent.ParseHostPort(arg)
	if err != nil {
		return enableOptions{}, err
	}
	protocol, err := f.protocolOf(port)
	if err != nil {
		return enableOptions{}, err
	}
	return f.hostFlags.toOptions(d, intent.Intent{Recipe: intent.RecipeOrigination, Host: host, Ports: []intent.Port{{Number: port, Protocol: protocol}}})
}

func (f *originationFlags) protocolOf(port int) (string, error) {
	if f.protocol == "" {
		return intent.DefaultProtocol(port)
	}
	return intent.ParseProtocol(f.protocol)
}
