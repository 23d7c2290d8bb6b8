package envoy

import (
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestExtension: who is accepted is an extension's own business, except where it is known.
func TestExtension(t *testing.T) {
	const ca = `"trusted_ca":{"filename":"/ca"}`
	for context, want := range map[string]bool{
		`"validation_context":{` + ca + `}`:                                                                         false,
		`"custom_handshaker":{"name":"h"},"validation_context":{` + ca + `}`:                                        true,
		`"validation_context":{` + ca + `,"custom_validator_config":{"name":"x","typed_config":{"@type":"a/b.C"}}}`: true,
		`"validation_context":{"custom_validator_config":{"typed_config":{"@type":"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig"}}}`: false,
	} {
		s, _ := newCollector().tlsSocket([]byte(`{"common_tls_context":{`+context+`}}`), facts.Socket{})
		if s.Kind != facts.SocketTLS || s.Validation.Extension != want {
			t.Errorf("%s: %+v", context, s)
		}
	}
}
