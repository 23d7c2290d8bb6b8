package envoy

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestScopedIsTheSame asks a fake Envoy for some hosts, and for everything:
// what is said about those hosts must not differ, whatever Envoy's age.
func TestScopedIsTheSame(t *testing.T) {
	compareAges(t, func(*fakeEnvoy) {})
}

// compareAges compares both ways for Envoys of several ages, each changed as told.
func compareAges(t *testing.T, change func(*fakeEnvoy)) {
	t.Helper()
	scopes := map[string]Scope{
		"one host":              {Hosts: []string{"redis.example.internal"}},
		"one port":              {Hosts: []string{"api.example.internal"}, Ports: []int{443}},
		"routed from elsewhere": {Hosts: []string{"api.example.internal"}},
		"two hosts":             {Hosts: []string{"redis.example.internal", "web.envoy-dumps.svc.cluster.local"}},
		"wildcard":              {Hosts: []string{"*.example.internal"}},
		"waiting secrets":       {Hosts: []string{"mutual.example.internal", "missing-ca.example.internal"}},
		"not there":             {Hosts: []string{"nothing.example"}},
		"odd":                   {Hosts: []string{"", "\xff", "a|b(", "*."}},
	}
	ages := map[string]func(*fakeEnvoy){
		"new":           func(*fakeEnvoy) {},
		"other masks":   func(f *fakeEnvoy) { f.emptyMasked = true },
		"no masks":      func(f *fakeEnvoy) { f.noMasks = true },
		"masks refused": func(f *fakeEnvoy) { f.refuse = "mask=" },
		"before 1.19":   func(f *fakeEnvoy) { f.noNames = true },
		"before 1.13":   func(f *fakeEnvoy) { f.noNames, f.noResources, f.noMasks = true, true, true },
		"no names":      func(f *fakeEnvoy) { f.refuse = "name_regex" },
		"no resources":  func(f *fakeEnvoy) { f.refuse = "resource" },
		"no static one": func(f *fakeEnvoy) { f.refuse = "static_" },
	}
	for age, set := range ages {
		f := loadFake(t, "testdata/lab/client")
		set(f)
		change(f)
		all := readAll(t, f)
		for name, scope := range scopes {
			t.Run(age+"/"+name, func(t *testing.T) { compareScoped(t, f, all, scope) })
		}
	}
}

func readAll(t *testing.T, g Getter) *facts.Proxy {
	t.Helper()
	all, err := Read(context.Background(), facts.Target{}, g, Scope{All: true})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func compareScoped(t *testing.T, f *fakeEnvoy, all *facts.Proxy, scope Scope) {
	t.Helper()
	got, err := Read(context.Background(), facts.Target{}, f, scope)
	if err != nil {
		t.Fatal(err)
	}
	want := filter(all.Upstreams, scope.matcher())
	if diff := cmp.Diff(want, got.Upstreams); diff != "" {
		t.Errorf("upstreams (-all +scoped)\n%s", diff)
	}
	for _, u := range got.Upstreams {
		for _, s := range append([]facts.Socket{u.Socket}, u.Matches...) {
			for _, source := range []facts.Source{s.Cert, s.Validation.CA} {
				if source.Kind != facts.SourceSDS {
					continue
				}
				if diff := cmp.Diff(all.Secret(source.Name), got.Secret(source.Name)); diff != "" {
					t.Errorf("secret %s (-all +scoped)\n%s", source.Name, diff)
				}
			}
		}
	}
	if diff := cmp.Diff([]any{all.Envoy, all.Istio, all.Node, all.Stats}, []any{got.Envoy, got.Istio, got.Node, got.Stats}); diff != "" {
		t.Errorf("the proxy (-all +scoped)\n%s", diff)
	}
	for fact, why := range got.Missing {
		if all.Missing[fact] == "" && fact != facts.FactTLSCounters {
			t.Errorf("only scoped lacks %s: %s", fact, why)
		}
	}
}

// TestScopedCaptures compares both ways for every host of every recording.
func TestScopedCaptures(t *testing.T) {
	for _, name := range []string{"aeraki-dump", "deathstarbench", "istioctl-1.3-productpage-v2tls", "osm-curl_egress"} {
		t.Run(name, func(t *testing.T) {
			text, err := os.ReadFile(filepath.Join(captures, name+".json"))
			if err != nil {
				t.Skipf("the recordings are not beside the project (%s)", captures)
			}
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "config_dump.json"), text, 0o600); err != nil {
				t.Fatal(err)
			}
			f := loadFake(t, dir)
			f.noResources = strings.HasPrefix(name, "istioctl-1.3") // Envoy 1.12
			f.noNames = f.noResources
			all := readAll(t, f)
			compared := map[string]bool{}
			for _, u := range all.Upstreams {
				if u.Host == "" || compared[u.Host] || len(compared) >= 4 {
					continue
				}
				compared[u.Host] = true
				compareScoped(t, f, all, Scope{Hosts: []string{u.Host}})
			}
		})
	}
}

