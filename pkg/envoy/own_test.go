package envoy

import (
	"encoding/json"
	"os"
	"testing"
)

// TestOwnChains reads what stands in a TLS context beside sources: an inline chain and a file of keys.
func TestOwnChains(t *testing.T) {
	pem, err := os.ReadFile("testdata/ca.pem")
	if err != nil {
		t.Fatal(err)
	}
	text, err := json.Marshal(string(pem))
	if err != nil {
		t.Fatal(err)
	}
	cluster := func(name, common string) string {
		return `{"cluster":{"name":"` + name + `","transport_socket":{"name":"x","typed_config":{"@type":"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext","common_tls_context":{` + common + `}}}}}`
	}
	p, err := readText(`{"configs":[{"dynamic_active_clusters":[` +
		cluster("a", `"tls_certificates":[{"certificate_chain":{"inline_string":`+string(text)+`}},{"certificate_chain":{"filename":"/x"}}],"key_log":{"path":"/keys"}`) + "," +
		cluster("b", `"tls_certificates":[{"certificate_chain":{"inline_string":"none"}}]`) + "," + cluster("c", "") + `]}]}`)
	if err != nil {
		t.Fatal(err)
	}
	a, b, c := p.Upstreams[0].Socket, p.Upstreams[1].Socket, p.Upstreams[2].Socket
	if len(a.Own) != 1 || len(a.Own[0]) == 0 || a.OwnProblem != "" || a.KeyLog != "/keys" {
		t.Errorf("%+v", a)
	}
	if len(b.Own) != 0 || b.OwnProblem == "" {
		t.Errorf("%+v", b)
	}
	if len(c.Own) != 0 || c.OwnProblem != "" || c.KeyLog != "" {
		t.Errorf("%+v", c)
	}
}
