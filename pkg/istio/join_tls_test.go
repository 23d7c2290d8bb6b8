package istio

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

// TestJoinKeepsRevocation: a list of revoked certificates of a rule that is taken over, or was, goes on counting; where it
// could not, the rule is not taken.
func TestJoinKeepsRevocation(t *testing.T) {
	const port = "trafficPolicy: {portLevelSettings: [{port: {number: 80}, tls: %}]}"
	const ours = ", labels: {mesh-tls.io/name: www-example-internal, app.kubernetes.io/managed-by: kubectl-mesh-tls}"
	crl := "{mode: SIMPLE, caCertificates: /ca.pem, caCrl: /crl.pem}"
	for name, c := range map[string]struct {
		meta, spec string
		ca         intent.CA
		want       string // caCrl of ours, or the error after "!"
	}{
		"at the port":                     {spec: strings.Replace(port, "%", crl, 1), want: "/crl.pem"},
		"of our own rule":                 {meta: ours, spec: strings.Replace(port, "%", crl, 1), want: "/crl.pem"},
		"of the whole rule":               {spec: "trafficPolicy: {tls: " + crl + "}", want: "/crl.pem"},
		"with the public CAs":             {spec: strings.Replace(port, "%", crl, 1), ca: intent.CA{Kind: intent.CASystem}, want: "/crl.pem"},
		"with a CA in a ConfigMap":        {spec: strings.Replace(port, "%", crl, 1), ca: intent.CA{Kind: intent.CAConfigMap, Name: "ca"}, want: "!by the list in /crl.pem"},
		"of the rule, replaced at a port": {spec: "trafficPolicy: {tls: " + crl + ", portLevelSettings: [{port: {number: 80}}]}"},
		"of another port":                 {spec: "trafficPolicy: {portLevelSettings: [{port: {number: 81}, tls: " + crl + "}]}"},
		"of a mode that does not read it": {spec: strings.Replace(port, "%", "{mode: ISTIO_MUTUAL, caCrl: /crl.pem}", 1)},
		"where nothing is verified":       {spec: strings.Replace(port, "%", "{mode: SIMPLE, insecureSkipVerify: true, caCrl: /crl.pem}", 1)},
	} {
		it := web()
		it.CA = intent.CA{Kind: intent.CAPath, Name: "/ca.pem"}
		if c.ca.Kind != "" {
			it.CA = c.ca
		}
		plan, err := Build(it, Options{NetworkingVersion: "v1"})
		if err != nil {
			t.Fatal(name, err)
		}
		err = Join(&plan, []*unstructured.Unstructured{object(t, "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: theirs, namespace: shop"+c.meta+"}\nspec: {host: www.example.internal, "+c.spec+"}")})
		if why, refused := strings.CutPrefix(c.want, "!"); refused || err != nil {
			if !refused || !strings.Contains(errText(err), why) {
				t.Errorf("%s: want %q, got %v", name, c.want, err)
			}
			continue
		}
		got := ""
		for _, o := range plan.Objects {
			if o.GetKind() == kindRule {
				got, _ = tlsAt(o, 80)[crlField].(string)
			}
		}
		if told := strings.Contains(strings.Join(plan.Notes, "\n"), "list of revoked certificates of theirs is kept"); got != c.want || told != (c.want != "") {
			t.Errorf("%s: want %q, got %q (told: %t)", name, c.want, got, told)
		}
	}
}

// TestJoinTellsReplacedTLS: a client certificate and names that are replaced are told.
func TestJoinTellsReplacedTLS(t *testing.T) {
	for was, want := range map[string]string{
		"{mode: MUTUAL, clientCertificate: /c.pem, subjectAltNames: [www.example.internal]}": "theirs presented the client certificate of /c.pem; the plan presents none",
		"{mode: MUTUAL, credentialName: pair}":                                               "theirs presented the client certificate of pair; the plan presents none",
		"{mode: SIMPLE, credentialName: ca, subjectAltNames: [a, b]}":                        "theirs took a server with one of the names a, b; the plan takes www.example.internal (--san)",
		"{mode: SIMPLE, credentialName: ca, subjectAltNames: [www.example.internal]}":        "",
	} {
		plan, err := Build(web(), Options{NetworkingVersion: "v1"})
		if err != nil {
			t.Fatal(err)
		}
		before := len(plan.Notes)
		if err := Join(&plan, []*unstructured.Unstructured{object(t, "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: theirs, namespace: shop}\nspec: {host: www.example.internal, trafficPolicy: {tls: "+was+"}}")}); err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(plan.Notes[before:], "\n"); want == "" && got != "" || !strings.Contains(got, want) || len(plan.Notes) > before+1 {
			t.Errorf("%s: want %q, got %q", was, want, got)
		}
	}
}

// TestJoinKeepsPorts: the other ports of an entry are repeated, and none of them becomes ours by its name.
// In an entry of our own a port that the intent has no more is none.
func TestJoinKeepsPorts(t *testing.T) {
	const ours = ", labels: {mesh-tls.io/name: www-example-internal, app.kubernetes.io/managed-by: kubectl-mesh-tls}"
	for meta, want := range map[string]map[int64]any{
		"":   {80: "http-80-mesh-tls", 9999: "http-80"},
		ours: {80: "http-80-mesh-tls"},
		ours + `, annotations: {mesh-tls.io/taken-over: "1"}`: {80: "http-80-mesh-tls", 9999: "http-80"},
	} {
		plan, err := Build(web(), Options{NetworkingVersion: "v1"})
		if err != nil {
			t.Fatal(err)
		}
		if err := Join(&plan, []*unstructured.Unstructured{object(t, `apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: theirs, namespace: shop`+meta+`}
spec: {hosts: [www.example.internal], ports: [{number: 9999, name: http-80, protocol: TCP, targetPort: 1}]}`)}); err != nil {
			t.Fatal(err)
		}
		names := map[int64]any{}
		for _, o := range plan.Objects {
			ports, _, _ := unstructured.NestedSlice(o.Object, "spec", "ports")
			for _, p := range ports {
				names[portOf(map[string]any{"port": p})] = p.(map[string]any)["name"]
			}
		}
		if diff := cmp.Diff(want, names); diff != "" {
			t.Errorf("%s: %s", meta, diff)
		}
	}
}

// TestRevoked: a list of revoked certificates that a subset's own TLS would replace is found in the rule and in the subset.
func TestRevoked(t *testing.T) {
	for spec, want := range map[string]string{
		"{}":                                  "",
		"{trafficPolicy: {tls: {caCrl: /a}}}": "/a",
		"{trafficPolicy: {portLevelSettings: [{port: {number: 80}}, {tls: {caCrl: /b}}]}}":  "/b",
		"{subsets: [{name: v1, trafficPolicy: {tls: {caCrl: /c}}}]}":                        "/c",
		"{subsets: [{name: v2, trafficPolicy: {tls: {caCrl: /d}}}, {name: v1}]}":            "",
		"{subsets: [{name: v1, trafficPolicy: {portLevelSettings: [{tls: {caCrl: /e}}]}}]}": "/e",
	} {
		rule := object(t, "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: r, namespace: shop}\nspec: "+spec)
		if got := revoked(rule, "v1"); got != want {
			t.Errorf("%s: %q, want %q", spec, got, want)
		}
	}
}
