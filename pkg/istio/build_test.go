package istio

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/intent"
)

var update = flag.Bool("update", false, "write the golden files anew")

func redis(edit ...func(*intent.Intent)) intent.Intent {
	i := intent.Intent{
		Namespace: "redis", Host: "redis.example.internal", Ports: []intent.Port{{Number: 16222, Protocol: intent.ProtocolTCP}},
		CA: intent.CA{Kind: intent.CAPath, Name: "/etc/redis-ca/ca.crt"},
	}
	for _, e := range edit {
		e(&i)
	}
	return i.Complete()
}

func ca(kind intent.CAKind, name string) func(*intent.Intent) {
	return func(i *intent.Intent) { i.CA = intent.CA{Kind: kind, Name: name} }
}

func forApp(i *intent.Intent) { i.Workload = map[string]string{"app": "redis-client"} }

func bundle(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "ca.pem"))
	if err != nil {
		t.Fatal(err)
	}
	return text
}

// The objects of each way to carry origination out, as a person would read them.
// The lab's e2e test gives the same plans to Istio's own webhook.
func TestOriginationGolden(t *testing.T) {
	with := bundle(t)
	tests := map[string]struct {
		i intent.Intent
		o Options
	}{
		"path":               {redis(), Options{NetworkingVersion: "v1"}},
		"system":             {redis(ca(intent.CASystem, "")), Options{NetworkingVersion: "v1"}},
		"configmap":          {redis(ca(intent.CAConfigMap, "redis-ca")), Options{NetworkingVersion: "v1", Istio: "1.28.1", CABundle: with}},
		"configmap-existing": {redis(ca(intent.CAConfigMap, "redis-ca")), Options{NetworkingVersion: "v1"}},
		"secret":             {redis(ca(intent.CASecret, "redis-ca"), forApp), Options{NetworkingVersion: "v1", Istio: "1.22.0", CABundle: with}},
		"secret-existing":    {redis(ca(intent.CASecret, "redis-ca"), forApp), Options{NetworkingVersion: "v1"}},
		"old-api":            {redis(), Options{NetworkingVersion: "v1alpha3", Istio: "1.12.0"}},
		"ports": {redis(func(i *intent.Intent) {
			i.Name, i.SNI, i.SANs, i.ExportTo = "web", "front.example.internal", []string{"front.example.internal", "spiffe://a/b"}, []string{"*"}
			i.Ports = []intent.Port{{Number: 8080, Protocol: intent.ProtocolHTTP}, {Number: 9090, Protocol: intent.ProtocolGRPC}, {Number: 80, Protocol: intent.ProtocolHTTP2}}
		}), Options{NetworkingVersion: "v1"}},
		"static": {redis(func(i *intent.Intent) {
			i.Resolution, i.Endpoints, i.Addresses = intent.ResolutionStatic, []string{"10.1.0.4", "fd00::4"}, []string{"240.1.1.1"}
		}), Options{NetworkingVersion: "v1beta1"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			plan, err := Build(tt.i, tt.o)
			if err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("testdata", "origination", name+".yaml"), text(t, plan))
		})
	}
}

func text(t *testing.T, plan Plan) []byte {
	t.Helper()
	var b bytes.Buffer
	for _, n := range plan.Notes {
		b.WriteString("# " + n + "\n")
	}
	for _, u := range plan.Objects {
		part, err := yaml.Marshal(u.Object)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString("---\n")
		b.Write(part)
	}
	return b.Bytes()
}

func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s (-update writes it anew):\n%s", file, diff)
	}
}

// Build refuses what it cannot write or the mesh would ignore, and says the way out.
func TestBuildRefuses(t *testing.T) {
	with := bundle(t)
	key := append(bytes.Clone(with), []byte("-----BEGIN EC PRIVATE KEY-----\nc2VjcmV0LXN0dWZm\n-----END EC PRIVATE KEY-----\n")...)
	v1 := Options{NetworkingVersion: "v1"}
	tests := map[string]struct {
		i    intent.Intent
		o    Options
		want string
	}{
		"not valid":              {redis(ca(intent.CASecret, "x")), v1, "stays plain"},
		"no version":             {redis(), Options{}, "valid are v1, v1beta1, v1alpha3"},
		"bundle for a path":      {redis(), Options{NetworkingVersion: "v1", CABundle: with}, "does not use one"},
		"bundle for the system":  {redis(ca(intent.CASystem, "")), Options{NetworkingVersion: "v1", CABundle: with}, "does not use one"},
		"bundle is no PEM":       {redis(ca(intent.CAConfigMap, "x")), Options{NetworkingVersion: "v1", CABundle: []byte("hello")}, "give PEM certificates"},
		"bundle broken":          {redis(ca(intent.CAConfigMap, "x")), Options{NetworkingVersion: "v1", CABundle: append(bytes.Clone(with), []byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n")...)}, "PEM block 2"},
		"bundle with a key":      {redis(ca(intent.CAConfigMap, "x")), Options{NetworkingVersion: "v1", CABundle: key}, "private key"},
		"bundle too large":       {redis(ca(intent.CAConfigMap, "x")), Options{NetworkingVersion: "v1", CABundle: bytes.Repeat(with, 2000)}, "leave certificates out"},
		"other fingerprints":     {redis(ca(intent.CAConfigMap, "x"), func(i *intent.Intent) { i.CA.Fingerprints = []string{strings.Repeat("00", 32)} }), Options{NetworkingVersion: "v1", CABundle: with}, "fingerprints"},
		"configmap on old Istio": {redis(ca(intent.CAConfigMap, "x")), Options{NetworkingVersion: "v1", Istio: "1.25.3"}, "--ca-path"},
		"selector on old Istio":  {redis(forApp), Options{NetworkingVersion: "v1alpha3", Istio: "1.13"}, "would be for all"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			plan, err := Build(tt.i, tt.o)
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("want %q, got %v", tt.want, err)
			}
			if err != nil && strings.Contains(err.Error(), "c2VjcmV0") {
				t.Errorf("the error shows the key: %v", err)
			}
			if plan.Objects != nil {
				t.Error("a refused intent gives no objects")
			}
		})
	}
}

// A release that is not known, or is another product's, is told and not taken for a new one.
func TestReleaseNotKnown(t *testing.T) {
	const missing, other = "the version was not found", "is none that this tool knows"
	for version, want := range map[string]string{"1.26.2": "", "v1.27": "", "1.30-alpha.3": "", "": missing, "unknown": other, "master": other, "2.6.1": other, "1.": other, "1.x": other} {
		p, err := Build(redis(ca(intent.CAConfigMap, "x")), Options{NetworkingVersion: "v1", Istio: version})
		if err != nil {
			t.Fatalf("%q: %v", version, err)
		}
		said := strings.Join(p.Notes, "\n")
		if got := strings.Contains(said, "needs Istio 1.26"); got != (want != "") || !strings.Contains(said, want) {
			t.Errorf("%q: want %q in\n%s", version, want, said)
		}
	}
}
