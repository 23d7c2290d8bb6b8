package legacy

import (
	"strings"
	"testing"
)

const good = "apiVersion: authentication.istio.io/v1alpha1\nkind: Policy\nmetadata:\n  name: default\nspec:\n  peers:\n  - mtls: {}\n"

// TestReadDamaged: damage of old articles is an error with its place, and nothing is
// taken of the text.
func TestReadDamaged(t *testing.T) {
	for name, tt := range map[string]struct{ text, want string }{
		"two apiVersion keys":       {"apiVersion: authentication.istio.io/v1alpha1\napiVersion: v1\nkind: Policy\nmetadata: {name: x}\n", "f.yaml:2:1: apiVersion stands twice, first in line 1"},
		"a line of --- missing":     {good + "apiVersion: v1\nkind: Service\n", "f.yaml:8:1: apiVersion stands twice"},
		"a deep key twice":          {"apiVersion: v1\nkind: A\nmetadata:\n  name: x\n  name: y\n", "f.yaml:5:3: name stands twice, first in line 4"},
		"tab":                       {"apiVersion: v1\nkind: A\nmetadata:\n\tname: x\n", "f.yaml:4:1: is no YAML: a tab"},
		"tab after blanks":          {"apiVersion: v1\nkind: A\nspec:\n  peers:\n  \t- mtls: {}\n", "f.yaml:5:3: is no YAML: a tab"},
		"value and map":             {"apiVersion: v1\nkind: A\nmetadata:\n  name: x: y\n", "f.yaml:4:10: is no YAML"},
		"less indented than any":    {"apiVersion: v1\nkind: A\nmetadata:\n    name: x\n  namespace: y\n", "f.yaml:5:3: is no YAML"},
		"quote not closed":          {"apiVersion: v1\nkind: \"A\nmetadata: {}\n", "is no YAML"},
		"bracket not closed":        {"apiVersion: v1\nkind: A\nspec: {a: [b\n", "is no YAML"},
		"name lost its indentation": {"apiVersion: authentication.istio.io/v1alpha1\nkind: Policy\nmetadata:\nname: x\nspec: {}\n", "f.yaml:4:1: name stands at the top level of the Policy and belongs under metadata"},
		"peers at the top":          {"apiVersion: authentication.istio.io/v1alpha1\nkind: Policy\nmetadata:\n  name: x\nspec:\npeers:\n- mtls: {}\n", "f.yaml:6:1: peers stands at the top level of the Policy and belongs under spec"},
		"host at the top":           {"apiVersion: networking.istio.io/v1alpha3\nkind: DestinationRule\nmetadata:\n  name: x\nspec:\nhost: y\n", "f.yaml:6:1: host stands at the top level"},
		"a stranger at the top":     {good + "mode: STRICT\n", "f.yaml:8:1: mode is no field of a Policy"},
		"no kind":                   {"apiVersion: v1\nmetadata: {name: x}\n", "f.yaml:1:1: has no apiVersion or no kind"},
		"no metadata":               {"apiVersion: v1\nkind: A\n", "f.yaml:1:1: A has no metadata"},
		"no name":                   {"apiVersion: v1\nkind: A\nmetadata: {namespace: x}\n", "f.yaml:3:11: metadata of A has no name"},
		"number for a name":         {"apiVersion: v1\nkind: A\nmetadata: {name: 3}\n", "f.yaml:3:11: metadata of A has no name"},
		"metadata of text":          {"apiVersion: v1\nkind: A\nmetadata: x\n", "f.yaml:3:11: metadata of A is one value"},
		"a word":                    {"hello\n", "f.yaml:1:1: must be an object"},
		"a list":                    {"- a\n", "f.yaml:1:1: must be an object with apiVersion and kind, not a list"},
		"empty":                     {"", "f.yaml: holds no object"},
		"comments only":             {"# x\n---\n", "f.yaml: holds no object"},
		"merge":                     {"apiVersion: v1\nkind: A\nmetadata: &m {name: x}\nspec:\n  <<: *m\n", "f.yaml:5:3: merge keys"},
		"second document":           {good + "---\nkind: B\n", "f.yaml:9:1: has no apiVersion"},
		"item of a list":            {"apiVersion: v1\nkind: List\nitems:\n- kind: A\n", "f.yaml:4:3: has no apiVersion"},
		"too deep":                  {"apiVersion: v1\nkind: A\nmetadata: {name: x}\nspec: " + strings.Repeat("[", 200) + strings.Repeat("]", 200), "too deep"},
		"an unknown anchor":         {"apiVersion: v1\nkind: A\nmetadata: *x\n", "is no YAML"},
	} {
		objects, err := Read("f.yaml", []byte(tt.text), "default")
		if err == nil || !strings.Contains(err.Error(), tt.want) || objects != nil {
			t.Errorf("%s: %v, want %q; %d objects", name, err, tt.want, len(objects))
		}
		if err != nil && strings.Contains(err.Error(), ": yaml: ") {
			t.Errorf("%s: the parser's own words: %v", name, err)
		}
	}
}

// TestReadBomb: aliases of aliases end at the bound.
func TestReadBomb(t *testing.T) {
	text := "apiVersion: v1\nkind: A\nmetadata: {name: x}\na: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c < 'k'; c++ {
		text += string(c) + ": &" + string(c) + " [" + strings.TrimSuffix(strings.Repeat("*"+string(c-1)+",", 10), ",") + "]\n"
	}
	if _, err := Read("f.yaml", []byte(text), ""); err == nil || !strings.Contains(err.Error(), "holds too much") || len(err.Error()) > 500 {
		t.Errorf("%.300v", err)
	}
}

func TestReadObjects(t *testing.T) {
	text := good + "---\n# nothing\n---\n" + `{"apiVersion": "v1", "kind": "PolicyList", "items": [{"apiVersion": "authentication.istio.io/v1alpha1", "kind": "MeshPolicy", "metadata": {"name": "default"}}]}` + "\n"
	objects, err := Read("f.yaml", []byte(text), "shop")
	if err != nil || len(objects) != 2 {
		t.Fatalf("%v, %d objects", err, len(objects))
	}
	if got := objects[0].String() + " " + objects[0].Where(); got != "Policy shop/default f.yaml:1" {
		t.Errorf("%s", got)
	}
	if got := objects[1].String() + " " + objects[1].Where(); got != "MeshPolicy default f.yaml:11" {
		t.Errorf("%s", got)
	}
}

// FuzzTranslate: any text gives objects or an error, never a panic.
func FuzzTranslate(f *testing.F) {
	for _, seed := range []string{good, "a: &a [*a]", "\t", "- - -", "{", "? x\n: y", good + "---\n" + good, "apiVersion: networking.istio.io/v1alpha3\nkind: DestinationRule\nmetadata: {name: x}\nspec: {host: x, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}\n",
		"apiVersion: v1\nkind: Service\nmetadata: {name: x}\nspec: {selector: {a: b}, ports: [1, {port: 2}]}"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		objects, err := Read("f", text, "ns")
		if (err == nil) != (len(objects) > 0) {
			t.Fatalf("%d objects and error %v", len(objects), err)
		}
		for _, drop := range []bool{false, true} {
			got, err := Translate(Input{Objects: objects, DropRedundant: drop})
			if err != nil && len(got.Objects) > 0 {
				t.Errorf("an error with objects: %v", err)
			}
		}
	})
}
