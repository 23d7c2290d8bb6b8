package envoy

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"
	"testing/fstest"
	"time"

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

// TestReplaced: a certificate that came between the two answers is no refused one.
func TestReplaced(t *testing.T) {
	day := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	c := facts.Certificate{DNS: []string{"a.example"}, NotBefore: day}
	for name, tt := range map[string]struct {
		begins map[string]time.Time
		want   bool
	}{
		"a younger one of the name":   {map[string]time.Time{"a.example": day.Add(time.Hour)}, true},
		"an older one":                {map[string]time.Time{"a.example": day.Add(-time.Hour)}, false},
		"a younger one, another name": {map[string]time.Time{"b.example": day.Add(time.Hour)}, false},
	} {
		if replaced(c, tt.begins) != tt.want {
			t.Errorf("%s: want %t", name, tt.want)
		}
	}
	name := "a.example"
	answer := `{"certificates":[{"cert_chain":[{"serial_number":"77","subject_alt_names":[{"dns":"` + name + `"}],"valid_from":"2027-01-01T00:00:00Z"}]}]}`
	w, err := decodeCerts(strings.NewReader(answer))
	if err != nil || w.Certificates[0].Chain[0].Names[0].DNS != name || w.Certificates[0].Chain[0].From == "" {
		t.Errorf("%+v, %v", w, err)
	}
}

// TestHeld: of a certificate that was delivered, /certs tells whether the proxy uses it; nothing is noted where it cannot tell.
func TestHeld(t *testing.T) {
	const tlsOf = `{"name":"x","typed_config":{"@type":"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.`
	context := func(kind, cert string) string {
		return tlsOf + kind + `TlsContext","common_tls_context":{"tls_certificate_sds_secret_configs":[{"name":"` + cert + `"}],"validation_context_sds_secret_config":{"name":"ca"}}}}`
	}
	entry := func(name, content string) string {
		return `{"name":"` + name + `","secret":{"name":"` + name + `",` + content + `}}`
	}
	certs, err := facts.ParsePEM([]byte(testPEM(t)))
	if err != nil {
		t.Fatal(err)
	}
	number := certs[0].Serial
	chain := `"tls_certificate":{"certificate_chain":{"inline_bytes":"` + base64.StdEncoding.EncodeToString([]byte(testPEM(t))) + `"}}`
	const authority = `"validation_context":{"trusted_ca":{"filename":"/ca.pem"}}`
	const other = `{"certificates":[{"cert_chain":[{"serial_number":"77"}]}]}`
	for name, c := range map[string]struct {
		cert, ca, certs string
		want            bool
	}{
		"held":                {"door", "active", `{"certificates":[{"cert_chain":[{"serial_number":"77"}]},{"cert_chain":[{"serial_number":"0` + strings.ToUpper(number) + `"}]}]}`, false},
		"not held":            {"door", "active", other, true},
		"as a CA only":        {"door", "active", `{"certificates":[{"ca_cert":[{"serial_number":"` + number + `"}],"cert_chain":[{"serial_number":"77"}]}]}`, true},
		"the CA is not there": {"door", "warming", other, false},
		"the workload's own":  {"default", "active", other, false},
		"another secret":      {"elsewhere", "active", other, false},
		"no answer":           {"door", "active", "", false},
		"no certificate":      {"door", "active", `{"certificates":[]}`, false},
		"no JSON":             {"door", "active", "certificates", false},
	} {
		secret := c.cert
		if secret == "elsewhere" {
			secret = "door"
		}
		secrets := `{"dynamic_active_secrets":[` + entry(secret, chain) + `]},{"dynamic_` + c.ca + `_secrets":[` + entry("ca", authority) + `]}`
		for place, config := range map[string]string{
			"cluster":  `{"dynamic_active_clusters":[{"cluster":{"name":"outbound|443||a.example","transport_socket":` + context("Upstream", c.cert) + `}}]}`,
			"listener": `{"dynamic_listeners":[` + listenerWith("0.0.0.0_8443", "0.0.0.0", `{"transport_socket":`+context("Downstream", c.cert)+`,"filters":[]}`) + `]}`,
		} {
			files := fstest.MapFS{"config_dump.json": {Data: []byte(`{"configs":[` + config + `,` + secrets + `]}`)}}
			if c.certs != "" {
				files["certs.json"] = &fstest.MapFile{Data: []byte(c.certs)}
			}
			p, err := Read(t.Context(), facts.Target{}, NewFiles(files, ""), Scope{All: true})
			if err != nil {
				t.Fatal(err)
			}
			held := p.Secret(secret)
			if len(held) != 1 || len(held[0].Chain) != 1 || held[0].NotHeld != c.want {
				t.Errorf("%s, %s: %+v, want not held %t", name, place, held, c.want)
			}
		}
	}
}
