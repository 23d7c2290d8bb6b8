package report

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/envoy"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// scene is one recorded dump, and of it one upstream that is OK, or one inbound port.
type scene struct {
	dump, kind string
	files      map[string][]byte // beside the dump
	text       []byte            // of the dump
	to         *check.To         // what was asked; nil is --all
	cluster    string
	port       int // inbound
	base       TargetReport
	row        Upstream
}

// edited is a dump as a tree that may be changed, with the upstream that it is about.
type edited struct {
	*scene
	root           map[string]any
	entry, cluster map[string]any    // the cluster's entry of its section, and the cluster
	other          map[string][]byte // files to put in place of the scene's
	raw            []byte            // the text, where it is not the tree as encoding/json writes it
}

func (s *scene) edit(t *testing.T) *edited {
	t.Helper()
	e := &edited{scene: s, root: tree(t, s.text), other: map[string][]byte{}}
	e.walk(func(m map[string]any) {
		if c, is := m["cluster"].(map[string]any); is && e.entry == nil && c["name"] == s.cluster {
			e.entry, e.cluster = m, c
		}
	})
	return e
}

func tree(t *testing.T, text []byte) map[string]any {
	t.Helper()
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	var root map[string]any
	if err := dec.Decode(&root); err != nil {
		t.Fatal(err)
	}
	return root
}

// judged runs a dump through decode, facts, checks and report. An error is a dump that was refused.
func (s *scene) judged(text []byte, other map[string][]byte, late time.Duration) (TargetReport, error) {
	files := fstest.MapFS{"config_dump.json": {Data: text}}
	for name, data := range s.files {
		files[name] = &fstest.MapFile{Data: data}
	}
	for name, data := range other {
		files[name] = &fstest.MapFile{Data: data}
	}
	p, err := envoy.Read(context.Background(), facts.Target{Source: s.dump}, envoy.NewFiles(files, ""), envoy.Scope{All: true})
	if err != nil {
		return TargetReport{}, err
	}
	in := check.Input{Proxy: p, All: true, Now: p.AsOf(clock().AddDate(1, 0, 0)).Add(late), Warn: time.Hour}
	if s.to != nil {
		in.To = []check.To{*s.to}
	}
	return Target(in, check.Run(check.All(), in), true), nil
}

// of is the row of the scene's upstream; an empty one where it is gone.
func (s *scene) of(r TargetReport) Upstream {
	for _, u := range r.Upstreams {
		if u.Cluster == s.cluster {
			return u
		}
	}
	return Upstream{}
}

// mode is what the report says of the scene's inbound port.
func (s *scene) mode(r TargetReport) string {
	for _, in := range r.Inbound {
		if in.Port == s.port {
			return in.Mode
		}
	}
	return ""
}

// scenes takes of every dump one or two upstreams of each kind that are OK, with --to where the host has a name, and every
// inbound port that is STRICT.
func scenes(t *testing.T) (out, inbound []*scene) {
	t.Helper()
	dumps, _ := filepath.Glob("../../../shared/captures/*.json")
	if len(dumps) == 0 {
		t.Log("the recordings are not beside the project: only its own are used")
	}
	kinds := map[string]int{}
	for _, d := range append([]string{"../envoy/testdata/lab/client", "../envoy/testdata/lab/web", "../envoy/testdata/gateway"}, dumps...) {
		text, files := saved(t, d)
		whole := &scene{dump: filepath.Base(d), text: text, files: files}
		r, err := whole.judged(text, nil, 0)
		if err != nil {
			continue // not a dump, which pkg/envoy's own tests say
		}
		ofDump := map[string]int{}
		for _, u := range r.Upstreams {
			kind := kindOf(u)
			if u.Outcome != OK || kinds[kind] >= 2 || ofDump[kind] >= 1 {
				continue
			}
			s := &scene{dump: whole.dump, kind: kind, files: files, cluster: u.Cluster}
			if u.Host != "" {
				s.to = &check.To{Host: u.Host, Port: u.Port, Subset: u.Subset}
			}
			if s.text = lean(t, text, u.Cluster); !s.begin() {
				if s.text = text; !s.begin() {
					continue // OK only as long as nobody asks for it
				}
			}
			kinds[kind]++
			ofDump[kind]++
			out = append(out, s)
		}
		for _, in := range r.Inbound {
			if in.Mode == string(facts.ModeStrict) {
				inbound = append(inbound, &scene{dump: whole.dump, kind: "inbound", files: files, text: text, port: in.Port})
			}
		}
	}
	return out, inbound
}

