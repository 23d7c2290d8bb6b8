package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/cert"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

const mutualLong = `Let two meshes talk by mutual TLS with certificates of a CA that both trust. Two ends, one role each:

client   plain HTTP to HOST leaves the sidecar as TLS with a client certificate: a ServiceEntry with both
         ports, a VirtualService 80 -> 443, a DestinationRule MUTUAL, for this namespace or --workload only.
gateway  a gateway of the mesh takes HOST on 443 from clients with a certificate of --client-ca-file, only
         those that --allow-san names, and leads them to --to-service: a Gateway and a VirtualService in the
         gateway's namespace, and the Secret when the certificate comes as files.

--ca-file is the CA that signed the server's certificate, --client-ca-file the CA that signed the
clients'. With --gateway-context both ends are one change: the files of the two are checked against each
other before anything is written, and when one end fails both are taken back.`

// mutualFlags holds what was typed.
type mutualFlags struct {
	egressFlags
	gatewayFlags
	role           string
	gatewayContext string
}

func newMutual(d *deps) *cobra.Command {
	var f mutualFlags
	c := &cobra.Command{
		Use: "mutual HOST[:PORT] --role client|gateway", Short: "Mutual TLS between two meshes, at the client's end, the gateway's, or both", Long: mutualLong,
		Example: `  # Cluster B: its gateway takes bank.example.com from one client only
  kubectl mesh-tls enable mutual bank.example.com --role gateway --to-service helloworld.sample:5000 \
    --cert-file server.pem --key-file server.key --client-ca-file root.pem --allow-san client.example.com

  # Cluster A: http://bank.example.com leaves with the certificate that is mounted into the sidecar
  kubectl mesh-tls enable mutual bank.example.com --role client -n client \
    --client-cert-path /etc/bank/tls.crt --client-key-path /etc/bank/tls.key --ca-path /etc/bank/ca.crt

  # Both ends at once; the Secrets are made from files
  kubectl mesh-tls enable mutual bank.example.com --context A -n client --workload app=client \
    --client-cert-file client.pem --client-key-file client.key --ca-file root.pem \
    --gateway-context B --to-service helloworld.sample:5000 --cert-file server.pem --key-file server.key --client-ca-file root.pem`,
		Args: oneArg("HOST"),
		RunE: func(c *cobra.Command, args []string) error { return runMutual(c.Context(), d, &f, args[0]) },
	}
	fs := c.Flags()
	fs.StringVar(&f.role, "role", "", "the end that this cluster is: client or gateway (with --gateway-context: both)")
	fs.StringVar(&f.gatewayContext, "gateway-context", "", "`CONTEXT` of the gateway's cluster: enable both ends")
	f.egressFlags.addTo(fs)
	f.gatewayFlags.add(fs)
	return c
}

// runMutual: what was typed -> one intent or two -> both ends as one change, the
// gateway's written first.
func runMutual(ctx context.Context, d *deps, f *mutualFlags, arg string) error {
	const help = "\nsee: kubectl mesh-tls enable mutual --help"
	if err := f.checkRole(); err != nil {
		return fmt.Errorf("%w%s", err, help)
	}
	var client, gateway *enableOptions
	dg := d
	if f.role != string(intent.RoleGateway) {
		o, err := f.egressFlags.toOptions(ctx, d, arg, intent.Intent{Recipe: intent.RecipeMutual, Role: intent.RoleClient})
		if err != nil {
			return fmt.Errorf("%w%s", err, help)
		}
		client = &o
	}
	if f.role != string(intent.RoleClient) {
		if f.gatewayContext != "" && (d.kube.Context == nil || f.gatewayContext != *d.kube.Context) {
			dg = d.inContext(f.gatewayContext)
		}
		o, err := f.gatewayOptions(ctx, dg, arg, client)
		if err != nil {
			return fmt.Errorf("%w%s", err, help)
		}
		if err := f.place(ctx, dg, &o, client == nil); err != nil {
			return err
		}
		gateway = &o
	}
	if client != nil && gateway != nil {
		if err := checkBoth(d, client, gateway); err != nil {
			return err
		}
	}
	if client != nil {
		if err := f.findAccounts(ctx, d, client); err != nil {
			return err
		}
	}
	return f.carryOutBoth(ctx, d, dg, client, gateway)
}

func (f *mutualFlags) checkRole() error {
	role := intent.Role(f.role)
	switch {
	case f.gatewayContext != "" && f.role != "":
		return errors.New("give either --role or --gateway-context, which enables both ends")
	case f.gatewayContext == "" && f.role == "":
		return errors.New("which end? give --role client or --role gateway; or --gateway-context for both ends")
	case f.gatewayContext == "" && role != intent.RoleClient && role != intent.RoleGateway:
		return fmt.Errorf("--role %q: must be client or gateway; or give --gateway-context for both ends", f.role)
	case role == intent.RoleClient && f.gatewayFlags.given() != "":
		return fmt.Errorf("%s is for the gateway's end: it goes with --role gateway or --gateway-context", f.gatewayFlags.given())
	case role == intent.RoleGateway && f.clientFlag() != "":
		return fmt.Errorf("%s is for the client's end: it goes with --role client or --gateway-context", f.clientFlag())
	}
	return nil
}

// clientFlag names a flag of the client's end that was typed, "" for none.
func (f *mutualFlags) clientFlag() string {
	for _, v := range []struct{ flag, value string }{
		{"--ca-file (the gateway's own is --client-ca-file)", f.caFile}, {"--ca-path", f.caPath}, {"--ca", f.ca}, {"--ca-secret", f.caSecret}, {"--ca-configmap", f.caConfigMap},
		{"--client-cert-file (the gateway's own is --cert-file)", f.egressFlags.certFile}, {"--client-secret", f.secret}, {"--client-cert-path", f.certPath},
		{"--workload (the gateway's pods are --gateway)", f.workload}, {"--sni", f.sni}, {"--subset", f.subset}, {"--form", f.form},
		{"--san (the clients that may come in are --allow-san)", strings.Join(f.sans, ",")},
	} {
		if v.value != "" {
			return v.flag
		}
	}
	return ""
}

// checkBoth looks at the files of the two ends together: which CA goes on which side is
// what people get wrong most.
func checkBoth(d *deps, client, gateway *enableOptions) error {
	if client.bundle == nil || gateway.bundle == nil {
		return nil
	}
	in := cert.Input{Client: client.bundle.end, Server: gateway.bundle.end, Host: client.intent.Host, Allowed: gateway.intent.SANs, Now: d.judged(), Warn: soon}
	if in.Client.CA == nil {
		in.Client.CA = client.bundle.caPile()
	}
	if in.Server.CA == nil {
		in.Server.CA = gateway.bundle.caPile()
	}
	notes, err := checkEnds(in)
	if err != nil {
		return fmt.Errorf("the two ends do not fit, nothing was written:\n%w", err)
	}
	client.notes = append(client.notes, notes...)
	return nil
}

// carryOutBoth enables what there is, as one change: an end that fails takes the other
// back with it.
func (f *mutualFlags) carryOutBoth(ctx context.Context, d, dg *deps, client, gateway *enableOptions) error {
	var parts []*part
	if gateway != nil {
		p := newPart(dg, *gateway)
		p.context = f.gatewayContext
		parts = append(parts, p)
	}
	if client != nil {
		parts = append(parts, newPart(d, *client))
	}
	return carryOutAll(ctx, d, parts...)
}
