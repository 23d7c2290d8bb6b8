package envoy

import (
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestSecrets reads every content that a secret can have, and none of its keys.
func TestSecrets(t *testing.T) {
	ca := base64.StdEncoding.EncodeToString([]byte(testPEM(t)))
	twice := base64.StdEncoding.EncodeToString([]byte(testPEM(t) + testPEM(t)))
	cases := map[string]struct{ content, want string }{
		"certificate":         {`"tls_certificate":{"certificate_chain":{"inline_bytes":"` + twice + `"},"private_key":{"inline_string":"hunter2"}}`, "chain=2"},
		"certificate in file": {`"tls_certificate":{"certificate_chain":{"filename":"/c"}}`, "chain=0"},
		"broken certificate":  {`"tls_certificate":{"certificate_chain":{"inline_string":"hunter2"}}`, `chain=0 problem: the text holds no certificate`},
		"CA":                  {`"validation_context":{"trusted_ca":{"inline_bytes":"` + ca + `"}}`, "chain=0 ca=inline n=1"},
		"CA of camelCase":     {`"validationContext":{"trustedCa":{"inlineBytes":"` + ca + `"}}`, "chain=0 ca=inline n=1"},
		"empty CA":            {`"validation_context":{}`, "chain=0 ca=none n=0"},
		"broken CA":           {`"validation_context":{"trusted_ca":{"inline_string":"hunter2"}}`, "chain=0 ca=inline n=0 problem: the text holds no certificate"},
		"CA is a list":        {`"validation_context":[]`, "chain=0 problem: the secret could not be decoded"},
		"waiting":             {`"name":"s"`, "chain=0 empty"},
		"null":                {`"tls_certificate":null,"validation_context":null`, "chain=0 empty"},
		"generic":             {`"generic_secret":{"secret":{"inline_string":"hunter2"}}`, "chain=0 other"},
		"tickets":             {`"session_ticket_keys":{"keys":[{"inline_bytes":"aHVudGVyMg=="}]}`, "chain=0 other"},
		"no certificate":      {`"tls_certificate":{"certificate_chain":{}}`, "chain=0 problem: it has no certificate"},
		"PKCS #12":            {`"tls_certificate":{"pkcs12":{"inline_bytes":"W3JlZGFjdGVkXQ=="}}`, "chain=0"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			p, err := readText(`{"configs":[{"dynamic_active_secrets":[{"name":"s","version_info":"7","last_updated":"2026-11-22T10:00:00.5Z","secret":{` + c.content + `}}]}]}`)
			if err != nil {
				t.Fatal(err)
			}
			s := p.Secrets[0]
			got := fmt.Sprintf("chain=%d", len(s.Chain))
			if s.Validation != nil {
				got += fmt.Sprintf(" ca=%s n=%d", s.Validation.CA, len(s.Validation.Inline))
			}
			if s.Empty {
				got += " empty"
			}
			if s.Other {
				got += " other"
			}
			if s.Problem != "" {
				got += " problem: " + s.Problem
			}
			if !strings.HasPrefix(got, c.want) || len(got) > len(c.want) && !strings.Contains(got, "problem") {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if s.Name != "s" || s.State != facts.StateActive || s.Version != "7" || s.Updated.IsZero() {
				t.Errorf("the secret's own data: %+v", s)
			}
			if strings.Contains(fmt.Sprintf("%+v %+v", p, s.Validation), "hunter2") {
				t.Error("secret text got into the facts")
			}
		})
	}
}

// TestSecretSections tells active, warming and static ones, and the order of
// name and content does not matter.
func TestSecretSections(t *testing.T) {
	p, err := readText(`{"configs":[{"dynamicWarmingSecrets":[{"secret":{},"name":"w"}],"static_secrets":[{"secret":{"name":"t"}}],"dynamic_active_secrets":[{"secret":{},"name":"a"}]}]}`)
	if err != nil {
		t.Fatal(err)
	}
	got := ""
	for _, s := range p.Secrets {
		got += s.Name + "=" + string(s.State) + " "
	}
	if got != "a=active t=static w=warming " {
		t.Errorf("got %q", got)
	}
}

// TestSPIFFEBundles reads the bundle map of the SPIFFE validator.
func TestSPIFFEBundles(t *testing.T) {
	block := strings.Split(strings.Split(testPEM(t), "-----")[2], "\n")
	bundle := `{"trust_domains":{"b.org":{"keys":[{"use":"x509-svid","x5c":["` + strings.Join(block, "") + `"]},{"use":"jwt-svid"}]},"a.org":{"keys":[]}}}`
	text := func(source string) string {
		return `{"configs":[{"dynamic_active_secrets":[{"name":"s","secret":{"validation_context":{"custom_validator_config":{"name":"envoy.tls.cert_validator.spiffe","typed_config":{"@type":"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.SPIFFECertValidatorConfig","trust_bundles":` + source + `}}}}}]}]}`
	}
	for source, want := range map[string]string{
		`{"inline_bytes":"` + base64.StdEncoding.EncodeToString([]byte(bundle)) + `"}`: "validation=true ca=spiffe sans=[] spiffe:a.org=0 spiffe:b.org=1",
		`{"filename":"/bundles"}`:     "validation=true ca=spiffe sans=[]",
		`{"inline_string":"{\"a\":"}`: `validation=true ca=spiffe sans=[] problem="the SPIFFE trust bundles: unexpected EOF"`,
	} {
		p, err := readText(text(source))
		if err != nil {
			t.Fatal(err)
		}
		if got := validationText(*p.Secrets[0].Validation); got != want {
			t.Errorf("%s\n got %s\nwant %s", source, got, want)
		}
	}
}

// TestMergedContexts: the default context's CA is kept beside the secret's name, every
// certificate is named, and a secret that waits is told by its version where it stands alone.
func TestMergedContexts(t *testing.T) {
	p, err := readText(`{"configs":[{"@type":"type.googleapis.com/envoy.admin.v3.ClustersConfigDump.DynamicCluster","cluster":{"name":"a","transport_socket":{"name":"x","typed_config":{` + tlsType + `,"common_tls_context":{
		"tls_certificate_sds_secret_configs":[{"name":"rsa"},{"name":"ecdsa"}],
		"combined_validation_context":{"default_validation_context":{"trusted_ca":{"filename":"/ca"}},"validation_context_sds_secret_config":{"name":"s"}}}}}}},
		{"@type":"type.googleapis.com/envoy.admin.v3.SecretsConfigDump.DynamicSecret","name":"s","version_info":"uninitialized","secret":{"name":"s"}}]}`)
	if err != nil {
		t.Fatal(err)
	}
	k := p.Upstreams[0].Socket
	if k.Validation.CA.String() != "sds:s" || k.Validation.Default.String() != "file:/ca" {
		t.Errorf("CA %s over %s", k.Validation.CA, k.Validation.Default)
	}
	if k.Cert.Name != "rsa" || len(k.MoreCerts) != 1 || k.MoreCerts[0].Name != "ecdsa" {
		t.Errorf("certificates %v and %v", k.Cert, k.MoreCerts)
	}
	if st := p.SecretState("s"); st != facts.StateWarming {
		t.Errorf("the secret is %q", st)
	}
}

// TestSecretOfTwoNames: a secret that calls itself something else than its entry does was asked for under one of the two.
func TestSecretOfTwoNames(t *testing.T) {
	p, err := readText(`{"configs":[{"dynamic_active_secrets":[{"name":"spiffe://td/ns/a/sa/b","secret":{"name":"default","tls_certificate":{"certificate_chain":{"filename":"/c"}}}},
		{"name":"ROOTCA","secret":{"name":"ROOTCA","validation_context":{"trusted_ca":{"filename":"/ca"}}}}]},{"dynamic_warming_secrets":[{"name":"late","secret":{"name":"ROOTCA"}}]}]}`)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]facts.State{"default": facts.StateActive, "spiffe://td/ns/a/sa/b": facts.StateActive, "late": facts.StateWarming, "ROOTCA": facts.StateWarming, "other": ""} {
		if got := p.SecretState(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}
