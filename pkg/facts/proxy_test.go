package facts

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestSecret: all secrets of a name are given, whether they stand in the order of their names or not.
func TestSecret(t *testing.T) {
	list := []Secret{{Name: "a"}, {Name: "b", Version: "1"}, {Name: "b", Version: "2"}, {Name: "c"}}
	for name, n := range map[string]int{"": 0, "a": 1, "b": 2, "bb": 0, "c": 1, "d": 0} {
		for _, sorted := range []bool{false, true} {
			got := (&Proxy{Secrets: list, ByName: sorted}).Secret(name)
			if len(got) != n {
				t.Fatalf("Secret(%q), sorted %t: %d secrets, want %d", name, sorted, len(got), n)
			}
			for i, s := range got {
				if s.Name != name || n == 2 && cmp.Diff(list[1+i], s) != "" {
					t.Errorf("Secret(%q), sorted %t: secret %d is %+v", name, sorted, i, s)
				}
			}
		}
	}
}

// TestAsOf: the newest change, unless the times of a dump cannot be those of what it holds.
func TestAsOf(t *testing.T) {
	now := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	old := now.AddDate(-2, 0, 0)
	from := func(begin time.Time) []Certificate {
		return []Certificate{{NotBefore: old.AddDate(-1, 0, 0)}, {NotBefore: begin}}
	}
	in := func(begin time.Time) *Validation { return &Validation{Inline: from(begin)} }
	for name, c := range map[string]struct {
		p    Proxy
		want time.Time
	}{
		"no time":                  {Proxy{Upstreams: []Upstream{{}}}, now},
		"an old dump":              {Proxy{Upstreams: []Upstream{{Updated: old}}, Secrets: []Secret{{Chain: from(old), Validation: in(old)}}}, old},
		"clocks differ a little":   {Proxy{Upstreams: []Upstream{{Updated: old}}, Secrets: []Secret{{Chain: from(old.Add(skew))}}}, old},
		"a time to come":           {Proxy{Upstreams: []Upstream{{Updated: now.AddDate(1, 0, 0)}}}, now},
		"a CA of later":            {Proxy{Secrets: []Secret{{Updated: old, Validation: in(old.AddDate(0, 1, 0))}}}, now},
		"a chain of later":         {Proxy{Secrets: []Secret{{Updated: old, Chain: from(old.AddDate(0, 1, 0))}}}, now},
		"a cluster's CA of later":  {Proxy{Upstreams: []Upstream{{Updated: old, Socket: Socket{Validation: *in(old.AddDate(0, 1, 0))}}}}, now},
		"a match's CA of later":    {Proxy{Upstreams: []Upstream{{Updated: old, Matches: []Socket{{Validation: *in(old.AddDate(0, 1, 0))}}}}}, now},
		"a cluster's own of later": {Proxy{Upstreams: []Upstream{{Updated: old, Socket: Socket{Own: [][]Certificate{nil, from(old.AddDate(0, 1, 0))}}}}}, now},
		"a trust domain's":         {Proxy{Secrets: []Secret{{Updated: old, Validation: &Validation{SPIFFE: []TrustDomainCA{{CA: from(old.AddDate(0, 1, 0))}}}}}}, now},
		"a CA that is yet to come": {Proxy{Secrets: []Secret{{Updated: old, Validation: in(now.AddDate(0, 1, 0))}}}, old},
	} {
		if got := c.p.AsOf(now); !got.Equal(c.want) {
			t.Errorf("%s: %s, want %s", name, got, c.want)
		}
	}
}

// TestLastChange: the newest of all counts, wherever it stands.
func TestLastChange(t *testing.T) {
	at := func(n int64) time.Time { return time.Unix(n, 0) }
	for want, p := range map[int64]Proxy{
		3: {Upstreams: []Upstream{{Updated: at(1)}, {Updated: at(3)}, {Updated: at(2)}}, Secrets: []Secret{{Updated: at(2)}}},
		5: {Upstreams: []Upstream{{Updated: at(3)}}, Secrets: []Secret{{Updated: at(4)}, {Updated: at(5)}, {Updated: at(1)}}},
	} {
		if got := p.LastChange(); !got.Equal(at(want)) {
			t.Errorf("got %v, want %v", got, at(want))
		}
	}
	if got := (&Proxy{Upstreams: []Upstream{{}}}).LastChange(); !got.IsZero() {
		t.Errorf("nothing carries a time: got %v", got)
	}
}
