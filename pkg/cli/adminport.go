package cli

import (
	"errors"
	"strconv"

	"github.com/spf13/pflag"
)

// adminPort is the port of Envoy's admin API as it was typed; 0 is the one that the pod names, else Istio's usual one
// (kube.Client.AdminPort).
type adminPort int

var errPort = errors.New("must be between 1 and 65535")

// addAdminPort adds the flag of every command that reads proxies.
func addAdminPort(fs *pflag.FlagSet, p *adminPort) {
	fs.Var(p, "proxy-admin-port", "`PORT` of Envoy's admin API in the pods (default: the one that the pod names, else 15000)")
}

// String implements pflag.Value.
func (p *adminPort) String() string {
	if *p == 0 {
		return ""
	}
	return strconv.Itoa(int(*p))
}

// Set implements pflag.Value.
func (p *adminPort) Set(text string) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > 65535 {
		return errPort
	}
	*p = adminPort(n)
	return nil
}

// Type implements pflag.Value.
func (p *adminPort) Type() string { return "int" }
