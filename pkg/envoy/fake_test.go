package envoy

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// fakeEnvoy answers from a saved dump as Envoy's admin does: it knows
// include_eds, resource, name_regex and filter, or, when old, none of them.
type fakeEnvoy struct {
	dump, clusters, stats map[string]any
	listeners             map[string]any // instead of the list that the dump makes
	noNames, noResources  bool           // before 1.19, before 1.13
	noMasks, emptyMasked  bool           // a mask is ignored; other sections come empty
	refuse                string
	asked                 []string
}

type status int

func (s status) Error() string   { return fmt.Sprintf("answered %d", int(s)) }
func (s status) StatusCode() int { return int(s) }

func loadFake(t *testing.T, dir string) *fakeEnvoy {
	t.Helper()
	load := func(name string) map[string]any {
		text, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			return nil
		}
		out := map[string]any{}
		if err := json.Unmarshal(text, &out); err != nil {
			t.Fatal(err)
		}
		return out
	}
	return &fakeEnvoy{dump: load("config_dump.json"), clusters: load("clusters.json"), stats: load("stats.json")}
}

// Get implements Getter.
func (f *fakeEnvoy) Get(_ context.Context, path string) (io.ReadCloser, error) {
	f.asked = append(f.asked, path)
	u, err := url.Parse(path)
	if err != nil {
		return nil, err
	}
	q := u.Query()
	if f.refuse != "" && strings.Contains(path, f.refuse) {
		return nil, status(404)
	}
	var answer any
	switch u.Path {
	case "/config_dump":
		answer = f.config(q)
	case "/clusters":
		answer = f.clusters
		if filter := q.Get("filter"); filter != "" && !f.noNames && f.clusters != nil {
			re := regexp.MustCompile(filter)
			var kept []any
			for _, c := range f.clusters["cluster_statuses"].([]any) {
				if re.MatchString(c.(map[string]any)["name"].(string)) {
					kept = append(kept, c)
				}
			}
			answer = map[string]any{"cluster_statuses": kept}
		}
	case "/stats":
		answer = f.stats
	case "/listeners":
		if answer = any(f.listeners); f.listeners == nil {
			answer = f.listenerList()
		}
	}
	if m, ok := answer.(map[string]any); !ok || m == nil {
		return nil, status(404)
	}
	text, err := json.Marshal(answer)
	return io.NopCloser(strings.NewReader(string(text))), err
}

// listenerList is the short list of all listeners, as Envoy 1.39 gives it.
func (f *fakeEnvoy) listenerList() any {
	var list []any
	for _, config := range f.dump["configs"].([]any) {
		entries, _ := config.(map[string]any)["dynamic_listeners"].([]any)
		for _, e := range entries {
			if active, is := e.(map[string]any)["active_state"].(map[string]any); is {
				l := active["listener"].(map[string]any)
				list = append(list, map[string]any{"name": l["name"], "local_address": l["address"]})
			}
		}
	}
	return map[string]any{"listener_statuses": list}
}

func (f *fakeEnvoy) config(q url.Values) any {
	var name *regexp.Regexp
	if n := q.Get("name_regex"); n != "" && !f.noNames {
		name = regexp.MustCompile("^(?:" + n + ")$")
	}
	resource := q.Get("resource")
	mask := q.Get("mask")
	if f.noMasks {
		mask = ""
	}
	var out []any
	for _, section := range f.dump["configs"].([]any) {
		section, valid := masked(section.(map[string]any), mask)
		if !valid && !f.emptyMasked {
			continue
		}
		copied := map[string]any{}
		for field, v := range section {
			list, isList := v.([]any)
			if !isList {
				copied[field] = v
				continue
			}
			var kept []any
			for _, e := range list {
				if name == nil || name.MatchString(fakeName(e.(map[string]any))) {
					kept = append(kept, e)
				}
			}
			copied[field] = kept
			if resource == field && !f.noResources {
				out = append([]any(nil), kept...)
				return map[string]any{"configs": out}
			}
		}
		_, eds := q["include_eds"]
		if eds || !strings.HasSuffix(fmt.Sprint(copied["@type"]), "EndpointsConfigDump") {
			out = append(out, copied)
		}
	}
	if resource != "" && !f.noResources {
		return map[string]any{}
	}
	return map[string]any{"configs": out}
}

// masked leaves of a section what a mask names; false where the mask is not valid for it.
func masked(section map[string]any, mask string) (map[string]any, bool) {
	if mask == "" {
		return section, true
	}
	fields := map[string]string{"ClustersConfigDump": "clusters", "EndpointsConfigDump": "endpoint_configs", "SecretsConfigDump": "secrets", "BootstrapConfigDump": "bootstrap"}
	kind := fmt.Sprint(section["@type"])
	field := fields[kind[strings.LastIndex(kind, ".")+1:]]
	out := map[string]any{"@type": section["@type"]}
	for _, path := range strings.Split(mask, ",") {
		first, rest, deep := strings.Cut(path, ".")
		if field == "" || !strings.HasSuffix(first, field) {
			return out, false
		}
		v, there := section[first]
		if deep && there {
			before, _ := out[first].(map[string]any)
			v = pick(before, v.(map[string]any), strings.Split(rest, "."))
		}
		if there {
			out[first] = v
		}
	}
	return out, true
}

// pick copies the member at a path.
func pick(to, from map[string]any, path []string) map[string]any {
	if to == nil {
		to = map[string]any{}
	}
	v, there := from[path[0]]
	if inner, deep := v.(map[string]any); deep && len(path) > 1 {
		before, _ := to[path[0]].(map[string]any)
		to[path[0]] = pick(before, inner, path[1:])
	} else if there && len(path) == 1 {
		to[path[0]] = v
	}
	return to
}

// fakeName finds the name that Envoy matches name_regex against.
func fakeName(e map[string]any) string {
	for _, inner := range []string{"cluster", "listener", "route_config", "endpoint_config"} {
		if m, ok := e[inner].(map[string]any); ok {
			if n, ok := m["name"].(string); ok {
				return n
			}
			n, _ := m["cluster_name"].(string)
			return n
		}
	}
	n, _ := e["name"].(string)
	return n
}
