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
		"nothing":              {u, nil, "own"},
		"nothing, empty match": {all, nil, "disabled"},
		"istio":                {u, map[string]any{"tlsMode": "istio"}, "istio"},
		"more than asked":      {u, map[string]any{"tlsMode": "istio", "zone": "b"}, "istio"},
		"first wins":           {u, map[string]any{"tlsMode": "istio", "zone": "a"}, "two"},
		"another value":        {u, map[string]any{"tlsMode": "disabled"}, "own"},
		"another case":         {u, map[string]any{"tlsmode": "istio"}, "own"},
		"a list holds it":      {u, map[string]any{"tlsMode": []any{"none", "istio"}}, "own"},
		"number":               {u, map[string]any{"n": float64(1)}, "number"},
		"number as text":       {u, map[string]any{"n": "1"}, "own"},
		"structure":            {u, map[string]any{"tls": map[string]any{"x": "y"}}, "user"},
		"no matches":           {Upstream{Socket: Socket{Name: "own"}}, map[string]any{"tlsMode": "istio"}, "own"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			if got := c.u.SocketFor(Endpoint{Match: c.have}); got.Name != c.want {
				t.Errorf("got %q, want %q", got.Name, c.want)
			}
		})
	}
}

// TestSocketForLocality: the locality's metadata is asked only when no match fits the
// endpoint's own, and a match without criteria fits any.
func TestSocketForLocality(t *testing.T) {
	istio := Socket{Name: "istio", Match: map[string]any{"tlsMode": "istio"}}
	two := Upstream{Socket: Socket{Name: "own"}, Matches: []Socket{{Name: "zone", Match: map[string]any{"zone": "a"}}, istio}}
	all := Upstream{Matches: []Socket{istio, {Name: "rest"}}}
	for _, c := range []struct {
		u        Upstream
		own, loc map[string]any
		want     string
	}{
		{two, nil, map[string]any{"tlsMode": "istio"}, "istio"},
		{two, map[string]any{"other": "x"}, map[string]any{"tlsMode": "istio"}, "istio"},
		{two, map[string]any{"tlsMode": "istio"}, map[string]any{"zone": "a"}, "istio"},
		{two, map[string]any{"other": "x"}, map[string]any{"other": "x"}, "own"},
		{all, nil, map[string]any{"tlsMode": "istio"}, "rest"},
	} {
		if got := c.u.SocketFor(Endpoint{Match: c.own, Locality: c.loc}); got.Name != c.want {
			t.Errorf("endpoint %v, locality %v: got %q, want %q", c.own, c.loc, got.Name, c.want)
		}
	}
}

// TestInUse: sockets of one name are told apart, and only reachable ones are candidates.
func TestInUse(t *testing.T) {
	u := Upstream{Matches: []Socket{{Name: "x", SNI: "a", Match: map[string]any{"n": "1"}}, {Name: "x", SNI: "b"}, {Name: "x", SNI: "c"}},
		Endpoints: []Endpoint{{Match: map[string]any{"n": "1"}}, {}, {}}}
	if got := u.InUse(); len(got) != 2 || got[0].SNI != "a" || got[1].SNI != "b" {
		t.Errorf("in use: %+v", got)
	}
	if got := u.Candidates(); len(got) != 2 {
		t.Errorf("candidates: %+v", got)
	}
	u.Matches, u.Socket.SNI = u.Matches[:1], "own"
	if got := u.Candidates(); len(got) != 2 || got[1].SNI != "own" {
		t.Errorf("candidates: %+v", got)
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
		{Name: "e", State: StateActive, Empty: true},
	}}
	for name, want := range map[string]State{"a": StateWarming, "b": StateWarming, "c": StateStatic, "d": "", "e": ""} {
		if got := p.SecretState(name); got != want {
			t.Errorf("%s: got %q, want %q", name, got, want)
		}
	}
}
