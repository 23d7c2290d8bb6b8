package cli

import (
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

const egressLong = `Let plain HTTP to a host outside the mesh leave the sidecar as HTTPS: the application calls
http://HOST, the sidecar speaks TLS to HOST:443, validates the server's certificate and checks its
name. The redirect that such hosts answer on port 80 is no longer seen, and no path is in the clear.

Two forms. targetport (the default): a ServiceEntry whose port 80 has targetPort 443, and a
DestinationRule with TLS for it; port 443 is left alone, so applications that speak HTTPS by
themselves go on as before. virtualservice (the default with --workload): a ServiceEntry with both
ports, a VirtualService 80 -> 443, TLS at 443; an application that speaks HTTPS to 443 by itself then
gets TLS inside TLS.`

// egressFlags holds what was typed.
type egressFlags struct {
	hostFlags
	form    string
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

  # By a VirtualService, and other ports
  kubectl mesh-tls enable egress www.example.internal:8080 --tls-port 8443 -n shop --ca-path /etc/ca.pem --form virtualservice`,
		Args: oneArg("HOST"),
		RunE: func(c *cobra.Command, args []string) error {
			o, err := f.toOptions(d, args[0])
			if err != nil {
				return fmt.Errorf("%w\nsee: kubectl mesh-tls enable egress --help", err)
			}
			return runEnable(c.Context(), d, o)
		},
	}
	c.Flags().StringVar(&f.form, "form", "", "`FORM`: targetport or virtualservice (default targetport; virtualservice with --workload)")
	c.Flags().IntVar(&f.tlsPort, "tls-port", 443, "port of the server that takes TLS")
	f.add(c.Flags())
	return c
}

func (f *egressFlags) toOptions(d *deps, arg string) (enableOptions, error) {
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
	return f.hostFlags.toOptions(d, intent.Intent{
		Recipe: intent.RecipeEgress, Host: host, Ports: []intent.Port{{Number: port, Protocol: intent.ProtocolHTTP}},
		Form: intent.Form(strings.ToLower(f.form)), TLSPort: f.tlsPort,
	})
}
