package main

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/e2e/lab/internal/fixture"
)

func TestParse(t *testing.T) {
	for name, c := range map[string]struct {
		args        []string
		least, most int
		rest        []string
		index       int
		ok          bool
	}{
		"flag first":     {[]string{"--index", "3", "a"}, 1, 1, []string{"a"}, 3, true},
		"flag last":      {[]string{"a", "--index=3"}, 1, 1, []string{"a"}, 3, true},
		"between":        {[]string{"a", "--index", "3", "b"}, 2, 2, []string{"a", "b"}, 3, true},
		"none":           {nil, 0, 0, nil, -1, true},
		"too few":        {nil, 1, 1, nil, 0, false},
		"too many":       {[]string{"a", "b"}, 1, 1, nil, 0, false},
		"unknown flag":   {[]string{"--nope"}, 0, 0, nil, 0, false},
		"not a number":   {[]string{"--index", "x"}, 0, 0, nil, 0, false},
		"without number": {[]string{"--index"}, 0, 0, nil, 0, false},
	} {
		fs := flags("up")
		index := fs.Int("index", -1, "")
		rest, err := parse(fs, c.args, c.least, c.most)
		if (err == nil) != c.ok {
			t.Errorf("%s: %v, want ok %v", name, err, c.ok)
			continue
		}
		if c.ok && (!slices.Equal(rest, c.rest) || *index != c.index) {
			t.Errorf("%s: %q index %d, want %q %d", name, rest, *index, c.rest, c.index)
		}
	}
}

func TestServerArgs(t *testing.T) {
	for name, c := range map[string]struct {
		kind string
		args string
		want fixture.Server
		ok   bool
	}{
		"redis":       {"redis", "--host h", fixture.Server{Kind: "redis", Host: "h", Port: 16222}, true},
		"redis plain": {"redis", "--plain --host h --port 1", fixture.Server{Kind: "redis", Host: "h", Port: 1, Plain: true}, true},
		"web":         {"web", "--host h", fixture.Server{Kind: "web", Host: "h", Port: 443, HTTPPort: 80}, true},
		"no host":     {"redis", "", fixture.Server{}, false},
		"half a pair": {"redis", "--host h --key k", fixture.Server{}, false},
		"web's flag":  {"redis", "--host h --http-port 8", fixture.Server{}, false},
	} {
		got, err := serverArgs(c.kind, strings.Fields(c.args))
		if (err == nil) != c.ok || c.ok && got != c.want {
			t.Errorf("%s: %+v, %v, want %+v ok %v", name, got, err, c.want, c.ok)
		}
	}
}

// Every command of the usage text exists, and every error is one that says
// what to do.
func TestDispatch(t *testing.T) {
	l, err := newLab(time.Now)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	l.out = &out
	if err := l.dispatch(context.Background(), nil); err != nil || !strings.Contains(out.String(), "lab up NAME") {
		t.Errorf("no arguments: %v, %q", err, out.String())
	}
	if err := l.dispatch(context.Background(), []string{"frob"}); err == nil || !strings.Contains(err.Error(), "lab help") {
		t.Errorf("unknown command: %v", err)
	}
	for _, line := range strings.Split(usage, "\n") {
		if f := strings.Fields(line); len(f) > 1 && f[0] == "lab" {
			if _, ok := l.table[f[1]]; !ok {
				t.Errorf("the usage names %q, which does not exist", f[1])
			}
		}
	}
}
