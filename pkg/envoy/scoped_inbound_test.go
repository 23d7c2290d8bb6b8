package envoy

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// What a workload accepts is the same whether everything is read or some hosts and
// the inbound listener, whatever Envoy's age.
func TestScopedInbound(t *testing.T) {
	for _, dump := range []string{"testdata/lab/client", "testdata/lab/web", "testdata/gateway"} {
		for age, set := range map[string]func(*fakeEnvoy){
			"new":          func(*fakeEnvoy) {},
			"before 1.19":  func(f *fakeEnvoy) { f.noNames = true },
			"before 1.13":  func(f *fakeEnvoy) { f.noNames, f.noResources = true, true },
			"no resources": func(f *fakeEnvoy) { f.refuse = "resource" },
		} {
			f := loadFake(t, dump)
			set(f)
			all := readAll(t, f)
			got, err := Read(context.Background(), facts.Target{}, f, Scope{Hosts: []string{"redis.example.internal"}, Inbound: true})
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(all.Inbound, got.Inbound); diff != "" || len(got.Inbound) == 0 {
				t.Errorf("%s, %s: %d ports\n%s", dump, age, len(got.Inbound), diff)
			}
			for _, in := range got.Inbound {
				if a, b := in.Mode(all), in.Mode(got); a != b {
					t.Errorf("%s, %s: port %d is %s, in part %s", dump, age, in.Port, a, b)
				}
			}
		}
	}
}

// TestScopedDoors: secrets that only what comes in names are read, too, with some hosts only: those of a Sidecar's own TLS.
func TestScopedDoors(t *testing.T) {
	for age, set := range map[string]func(*fakeEnvoy){
		"new":                 func(*fakeEnvoy) {},
		"before 1.19":         func(f *fakeEnvoy) { f.noNames = true },
		"before 1.13":         func(f *fakeEnvoy) { f.noNames, f.noResources = true, true },
		"static":              func(f *fakeEnvoy) { makeStatic(t, f) },
		"static, before 1.19": func(f *fakeEnvoy) { makeStatic(t, f); f.noNames = true },
	} {
		f := loadFake(t, "testdata/lab/client")
		text, err := json.Marshal(f.dump)
		if err == nil {
			err = json.Unmarshal([]byte(strings.ReplaceAll(string(text), `"ROOTCA"`, `"file-root:/ca"`)), &f.dump)
		}
		if err != nil {
			t.Fatal(err)
		}
		set(f)
		all := readAll(t, f).Secret("file-root:/ca")
		got, err := Read(context.Background(), facts.Target{}, f, Scope{Hosts: []string{"redis.example.internal"}, Inbound: true})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(all, got.Secret("file-root:/ca")); diff != "" || len(all) != 1 {
			t.Errorf("%s: %d secrets\n%s", age, len(all), diff)
		}
		if len(got.Secret("default")) != 1 {
			t.Errorf("%s: the workload's own: %+v", age, got.Secret("default"))
		}
	}
}

// makeStatic moves the secrets to the bootstrap.
func makeStatic(t *testing.T, f *fakeEnvoy) {
	t.Helper()
	var moved any
	sections := f.dump["configs"].([]any)
	for _, one := range sections {
		if section := one.(map[string]any); section["dynamic_active_secrets"] != nil {
			moved = section["dynamic_active_secrets"]
			section["static_secrets"] = moved
			delete(section, "dynamic_active_secrets")
		}
	}
	for _, one := range sections {
		if bootstrap, is := one.(map[string]any)["bootstrap"].(map[string]any); is && moved != nil {
			bootstrap["static_resources"].(map[string]any)["secrets"] = moved
			return
		}
	}
	t.Fatal("the dump has no secrets, or no bootstrap")
}
