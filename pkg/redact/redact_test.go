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

// TestHinted: what one of the expressions fits is never passed over, however its words are written.
func TestHinted(t *testing.T) {
	var texts []string
	for _, word := range []string{"pass", "password", "passwd", "passphrase", "requirepass", "masterauth", "token", "secret_key", "client_secret", "apikey", "api_key", "api-key",
		"privatekey", "private_key", "private-key", "inline_string", "inline_bytes"} {
		texts = append(texts, word+"=SECRETS", "x"+word+": SECRETS")
	}
	texts = append(texts, "bearer SECRETS", "basic\tSECRETS", "pa\u017f\u017fword=SECRETS", "to\u212aen=SECRETS")
	fit := 0
	for _, text := range texts {
		for _, in := range []string{text, strings.ToUpper(text), strings.ToUpper(text[:1]) + text[1:]} {
			fits := scheme.MatchString(in) || setting.MatchString(in)
			if fits && (!hinted(in) || strings.Contains(Text(in), "SECRETS")) {
				t.Errorf("%q is passed over: %q", in, Text(in))
			}
			if fits {
				fit++
			}
		}
	}
	if fit < 100 {
		t.Errorf("only %d of the texts are fitted: the test compares too little", fit)
	}
	if hinted("outbound|443||a.example.com: 3 of 3 endpoints") {
		t.Error("everything is looked at: nothing is gained")
	}
}

// TestKeys: the password of an address may stand where a name does, as in the name of a secret; names stay as they are.
func TestKeys(t *testing.T) {
	for in, want := range map[string]string{
		"sds:https://user:pass@vault/x":                  "sds:https://user:" + Mark + "@vault/x",
		"redis://:p@ss@host:6379":                        "redis://:" + Mark + "@host:6379",
		"LS0tLS1CRUdJTiBQUklWQVRFIEtFWS0tLS0tCk1JRUV2":   Mark,
		"a Authorization: Bearer abcdef0123456789 b":     "a Authorization: Bearer " + Mark + " b",
		"Bearer abcdef0123456789":                        "Bearer " + Mark,
		"authorization:Basic dXNlcjpwYXNzd29yZA==":       "authorization:Basic " + Mark,
		"https://vault/x?token=abcdef0123&a=b":           "https://vault/x?token=" + Mark + "&a=b",
		"file:/x;password=hunter2":                       "file:/x;password=" + Mark,
		"bearer certificates":                            "bearer certificates",
		"a-token=b":                                      "a-token=b",
		"outbound|443||a.example.com;tokens.example.com": "outbound|443||a.example.com;tokens.example.com",
		"spiffe://a.example/ns/x/sa/y":                   "spiffe://a.example/ns/x/sa/y",
		"kubernetes://ns/name-cacert":                    "kubernetes://ns/name-cacert",
		"file-cert:/etc/a@b~/etc/c":                      "file-cert:/etc/a@b~/etc/c",
		"https://host:8443/users/me@x.org":               "https://host:8443/users/me@x.org",
		"CN=Basic Constraints, password=1":               "CN=Basic Constraints, password=1",
	} {
		if got := Keys(in); got != want {
			t.Errorf("%q became %q, want %q", in, got, want)
		}
	}
}

// TestSaidOfAFile: what is told of a file with the name of a setting stays readable; a value never does, whatever it follows.
func TestSaidOfAFile(t *testing.T) {
	for _, in := range []string{
		"/etc/passwd: no proxy's configuration", "open /etc/passwd: permission denied", "--bundle /etc/passwd: it is no bundle: not gzip", "/run/secrets/token: not a bundle", `read "/etc/passwd": is a directory`, "./token: line 3: a key without a value",
	} {
		if got := Text(in); got != in {
			t.Errorf("%q became %q", in, got)
		}
	}
	for _, in := range []string{
		"/etc/passwd: hunter2", "/etc/passwd=no", "passwd: no", "/etc/passwd:no", `/etc/passwd: "no"`, "/etc/passwd: noway", "/data/password: no-secret", "/x requirepass: not", "/etc/passwd: no password: hunter2", "/etc/passwd: no\npassword: not",
	} {
		if got := Text(in); !strings.Contains(got, Mark) || strings.Contains(got, "hunter2") {
			t.Errorf("%q became %q", in, got)
		}
	}
}
