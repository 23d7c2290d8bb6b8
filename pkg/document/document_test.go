package document

import (
	"bytes"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

const two = `# what the shop calls
apiVersion: mesh-tls.io/v1alpha1
kind: MeshTLS
metadata: {name: redis, namespace: shop}
spec:
  recipe: origination
  host: redis.example.internal
  ports: [{number: 6379, protocol: TCP}]
  workload: {app: web}
  files: {caFile: ca.pem, certFile: client.pem, keyFile: client.key}
---
---
apiVersion: mesh-tls.io/v1alpha1
kind: MeshTLS
metadata: {name: strict}
spec: {recipe: strict, mesh: true}
`

func TestParse(t *testing.T) {
	got, err := Parse("intents.yaml", []byte(two))
	if err != nil {
		t.Fatal(err)
	}
	want := []Document{
		{Source: "intents.yaml", Line: 2, Intent: intent.Intent{
			Name: "redis", Namespace: "shop", Recipe: intent.RecipeOrigination, Host: "redis.example.internal",
			Ports: []intent.Port{{Number: 6379, Protocol: "TCP"}}, Workload: map[string]string{"app": "web"},
		}, Files: Files{CAFile: "ca.pem", CertFile: "client.pem", KeyFile: "client.key"}},
		{Source: "intents.yaml", Line: 13, Intent: intent.Intent{Name: "strict", Recipe: intent.RecipeStrict, Mesh: true}},
	}
	if diff := cmp.Diff(want, got, withoutLines); diff != "" {
		t.Error(diff)
	}
}

// Every refusal names the file, the line and the field; all of them come at once.
// withoutLines compares what documents say; where it stands is for TestLines.
var withoutLines = cmpopts.IgnoreFields(Document{}, "Lines")

// TestLines: an error and a finding point at the field, or at what the field would stand in.
func TestLines(t *testing.T) {
	text := "apiVersion: mesh-tls.io/v1alpha1\nkind: MeshTLS\nmetadata:\n  name: a\nspec:\n  recipe: origination\n  ports:\n  - number: 1\n    protocol: TCP\n  - number: 2\n  ca: {kind: system}\n"
	docs, err := Parse("one", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for want, fields := range map[int][]string{4: {"name"}, 6: {"recipe"}, 7: {"ports[7].number"}, 9: {"ports[0].protocol"}, 10: {"ports[1].protocol"}, 11: {"sni", "ca.name"}, 0: {"sni"}} {
		if got := docs[0].Lines.Of(fields...); got != want {
			t.Errorf("%v: line %d, want %d", fields, got, want)
		}
	}
}

// TestParseAll: what is too much is an error, and not left out.
func TestParseAll(t *testing.T) {
	one := "---\napiVersion: mesh-tls.io/v1alpha1\nkind: MeshTLS\nmetadata: {name: a}\nspec: {recipe: strict}\n"
	if docs, err := Parse("many", []byte(strings.Repeat(one, maxDocuments))); err != nil || len(docs) != maxDocuments {
		t.Errorf("%d documents, %v", len(docs), err)
	}
	if _, err := Parse("many", []byte(strings.Repeat(one, maxDocuments+1))); err == nil || !strings.Contains(err.Error(), "many:5002: is the document after the 1000th") {
		t.Errorf("one more: %v", err)
	}
}

func TestParseRefuses(t *testing.T) {
	begin := "apiVersion: mesh-tls.io/v1alpha1\nkind: MeshTLS\nspec:\n"
	for name, tt := range map[string]struct {
		text string
		want []string
	}{
		"unknown field":       {begin + "  hots: a.b\n", []string{"f.yaml:4: spec.hots is no field", "did you mean host?"}},
		"another kind":        {"apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a, labels: {a: b}}\ndata: {a: b}\n", []string{"f.yaml:1: apiVersion is \"v1\", want", "f.yaml:2: kind is \"ConfigMap\", want \"MeshTLS\""}},
		"no kind":             {"apiVersion: mesh-tls.io/v1alpha1\nspec: {recipe: strict}\n", []string{"f.yaml:1: kind is missing, want \"MeshTLS\""}},
		"unknown and far":     {begin + "  zzzzzz: a.b\n", []string{"f.yaml:4: spec.zzzzzz", "it knows addresses,"}},
		"case":                {begin + "  SNI: a.b\n", []string{"did you mean sni?"}},
		"name in spec":        {begin + "  name: a\n", []string{"f.yaml:4: spec.name is no field"}},
		"deep":                {begin + "  ca:\n    kind: path\n    path: /x\n", []string{"f.yaml:6: spec.ca.path is no field"}},
		"in a list":           {begin + "  ports:\n  - number: 1\n  - nummer: 2\n", []string{"f.yaml:6: spec.ports[1].nummer", "did you mean number?"}},
		"twice":               {begin + "  host: a.b\n  host: c.d\n", []string{"f.yaml:5: spec.host stands twice"}},
		"label twice":         {begin + "  workload: {a: b, a: c}\n", []string{"spec.workload.a stands twice"}},
		"two at once":         {begin + "  hots: a.b\n  tlsPort: x\n", []string{"f.yaml:4:", "f.yaml:5: spec.tlsPort must be a whole number"}},
		"text for a number":   {begin + "  ports: [{number: \"80\"}]\n", []string{"must be a whole number"}},
		"number for text":     {begin + "  host: 12\n", []string{"spec.host must be text: put it into quotes"}},
		"number for a label":  {begin + "  workload: {v: 1}\n", []string{"spec.workload.v must be text"}},
		"word for yes":        {begin + "  mesh: maybe\n", []string{"spec.mesh must be true or false"}},
		"value for a list":    {begin + "  ports: 80\n", []string{"spec.ports must be a list"}},
		"list for a value":    {begin + "  host: [a]\n", []string{"spec.host must be one value"}},
		"value for a map":     {begin + "  ca: system\n", []string{"spec.ca must be a map of fields"}},
		"nothing for text":    {begin + "  host:\n", []string{"spec.host must be text"}},
		"kind":                {"apiVersion: mesh-tls.io/v1alpha1\nkind: Policy\nspec: {}\n", []string{`f.yaml:2: kind is "Policy", want "MeshTLS"`}},
		"version":             {"apiVersion: mesh-tls.io/v2\nkind: MeshTLS\nspec: {}\n", []string{`apiVersion is "mesh-tls.io/v2"`}},
		"no spec":             {"apiVersion: mesh-tls.io/v1alpha1\nkind: MeshTLS\n", []string{"spec is missing"}},
		"two apiVersion keys": {"apiVersion: a\napiVersion: b\nkind: MeshTLS\n", []string{"f.yaml:2: apiVersion stands twice"}},
		"lost indentation":    {begin + "  host: a.b\n ports: []\n", []string{"f.yaml:", "is no YAML"}},
		"a tab":               {"apiVersion: a\n\tkind: b\n", []string{"f.yaml:2: is no YAML"}},
		"a word":              {"hello", []string{"f.yaml:1: the document must be a map"}},
		"empty":               {"", []string{"holds no document of kind MeshTLS"}},
		"second is bad":       {two + "---\nkind: 1\n", []string{"f.yaml:18: kind must be text"}},
		"aliases that grow":   {begin + "  addresses: &a [" + strings.Repeat("x, ", 1000) + "x]\n  endpoints: *a\n  exportTo: [*a]\n", []string{"spec.exportTo[0] must be one value"}},
	} {
		t.Run(name, func(t *testing.T) {
			docs, err := Parse("f.yaml", []byte(tt.text))
			if err == nil || docs != nil {
				t.Fatalf("want an error, got %v and %+v", err, docs)
			}
			for _, part := range tt.want {
				if !strings.Contains(err.Error(), part) {
					t.Errorf("want %q in: %v", part, err)
				}
			}
		})
	}
}

// What is printed reads back as the same, whatever the recipe.
func TestPrintReadsBack(t *testing.T) {
	pem := "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"
	for _, d := range []Document{
		{Intent: intent.Intent{Name: "a", Namespace: "b", Recipe: intent.RecipeOrigination, Host: "a.b", Ports: []intent.Port{{Number: 65535, Protocol: "TCP"}}}.Complete(), Files: Files{CABundle: pem}},
		{Intent: intent.Intent{Name: "true", Namespace: "8", Recipe: intent.RecipeEgress, Host: "a.b", Ports: []intent.Port{{Number: 80, Protocol: "HTTP"}}, Workload: map[string]string{"v": "1", "on": "yes"}, Subset: "x"}.Complete()},
		{Intent: intent.Intent{Name: "s", Namespace: "b", Recipe: intent.RecipeStrict, Workload: map[string]string{"a": ""}, PortModes: []intent.PortMode{{Port: 1, Mode: "DISABLE"}}}},
		{Intent: intent.Intent{Name: "g", Namespace: "b", Recipe: intent.RecipeMutual, Role: intent.RoleGateway, Host: "a.b", AnyClient: true, Service: "a.b.svc.cluster.local", ServicePort: 1,
			Certificate: intent.KeyPair{Kind: intent.PairSecret, Name: "x", Fingerprint: "00"}}, Files: Files{CertFile: "a", KeyFile: "b"}},
	} {
		var text bytes.Buffer
		if err := Print(&text, d); err != nil {
			t.Fatal(err)
		}
		got, err := Parse("", text.Bytes())
		if err != nil {
			t.Fatalf("%v\n%s", err, text.String())
		}
		d.Line = 1
		if diff := cmp.Diff([]Document{d}, got, withoutLines); diff != "" {
			t.Errorf("%s\n%s", diff, text.String())
		}
	}
}

// Whatever a file holds: an error that names it, or documents that print and read back.
func FuzzParse(f *testing.F) {
	f.Add(two)
	f.Add("a: &a [*a]")
	f.Add("apiVersion: mesh-tls.io/v1alpha1\nkind: MeshTLS\nspec: {host: \"\\u0000\", <<: {}}")
	f.Add("? [a]\n: b")
	f.Fuzz(func(t *testing.T, text string) {
		docs, err := Parse("f", []byte(text))
		if (err == nil) == (docs == nil) {
			t.Fatalf("%v and %v", docs, err)
		}
		for _, d := range docs {
			var b bytes.Buffer
			if err := Print(&b, d); err != nil {
				t.Fatal(err)
			}
			if _, err := Parse("f", b.Bytes()); err != nil {
				t.Fatalf("%v\n%s", err, b.String())
			}
		}
	})
}
