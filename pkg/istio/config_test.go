package istio

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// fixture reads a file of YAML documents as a generic client would hand them on.
func fixture(t *testing.T, name string) []*unstructured.Unstructured {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", "config", name))
	if err != nil {
		t.Fatal(err)
	}
	var out []*unstructured.Unstructured
	for doc := range bytes.SplitSeq(text, []byte("\n---\n")) {
		u := &unstructured.Unstructured{}
		if err := yaml.Unmarshal(doc, &u.Object); err != nil {
			t.Fatal(err)
		}
		out = append(out, u)
	}
	return out
}

func TestConfigOld(t *testing.T) {
	got, err := Config(append(fixture(t, "old.yaml"), nil), "istio-system")
	if err != nil {
		t.Fatal(err)
	}
	ref := facts.Ref{Kind: "DestinationRule", Namespace: "redis", Name: "redis"}
	base := facts.Rule{Object: ref, Host: "redis.example.internal", ExportTo: []string{"*"}, Created: time.Date(2019, 3, 1, 10, 0, 0, 0, time.UTC), Changed: time.Date(2019, 3, 1, 10, 0, 0, 0, time.UTC)}
	level := func(edit func(*facts.Rule)) facts.Rule { r := base; edit(&r); return r }
	want := &facts.Config{RootNamespace: "istio-system", Rules: []facts.Rule{
		level(func(r *facts.Rule) { r.Policy, r.HasTLS, r.Mode = true, true, "DISABLE" }),
		level(func(r *facts.Rule) {
			r.Policy, r.HasTLS, r.Port, r.Mode, r.CA = true, true, 6379, "SIMPLE", "/etc/ca.crt"
			r.SNI, r.SANs = "redis.example.internal", []string{"redis.example.internal"}
		}),
		level(func(r *facts.Rule) { r.Policy, r.Port = true, 6380 }),
		level(func(r *facts.Rule) { r.Policy, r.Subset = true, "v1" }),
		level(func(r *facts.Rule) {
			r.Policy, r.HasTLS, r.Subset, r.Port, r.Mode, r.Cert, r.Key = true, true, "v1", 6379, "MUTUAL", "/etc/c.crt", "/etc/c.key"
		}),
		level(func(r *facts.Rule) { r.Subset = "v2" }),
	}, Services: []facts.Service{{
		Object: facts.Ref{Kind: "ServiceEntry", Namespace: "redis", Name: "redis"}, Hosts: []string{"redis.example.internal"}, External: true, Resolution: "DNS",
		Ports: []facts.Port{{Number: 6379, Target: 6379, Name: "tcp", Protocol: "tcp"}, {Number: 443, Target: 8443, Name: "tls", Protocol: "TLS"}},
	}, {
		Object: facts.Ref{Kind: "Service", Namespace: "shop", Name: "db"}, Hosts: []string{"db.shop.svc.cluster.local"},
		Addresses: []string{"10.96.0.7"}, ExportTo: []string{".", "web"},
		Ports: []facts.Port{{Number: 3306, Target: 3306, Name: "mysql-main", Protocol: "MYSQL"}, {Number: 80, Target: 8080, Name: "web", Protocol: "HTTP2"}, {Number: 81, TargetName: "metrics", Name: "other"}},
	}}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	// A port level without tls takes the rule's away. The service lies in redis and
	// the rule there is for everyone, so a client of namespace x gets it.
	for port, want := range map[int]string{6379: "SIMPLE", 6380: "", 1: "DISABLE"} {
		if d := got.Effective(facts.Client{Namespace: "x"}, base.Host, port, ""); !d.Found || d.Rule.Mode != want {
			t.Errorf("port %d: found %v with mode %q, want %q", port, d.Found, d.Rule.Mode, want)
		}
	}
}

// Damage never panics, is told with object and field, never shows a value, and the
// rest of the object counts.
func TestConfigDamaged(t *testing.T) {
	c, err := Config(fixture(t, "damaged.yaml"), "istio-system")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		"DestinationRule a/no-spec: spec is missing",
		"DestinationRule a/spec-is-text: spec is text, want a map",
		"DestinationRule a/no-host: spec.host is missing",
		"DestinationRule a/types: spec.exportTo is text, want a list",
		"DestinationRule a/types: spec.workloadSelector.matchLabels.app is a number, want text",
		"DestinationRule a/types: spec.trafficPolicy.tls.mode is no value that Istio knows",
		"DestinationRule a/types: spec.trafficPolicy.tls.privateKey is a map, want text",
		"DestinationRule a/types: spec.trafficPolicy.tls.sni is a list, want text",
		"DestinationRule a/types: spec.trafficPolicy.tls.subjectAltNames[1] is a number, want text",
		"DestinationRule a/types: spec.trafficPolicy.tls.insecureSkipVerify is text, want true or false",
		"DestinationRule a/types: spec.trafficPolicy.portLevelSettings[4] is something else, want a map",
		"DestinationRule a/types: spec.trafficPolicy.portLevelSettings[0].port.number is text, want a whole number",
		"DestinationRule a/types: spec.trafficPolicy.portLevelSettings[0].port.number is missing: Istio uses such a setting for no port",
		"DestinationRule a/types: spec.trafficPolicy.portLevelSettings[1].port.number is a number, want a whole number",
		"DestinationRule a/types: spec.trafficPolicy.portLevelSettings[1].port.number is missing: Istio uses such a setting for no port",
		"DestinationRule a/types: spec.trafficPolicy.portLevelSettings[2].tls is text, want a map",
		"DestinationRule a/types: spec.trafficPolicy.portLevelSettings[3].tls.mode is no value that Istio knows",
		"DestinationRule a/types: spec.subsets[1] is text, want a map",
		"DestinationRule a/types: spec.subsets[0].name is missing",
		"ServiceEntry a/entry: spec.hosts is text, want a list",
		"ServiceEntry a/entry: spec.resolution is no value that Istio knows",
		"ServiceEntry a/entry: spec.ports is a map, want a list",
	}
	if diff := cmp.Diff(want, c.Problems); diff != "" {
		t.Error(diff)
	}
	var modes []string
	for _, r := range c.Rules {
		if r.HasTLS {
			modes = append(modes, r.Object.Name+"="+r.Mode) // no mode is known: never a good one
		}
	}
	if diff := cmp.Diff([]string{"types=", "types=", "types="}, modes); diff != "" {
		t.Error(diff)
	}
	if last := c.Rules[len(c.Rules)-1]; last.Host != "b.example.com" {
		t.Errorf("a rule with bad metadata still has its host, got %+v", last)
	}
}

