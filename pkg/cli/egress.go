package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

const egressLong = `Let plain HTTP to a host outside the mesh leave the sidecar as HTTPS: the application calls
http://HOST, the sidecar speaks TLS to HOST:443, validates the server's certificate and checks its
name. The redirect that such hosts answer on port 80 is no longer seen, and no path is in the clear.

Two forms. targetport (the default): a ServiceEntry whose port 80 has targetPort 443, and a
DestinationRule with TLS for it; port 443 is left alone, so applications that speak HTTPS by
themselves go on as before. virtualservice (the default with --workload): a ServiceEntry with both
ports, a VirtualService 80 -> 443, TLS at 443; an application that speaks HTTPS to 443 by itself then
gets TLS inside TLS.

With --through-gateway the sidecars speak mutual TLS of the mesh to an egress gateway, whose identity
they check, and the gateway speaks TLS to HOST. All objects are in the gateway's namespace, and so are
the CA's Secret and a client certificate; only the clients' namespace (-n, --export-to) sees the way.`

// egressFlags holds what was typed.
type egressFlags struct {
	hostFlags
	form    string
	through string
	subset  string
	tlsPort int
}

func newEgress(d *deps) *cobra.Command {
	var f egressFlags
	c := &cobra.Command{
		Use: "egress HOST[:PORT]", Short: "Plain HTTP to an external host leaves the sidecar as HTTPS", Long: egressLong,
		Example: `  # http://www.example.com leaves the pods of namespace shop as HTTPS, against the public CAs
  kubectl mesh-tls enable egress www.example.com -n shop --ca system

  # A CA of one's own, for some pods only
  kubectl mesh-tls enable egress www.example.internal -n shop --ca-file ca.pem --workload app=shop

  # Through an egress gateway: mutual TLS of the mesh to it, TLS from there
  kubectl mesh-tls enable egress www.example.com -n shop --ca system --through-gateway istio-egressgateway.istio-system

  # By a VirtualService, and other ports
  kubectl mesh-tls enable egress www.example.internal:8080 --tls-port 8443 -n shop --ca-path /etc/ca.pem --form virtualservice`,
		Args: oneArg("HOST"),
		RunE: func(c *cobra.Command, args []string) error {
			it, err := f.onTheWay(c.Context(), d)
			if err != nil {
				return err
			}
			o, err := f.toOptions(c.Context(), d, args[0], it)
			if err != nil {
				return fmt.Errorf("%w\nsee: kubectl mesh-tls enable egress --help", err)
			}
			if err := f.findAccounts(c.Context(), d, &o); err != nil {
				return err
			}
			return carryOut(c.Context(), d, o)
		},
	}
	f.addTo(c.Flags())
	c.Flags().StringVar(&f.through, "through-gateway", "", "`SERVICE.NAMESPACE[:PORT]` of an egress gateway that the calls take (default port 443)")
	return c
}

// addTo adds the flags of every recipe that leads plain calls to another port.
func (f *egressFlags) addTo(fs *pflag.FlagSet) {
	fs.StringVar(&f.form, "form", "", "`FORM`: targetport or virtualservice (default targetport; virtualservice with --workload, and for mutual)")
	fs.StringVar(&f.subset, "subset", "", "put the TLS into a `SUBSET` of the host, which only the route leads to: an application's own HTTPS is left alone (form virtualservice)")
	fs.IntVar(&f.tlsPort, "tls-port", 443, "port of the server that takes TLS")
	f.hostFlags.add(fs)
}

// toOptions completes an intent that has its recipe, and its role if it needs one.
func (f *egressFlags) toOptions(ctx context.Context, d *deps, arg string, it intent.Intent) (enableOptions, error) {
	host, port, err := intent.ParseHostPort(arg)
	if errors.Is(err, intent.ErrNoPort) {
		port = 80
		host, err = intent.ParseHost(arg)
	}
	if err != nil {
		return enableOptions{}, err
	}
	if f.tlsPort == 0 {
		return enableOptions{}, fmt.Errorf("--tls-port 0: must be from 1 to 65535")
	}
	it.Host, it.Ports = host, []intent.Port{{Number: port, Protocol: intent.ProtocolHTTP}}
	it.Form, it.TLSPort, it.Subset = f.theForm(), f.tlsPort, f.subset
	return f.hostFlags.toOptions(ctx, d, it)
}

// theForm is the form as typed; a subset needs the one with a route.
func (f *egressFlags) theForm() intent.Form {
	if f.form == "" && f.subset != "" {
		return intent.FormVirtualService
	}
	return intent.Form(strings.ToLower(f.form))
}
