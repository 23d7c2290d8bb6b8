package envoy

import (
	"context"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestCertFiles: of a certificate that the proxy reads from a file, /certs tells the time; where there is no such answer, or no
// such file in it, nothing is known.
func TestCertFiles(t *testing.T) {
	dump := func(cert string) string {
		return `{"configs":[{"dynamic_active_clusters":[{"cluster":{"name":"outbound|443||a.example","transport_socket":{"name":"x","typed_config":{"@type":"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",
			"common_tls_context":{"tls_certificates":[{"certificate_chain":{` + cert + `}}]}}}}}]}]}`
	}
	one := func(path, serial, to string) string {
		return `{"ca_cert":[{"path":"` + path + `","expiration_time":"2020-01-01T00:00:00Z"}],"cert_chain":[{"path":"` + path + `","serial_number":"` + serial + `","subject_alt_names":[{"dns":"a"},{"uri":"spiffe://b"},{"ip_address":"192.0.2.1"}],
			"days_until_expiration":"0","valid_from":"2021-01-01T00:00:00Z","expiration_time":"` + to + `"}]}`
	}
	for name, c := range map[string]struct {
		cert, certs string
		want        string // serials
		missing     bool
	}{
		"no answer":        {`"filename":"/c.crt"`, "", "", true},
		"no JSON":          {`"filename":"/c.crt"`, "certificates", "", true},
		"not asked for":    {`"inline_string":"x"`, "", "", false},
		"the file":         {`"filename":"/c.crt"`, `{"certificates":[` + one("/d.crt", "7", "2022-01-01T00:00:00Z") + "," + one("/c.crt", "8", "2022-01-01T00:00:00Z") + `]}`, "8", false},
		"several versions": {`"filename":"/c.crt"`, `{"certificates":[` + one("/c.crt", "7", "2023-01-01T00:00:00Z") + "," + one("/c.crt", "8", "2022-01-01T00:00:00Z") + "," + one("/c.crt", "9", "2024-01-01T00:00:00Z") + "," + one("/c.crt", "9", "2024-01-01T00:00:00Z") + `]}`, "8 9", false},
		"another file":     {`"filename":"/c.crt"`, `{"certificates":[` + one("/d.crt", "7", "2022-01-01T00:00:00Z") + `]}`, "", false},
		"without a time":   {`"filename":"/c.crt"`, `{"certificates":[` + one("/c.crt", "7", "") + `]}`, "", false},
	} {
		files := fstest.MapFS{"config_dump.json": {Data: []byte(dump(c.cert))}}
		if c.certs != "" {
			files["certs.json"] = &fstest.MapFile{Data: []byte(c.certs)}
		}
		p, err := Read(context.Background(), facts.Target{}, NewFiles(files, ""), Scope{All: true})
		if err != nil {
			t.Fatal(err)
		}
		if _, missing := p.Lacks(facts.FactFiles); missing != c.missing {
			t.Errorf("%s: missing %t, want %t", name, missing, c.missing)
		}
		var want [][]facts.Certificate
		for _, serial := range strings.Fields(c.want) {
			ends := map[string]string{"8": "2022-01-01T00:00:00Z", "9": "2024-01-01T00:00:00Z"}[serial]
			want = append(want, []facts.Certificate{{Subject: "/c.crt", Serial: serial, DNS: []string{"a"}, URIs: []string{"spiffe://b"}, IPs: []string{"192.0.2.1"}, NotBefore: at("2021-01-01T00:00:00Z"), NotAfter: at(ends)}})
		}
		if diff := cmp.Diff(want, p.Upstreams[0].Socket.Own); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}
