package redact

import (
	"strings"
	"testing"
)

// pemOf is put together here so that no tool that looks for keys finds one.
func pemOf(kind string) string {
	return "-----BEGIN " + kind + "PRIVATE KEY-----\nMIIEvSECRET\n-----END " + kind + "PRIVATE KEY-----"
}

func TestText(t *testing.T) {
	token := "eyJhbGciOiJSUzI1NiJ9" + ".eyJzdWIiOiJTRUNSRVQifQ" + ".c2lnbmF0dXJl"
	for _, in := range []string{
		pemOf(""), pemOf("RSA "), pemOf("EC "), pemOf("ENCRYPTED "), strings.TrimSuffix(pemOf(""), "-----END PRIVATE KEY-----"), "x " + pemOf("") + " y",
		"token " + token, "authorization: Bearer SECRETSECRET", "Basic U0VDUkVUOlNFQ1JFVA==SECRET", "https://user:SECRET@host/path",
		"password=SECRET", `"password": "SECRET SECRET"`, "requirepass: SECRET", "api_key=SECRET", "api-key: 'SECRET'", "Passphrase = SECRET", "inline_string:SECRET", "client_secret=SECRET", "secret_key=SECRET", "a=1&token=SECRET",
	} {
		if got := Text(in); strings.Contains(got, "SECRET") || strings.Contains(got, token) || !strings.Contains(got, Mark) {
			t.Errorf("%q: %q", in, got)
		}
	}
	for _, in := range []string{
		"", "secret kubernetes://redis-cacert is missing", "kubectl get secret -A | grep redis", "the private key file does not exist", "sni redis.example.internal",
		"waits for a secret: the file /etc/ca.pem", "spiffe://cluster.local/ns/redis/sa/default", "https://user@host:443/",
		"outbound|443||a.example.com", "kubernetes://redis-cacert", "file-root:/etc/ca.pem", "basic block", "tokens are fine", "a=b",
	} {
		if got := Text(in); got != in {
			t.Errorf("%q became %q", in, got)
		}
	}
	if got := Text(Text("password=SECRET")); got != "password="+Mark {
		t.Errorf("twice: %q", got)
	}
}
