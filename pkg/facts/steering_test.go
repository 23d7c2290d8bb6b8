package facts

import (
	"testing"
	"time"
)

// TestSidecarOf walks Istio's order: the pod's own, the namespace's, the root's; of equals the oldest.
func TestSidecarOf(t *testing.T) {
	side := func(ns, name string, hour int64, app string) Sidecar {
		s := Sidecar{Object: Ref{Kind: "Sidecar", Namespace: ns, Name: name}, Created: time.Unix(hour*3600, 0)}
		if app != "" {
			s.Selector = map[string]string{"app": app}
		}
		return s
	}
	for name, c := range map[string]struct {
		sidecars []Sidecar
		want     string
	}{
		"none":                        {},
		"another namespace's":         {sidecars: []Sidecar{side("b", "x", 1, "")}},
		"of other pods":               {sidecars: []Sidecar{side("a", "x", 1, "y")}},
		"the root's":                  {sidecars: []Sidecar{side("root", "x", 1, "")}, want: "x"},
		"the root's, for pods":        {sidecars: []Sidecar{side("root", "x", 1, "me")}},
		"the namespace's before":      {sidecars: []Sidecar{side("root", "x", 1, ""), side("a", "y", 2, "")}, want: "y"},
		"the pod's before":            {sidecars: []Sidecar{side("a", "y", 1, ""), side("a", "z", 2, "me"), side("a", "x", 1, "")}, want: "z"},
		"of others, and the root's":   {sidecars: []Sidecar{side("a", "x", 1, "y"), side("root", "r", 2, "")}, want: "r"},
		"the oldest of two":           {sidecars: []Sidecar{side("a", "new", 2, ""), side("a", "old", 1, "")}, want: "old"},
		"the oldest of two, in order": {sidecars: []Sidecar{side("a", "old", 1, ""), side("a", "new", 2, "")}, want: "old"},
		"the same for another of pod": {sidecars: []Sidecar{side("b", "old", 1, ""), side("a", "new", 2, "")}, want: "new"},
	} {
		t.Run(name, func(t *testing.T) {
			got := (&Steering{Sidecars: c.sidecars}).SidecarOf(Client{Namespace: "a", Labels: map[string]string{"app": "me"}}, "root")
			if (got == nil) != (c.want == "") || got != nil && got.Object.Name != c.want {
				t.Errorf("got %v, want %q", got, c.want)
			}
		})
	}
}
