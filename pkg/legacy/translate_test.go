package legacy

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "write the golden files anew")

func read(t *testing.T, text string) []Object {
	t.Helper()
	objects, err := Read("old.yaml", []byte(text), "shop")
	if err != nil {
		t.Fatal(err)
	}
	return objects
}

func translate(t *testing.T, in Input) Result {
	t.Helper()
	r, err := Translate(in)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// text is a result as a person sees it: the objects, then the notes.
func (r Result) text(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	for _, o := range r.Objects {
		y, err := yaml.Marshal(o.Object)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(&b, "---\n%s", y)
	}
	for _, n := range r.Notes {
		fmt.Fprintf(&b, "# %s\n", n)
	}
	return b.String()
}

// TestGolden: the scenarios' files, whole.
func TestGolden(t *testing.T) {
	for _, tt := range []struct {
		name     string
		files    []string
		drop     bool
		complete bool
	}{
		{"s2", []string{"s2.yaml"}, false, true}, {"s2-dropped", []string{"s2.yaml"}, true, true},
		{"s4", []string{"s4.yaml", "s4-services.yaml"}, false, false}, {"s4-alone", []string{"s4.yaml"}, false, false},
	} {
		var in Input
		for _, f := range tt.files {
			text, err := os.ReadFile(filepath.Join("testdata", f))
			if err != nil {
				t.Fatal(err)
			}
			objects, err := Read(f, text, "default")
			if err != nil {
				t.Fatal(err)
			}
			in.Objects = append(in.Objects, objects...)
		}
		in.DropRedundant = tt.drop
		r := translate(t, in)
		golden := filepath.Join("testdata", tt.name+".golden")
		if *update {
			if err := os.WriteFile(golden, []byte(r.text(t)), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(golden)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), r.text(t)); diff != "" || r.Complete() != tt.complete {
			t.Errorf("%s: complete %v\n%s", tt.name, r.Complete(), diff)
		}
	}
}

func policyText(name, spec string) string {
	return "apiVersion: authentication.istio.io/v1alpha1\nkind: Policy\nmetadata: {name: " + name + ", namespace: shop}\nspec: " + spec + "\n---\n"
}

const services = `apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}, {name: admin, port: 9000, targetPort: adm}]}
---
apiVersion: v1
kind: Service
metadata: {name: web-metrics, namespace: shop}
spec: {selector: {app: web}, ports: [{port: 9090}]}
---
apiVersion: v1
kind: Service
metadata: {name: lone, namespace: shop}
spec: {selector: {app: lone}, ports: [{port: 80, targetPort: 8080}, {port: 53, protocol: UDP}]}
---
apiVersion: v1
kind: Service
metadata: {name: none, namespace: shop}
spec: {ports: [{port: 80}]}
---
apiVersion: v1
kind: Service
metadata: {name: canary, namespace: shop}
spec: {selector: {app: lone, track: canary}, ports: [{port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: Pod
metadata: {name: web-1, namespace: shop, labels: {app: web, x: y}}
spec: {containers: [{ports: [{name: adm, containerPort: 9001}, {containerPort: 1}]}, {}]}
---
`

// spec is the content of the only object made, in one line.
func spec(r Result) string {
	var out []string
	for _, o := range r.Objects {
		out = append(out, fmt.Sprintf("%s %v", o.GetName(), o.Object["spec"]))
	}
	return strings.Join(out, " | ")
}

func TestPolicies(t *testing.T) {
	for _, tt := range []struct{ name, text, want, says string }{
		{"a port", policyText("p", "{targets: [{name: web, ports: [{number: 80}]}], peers: [{mtls: {}}]}"),
			"p map[portLevelMtls:map[8080:map[mode:STRICT]] selector:map[matchLabels:map[app:web]]]", "Service web port 80 is container port 8080 of the pods app=web: STRICT (mtls without a mode meant STRICT)"},
		{"a port by its name, to a port by its name", policyText("p", "{targets: [{name: web, ports: [{name: admin}]}], peers: [{mtls: {mode: PERMISSIVE}}]}"),
			"p map[portLevelMtls:map[9001:map[mode:PERMISSIVE]] selector:map[matchLabels:map[app:web]]]", "port admin is container port 9001"},
		{"a Service that shares its pods", policyText("p", "{targets: [{name: web}], peers: [{mtls: }]}"),
			"p map[portLevelMtls:map[8080:map[mode:STRICT] 9001:map[mode:STRICT]] selector:map[matchLabels:map[app:web]]]", "to which Service web-metrics may lead too"},
		{"a Service alone", policyText("p", "{targets: [{name: lone}], peers: [{mtls: {mode: STRICT}}]}"),
			"p map[mtls:map[mode:STRICT] selector:map[matchLabels:map[app:lone]]]", "no cluster was asked"},
		{"a Service and an exception", policyText("p", "{targets: [{name: lone}], peers: [{mtls: {}}]}") + policyText("q", "{targets: [{name: lone, ports: [{number: 80}]}], peers: [{mtls: {mode: PERMISSIVE}}]}"),
			"lone map[mtls:map[mode:STRICT] portLevelMtls:map[8080:map[mode:PERMISSIVE]] selector:map[matchLabels:map[app:lone]]]", "says what 2 policies said"},
		{"two Services", policyText("p", "{targets: [{name: lone}, {name: web, ports: [{number: 80}]}], peers: [{mtls: {}}]}"),
			"lone map[mtls:map[mode:STRICT] selector:map[matchLabels:map[app:lone]]] | web map[portLevelMtls:map[8080:map[mode:STRICT]] selector:map[matchLabels:map[app:web]]]", "Service lone is the pods app=lone"},
		{"no peers", policyText("default", "{}"), "default map[mtls:map[mode:DISABLE]]", "no peers meant plaintext only"},
		{"names of protobuf", policyText("default", "{peer_is_optional: true, peers: [{mtls: {mode: PERMISSIVE, allow_tls: true}}]}"), "default map[mtls:map[mode:PERMISSIVE]]", "PERMISSIVE"},
		{"namespace and a target of that name", policyText("default", "{peers: [{mtls: {}}]}") + policyText("default", "{targets: [{name: lone}]}"),
			"default map[mtls:map[mode:STRICT]] | lone map[mtls:map[mode:DISABLE] selector:map[matchLabels:map[app:lone]]]", "DISABLE"},
		{"mesh", "apiVersion: authentication.istio.io/v1alpha1\nkind: MeshPolicy\nmetadata: {name: default}\nspec: {peers: [{mtls: {}}]}\n---\n", "default map[mtls:map[mode:STRICT]]", "PeerAuthentication istio-system/default: STRICT"},
	} {
		r := translate(t, Input{Objects: read(t, tt.text+services)})
		if got := spec(r); got != tt.want || !strings.Contains(r.text(t), tt.says) || !r.Complete() {
			t.Errorf("%s:\n got %s\nwant %s, and the words %q, complete %v\n%s", tt.name, got, tt.want, tt.says, r.Complete(), r.text(t))
		}
		if !strings.Contains(r.text(t), "took plaintext only (DISABLE) then") {
			t.Errorf("%s: the changed default is not said", tt.name)
		}
	}
}

// TestNotTranslated: what cannot be known is said, and nothing is made of it.
func TestNotTranslated(t *testing.T) {
	one := func(spec string) string { return policyText("p", spec) }
	const mtls = "peers: [{mtls: {}}]"
	for _, tt := range []struct{ name, text, says string }{
		{"no such Service", one("{targets: [{name: nowhere}], " + mtls + "}"), "old.yaml:4: Service shop/nowhere is not known here"},
		{"no such port", one("{targets: [{name: web, ports: [{number: 8080}]}], " + mtls + "}"), "Service shop/web has no port 8080"},
		{"no selector", one("{targets: [{name: none}], " + mtls + "}"), "has no selector"},
		{"labels", one("{targets: [{labels: {app: x}}], " + mtls + "}"), "a target by labels"},
		{"TLS without a certificate", one("{targets: [{name: lone}], peers: [{mtls: {allowTls: true}}]}"), "choose STRICT"},
		{"optional", one("{targets: [{name: lone}], peerIsOptional: true, " + mtls + "}"), "choose STRICT"},
		{"peer is JWT", one("{targets: [{name: lone}], peers: [{jwt: {}}]}"), "its peer is not mtls"},
		{"two peers", one("{targets: [{name: lone}], peers: [{mtls: {}}, {mtls: {mode: PERMISSIVE}}]}"), "several peers"},
		{"two say different things", one("{targets: [{name: lone}], "+mtls+"}") + policyText("q", "{targets: [{name: lone}]}"), "policies say both STRICT and DISABLE of Service lone"},
		{"two Services of the same pods", one("{targets: [{name: lone}], "+mtls+"}") + policyText("q", "{targets: [{name: canary}], "+mtls+"}"), "only the oldest counts"},
		{"no targets under another name", one("{" + mtls + "}"), "under the name default"},
		{"root namespace", strings.ReplaceAll(policyText("default", "{"+mtls+"}"), "namespace: shop", "namespace: istio-system"), "is the root namespace"},
		{"MeshPolicy of another name", strings.ReplaceAll(one("{"+mtls+"}"), "kind: Policy", "kind: MeshPolicy"), "of the name default"},
		{"access rules", "apiVersion: rbac.istio.io/v1alpha1\nkind: ClusterRbacConfig\nmetadata: {name: default}\n---\n", "AuthorizationPolicy today"},
		{"Mixer", "apiVersion: config.istio.io/v1alpha2\nkind: handler\nmetadata: {name: x}\n---\n", "Mixer"},
		{"port by its name in a rule", ruleText("x", "{host: web, trafficPolicy: {portLevelSettings: [{port: {name: http}, tls: {mode: DISABLE}}]}}"), "write its number"},
		{"files of Citadel", ruleText("x", "{host: web, trafficPolicy: {tls: {mode: MUTUAL, clientCertificate: /etc/certs/cert-chain.pem, privateKey: /etc/certs/key.pem, caCertificates: /etc/certs/root-cert.pem}}}"), "mode ISTIO_MUTUAL is what it did"},
	} {
		r := translate(t, Input{Objects: read(t, tt.text+services)})
		if len(r.Objects) > 0 || r.Complete() || !strings.Contains(r.text(t), "not translated: ") || !strings.Contains(r.text(t), tt.says) {
			t.Errorf("%s: want %q, nothing made, and incomplete:\n%s", tt.name, tt.says, r.text(t))
		}
	}
	r := translate(t, Input{Objects: read(t, policyText("default", "{peers: [{mtls: {}}], origins: [{jwt: {issuer: x}}], principalBinding: USE_ORIGIN}"))})
	if spec(r) != "default map[mtls:map[mode:STRICT]]" || r.Complete() || !strings.Contains(r.text(t), "RequestAuthentication") {
		t.Errorf("JWT beside mtls:\n%s", r.text(t))
	}
}

// TestNotWhatItSays: an object that is none is an error with its place.
func TestNotWhatItSays(t *testing.T) {
	for _, tt := range []struct{ text, want string }{
		{policyText("p", "{peers: {mtls: {}}}"), "old.yaml:4:15: spec.peers is a map, want a list"},
		{policyText("p", "{peers: [mtls]}"), "old.yaml:4:16: spec.peers[0] is one value, want a map"},
		{policyText("p", "{peers: [{mtls: {mode: HARD}}]}"), "old.yaml:4:30: spec.peers[0].mtls.mode is HARD"},
		{policyText("p", "{peer: []}"), "old.yaml:4:8: spec.peer is no field"},
		{policyText("p", "{targets: [{name: web, ports: [{number: 0}]}]}"), "must be a port"},
		{policyText("p", "{targets: [{name: web, ports: [{}]}]}"), "must have a number or a name"},
		{policyText("p", "{targets: [{ports: []}]}"), "names no Service"},
		{policyText("p", "{peerIsOptional: maybe}"), "must be true or false"},
		{ruleText("x", "{}"), "spec.host is missing"},
		{ruleText("x", "{host: web, tls: {mode: DISABLE}}"), "spec.tls is no field"},
		{ruleText("x", "{host: web, trafficPolicy: {tls: {mode: TLS}}}"), "want one of DISABLE"},
		{ruleText("x", "{host: web, trafficPolicy: [tls]}"), "want a map"},
		{ruleText("x", "{host: web, subsets: [{labels: {a: b}}]}"), "subsets[0] has no name"},
	} {
		if r, err := Translate(Input{Objects: read(t, tt.text)}); err == nil || !strings.Contains(err.Error(), tt.want) || len(r.Objects) > 0 {
			t.Errorf("%q: %v, want %q", tt.text, err, tt.want)
		}
	}
}

// TestConflict: a policy of the cluster at the same scope counts, and is named.
func TestConflict(t *testing.T) {
	in := Input{Objects: read(t, policyText("p", "{targets: [{name: lone}], peers: [{mtls: {}}]}")+policyText("default", "{}")+services)}
	live := func(namespace, name string, labels map[string]any) map[string]any {
		return map[string]any{"metadata": map[string]any{"namespace": namespace, "name": name}, "spec": map[string]any{"selector": map[string]any{"matchLabels": labels}}}
	}
	in.LivePolicies = []map[string]any{live("shop", "p", map[string]any{"app": "lone"}), live("shop", "other", map[string]any{"app": "web"}), live("else", "x", nil), live("shop", "default", nil)}
	if r := translate(t, in); !r.Complete() {
		t.Errorf("own names, other pods and other namespaces are no conflict:\n%s", r.text(t))
	}
	in.LivePolicies = []map[string]any{live("shop", "mine", map[string]any{"app": "lone", "v": "1"}), live("shop", "all", nil)}
	r := translate(t, in)
	if r.Complete() || len(r.Objects) != 2 || !strings.Contains(r.text(t), "shop/mine is in the cluster already") || !strings.Contains(r.text(t), "shop/all is in the cluster already") {
		t.Errorf("%s", r.text(t))
	}
	if got := PolicyNamespaces(in.Objects, "root"); len(got) != 1 || got[0] != "shop" {
		t.Errorf("%q", got)
	}
}

func ruleText(name, spec string) string {
	return "apiVersion: networking.istio.io/v1alpha3\nkind: DestinationRule\nmetadata: {name: " + name + ", namespace: shop, resourceVersion: '7', annotations: {kubectl.kubernetes.io/last-applied-configuration: x, keep: me}}\nspec: " + spec + "\n---\n"
}

func TestRules(t *testing.T) {
	const all = "{host: '*.shop.svc.cluster.local', trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}"
	live := map[string]any{"metadata": map[string]any{"name": "live", "namespace": "istio-system"}, "spec": map[string]any{"host": "*.local", "trafficPolicy": map[string]any{"tls": map[string]any{"mode": "DISABLE"}}}}
	for _, tt := range []struct {
		name, text string
		live       []map[string]any
		want, says string
	}{
		{"all redundant", ruleText("x", all), nil, "", "dropped: auto mTLS"},
		{"a wider DISABLE in the files", ruleText("x", "{host: web, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}") + ruleText("y", "{host: '*.local', trafficPolicy: {tls: {mode: DISABLE}}}"), nil,
			"x map[host:web trafficPolicy:map[tls:map[mode:ISTIO_MUTUAL]]] | y map[host:*.local trafficPolicy:map[tls:map[mode:DISABLE]]]", "stays: without this rule DestinationRule shop/y"},
		{"a wider DISABLE in the cluster", ruleText("x", all), []map[string]any{live}, "x map[host:*.shop.svc.cluster.local trafficPolicy:map[tls:map[mode:ISTIO_MUTUAL]]]", "DestinationRule istio-system/live of the cluster"},
		{"subsets stay", ruleText("x", "{host: web, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}, subsets: [{name: v1, labels: {my_version: v1}, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}]}"), nil,
			"x map[host:web subsets:[map[labels:map[my_version:v1] name:v1]]]", "taken out (2 times)"},
		{"a subset under DISABLE", ruleText("x", "{host: web, trafficPolicy: {tls: {mode: DISABLE}}, subsets: [{name: v1, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}]}"), nil,
			"x map[host:web subsets:[map[name:v1 trafficPolicy:map[tls:map[mode:ISTIO_MUTUAL]]]] trafficPolicy:map[tls:map[mode:DISABLE]]]", "says the same"},
		{"a port under DISABLE", ruleText("x", "{host: web, trafficPolicy: {tls: {mode: DISABLE}, portLevelSettings: [{port: {number: 80}, tls: {mode: ISTIO_MUTUAL}}]}}"), nil,
			"x map[host:web trafficPolicy:map[portLevelSettings:[map[port:map[number:80] tls:map[mode:ISTIO_MUTUAL]]] tls:map[mode:DISABLE]]]", "says the same"},
		{"a host outside", ruleText("x", "{host: api.example.com, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}"), nil, "x map[host:api.example.com trafficPolicy:map[tls:map[mode:ISTIO_MUTUAL]]]", "says the same"},
		{"more than a mode", ruleText("x", "{host: web, trafficPolicy: {tls: {mode: ISTIO_MUTUAL, sni: x}}}"), nil, "x map[host:web trafficPolicy:map[tls:map[mode:ISTIO_MUTUAL sni:x]]]", "says the same"},
		{"names of protobuf", ruleText("x", "{host: web, traffic_policy: {load_balancer: {simple: ROUND_ROBIN}}}"), nil, "x map[host:web trafficPolicy:map[loadBalancer:map[simple:ROUND_ROBIN]]]", "field_names are fieldNames"},
		{"no CA", ruleText("x", "{host: api.example.com, trafficPolicy: {tls: {mode: SIMPLE}}}"), nil, "x map[host:api.example.com trafficPolicy:map[tls:map[mode:SIMPLE]]]", "old Istio checked no certificate"},
	} {
		r := translate(t, Input{Objects: read(t, tt.text), DropRedundant: true, LiveRules: tt.live})
		if got := spec(r); got != tt.want || !strings.Contains(r.text(t), tt.says) || !r.Complete() {
			t.Errorf("%s:\n got %s\nwant %s, and the words %q\n%s", tt.name, got, tt.want, tt.says, r.text(t))
		}
		if strings.Contains(r.text(t), "last-applied") || strings.Contains(r.text(t), "resourceVersion") || len(r.Objects) > 0 && !strings.Contains(r.text(t), "keep: me") {
			t.Errorf("%s: metadata\n%s", tt.name, r.text(t))
		}
	}
	if r := translate(t, Input{Objects: read(t, ruleText("x", all))}); len(r.Objects) != 1 {
		t.Errorf("dropped without being asked:\n%s", r.text(t))
	}
}
