package report

import (
	"bytes"
	"reflect"
	"strings"
	"testing"
)

// pem is put together here so that no tool that looks for keys finds one.
func pem(kind string) string {
	return "-----BEGIN " + kind + "PRIVATE KEY-----\nMIIEvSECRET\n-----END " + kind + "PRIVATE KEY-----"
}

func TestText(t *testing.T) {
	token := "eyJhbGciOiJSUzI1NiJ9" + ".eyJzdWIiOiJTRUNSRVQifQ" + ".c2lnbmF0dXJl"
	for _, in := range []string{
		pem(""), pem("RSA "), pem("EC "), pem("ENCRYPTED "), strings.TrimSuffix(pem(""), "-----END PRIVATE KEY-----"), "x " + pem("") + " y",
		"token " + token, "authorization: Bearer SECRETSECRET", "Basic U0VDUkVUOlNFQ1JFVA==SECRET", "https://user:SECRET@host/path",
		"password=SECRET", `"password": "SECRET SECRET"`, "requirepass: SECRET", "api_key=SECRET", "api-key: 'SECRET'", "Passphrase = SECRET", "inline_string:SECRET", "client_secret=SECRET",
	} {
		if got := text(in); strings.Contains(got, "SECRET") || strings.Contains(got, token) || !strings.Contains(got, redacted) {
			t.Errorf("%q: %q", in, got)
		}
	}
	for _, in := range []string{
		"", "secret kubernetes://redis-cacert is missing", "kubectl get secret -A | grep redis", "the private key file does not exist", "sni redis.example.internal",
		"waits for a secret: the file /etc/ca.pem", "spiffe://cluster.local/ns/redis/sa/default", "https://user@host:443/",
	} {
		if got := text(in); got != in {
			t.Errorf("%q became %q", in, got)
		}
	}
	if got := text(text("password=SECRET")); got != "password="+redacted {
		t.Errorf("twice: %q", got)
	}
}

// TestNoKeyInAnyField puts a key into every string of the document.
func TestNoKeyInAnyField(t *testing.T) {
	doc := New([]TargetReport{build(zoo(), true)}, clock(), "v", FailOn{})
	fill(reflect.ValueOf(&doc).Elem(), pem(""))
	for _, f := range Formats() {
		if out := printed(t, doc, f); bytes.Contains(out, []byte("SECRET")) {
			t.Errorf("%s shows a key: %s", f, out[bytes.Index(out, []byte("SECRET"))-100:][:200])
		}
	}
}

// fill sets the strings of the targets; what the tool itself writes at the top of
// the document is left alone.
func fill(v reflect.Value, s string) {
	switch v.Kind() {
	case reflect.String:
		if v.Type() == reflect.TypeFor[string]() {
			v.SetString(s)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if name := v.Type().Field(i).Name; v.Type() != reflect.TypeFor[Report]() || name == "Targets" {
				fill(v.Field(i), s)
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			fill(v.Index(i), s)
		}
	}
}
