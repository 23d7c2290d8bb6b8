package envoy

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"time"
	"unicode/utf16"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

func readText(text string) (*facts.Proxy, error) {
	files := NewFiles(fstest.MapFS{"config_dump.json": {Data: []byte(text)}}, "")
	return Read(context.Background(), facts.Target{Source: "test"}, files, Scope{All: true})
}

// TestHostile gives what cannot be a dump: each must end in an error that says
// what it is, in words.
func TestHostile(t *testing.T) {
	whole := string(generated(5, 1))
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = z.Write([]byte(whole))
	_ = z.Close()
	var wide []byte
	for _, u := range utf16.Encode([]rune("\ufeff" + whole)) {
		wide = append(wide, byte(u), byte(u>>8))
	}
	cases := map[string]struct{ text, want string }{
		"empty":              {"", "empty"},
		"blank":              {" \n\t\n", "empty"},
		"truncated":          {whole[:len(whole)*2/3], "cut off"},
		"one byte short":     {whole[:len(whole)-1], "cut off"},
		"HTML":               {"<!DOCTYPE html><html><body>Login</body></html>", "web page"},
		"gzip":               {zipped.String(), "gzip"},
		"UTF-16":             {string(wide), "UTF-16"},
		"UTF-16 no BOM":      {string(wide[2:]), "UTF-16"},
		"YAML":               {"configs:\n- bootstrap: {}\n", "istioctl: -o json"},
		"PEM":                {"-----BEGIN CERTIFICATE-----\n", "not JSON"},
		"another JSON":       {`{"apiVersion":"v1","kind":"List","items":[]}`, "none of Envoy's sections"},
		"empty object":       {`{}`, "none of Envoy's sections"},
		"null configs":       {`{"configs":null}`, "none of Envoy's sections"},
		"two dumps":          {whole + "\n" + whole, "something follows"},
		"two proxies":        {`{"a":` + whole + `,"b":` + whole + `}`, "several proxies"},
		"nested 20,000":      {`{"configs":` + strings.Repeat(`[{"a":`, 10000) + "1" + strings.Repeat(`}]`, 10000) + `}`, "not valid JSON"},
		"bad UTF-8":          {strings.Replace(whole, "svc-1", "svc-\xff", 1), "UTF-8"},
		"control byte":       {strings.Replace(whole, "svc-1", "svc-\x01", 1), "not valid JSON"},
		"many clusters":      {`{"configs":[{"dynamic_active_clusters":[` + manyClusters(maxClusters+1) + `]}]}`, "more clusters"},
		"million endpoints":  {`{"configs":[{"dynamic_endpoint_configs":[{"endpoint_config":{"cluster_name":"a","endpoints":[{"lb_endpoints":[{}` + strings.Repeat(",{}", maxParts+1) + `]}]}}]}]}`, "million parts"},
		"one cluster twice":  {`{"configs":[{"dynamic_active_clusters":[{"cluster":{"name":"a"}},{"cluster":{"name":"a"}}]}]}`, "two clusters of one name"},
		"static and active":  {`{"configs":[{"static_clusters":[{"cluster":{"name":"a"}}]},{"dynamic_active_clusters":[{"cluster":{"name":"a"}}]}]}`, "two clusters of one name"},
		"two in one entry":   {`{"configs":[{"dynamic_active_clusters":[{"cluster":{"name":"a"},"cluster":{"name":"b"}}]}]}`, "twice"},
		"two pods":           {`{"ns":{"a":{"dynamicActiveClusters":[{"cluster":{"name":"a"}}]},"b":{"dynamicActiveClusters":[{"cluster":{"name":"b"}}]}}}`, "several proxies"},
		"two pods, one bare": {`{"ns":{"a":{"dynamicActiveClusters":[{"cluster":{"name":"a"}}]},"b":{"staticClusters":[]}}}`, "several proxies"},
		"two in a list":      {`[{"configs":[{"static_clusters":[{"cluster":{"name":"a"}}]}]},{"configs":[{"static_clusters":[{"cluster":{"name":"b"}}]}]}]`, "several proxies"},
		"number too long":    {`{"configs":` + strings.Repeat("9", 1<<20) + `x}`, "not valid JSON"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			p, err := readText(c.text)
			if err == nil {
				t.Fatalf("no error; read %d upstreams", len(p.Upstreams))
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %q does not say %q", err, c.want)
			}
		})
	}
}

