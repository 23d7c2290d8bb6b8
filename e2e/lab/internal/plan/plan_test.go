package plan

import (
	"net"
	"testing"
)

func TestCheckName(t *testing.T) {
	for name, ok := range map[string]bool{
		"a": true, "b2": true, "abcdefgh": true,
		"": false, "A": false, "2b": false, "abcdefghi": false, "a-b": false, "../x": false, "a b": false,
	} {
		if err := CheckName(name); (err == nil) != ok {
			t.Errorf("CheckName(%q) = %v, want ok %v", name, err, ok)
		}
	}
}

// Interfaces have at most 15 bytes: a longer name would be refused by the
// kernel in the middle of a start.
func TestInterfaceNamesFit(t *testing.T) {
	a, b := Instance{Name: "abcdefgh", Index: 0}, Instance{Name: "ijklmnop", Index: 9}
	j, err := NewJoin(a, b)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{a.Link(), j.LinkInA, j.LinkInB} {
		if len(name) > 15 {
			t.Errorf("interface %q has %d bytes, want at most 15", name, len(name))
		}
	}
}

// No two ranges of any two instances may overlap: they share one machine, and
// joined ones route to each other.
func TestRangesDoNotOverlap(t *testing.T) {
	var all []*net.IPNet
	for i := 0; i <= MaxIndex; i++ {
		in := Instance{Name: "a", Index: i}
		for _, cidr := range []string{in.PodCIDR(), in.ServiceCIDR(), in.OuterIP() + "/30"} {
			_, n, err := net.ParseCIDR(cidr)
			if err != nil {
				t.Fatalf("index %d: %v", i, err)
			}
			for _, o := range all {
				if o.Contains(n.IP) || n.Contains(o.IP) {
					t.Errorf("index %d: %s overlaps %s", i, n, o)
				}
			}
			all = append(all, n)
		}
		if in.Validate() != nil {
			t.Errorf("index %d does not validate", i)
		}
	}
	if (Instance{Name: "a", Index: MaxIndex + 1}).Validate() == nil {
		t.Error("an index beyond the last validates")
	}
}

func TestJoinIsTheSameFromBothSides(t *testing.T) {
	a, b := Instance{Name: "a", Index: 0}, Instance{Name: "b", Index: 1}
	ab, err := NewJoin(a, b)
	if err != nil {
		t.Fatal(err)
	}
	ba, err := NewJoin(b, a)
	if err != nil {
		t.Fatal(err)
	}
	if (Join{ba.LinkInB, ba.LinkInA, ba.IPInB, ba.IPInA}) != ab {
		t.Errorf("join a b = %+v, join b a = %+v: want mirror images", ab, ba)
	}
	if ab.IPInA == ab.IPInB {
		t.Error("both ends have the same address")
	}
	if _, err := NewJoin(a, a); err == nil {
		t.Error("an instance joins itself")
	}
}

func TestFreeIndex(t *testing.T) {
	got, err := FreeIndex([]Instance{{Name: "a", Index: 0}, {Name: "c", Index: 2}, {Name: "x", Index: -1}})
	if err != nil || got != 1 {
		t.Errorf("FreeIndex = %d, %v, want 1", got, err)
	}
	var full []Instance
	for i := 0; i <= MaxIndex; i++ {
		full = append(full, Instance{Index: i})
	}
	if _, err := FreeIndex(full); err == nil {
		t.Error("FreeIndex found one where all are used")
	}
}

func TestDirs(t *testing.T) {
	env := func(m map[string]string) func(string) string { return func(k string) string { return m[k] } }
	for _, c := range []struct {
		env  map[string]string
		want Dirs
	}{
		{nil, Dirs{"/h/.cache/mesh-tls-lab", "/h/.local/state/mesh-tls-lab"}},
		{map[string]string{"XDG_CACHE_HOME": "/c", "XDG_STATE_HOME": "/s"}, Dirs{"/c/mesh-tls-lab", "/s/mesh-tls-lab"}},
		{map[string]string{"XDG_CACHE_HOME": "rel"}, Dirs{"/h/.cache/mesh-tls-lab", "/h/.local/state/mesh-tls-lab"}},
	} {
		if got := NewDirs(env(c.env), "/h"); got != c.want {
			t.Errorf("NewDirs(%v) = %+v, want %+v", c.env, got, c.want)
		}
	}
}
