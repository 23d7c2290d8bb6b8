package facts

import (
	"strings"
	"testing"
)

func TestParseRelease(t *testing.T) {
	for text, want := range map[string]string{
		"1.39.3": "1.39", "v1.20.8-tetrate": "1.20", "1.26-alpha.0": "1.26", "1.5": "1.5",
		"": "unknown", "1": "unknown", "one.two": "unknown", "1.": "unknown", "1.2x": "unknown", "-1.2": "unknown", "99999.1": "unknown", "1.99999999999999999999": "unknown",
	} {
		if got := ParseRelease(text).String(); got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// TestReleases: each row has a source, no release has two rows of a behaviour, and what is outside is not assumed.
func TestReleases(t *testing.T) {
	for _, row := range Releases() {
		if row.Source == "" || !strings.Contains(row.Source, ":") {
			t.Errorf("%s from %s: no source", row.Behaviour, row.From)
		}
		if row.Until.Known() && !row.From.Before(row.Until) {
			t.Errorf("%s: from %s until %s is no time", row.Behaviour, row.From, row.Until)
		}
	}
	for minor := range 60 {
		n := map[Behaviour]int{}
		r := Release{1, minor}
		for _, row := range Releases() {
			if !(row.From.Known() && r.Before(row.From)) && (!row.Until.Known() || r.Before(row.Until)) {
				n[row.Behaviour]++
			}
		}
		for b, rows := range n {
			if rows > 1 {
				t.Errorf("%s: %d rows for %s", b, rows, r)
			}
		}
	}
	for _, c := range []struct {
		b       Behaviour
		version string
		want    string
	}{
		{IstioEmptyCA, "1.20.8", "nothing"}, {IstioEmptyCA, "1.21.0", "the system's CAs, unless a compatibility version of 1.20 turns that off"}, {IstioEmptyCA, "1.24.0", "the system's CAs"},
		{EnvoyServerMinTLS, "1.21.6", "TLSv1_0"}, {EnvoyServerMinTLS, "1.22.0", "TLSv1_2"}, {EnvoyClientMaxTLS, "1.39.3", "TLSv1_2"},
		{EnvoyCurves, "1.40.2", "X25519,P-256"}, {EnvoyCurves, "1.41.0", "-"}, {EnvoyServerCiphers, "1.30.5", "-"}, {EnvoyCurves, "", "-"}, {EnvoyClientMinTLS, "1.13.1", "-"},
		{IstioEmptyCA, "2.6.0", "-"}, {IstioEmptyCA, "1.31.1", "the system's CAs"}, {IstioConfigMapCA, "1.31.1", "without a workloadSelector"},
		{EnvoyRSAKeyUsage, "1.37.1", "not enforced"}, {EnvoyRSAKeyUsage, "1.38.0", "enforced"}, {EnvoyRSAKeyUsage, "", "-"},
	} {
		got := "-"
		if row, found := BehaviourIn(c.b, ParseRelease(c.version)); found {
			got = row.Value
		}
		if got != c.want {
			t.Errorf("%s in %s: %s, want %s", c.b, c.version, got, c.want)
		}
	}
}

func TestSince(t *testing.T) {
	for b, want := range map[Behaviour]string{IstioCredentialName: "1.14", IstioAutoSNI: "1.21", IstioConfigMapCA: "1.26", IstioEmptyCA: "1.24", "no such": "unknown"} {
		if got := Since(b).String(); got != want {
			t.Errorf("%s: since %s, want %s", b, got, want)
		}
	}
}
