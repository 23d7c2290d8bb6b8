package facts

import (
	"strings"
	"testing"
)

// TestEffectiveBackendPolicy: the TLS of a DestinationRule counts before that of a BackendTLSPolicy for the same host, port by
// port and whichever is older, and one that Istio refuses counts for nothing.
func TestEffectiveBackendPolicy(t *testing.T) {
	policy := func(name string, edit ...func(*Rule)) Rule {
		r := drFor("redis", name, drHost, 0, edit...)
		r.Object.Kind = KindBackendPolicy
		return r
	}
	unused := func(r *Rule) { r.Unused = "no such port" }
	for name, tt := range map[string]struct {
		rules []Rule
		want  string
		why   string
	}{
		"alone":                                    {[]Rule{policy("p")}, "redis/p=SIMPLE", ""},
		"for the port":                             {[]Rule{policy("p", drPort(6379))}, "redis/p@6379=SIMPLE", ""},
		"for another port":                         {[]Rule{policy("p", drPort(443))}, "", "names port 443 only"},
		"one for the host and one for the port":    {[]Rule{policy("p"), policy("q", drPort(6379), drMode("MUTUAL"))}, "redis/q@6379=MUTUAL", "the setting of BackendTLSPolicy redis/q is used"},
		"a younger rule with TLS":                  {[]Rule{policy("p"), drFor("redis", "a", drHost, 1, drMode("MUTUAL"))}, "redis/a=MUTUAL", ""},
		"an older rule with TLS":                   {[]Rule{drFor("redis", "a", drHost, 9, drMode("MUTUAL")), policy("p")}, "redis/a=MUTUAL", ""},
		"a rule without TLS":                       {[]Rule{drFor("redis", "a", drHost, 9, drNoTLS), policy("p")}, "redis/p=SIMPLE", ""},
		"a port of a rule without TLS":             {[]Rule{drFor("redis", "a", drHost, 9, drNoTLS, drPort(6379)), policy("p")}, "redis/a@6379=", "the setting of DestinationRule redis/a is used"},
		"the same port":                            {[]Rule{drFor("redis", "a", drHost, 9, drNoTLS, drPort(6379)), policy("p", drPort(6379))}, "redis/p@6379=SIMPLE", ""},
		"TLS of a rule, and a policy for a port":   {[]Rule{drFor("redis", "a", drHost, 9, drMode("MUTUAL")), policy("p", drPort(6379))}, "redis/p@6379=SIMPLE", ""},
		"refused":                                  {[]Rule{policy("p", unused)}, "", "Istio refuses it: no such port"},
		"refused, and a rule":                      {[]Rule{drFor("redis", "a", drHost, 9, drNoTLS), policy("p", unused)}, "redis/a=", "Istio refuses it"},
		"refused for one target, used for another": {[]Rule{policy("p", unused), policy("p", drPort(6379))}, "redis/p@6379=SIMPLE", "Istio refuses it"},
	} {
		t.Run(name, func(t *testing.T) {
			c := &Config{RootNamespace: "istio-system", Rules: tt.rules}
			d := c.Effective(Client{Namespace: "redis"}, drHost, 6379, "")
			if got := short(d); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			said := ""
			for _, r := range d.Rejected {
				said += r.Why
			}
			if !strings.Contains(said, tt.why) {
				t.Errorf("said %q, want %q in it", said, tt.why)
			}
		})
	}
}