// begin judges the scene as it is; false where the upstream is not OK.
func (s *scene) begin() bool {
	r, err := s.judged(s.text, nil, 0)
	if err != nil {
		return false
	}
	s.base, s.row = r, s.of(r)
	return s.row.Outcome == OK
}

func kindOf(u Upstream) string {
	return strings.Join([]string{u.Transport, u.Protocol, u.Mode, strings.SplitN(u.CA, ":", 2)[0], map[bool]string{true: "named"}[u.Host != ""], map[bool]string{true: "auto"}[len(u.SANs) == 0]}, " ")
}

func saved(t *testing.T, path string) ([]byte, map[string][]byte) {
	t.Helper()
	read := func(name string) []byte {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	if strings.HasSuffix(path, ".json") {
		return read(path), nil
	}
	files := map[string][]byte{}
	list, err := os.ReadDir(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range list {
		if f.Name() != "config_dump.json" {
			files[f.Name()] = read(filepath.Join(path, f.Name()))
		}
	}
	return read(filepath.Join(path, "config_dump.json")), files
}

// lean takes the clusters, routes, listeners and secrets out of a large dump that have nothing to do with one cluster: the
// edits are many.
func lean(t *testing.T, text []byte, cluster string) []byte {
	t.Helper()
	root := tree(t, text)
	names := [][]byte{written(cluster), []byte(`"virtualOutbound"`), []byte(`"virtualInbound"`)}
	walk(root, func(m map[string]any) {
		if raw := written(m); m["virtual_hosts"] != nil && m["name"] != nil && bytes.Contains(raw, names[0]) {
			names = append(names, []byte(`"route_config_name":`+string(written(m["name"]))))
		}
	})
	keep := func(v any) bool {
		raw := written(v)
		return len(raw) < 1500 || slices.ContainsFunc(names, func(name []byte) bool { return bytes.Contains(raw, name) })
	}
	walk(root, func(m map[string]any) {
		for key, v := range m {
			list, is := v.([]any)
			if is && (strings.HasPrefix(key, "dynamic_") || key == "virtual_hosts") && !strings.Contains(key, "secret") {
				m[key] = slices.DeleteFunc(list, func(v any) bool { return !keep(v) })
			}
		}
	})
	return written(root)
}

func written(root any) []byte {
	text, _ := json.Marshal(root) // of what came out of JSON
	return text
}

// walk gives every object of a tree, the outer ones first.
func walk(v any, do func(map[string]any)) {
	switch v := v.(type) {
	case map[string]any:
		do(v)
		for _, name := range sortedKeys(v) {
			walk(v[name], do)
		}
	case []any:
		for _, one := range v {
			walk(one, do)
		}
	}
}

func sortedKeys(m map[string]any) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

// mixedUp tells a dump that is partly camelCase: the edits of endpoints do not know it.
func (e *edited) mixedUp() bool { return bytes.Contains(e.text, []byte(`"lbEndpoints"`)) }

func (e *edited) walk(do func(map[string]any)) { walk(e.root, do) }

// section is a section of the dump, by the end of its type.
func (e *edited) section(kind string) map[string]any {
	var found map[string]any
	e.walk(func(m map[string]any) {
		if at, _ := m["@type"].(string); found == nil && strings.HasSuffix(at, "."+kind) {
			found = m
		}
	})
	return found
}

// obj is a member that is an object; nil where there is none.
func obj(m map[string]any, path ...string) map[string]any {
	for _, name := range path {
		m, _ = m[name].(map[string]any)
	}
	return m
}

// must is the same; it is made where it is not there.
func must(m map[string]any, path ...string) map[string]any {
	for _, name := range path {
		next, is := m[name].(map[string]any)
		if !is {
			next = map[string]any{}
			m[name] = next
		}
		m = next
	}
	return m
}

func items(m map[string]any, name string) []any { l, _ := m[name].([]any); return l }

// parsed is JSON that stands in a test.
func parsed(text string) any {
	dec := json.NewDecoder(strings.NewReader(text))
	dec.UseNumber()
	var v any
	if err := dec.Decode(&v); err != nil {
		panic(err)
	}
	return v
}

func parsedObject(text string) map[string]any { return parsed(text).(map[string]any) }

func copied(v any) any { return parsed(string(written(v))) }

// sockets are the transport sockets of the cluster that are TLS.
func (e *edited) sockets() []map[string]any {
	var out []map[string]any
	add := func(s map[string]any) {
		if at, _ := obj(s, "typed_config")["@type"].(string); strings.HasSuffix(at, ".UpstreamTlsContext") {
			out = append(out, s)
		}
	}
	add(obj(e.cluster, "transport_socket"))
	for _, m := range items(e.cluster, "transport_socket_matches") {
		add(obj(m.(map[string]any), "transport_socket"))
	}
	return out
}

// contexts are the TLS contexts of the cluster.
func (e *edited) contexts() []map[string]any {
	var out []map[string]any
	for _, s := range e.sockets() {
		out = append(out, obj(s, "typed_config"))
	}
	if old := obj(e.cluster, "tls_context"); old != nil {
		out = append(out, old)
	}
	return out
}

// eachContext changes every TLS context; false where there is none.
func (e *edited) eachContext(do func(ctx, common map[string]any) bool) bool {
	done := false
	for _, ctx := range e.contexts() {
		done = do(ctx, must(ctx, "common_tls_context")) || done
	}
	return done
}

// validations are the validation contexts of the cluster itself, made where a secret alone brings one.
func (e *edited) eachValidation(do func(v map[string]any) bool) bool {
	return e.eachContext(func(_, common map[string]any) bool {
		if sds := common["validation_context_sds_secret_config"]; sds != nil {
			delete(common, "validation_context_sds_secret_config")
			common["combined_validation_context"] = map[string]any{"default_validation_context": map[string]any{}, "validation_context_sds_secret_config": sds}
		}
		if v := obj(common, "combined_validation_context"); v != nil {
			return do(must(v, "default_validation_context"))
		}
		v := obj(common, "validation_context")
		return v != nil && do(v)
	})
}

// caSecret is the name of the secret that the CA comes from, "" where it is none.
func (e *edited) caSecret() string {
	for _, ctx := range e.contexts() {
		common := obj(ctx, "common_tls_context")
		for _, at := range []map[string]any{obj(common, "validation_context_sds_secret_config"), obj(common, "combined_validation_context", "validation_context_sds_secret_config")} {
			if name, is := at["name"].(string); is {
				return name
			}
		}
	}
	return ""
}

// certSecret is that of the client certificate.
func (e *edited) certSecret() string {
	for _, ctx := range e.contexts() {
		for _, one := range items(obj(ctx, "common_tls_context"), "tls_certificate_sds_secret_configs") {
			return one.(map[string]any)["name"].(string)
		}
	}
	return ""
}

// eachSecret changes the entries of the secrets of one name; false where there is none.
func (e *edited) eachSecret(name string, do func(section string, entry map[string]any)) bool {
	found := false
	all := e.section("SecretsConfigDump")
	for _, section := range []string{"dynamic_active_secrets", "static_secrets"} {
		for _, one := range items(all, section) {
			if entry := one.(map[string]any); entry["name"] == name || obj(entry, "secret")["name"] == name {
				found = true
				do(section, entry)
			}
		}
	}
	return found
}
