package document

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

var update = flag.Bool("update", false, "write the schema anew")

const schemaFile = "../../docs/schema/meshtls.json"

// words are the values that a field takes, by its path.
var words = map[string][]string{
	"apiVersion": {APIVersion}, "kind": {Kind},
	"spec.recipe":           {string(intent.RecipeOrigination), string(intent.RecipeEgress), string(intent.RecipeStrict), string(intent.RecipeMutual)},
	"spec.role":             {string(intent.RoleClient), string(intent.RoleGateway)},
	"spec.mode":             {string(intent.ModeSimple), string(intent.ModeMutual)},
	"spec.form":             {string(intent.FormTargetPort), string(intent.FormVirtualService)},
	"spec.resolution":       {intent.ResolutionDNS, intent.ResolutionDNSRoundRobin, intent.ResolutionStatic, intent.ResolutionNone},
	"spec.ca.kind":          {string(intent.CAPath), string(intent.CASystem), string(intent.CASecret), string(intent.CAConfigMap)},
	"spec.certificate.kind": {string(intent.PairPath), string(intent.PairSecret)},
	"spec.portModes[].mode": {intent.InboundStrict, intent.InboundPermissive, intent.InboundDisable},
	"spec.ports[].protocol": {intent.ProtocolTCP, intent.ProtocolHTTP, intent.ProtocolHTTP2, intent.ProtocolGRPC},
}

// about says of every field what it is. A field without a line here fails the test.
var about = map[string]string{
	"apiVersion": "version of this form", "kind": "always MeshTLS",
	"metadata": "who this intent is", "metadata.name": "name of the intent and of its objects (default: made of the host)",
	"metadata.namespace": "namespace of the clients, of the workloads, or of the gateway (default: that of the command)",
	"spec":               "what is wanted", "spec.recipe": "what is done (default: origination)",
	"spec.host": "the host that the clients call", "spec.ports": "the ports that applications call in plain text; at a gateway, the one that is redirected",
	"spec.ports[].number": "port", "spec.ports[].protocol": "what the application speaks on it",
	"spec.mode": "SIMPLE, or MUTUAL with a client certificate (default: by certificate)",
	"spec.sni":  "server name to send (default: the host)", "spec.subjectAltNames": "names of which the other end's certificate must have one (default: the host; at a gateway: the clients that may come in)",
	"spec.ca": "the CA that the other end's certificate must be of", "spec.ca.kind": "where it is (default with files: secret with a workload or a certificate, else configmap)",
	"spec.ca.name": "path inside the sidecar, or name of the Secret or ConfigMap", "spec.ca.fingerprints": "SHA-256 of each certificate, lower-case hex",
	"spec.workload": "labels of the pods (default: all of the namespace); at a gateway, those of its pods", "spec.workload.*": "value of the label",
	"spec.exportTo": "namespaces that see it: '.', '*' or names (default: '.')", "spec.resolution": "how the sidecar finds the host (default: DNS; NONE for a wildcard)",
	"spec.addresses": "virtual addresses of the host, which the clients dial", "spec.endpoints": "what the sidecar dials instead of the host",
	"spec.form": "egress and mutual: how calls get to the TLS port", "spec.tlsPort": "egress and mutual: the port that takes TLS (default: 443)",
	"spec.mesh": "strict: the whole mesh", "spec.portModes": "strict: exceptions", "spec.portModes[].port": "container port", "spec.portModes[].mode": "what it takes",
	"spec.certificate": "what this end presents", "spec.certificate.kind": "where it is", "spec.certificate.name": "path of the certificate inside the sidecar, or name of the Secret",
	"spec.certificate.key": "path of the key inside the sidecar", "spec.certificate.fingerprint": "SHA-256 of the certificate, lower-case hex",
	"spec.certificate.serviceAccounts": "accounts of the clients that are given the right to list the Secrets of the namespace, without which istiod does not hand the Secret out",
	"spec.subset":                      "egress and mutual with form virtualservice: TLS stands in this subset", "spec.role": "mutual: which end",
	"spec.service": "gateway: full name of the Service behind it", "spec.servicePort": "gateway: port of the Service", "spec.anyClient": "gateway: any certificate of the CA may come in",
	"spec.through": "egress: the egress gateway on the way; the namespace is then the gateway's, and exportTo names those of the clients", "spec.through.service": "full name of the gateway's Service",
	"spec.through.port": "the Service's port that the sidecars call", "spec.through.workload": "labels of the gateway's pods", "spec.through.workload.*": "value of the label",
	"spec.through.identities": "SPIFFE IDs of the gateway's pods: the sidecars take no other",
	"spec.files":              "certificates that come along, and where a key is; paths are relative to this file", "spec.files.caBundle": "the CA's certificates in PEM", "spec.files.caFile": "the same in a file",
	"spec.files.certFile": "the certificate and its chain in PEM: becomes the Secret that certificate names", "spec.files.keyFile": "its key",
}