func TestConfigNeedsRoot(t *testing.T) {
	if c, err := Config(nil, ""); err == nil || c != nil || !strings.Contains(err.Error(), "root namespace") {
		t.Errorf("got %v, %v", c, err)
	}
}

// Any object: no panic, and no rule with a mode that Istio does not know.
func FuzzConfig(f *testing.F) {
	for _, s := range []string{`{"apiVersion":"networking.istio.io/v1","kind":"DestinationRule","spec":{"host":"a","trafficPolicy":{"tls":{"mode":1}}}}`,
		`{"apiVersion":"networking.istio.io/v1","kind":"ServiceEntry","metadata":{"labels":[]},"spec":{"ports":[{"number":1e99}]}}`,
		`{"apiVersion":"v1","kind":"Service","spec":{"ports":[{"targetPort":null}]}}`} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		u := &unstructured.Unstructured{}
		if json.Unmarshal(text, &u.Object) != nil {
			return
		}
		c, err := Config([]*unstructured.Unstructured{u}, "root")
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range c.Rules {
			switch r.Mode {
			case "", "DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL":
			default:
				t.Errorf("mode %q", r.Mode)
			}
			c.Effective(facts.Client{Namespace: "a"}, r.Host, r.Port, r.Subset)
		}
		_, _ = Intents([]*unstructured.Unstructured{u})
	})
}
