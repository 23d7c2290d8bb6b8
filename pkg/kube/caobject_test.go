package kube

import (
	"context"
	"encoding/base64"
	"strings"
	"testing"
)

// testCA is a certificate of this test's own; its key was never kept.
const testCA = `-----BEGIN CERTIFICATE-----
MIIBezCCASGgAwIBAgIUdzhjm+Mf/7olVkxljEPWIM/FH10wCgYIKoZIzj0EAwIw
EjEQMA4GA1UEAwwHdGVzdC1jYTAgFw0yNjExMjMwMjAzMjJaGA8yMTI2MTAzMDAy
MDMyMlowEjEQMA4GA1UEAwwHdGVzdC1jYTBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABFSVm99vDt8OlFhCy0qng8uGnBZFcfflUv408BncDXWbVG0qkZij9L+e5QIV
cmRpPOlff8GBS1SYvCtT0xcQAYajUzBRMB0GA1UdDgQWBBTgiQXTy3Lr7UH7NABW
0V5REmXlCjAfBgNVHSMEGDAWgBTgiQXTy3Lr7UH7NABW0V5REmXlCjAPBgNVHRMB
Af8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQC+xHIyotEelazRmvoGP4wwF8iR
InkeJUc8n6rHf5SuGAIgL4VVqvG0u+CKpy0JW9PDQFFvAVPfB6+yn/kEa+XnBqo=
-----END CERTIFICATE-----
`

func TestCAObject(t *testing.T) {
	const ca = testCA
	secret := func(key, text string) string {
		return `{"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "x"}, "data": {"` + key + `": "` + base64.StdEncoding.EncodeToString([]byte(text)) + `"}}`
	}
	c, _ := newClient(t, map[string]any{
		"/api/v1/namespaces/shop/secrets/redis-cacert":   secret("ca.crt", ca),
		"/api/v1/namespaces/shop/secrets/plain":          secret("cacert", ca),
		"/api/v1/namespaces/shop/secrets/garbage-cacert": secret("ca.crt", "garbage"),
		"/api/v1/namespaces/shop/secrets/pair-cacert":    secret("tls.key", "not looked at"),
		"/api/v1/namespaces/shop/secrets/mine-cacert":    403,
		"/api/v1/namespaces/shop/secrets/both-cacert":    `{"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "x"}, "data": {"cacert": "", "ca.crt": "` + base64.StdEncoding.EncodeToString([]byte(ca)) + `"}}`,
		"/api/v1/namespaces/shop/secrets/empty-cacert":   secret("cacert", ""),
		"/api/v1/namespaces/edge/configmaps/root":        `{"kind": "ConfigMap", "apiVersion": "v1", "metadata": {"name": "root"}, "data": {"ca.crt": "` + strings.ReplaceAll(ca, "\n", `\n`) + `"}}`,
	})
	for sds, want := range map[string]struct {
		object string
		certs  int
		gone   bool
		word   string
	}{
		"kubernetes://redis-cacert":              {"Secret shop/redis-cacert", 1, false, ""},
		"kubernetes://plain-cacert":              {"Secret shop/plain", 1, false, ""},
		"kubernetes-gateway://shop/redis-cacert": {"Secret shop/redis-cacert", 1, false, ""},
		"configmap://edge/root-cacert":           {"ConfigMap edge/root", 1, false, ""},
		"kubernetes://none-cacert":               {"Secret shop/none-cacert", 0, true, ""},
		"configmap://edge/none-cacert":           {"ConfigMap edge/none", 0, true, ""},
		"kubernetes://garbage-cacert":            {"Secret shop/garbage-cacert", 0, false, "no PEM block"},
		"kubernetes://pair-cacert":               {"Secret shop/pair-cacert", 0, false, "none of the keys"},
		"kubernetes://both-cacert":               {"Secret shop/both-cacert", 1, false, ""},
		"kubernetes://empty-cacert":              {"Secret shop/empty-cacert", 0, false, "nothing in them"},
		"kubernetes://mine-cacert":               {"Secret shop/mine-cacert", 0, false, "not allowed"},
	} {
		got, ok := c.CAObject(context.Background(), "shop", sds)
		if !ok || got.Object.String() != want.object || len(got.Certificates) != want.certs || got.Gone != want.gone || !strings.Contains(got.Problem+got.Unread, want.word) || (want.word == "") != (got.Problem+got.Unread == "") {
			t.Errorf("%s: %v, %+v, want %+v", sds, ok, got, want)
		}
	}
	for _, sds := range []string{"ROOTCA", "default", "file-root:/etc/ca.pem", "file-root:system", "kubernetes://", "configmap://x", "sds://y", ""} {
		if got, ok := c.CAObject(context.Background(), "shop", sds); ok {
			t.Errorf("%q is no object: %+v", sds, got)
		}
	}
}
