package cli

import (
	"cmp"
	"context"
	"fmt"
	"net"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

const originationLong = `Let the sidecars originate TLS to a host outside the mesh: the application speaks plaintext to its
sidecar, the sidecar speaks TLS to the server, validates its certificate against the CA given, and
checks its name. Makes a ServiceEntry, a DestinationRule and, with --ca-file, the object that holds
the CA in the form that this mesh can use: a Secret with --workload, else a ConfigMap (Istio 1.26+).

SNI and the names to check default to HOST, always both: on TCP Istio sets neither by itself, and
with sni alone it checks no name at all. For a wildcard, *.example.com, both are taken from each
request, which Istio can for HTTP only.

With a client certificate the mode is MUTUAL. Its key must fit, it must be valid now and be for
clients: that is checked before anything is written. Files here (--client-cert-file) become a Secret,
which istiod hands only to sidecars whose account may list the Secrets of the namespace: a Role and a
RoleBinding for the accounts of the pods go with it.`

// originationFlags holds what was typed.
type originationFlags struct {
	hostFlags
	protocol string
	ports    []string
}

func newOrigination(d *deps) *cobra.Command {
	var f originationFlags
	c := &cobra.Command{
		Use: "origination HOST[:PORT[,PORT...]]", Short: "The sidecar makes TLS of what an application sends to an external host", Long: originationLong,
		Example: `  # CA in a file here; only the pods app=redis-client of namespace redis
  kubectl mesh-tls enable origination redis.example.internal:16222 -n redis --ca-file ca.pem --workload app=redis-client

  # CA already mounted into the sidecar
  kubectl mesh-tls enable origination redis.example.internal:16222 -n redis --ca-path /etc/redis-ca/ca.pem

  # A server with a public certificate, for every namespace
  kubectl mesh-tls enable origination api.example.com:8443 --protocol http --ca system --export-to '*'

  # With a client certificate
  kubectl mesh-tls enable origination redis.example.internal:16222 -n redis --workload app=redis-client \
    --ca-file ca.pem --client-cert-file client.pem --client-key-file client.key

  # Several ports, each with its protocol
  kubectl mesh-tls enable origination api.example.com --port 8080=http --port 9090=grpc --ca system`,
		Args: oneArg("HOST:PORT"),
		RunE: func(c *cobra.Command, args []string) error {
			o, err := f.toOptions(c.Context(), d, args[0])
			if err != nil {
				return fmt.Errorf("%w\nsee: kubectl mesh-tls enable origination --help", err)
			}
			if err := f.findAccounts(c.Context(), d, &o); err != nil {
				return err
			}
			return carryOut(c.Context(), d, o)
		},
	}
	c.Flags().StringVar(&f.protocol, "protocol", "", "what the application speaks: tcp, http, http2, grpc, ... (default: by well-known port, else tcp)")
	c.Flags().StringSliceVar(&f.ports, "port", nil, "`PORT[=PROTOCOL]` of HOST, in place of those behind its colon or beside them (may be repeated)")
	f.add(c.Flags())
	return c
}

func (f *originationFlags) toOptions(ctx context.Context, d *deps, arg string) (enableOptions, error) {
	host, numbers, err := intent.ParseHostPorts(arg)
	if err != nil {
		return enableOptions{}, err
	}
	var ports []intent.Port
	for _, n := range numbers {
		protocol, err := protocolOf(n, f.protocol)
		if err != nil {
			return enableOptions{}, err
		}
		ports = append(ports, intent.Port{Number: n, Protocol: protocol})
	}
	for _, p := range f.ports {
		number, word, _ := strings.Cut(p, "=")
		n, err := intent.ParsePort(number)
		if err != nil {
			return enableOptions{}, fmt.Errorf("--port %q: %w", p, err)
		}
		protocol, err := protocolOf(n, cmp.Or(word, f.protocol))
		if err != nil {
			return enableOptions{}, fmt.Errorf("--port %q: %w", p, err)
		}
		ports = append(ports, intent.Port{Number: n, Protocol: protocol})
	}
	if len(ports) == 0 {
		return enableOptions{}, fmt.Errorf("target %q: %w: give HOST:PORT, for example %s, or --port", arg, intent.ErrNoPort, net.JoinHostPort(host, "6379"))
	}
	slices.SortStableFunc(ports, func(a, b intent.Port) int { return cmp.Compare(a.Number, b.Number) })
	return f.hostFlags.toOptions(ctx, d, intent.Intent{Recipe: intent.RecipeOrigination, Host: host, Ports: ports})
}

func protocolOf(port int, word string) (string, error) {
	if word == "" {
		return intent.DefaultProtocol(port)
	}
	return intent.ParseProtocol(word)
}
