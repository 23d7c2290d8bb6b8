//go:build e2e

package e2e

import (
	"crypto/x509"
	"encoding/json"
	"os"
	"testing"
	"time"
)

// contextSabotages change single members of the TLS context that Istio wrote.
func contextSabotages() []sabotage[*site] {
	client := func(of func(*site) (*authority, leaf)) func(*testing.T, *site) {
		return func(t *testing.T, x *site) {
			t.Helper()
			a, l := of(x)
			l.names, l.usage = []string{"client"}, []x509.ExtKeyUsage{x509.ExtKeyUsageClientAuth}
			cert, key := a.issue(t, x.work, l)
			inContext("{tls_certificates: [{certificate_chain: {inline_string: "+quotedFile(t, cert)+"}, private_key: {inline_string: "+quotedFile(t, key)+"}}]}")(t, x)
		}
	}
	again := func(t *testing.T, x *site) {
		t.Helper()
		unfilter(t, x)
		x.serve(t, x.right, leaf{names: []string{x.host}})
	}
	return []sabotage[*site]{
		{name: "an expired client certificate that stands in the cluster itself", breaks: client(func(x *site) (*authority, leaf) { return x.right, leaf{from: -48 * time.Hour, to: -24 * time.Hour} }),
			traffic: trafficWorks, code: 1, id: "MT009", words: []string{"outside its validity"}},
		{name: "an expired client certificate that the sidecar reads from a file", breaks: inContext("{tls_certificates: [{certificate_chain: {filename: /etc/e2e-ca/old.crt}, private_key: {filename: /etc/e2e-ca/old.key}}]}"),
			traffic: trafficWorks, code: 1, id: "MT009", words: []string{"outside its validity", "/etc/e2e-ca/old.crt"}},
		{name: "client certificate of another CA, and a server that names none", repair: again, breaks: func(t *testing.T, x *site) {
			x.serve(t, x.right, leaf{names: []string{x.host}}, "--client-ca", x.right.file)
			client(func(x *site) (*authority, leaf) { return x.wrong, leaf{} })(t, x)
		}, traffic: trafficFails, code: 0, id: "MT009", words: []string{"was not seen", "names no CA"}},
		{name: "TLS 1.0 is offered", breaks: inContext("{tls_params: {tls_minimum_protocol_version: TLSv1_0}}"), traffic: trafficWorks, code: 0, id: "MT026", words: []string{"broken"}},
		{name: "the keys of every session in a file", breaks: inContext("{key_log: {path: /etc/istio/proxy/keys.log}}"), traffic: trafficWorks, code: 0, id: "MT002", words: []string{"can be read all the same"}},
	}
}

// inContext merges a common_tls_context into the one of the site's cluster.
func inContext(common string) func(*testing.T, *site) {
	return filter("{applyTo: CLUSTER, match: {context: SIDECAR_OUTBOUND, cluster: {name: 'outbound|$PORT||$HOST'}}, patch: {operation: MERGE, value: {transport_socket: {name: envoy.transport_sockets.tls, " +
		"typed_config: {'@type': type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext, common_tls_context: " + common + "}}}}}")
}

// quotedFile is a file's text as a YAML string.
func quotedFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	quoted, err := json.Marshal(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return string(quoted)
}