// schemaOf writes the schema of a type from the same fields that Parse knows.
func schemaOf(t *testing.T, typ reflect.Type, path string) map[string]any {
	t.Helper()
	out := map[string]any{}
	if text, ok := about[strings.TrimSuffix(path, "[]")]; ok && path != "" {
		out["description"] = text
	} else if path != "" && !strings.HasSuffix(path, "[]") {
		t.Errorf("%s: no line in the table about", path)
	}
	if w := words[path]; len(w) > 0 {
		out["enum"] = w
	}
	switch typ.Kind() {
	case reflect.Struct:
		properties := map[string]any{}
		for name, of := range fieldsOf(typ) {
			properties[name] = schemaOf(t, of, strings.TrimPrefix(path+"."+name, "."))
		}
		out["type"], out["additionalProperties"], out["properties"] = "object", false, properties
	case reflect.Map:
		out["type"], out["additionalProperties"] = "object", schemaOf(t, typ.Elem(), path+".*")
	case reflect.Slice:
		out["type"], out["items"] = "array", schemaOf(t, typ.Elem(), path+"[]")
	case reflect.String:
		out["type"] = "string"
	case reflect.Int:
		out["type"], out["minimum"], out["maximum"] = "integer", 0, 65535
	case reflect.Bool:
		out["type"] = "boolean"
	default:
		t.Errorf("%s: a field of kind %s has no schema", path, typ.Kind())
	}
	return out
}

// TestSchema keeps docs/schema/meshtls.json in step with what is parsed: a field that
// is added here is added there, with a word on what it is.
func TestSchema(t *testing.T) {
	s := schemaOf(t, reflect.TypeFor[file](), "")
	s["$schema"], s["$id"], s["title"] = "https://json-schema.org/draft/2020-12/schema", "https://mesh-tls.io/schema/meshtls.json", "An intent of kubectl mesh-tls, for enable -f"
	s["required"] = []string{"apiVersion", "kind", "spec"}
	got, err := json.MarshalIndent(s, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile(schemaFile, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (go test ./pkg/document -update writes it anew):\n%s", schemaFile, diff)
	}
}

// What Parse takes the schema takes, and what it refuses the schema refuses.
func TestSchemaAgreesWithParse(t *testing.T) {
	c := jsonschema.NewCompiler()
	c.DefaultDraft(jsonschema.Draft2020)
	s, err := c.Compile(schemaFile)
	if err != nil {
		t.Fatal(err)
	}
	begin := "apiVersion: mesh-tls.io/v1alpha1\nkind: MeshTLS\nspec:\n"
	for _, text := range []string{
		begin + "  host: a.b\n  ports: [{number: 80, protocol: HTTP}]\n  workload: {a: b}\n  files: {caFile: x}\n", strings.SplitAfter(two, "---\n")[0],
		begin + "  hots: a.b\n", begin + "  name: a\n", begin + "  host: 1\n", begin + "  ports: 1\n", begin + "  ports: [{nummer: 1}]\n", begin + "  workload: {a: 1}\n", begin + "  mesh: 1\n",
		"apiVersion: mesh-tls.io/v1alpha1\nkind: MeshTLS\n", "apiVersion: mesh-tls.io/v1\nkind: MeshTLS\nspec: {}\n",
	} {
		var value any
		if err := yaml.Unmarshal([]byte(strings.TrimSuffix(text, "---\n")), &value); err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(value)
		if err != nil {
			t.Fatal(err)
		}
		instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
		if err != nil {
			t.Fatal(err)
		}
		_, parseErr := Parse("f", []byte(text))
		if schemaErr := s.Validate(instance); (parseErr == nil) != (schemaErr == nil) {
			t.Errorf("Parse says %v, the schema %v, of:\n%s", parseErr, schemaErr, text)
		}
	}
}
