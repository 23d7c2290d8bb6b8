package intent

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParseHostPort(t *testing.T) {
	tests := map[string]struct {
		host string
		port int
		err  string
	}{
		"redis.example.com:6379":           {"redis.example.com", 6379, ""},
		"Redis.Example.COM.:16222":         {"redis.example.com", 16222, ""},
		"*.example.com:443":                {"*.example.com", 443, ""},
		"10.0.0.1:1":                       {"10.0.0.1", 1, ""},
		"[FD00::1]:65535":                  {"fd00::1", 65535, ""},
		"redis.example.com":                {"", 0, "redis.example.com:6379"},
		"redis.example.com:":               {"", 0, "a port is needed"},
		"fd00::1":                          {"", 0, "[fd00::1]:6379"},
		"[fd00::1]":                        {"", 0, "a port is needed"},
		"::1":                              {"", 0, "[::1]:6379"},
		"":                                 {"", 0, "a port is needed"},
		":6379":                            {"", 0, "is empty"},
		"https://example.com:443":          {"", 0, "is a URL"},
		"a.b:0":                            {"", 0, "1 to 65535"},
		"a.b:65536":                        {"", 0, "1 to 65535"},
		"a.b:+80":                          {"", 0, "1 to 65535"},
		"a.b:redis":                        {"", 0, `"redis"`},
		"a..b:80":                          {"", 0, "no DNS name"},
		"bücher.example:443":               {"", 0, "must be written in ASCII"},
		"a_b.c:80":                         {"", 0, `"a_b"`},
		"-a.b:80":                          {"", 0, `"-a"`},
		"a.1:80":                           {"", 0, "is a number"},
		"a b.c:80":                         {"", 0, `"a b"`},
		"a.*.c:80":                         {"", 0, `"*"`},
		strings.Repeat("a.", 130) + "b:80": {"", 0, "longer than 253"},
	}
	for in, want := range tests {
		host, port, err := ParseHostPort(in)
		if host != want.host || port != want.port || (err == nil) != (want.err == "") || err != nil && !strings.Contains(err.Error(), want.err) {
			t.Errorf("%q: got %q %d %v, want %+v", in, host, port, err, want)
		}
	}
	if _, _, err := ParseHostPort("a.b"); !errors.Is(err, ErrNoPort) {
		t.Errorf("want ErrNoPort, got %v", err)
	}
}

// Whatever is typed: an error, or a host that parses to itself.
func FuzzParseHostPort(f *testing.F) {
	for _, s := range []string{"a.b:1", "[::1]:2", "*.x:3", "[a]:4", "::", "[[", "a]:5"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		host, port, err := ParseHostPort(s)
		if err != nil {
			return
		}
		again, err := ParseHost(host)
		if err != nil || again != host || port < 1 || port > 65535 {
			t.Errorf("%q gives %q:%d, which gives %q, %v", s, host, port, again, err)
		}
	})
}

func TestProtocols(t *testing.T) {
	for in, want := range map[string]string{"tcp": "TCP", " Http2 ": "HTTP2", "grpc": "GRPC", "https": "HTTPS", "redis": "", "mongo": "", "mysql": "", "udp": "", "": ""} {
		got, err := ParseProtocol(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", in, got, err, want)
		}
	}
	if _, err := ParseProtocol("redis"); err == nil || !strings.Contains(err.Error(), "use tcp") {
		t.Errorf("redis: want the way out, got %v", err)
	}
	for port, want := range map[int]string{6379: "TCP", 16379: "TCP", 16222: "TCP", 80: "HTTP", 8080: "HTTP", 443: "HTTPS", 5432: "", 3306: "", 25: "", 587: ""} {
		got, err := DefaultProtocol(port)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("port %d: got %q, %v, want %q", port, got, err, want)
		}
		if err != nil && !strings.Contains(err.Error(), "--protocol tcp") {
			t.Errorf("port %d: want the way out, got %v", port, err)
		}
	}
}

func TestDefaultName(t *testing.T) {
	long := strings.Repeat("abcdefghi.", 8) + "example.com"
	seen := map[string]string{}
	for host, want := range map[string]string{
		"redis.example.com": "redis-example-com", "REDIS.example.com": "redis-example-com", "": "",
		"1.example.com": "", "x--y.example.com": "x--y-example-com", "*.example.com": "", long: "", long + ".x": "", "a_b.c": "",
	} {
		got := DefaultName(host)
		if want != "" && got != want || host != "" && !isLabel(got) {
			t.Errorf("%q: got %q, want %q and a label", host, got, want)
		}
		if other, twice := seen[got]; twice && !strings.EqualFold(other, host) {
			t.Errorf("%q and %q are both %q", other, host, got)
		}
		seen[got] = host
	}
	if got := DefaultName(long); len(got) != maxLabel {
		t.Errorf("%q has %d characters, want %d", got, len(got), maxLabel)
	}
}

func TestParseSelector(t *testing.T) {
	good := map[string]map[string]string{
		"":                         nil,
		"app=x":                    {"app": "x"},
		"app=x, tier==y":           {"app": "x", "tier": "y"},
		"app.kubernetes.io/name=x": {"app.kubernetes.io/name": "x"},
		"a=":                       {"a": ""},
		"a=b,a=b":                  {"a": "b"},
	}
	for in, want := range good {
		got, err := ParseSelector(in)
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("%q: %v %s", in, err, diff)
		}
	}
	for _, in := range []string{"app", "app!=x", "app in (x)", "app=x,", "=x", "a=b,a=c", "app=x y", "-a=b", "a/b/c=d", "A_/x=y", "a=" + strings.Repeat("x", 64)} {
		if got, err := ParseSelector(in); err == nil {
			t.Errorf("%q: want an error, got %v", in, got)
		}
	}
}

// Complete keeps what is given and changes a complete intent no more.
func TestComplete(t *testing.T) {
	given := Intent{Name: "n", Host: "a.b", SNI: "s.b", SANs: []string{"t.b"}, ExportTo: []string{"*"}, Resolution: "NONE", Mode: ModeMutual, Recipe: "x"}
	if diff := cmp.Diff(given, given.Complete()); diff != "" {
		t.Errorf("a given value was changed: %s", diff)
	}
	once := good()
	if diff := cmp.Diff(once, once.Complete()); diff != "" || once.SNI != once.Host || once.SANs[0] != once.Host || once.ExportTo[0] != "." {
		t.Errorf("got %+v %s", once, diff)
	}
}