// TestScopedIsLight counts what a verification of one host costs Envoy.
func TestScopedIsLight(t *testing.T) {
	f := loadFake(t, "testdata/lab/client")
	if _, err := Read(context.Background(), facts.Target{}, f, Scope{Hosts: []string{"redis.example.internal"}, Ports: []int{16222}}); err != nil {
		t.Fatal(err)
	}
	if len(f.asked) > 10 {
		t.Errorf("%d requests:\n%s", len(f.asked), strings.Join(f.asked, "\n"))
	}
	for _, path := range f.asked {
		if strings.HasPrefix(path, "/config_dump") && !strings.Contains(path, "name_regex=") && !strings.Contains(path, "mask=bootstrap.") {
			t.Errorf("asked for more than the host: %s", path)
		}
	}
}

// TestOtherNames tells which clusters belong to a host.
func TestOtherNames(t *testing.T) {
	for _, c := range []struct {
		host, cluster string
		want          bool
	}{
		{"a.example", "outbound|443||a.example", true},
		{"a.example", "outbound|443|v1|a.example", true},
		{"a.example", "outbound|443||aa.example", false},
		{"a.example", "outbound|443||a.example.com", false},
		{"a.example", "outbound|443||b.a.example", false},
		{"a.example", "inbound|443||a.example", false},
		{"*.example", "outbound|443||b.a.example", true},
		{"*.example", "outbound|443||*.example", true},
		{"*.example", "outbound|443||example", false},
		{"httpbin.org", "httpbin.org:80", true},
		{"httpbin.org", "xhttpbin.org:80", false},
		{"a.example", "a.example", true},
		{"a.example", "outbound_.443_._.a.example", true},
		{"a.example", "outbound_.443_.v1_.b.a.example", false},
	} {
		u := facts.Upstream{Cluster: c.cluster}
		splitName(&u)
		s := Scope{Hosts: []string{c.host}}
		if u.HandsOn != strings.HasPrefix(c.cluster, "outbound_.") {
			t.Errorf("%s hands on what others began: %v", c.cluster, u.HandsOn)
		}
		if got := s.matcher()(u); got != c.want {
			t.Errorf("host %s, cluster %s: got %v", c.host, c.cluster, got)
		}
		if c.want && !s.nameMatcher().MatchString(c.cluster) {
			t.Errorf("host %s: Envoy is not asked for cluster %s", c.host, c.cluster)
		}
	}
}

type failing struct{ err error }

func (f failing) Get(context.Context, string) (io.ReadCloser, error) { return nil, f.err }

// TestUnreachable gives the Getter's own words, and asks once only.
func TestUnreachable(t *testing.T) {
	cause := errors.New("the admin port hangs")
	for _, scope := range []Scope{{All: true}, {Hosts: []string{"a.example"}}} {
		if _, err := Read(context.Background(), facts.Target{}, failing{cause}, scope); !errors.Is(err, cause) {
			t.Errorf("error %v does not carry the cause", err)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Read(ctx, facts.Target{}, loadFake(t, "testdata/lab/client"), Scope{All: true}); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled read gives %v", err)
	}
}