func manyClusters(n int) string {
	var b strings.Builder
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"cluster":{"name":"%d"}}`, i)
	}
	return b.String()
}

// TestOneBroken breaks one thing in a dump that is fine otherwise: that one
// thing must become unknown, and the rest must stay.
func TestOneBroken(t *testing.T) {
	deep := strings.Repeat(`{"name":"w","typed_config":{"@type":"type.googleapis.com/envoy.extensions.transport_sockets.tap.v3.Tap","transport_socket":`, 3000) +
		`{"name":"r","typed_config":{"@type":"type.googleapis.com/envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer"}}` + strings.Repeat("}}", 3000)
	tls := func(body string) string {
		return `{"name":"t","typed_config":{"@type":"type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext",` + body + `}}`
	}
	for name, socket := range map[string]string{
		"wrapped 3,000 deep":    deep,
		"a string":              `"tls"`,
		"a list":                `[]`,
		"no type":               `{"name":"envoy.transport_sockets.tls"}`,
		"empty":                 `{}`,
		"typed without @type":   `{"name":"envoy.transport_sockets.tls","typed_config":{"sni":"x"}}`,
		"@type is a number":     `{"name":"t","typed_config":{"@type":7}}`,
		"sni is a number":       tls(`"sni":7`),
		"sni twice":             tls(`"sni":"a","sni":"b"`),
		"sni in two spellings":  tls(`"common_tls_context":{},"commonTlsContext":{}`),
		"validation is a list":  tls(`"common_tls_context":{"validation_context":[]}`),
		"CA is a number":        tls(`"common_tls_context":{"validation_context":{"trusted_ca":{"inline_bytes":7}}}`),
		"CA is not base64":      tls(`"common_tls_context":{"validation_context":{"trusted_ca":{"inline_bytes":"%%%"}}}`),
		"two sources of the CA": tls(`"common_tls_context":{"validation_context":{"trusted_ca":{"filename":"a","inline_string":"b"}}}`),
		"cert is a string":      tls(`"common_tls_context":{"tls_certificates":"x"}`),
		"binary":                tls(`"value":"CgA="`),
		"a wrapper of nothing":  `{"name":"t","typed_config":{"@type":"type.googleapis.com/envoy.extensions.transport_sockets.tap.v3.Tap"}}`,
	} {
		t.Run(name, func(t *testing.T) {
			p, err := readText(`{"configs":[{"dynamic_active_clusters":[
				{"cluster":{"name":"outbound|1||broken","transport_socket":` + socket + `}},
				{"cluster":{"name":"outbound|1||good"}}]}]}`)
			if err != nil {
				t.Fatal(err)
			}
			if len(p.Upstreams) != 2 {
				t.Fatalf("want both upstreams, got %d", len(p.Upstreams))
			}
			if s := p.Upstreams[0].Socket; s.Kind != facts.SocketUnknown || s.Problem == "" {
				t.Errorf("want an unknown socket with a problem, got %+v", s)
			}
			if p.Upstreams[1].Socket.Kind != facts.SocketPlaintext {
				t.Errorf("the good neighbour changed: %+v", p.Upstreams[1])
			}
		})
	}
}

// TestBrokenCluster keeps a cluster by its name when nothing else can be read.
func TestBrokenCluster(t *testing.T) {
	p, err := readText(`{"configs":[{"dynamic_active_clusters":[null,7,"x",[],{},{"cluster":null},{"cluster":{"name":null}},{"cluster":{"name":5}},
		{"cluster":{"name":"outbound|443||a.example","type":{},"transport_socket_matches":"x"}}]}]}`)
	if err != nil {
		t.Fatal(err)
	}
	if len(p.Upstreams) != 1 || p.Upstreams[0].Host != "a.example" || p.Upstreams[0].Socket.Kind != facts.SocketUnknown || p.Upstreams[0].Problem == "" {
		t.Errorf("want one unknown upstream, got %+v", p.Upstreams)
	}
	if len(p.Problems) == 0 || p.Lost != 7 {
		t.Errorf("want the nameless clusters told as problems, and 7 counted: %d, %q", p.Lost, p.Problems)
	}
	for section, lost := range map[string]int{`null`: 0, `[]`: 0, `"x"`: 1, `{"cluster":{"name":"a"}}`: 1, `[{"cluster":{"name":"a"}}]`: 0} {
		p, err := readText(`{"configs":[{"static_clusters":[{"cluster":{"name":"b"}}]},{"dynamic_active_clusters":` + section + `}]}`)
		if err != nil || p.Lost != lost {
			t.Errorf("%s: %v, lost %d, want %d", section, err, p.Lost, lost)
		}
	}
}

// TestErrorsQuoteNothing: the decoder's own words hold what follows a broken escape.
func TestErrorsQuoteNothing(t *testing.T) {
	for _, text := range []string{`{"a":"\ud800SECRET"}`, `{"a":"\qSECRET"}`, `{"a":"\ud800\u00SECRET"}`, `{"a":SECRET}`, "{\"a\":\"\x01SECRET\"}", `{"SECRET":1,"SECRET"}`} {
		if _, err := readText(text); err == nil || strings.Contains(err.Error(), "SEC") {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// TestBrokenListener: whatever of it cannot be decoded, what it accepts is unknown, and not left out.
func TestBrokenListener(t *testing.T) {
	const address = `{"socket_address":{"address":"0.0.0.0","port_value":8443}}`
	for name, c := range map[string]struct {
		listener string
		port     int
	}{
		"chains":      {`"name":"a","traffic_direction":"INBOUND","address":` + address + `,"filter_chains":{}`, 8443},
		"null chain":  {`"name":"a","traffic_direction":"INBOUND","address":` + address + `,"filter_chains":[null]`, 8443},
		"port":        {`"name":"a","traffic_direction":"INBOUND","address":{"socket_address":{"port_value":"x"}},"filter_chains":[{}]`, 0},
		"address":     {`"name":"a","traffic_direction":"INBOUND","address":[],"filter_chains":[{}]`, 0},
		"Istio's":     {`"name":"virtualInbound","traffic_direction":[],"address":` + address + `,"filter_chains":[{}]`, 8443},
		"a gateway's": {`"name":"0.0.0.0_8443","address":` + address + `,"filter_chains":"x"`, 8443},
	} {
		p, err := readText(`{"configs":[{"bootstrap":{"node":{"id":"router~1.2.3.4~gw.a~a.svc"}}},{"dynamic_listeners":[{"active_state":{"listener":{` + c.listener + `}}}]}]}`)
		if err != nil || len(p.Inbound) != 1 || p.Inbound[0].Port != c.port || p.Inbound[0].Mode(p) != facts.ModeUnknown || len(p.Problems) == 0 {
			t.Errorf("%s: %v, %+v, %q", name, err, p.Inbound, p.Problems)
		}
	}
}

// TestNulls replaces every value by null, one kind after the other.
func TestNulls(t *testing.T) {
	whole := string(generated(3, 1))
	for _, from := range []string{`"EDS"`, `{}`, `true`, `"10s"`, `"svc-1.example.com"`, `[]`, `"V3"`} {
		p, err := readText(strings.ReplaceAll(whole, ":"+from, ":null"))
		if err != nil {
			t.Fatalf("null for %s: %v", from, err)
		}
		if len(p.Upstreams) != 3 {
			t.Errorf("null for %s: %d upstreams", from, len(p.Upstreams))
		}
	}
	for _, text := range []string{
		`{"configs":[{"dynamic_active_clusters":null,"dynamic_listeners":null,"dynamic_active_secrets":null}]}`,
		`{"configs":[null,{"dynamic_listeners":[null,{"active_state":null},{"active_state":{"listener":null}}],"dynamic_active_secrets":[null,{"secret":null}]}]}`,
	} {
		p, err := readText(text)
		if err != nil {
			t.Fatal(err)
		}
		if len(p.Upstreams)+len(p.Inbound)+len(p.Secrets) != 0 {
			t.Errorf("something came out of nothing: %+v", p)
		}
	}
}

// TestLarge bounds computing and memory for 100 MB of each kind of text that grows
// inside a decoder.
func TestLarge(t *testing.T) {
	if testing.Short() {
		t.Skip("100 MB answers take seconds")
	}
	const size = 100 << 20
	cases := map[string]struct{ head, unit, tail string }{
		"one string":           {`{"configs":[{"dynamic_active_clusters":[{"cluster":{"name":"`, "a", `"}}]}]}`},
		"one number":           {`{"configs":`, "1", `}`},
		"names at the top":     {`{"configs":[{`, "\"%\":0,\n", `"z":0}]}`},
		"names in a cluster":   {`{"configs":[{"dynamic_active_clusters":[{"cluster":{`, "\"%\":0,\n", `"name":"a"}}]}]}`},
		"empty clusters":       {`{"configs":[{"dynamic_active_clusters":[`, `{"cluster":{}},`, `{}]}]}`},
		"small clusters":       {`{"configs":[{"dynamic_active_clusters":[`, `{"cluster":{"name":"a"}},`, `{}]}]}`},
		"endpoints":            {`{"configs":[{"dynamic_endpoint_configs":[{"endpoint_config":{"cluster_name":"a","endpoints":[{"lb_endpoints":[`, `{},`, `{}]}]}}]}]}`},
		"an unwanted section":  {`{"configs":[{"unknown":[`, `{"a":[1,2,3]},`, `{}]}]}`},
		"blanks":               {`{"configs":[`, "        ", `]}`},
		"list entries":         {`[`, `{"name":"a","type":"EDS"},`, `{}]`},
		"matches of a cluster": {`{"configs":[{"dynamic_active_clusters":[{"cluster":{"name":"a","transport_socket_matches":[`, `{},`, `{}]}}]}]}`},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			getter := repeated{head: c.head, unit: c.unit, count: size / len(c.unit), tail: c.tail}
			p, took, top, err := measured(getter)
			if took > 10*time.Second { // on a machine that is busy with other things, a second of computing does less
				p, took, top, err = measured(getter)
			}
			t.Logf("%s of computing, %d MB, err=%v", took.Round(time.Millisecond), top>>20, err)
			if top > 500<<20 || took > 10*time.Second {
				t.Errorf("took %s of computing and %d MB", took, top>>20)
			}
			if err == nil && len(p.Problems) == 0 && len(p.Upstreams) > 0 && p.Upstreams[0].Socket.Kind == facts.SocketTLS {
				t.Error("found TLS in nothing")
			}
		})
	}
}

func measured(g Getter) (*facts.Proxy, time.Duration, uint64, error) {
	stop, peak := make(chan struct{}), make(chan uint64)
	go watchMemory(stop, peak)
	start := spent()
	p, err := Read(context.Background(), facts.Target{}, g, Scope{All: true})
	took := spent() - start
	close(stop)
	return p, took, <-peak, err
}

func watchMemory(stop chan struct{}, peak chan uint64) {
	runtime.GC()
	var top uint64
	for {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		top = max(top, m.HeapInuse+m.StackInuse)
		select {
		case <-stop:
			peak <- top
			return
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// repeated is a Getter of one dump that is made while it is read; "%" in the
// unit becomes a number, so that names differ.
type repeated struct {
	head, unit, tail string
	count            int
}

func (r repeated) Get(_ context.Context, path string) (io.ReadCloser, error) {
	if !strings.HasPrefix(path, "/config_dump") {
		return nil, errors.New("nothing else here")
	}
	return io.NopCloser(io.MultiReader(strings.NewReader(r.head), &units{r: r}, strings.NewReader(r.tail))), nil
}

type units struct {
	r    repeated
	done int
	rest []byte
}

func (u *units) Read(p []byte) (int, error) {
	if len(u.rest) == 0 {
		if u.done >= u.r.count {
			return 0, io.EOF
		}
		for range 4096 {
			if u.done >= u.r.count {
				break
			}
			u.done++
			if before, after, ok := strings.Cut(u.r.unit, "%"); ok {
				u.rest = append(u.rest, before...)
				for n := u.done; n > 0; n /= 64 {
					u.rest = append(u.rest, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-."[n%64])
				}
				u.rest = append(u.rest, after...)
				continue
			}
			u.rest = append(u.rest, u.r.unit...)
		}
	}
	n := copy(p, u.rest)
	u.rest = u.rest[n:]
	return n, nil
}
