package cli

import (
	"github.com/spf13/cobra"
)

// newCert makes the parent of the certificate commands; bare, it shows them.
func newCert(d *deps) *cobra.Command {
	c := &cobra.Command{
		Use: "cert COMMAND", Short: "Make certificates and Secrets for mutual TLS, and tell whether two ends fit", GroupID: groupConfigure,
		Long: "Make a CA, certificates for servers and clients, and Secrets with the key names that Istio reads; show what\n" +
			"is in a file or a Secret; tell whether the two ends of a mutual TLS connection fit. Files of openssl, step and\n" +
			"cert-manager are read. Keys are written readable by you only, never over a file that is there.",
		Example: `  # A root, a certificate for the server and one for the client
  kubectl mesh-tls cert ca shop-root
  kubectl mesh-tls cert issue helloworld --server --san helloworld.example.com --ca-file shop-root.crt --ca-key-file shop-root.key
  kubectl mesh-tls cert issue client --client --san client.shop.internal --ca-file shop-root.crt --ca-key-file shop-root.key

  # Do the two fit?
  kubectl mesh-tls cert check --client-cert client.crt --client-key client.key --client-ca shop-root.crt \
    --server-cert helloworld.crt --server-key helloworld.key --server-ca shop-root.crt --host helloworld.example.com

  # The Secret that a Gateway names as credentialName
  kubectl mesh-tls cert secret helloworld-cert -n istio-system --cert-file helloworld.crt --key-file helloworld.key --ca-file shop-root.crt`,
		Args: noCommand,
		RunE: func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	c.AddCommand(newCertCA(d), newCertIssue(d), newCertSecret(d), newCertShow(d), newCertCheck(d))
	return c
}
