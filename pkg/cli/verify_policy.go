package cli

import (
	"fmt"

	"github.com/spf13/pflag"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
)

// policyFlags say what TLS itself must be like.
type policyFlags struct{ minTLS, policy string }

func (f *policyFlags) add(fs *pflag.FlagSet) {
	fs.StringVar(&f.minTLS, "min-tls", "", "judge also whether anything older than this `VERSION` of TLS can be negotiated: 1.2 or 1.3")
	fs.StringVar(&f.policy, "policy", "", "judge also TLS versions, ciphers and key exchange against a `POLICY`: fips or pqc (post-quantum)")
}

func (f policyFlags) toPolicy() (check.TLSPolicy, error) {
	versions := map[string]string{"": "", "1.2": "TLSv1_2", "1.3": "TLSv1_3"}
	version, known := versions[f.minTLS]
	if !known {
		return check.TLSPolicy{}, fmt.Errorf("--min-tls %q: must be 1.2 or 1.3", f.minTLS)
	}
	if f.policy != "" && f.policy != "fips" && f.policy != "pqc" {
		return check.TLSPolicy{}, fmt.Errorf("--policy %q: must be fips or pqc", f.policy)
	}
	return check.TLSPolicy{MinTLS: version, Name: f.policy}, nil
}
