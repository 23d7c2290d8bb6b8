package facts

import "testing"

// TestSocketFor follows Envoy's rule: the first match whose every criterion
// stands in the endpoint's metadata, else the cluster's own socket.
func TestSocketFor(t *testing.T) {
	u := Upstream{
		Socket: Socket{Name: "own"},
		Matches: []Socket{
			{Name: "two", Match: map[string]any{"tlsMode": "istio", "zone": "a"}},
			{Name: "istio", Match: map[string]any{"tlsMode": "istio"}},
			{Name: "number", Match: map[string]any{"n": float64(1)}},
			{Name: "user", Match: map[string]any{"tls": map[string]any{"x": "y"}}},
		},
	}
	all := u
	all.Matches = append(append([]Socket(nil), u.Matches...), Socket{Name: "disabled", Match: map[string]any{}}, Socket{Name: "never"})
	cases := map[string]struct {
		u    Upstream
		have map[string]any
		want string
	}{
		"nothing":                 {u, nil, "own"},
		"nothing, empty match":    {all, nil, "disabled"},
		"istio":                   {u, map[string]any{"tlsMode": "istio"}, "istio"},
		"more than asked":         {u, map[string]any{"tlsMode": "istio", "zone": "b"}, "istio"},
		"first wins":              {u, map[string]any{"tlsMode": "istio", "zone": "a"}, "two"},
		"another value":           {u, map[string]any{"tlsMode": "disabled"}, "own"},
		"another case":            {u, map[string]any{"tlsmode": "istio"}, "own"},
		"a list holds it":         {u, map[string]any{"tlsMode": []any{"none", "istio"}}, "istio"},
		"a list does not hold it": {u, map[string]any{"tlsMode": []any{"none"}}, "own"},
		"number":                  {u, map[string]any{"n": float64(1)}, "number"},
		"number as text":          {u, map[string]any{"n": "1"}, "own"},
		"structure":               {u, map[string]any{"tls": map[string]any{"x": "y"}}, "user"},
		"no matches":              {Upstream{Socket: Socket{Name: "own"}}, map[string]any{"tlsMode": "istio"}, "own"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := c.u.SocketFor(Endpoint{Match: c.have}); got.Name != c.want {
				t.Errorf("got %q, want %q", got.Name, c.want)
			}
		})
	}
}

// TestSpelling holds the words that the report promises.
func TestSpelling(t *testing.T) {
	for want, got := range map[string]string{
		"none":        Source{Kind: SourceNone}.String(),
		"inline":      Source{Kind: SourceInline}.String(),
		"spiffe":      Source{Kind: SourceSPIFFE}.String(),
		"system":      Source{Kind: SourceSystem}.String(),
		"file:/ca":    Source{Kind: SourceFile, Name: "/ca"}.String(),
		"sds:ROOTCA":  Source{Kind: SourceSDS, Name: "ROOTCA"}.String(),
		"unknown":     Source{}.String(),
		"a.example":   NameMatch{Kind: "exact", Value: "a.example"}.String(),
		"prefix:spi":  NameMatch{Kind: "prefix", Value: "spi"}.String(),
		"regex:.*":    NameMatch{Kind: "regex", Value: ".*"}.String(),
		"DR a/b":      Ref{Kind: "DR", Namespace: "a", Name: "b"}.String(),
		"DR b":        Ref{Kind: "DR", Name: "b"}.String(),
		"":            Ref{Kind: "DR"}.String(),
		"ns/pod":      Target{Namespace: "ns", Pod: "pod"}.String(),
		"dump.json":   Target{Source: "dump.json"}.String(),
		"exercised":   EvidenceExercised.String(),
		"custom:name": NameMatch{Kind: "custom", Value: "name"}.String(),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestSecretState: a name is usable only when every provider of it delivered.
func TestSecretState(t *testing.T) {
	p := &Proxy{Secrets: []Secret{
		{Name: "a", State: StateActive}, {Name: "a", State: StateWarming},
		{Name: "b", State: StateWarming}, {Name: "b", State: StateActive}, {Name: "c", State: StateStatic},
	}}
	for name, want := range map[string]State{"a": StateWarming, "b": StateWarming, "c": StateStatic, "d": ""} {
		if got := p.SecretState(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}
