package facts

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const drHost = "redis.example.com"

// drFor makes a rule-level setting of mode SIMPLE; age is in hours, the larger the older.
func drFor(ns, name, host string, age int, edit ...func(*Rule)) Rule {
	r := Rule{
		Object: Ref{Kind: "DestinationRule", Namespace: ns, Name: name}, Host: host,
		Policy: true, HasTLS: true, Mode: "SIMPLE", Created: time.Unix(1e9, 0).Add(-time.Duration(age) * time.Hour),
	}
	for _, e := range edit {
		e(&r)
	}
	return r
}

func drTo(to ...string) func(*Rule)  { return func(r *Rule) { r.ExportTo = to } }
func drPods(k, v string) func(*Rule) { return func(r *Rule) { r.Selector = map[string]string{k: v} } }
func drPort(n int) func(*Rule)       { return func(r *Rule) { r.Port = n } }
func drSubset(s string) func(*Rule)  { return func(r *Rule) { r.Subset = s } }
func drMode(m string) func(*Rule)    { return func(r *Rule) { r.Mode = m } }
func drNoTLS(r *Rule)                { r.HasTLS, r.Mode = false, "" }
func drNoPolicy(r *Rule)             { r.HasTLS, r.Policy, r.Mode = false, false, "" }

func seFor(ns, name string, to ...string) Service {
	return Service{Object: Ref{Kind: "ServiceEntry", Namespace: ns, Name: name}, Hosts: []string{drHost}, ExportTo: to, External: true}
}

// want is the winner as "namespace/name[@port][#subset]=MODE", "" for none; out is
// what is said of the others, reasons and a part of the sentence.
func TestEffective(t *testing.T) {
	tests := map[string]struct {
		client   Client
		services []Service
		rules    []Rule
		subset   string
		want     string
		out      []string
		unsure   bool
	}{
		"nothing":                      {client: Client{Namespace: "redis"}},
		"own namespace":                {client: Client{Namespace: "redis"}, rules: []Rule{drFor("redis", "a", drHost, 1, drTo("."))}, want: "redis/a=SIMPLE"},
		"another host":                 {client: Client{Namespace: "redis"}, rules: []Rule{drFor("redis", "a", "web.example.com", 1)}},
		"namespace of nobody":          {client: Client{Namespace: "redis"}, rules: []Rule{drFor("other", "a", drHost, 1)}, out: []string{"namespace:neither the client's (redis)"}},
		"service namespace":            {client: Client{Namespace: "redis"}, services: []Service{seFor("egress", "e")}, rules: []Rule{drFor("egress", "a", drHost, 1)}, want: "egress/a=SIMPLE"},
		"service namespace, private":   {client: Client{Namespace: "redis"}, services: []Service{seFor("egress", "e")}, rules: []Rule{drFor("egress", "a", drHost, 1, drTo("."))}, out: []string{"export-to:not visible to namespace redis: exportTo '.'"}},
		"service hidden":               {client: Client{Namespace: "redis"}, services: []Service{seFor("egress", "e", ".")}, rules: []Rule{drFor("egress", "a", drHost, 1)}, out: []string{"namespace:nor the service's (not known)"}},
		"exported by name":             {client: Client{Namespace: "redis"}, services: []Service{seFor("egress", "e")}, rules: []Rule{drFor("egress", "a", drHost, 1, drTo("redis", "x"))}, want: "egress/a=SIMPLE"},
		"exported to others only":      {client: Client{Namespace: "redis"}, rules: []Rule{drFor("redis", "a", drHost, 1, drTo("x"))}, out: []string{"export-to:exportTo 'x'"}},
		"root namespace":               {client: Client{Namespace: "redis"}, rules: []Rule{drFor("istio-system", "a", "*.example.com", 1)}, want: "istio-system/a=SIMPLE"},
		"root, private":                {client: Client{Namespace: "redis"}, rules: []Rule{drFor("istio-system", "a", drHost, 1, drTo("."))}, out: []string{"export-to:not visible"}},
		"client in root, private rule": {client: Client{Namespace: "istio-system"}, rules: []Rule{drFor("istio-system", "a", drHost, 1, drTo("."))}, want: "istio-system/a=SIMPLE"},
		"client in root takes the service's rule before its public one": {client: Client{Namespace: "istio-system"}, services: []Service{seFor("egress", "e")},
			rules: []Rule{drFor("istio-system", "a", drHost, 2), drFor("egress", "b", drHost, 1)}, want: "egress/b=SIMPLE", out: []string{"other-rule:in the namespace of the service"}},
		"client's wildcard beats the service's exact rule": {client: Client{Namespace: "redis"}, services: []Service{seFor("egress", "e")},
			rules: []Rule{drFor("redis", "a", "*", 1, drMode("DISABLE")), drFor("egress", "b", drHost, 2)}, want: "redis/a=DISABLE", out: []string{"other-rule:in the client's own namespace"}},
		"most specific host": {client: Client{Namespace: "redis"}, rules: []Rule{drFor("redis", "a", "*.example.com", 3), drFor("redis", "b", drHost, 1), drFor("redis", "c", "*", 2)},
			want: "redis/b=SIMPLE", out: []string{"other-rule:more specific than *.example.com", "other-rule:more specific than *"}},
		"oldest": {client: Client{Namespace: "redis"}, rules: []Rule{drFor("redis", "a", drHost, 1), drFor("redis", "b", drHost, 2, drMode("DISABLE"))}, want: "redis/b=DISABLE", out: []string{"other-rule:it is older"}},
		"same age, by name": {client: Client{Namespace: "redis"}, rules: []Rule{drFor("redis", "b", drHost, 1), drFor("redis", "a", drHost, 1, drMode("DISABLE"))},
			want: "redis/a=DISABLE", out: []string{"other-rule:redis/a wins"}},
		"an older policy without tls hides a newer one": {client: Client{Namespace: "redis"}, rules: []Rule{drFor("redis", "a", drHost, 2, drNoTLS), drFor("redis", "b", drHost, 1)},
			want: "redis/a=", out: []string{"other-rule:redis/b does not count"}},
		"an older rule without policy takes the newer one's": {client: Client{Namespace: "redis"}, rules: []Rule{drFor("redis", "a", drHost, 2, drNoPolicy), drFor("redis", "b", drHost, 1)},
			want: "redis/b=SIMPLE"},
		"different exportTo: the last": {client: Client{Namespace: "redis"}, rules: []Rule{drFor("redis", "a", drHost, 2, drTo("."), drMode("DISABLE")), drFor("redis", "b", drHost, 1, drTo("x", "redis"))},
			want: "redis/b=SIMPLE", out: []string{"other-rule:takes the last"}},
		"no exportTo and one that names namespaces: the last": {client: Client{Namespace: "redis"}, rules: []Rule{drFor("redis", "a", drHost, 2, drMode("DISABLE")), drFor("redis", "b", drHost, 1, drTo("x", "redis"))},
			want: "redis/b=SIMPLE", out: []string{"other-rule:takes the last"}},
		"wider exportTo: the newer one melts into the older": {client: Client{Namespace: "redis"}, rules: []Rule{drFor("redis", "a", drHost, 2, drTo("redis"), drMode("DISABLE")), drFor("redis", "b", drHost, 1, drTo("redis", "x"))},
			want: "redis/a=DISABLE", out: []string{"other-rule:it is older"}},
		"two rules with the same selector: the older": {client: Client{Namespace: "redis", Labels: map[string]string{"app": "x"}},
			rules: []Rule{drFor("redis", "a", drHost, 2, drPods("app", "x"), drMode("DISABLE")), drFor("redis", "b", drHost, 1, drPods("app", "x"))}, want: "redis/a=DISABLE", out: []string{"other-rule:it is older"}},
		"two rules with selectors of other pods": {client: Client{Namespace: "redis", Labels: map[string]string{"app": "x", "v": "1"}},
			rules: []Rule{drFor("redis", "a", drHost, 2, drPods("app", "y"), drMode("DISABLE")), drFor("redis", "b", drHost, 1, drPods("v", "1"))}, want: "redis/b=SIMPLE", out: []string{"selector:app=y"}},
		"a selector that is a part of another": {client: Client{Namespace: "redis", Labels: map[string]string{"app": "x"}},
			rules: []Rule{drFor("redis", "a", drHost, 2, func(r *Rule) { r.Selector = map[string]string{"app": "x", "v": "1"} }, drMode("DISABLE")), drFor("redis", "b", drHost, 1, drPods("app", "x"))},
			want:  "redis/b=SIMPLE", out: []string{"selector:app=x,v=1"}},
		"a subset of the newer rule goes before the older rule": {client: Client{Namespace: "redis"}, subset: "v2", rules: []Rule{drFor("redis", "a", drHost, 2), drFor("redis", "b", drHost, 1, drSubset("v2"), drMode("DISABLE"))},
			want: "redis/b#v2=DISABLE", out: []string{"other-rule:the setting of DestinationRule redis/b is used"}},
		"a policy of the newer rule beside a subset of the older": {client: Client{Namespace: "redis"},
			rules: []Rule{drFor("redis", "a", drHost, 2, drNoPolicy), drFor("redis", "a", drHost, 2, drSubset("v1"), drMode("DISABLE")), drFor("redis", "b", drHost, 1)}, want: "redis/b=SIMPLE", out: []string{"subset:v1 only"}},
		"those that say something of TLS are told first": {client: Client{Namespace: "redis"},
			rules: []Rule{drFor("redis", "a", drHost, 3), drFor("redis", "b", drHost, 2, drNoTLS), drFor("redis", "c", drHost, 1)}, want: "redis/a=SIMPLE", out: []string{"other-rule:redis/c does not", "other-rule:redis/b does not"}},
		"the longest wildcard": {client: Client{Namespace: "redis"}, rules: []Rule{drFor("redis", "a", "*.com", 3, drMode("DISABLE")), drFor("redis", "b", "*.example.com", 1), drFor("redis", "c", "*", 2, drMode("DISABLE"))},
			want: "redis/b=SIMPLE", out: []string{"other-rule:more specific than *.com", "other-rule:more specific than *"}},
		"selector matches": {client: Client{Namespace: "redis", Labels: map[string]string{"app": "x", "v": "1"}}, rules: []Rule{drFor("redis", "all", drHost, 2, drMode("DISABLE")), drFor("redis", "x", drHost, 1, drPods("app", "x"))},
			want: "redis/x=SIMPLE", out: []string{"other-rule:workloadSelector names this pod"}},
		"selector of others": {client: Client{Namespace: "redis", Labels: map[string]string{"app": "y"}}, rules: []Rule{drFor("redis", "all", drHost, 2, drMode("DISABLE")), drFor("redis", "x", drHost, 1, drPods("app", "x"))},
			want: "redis/all=DISABLE", out: []string{"selector:app=x"}},
		"selector of others stops the search": {client: Client{Namespace: "redis", Labels: map[string]string{}}, rules: []Rule{drFor("istio-system", "all", drHost, 2), drFor("redis", "x", drHost, 1, drPods("app", "x"))},
			out: []string{"selector:app=x, which this pod does not have", "other-rule:looks no further"}},
		"a private rule melts into one with a selector": {client: Client{Namespace: "redis", Labels: map[string]string{"app": "y"}},
			rules: []Rule{drFor("redis", "all", drHost, 2, drTo(".")), drFor("redis", "x", drHost, 1, drPods("app", "x"))}, out: []string{"selector:app=x", "other-rule:looks no further"}},
		"labels not known": {client: Client{Namespace: "redis"}, rules: []Rule{drFor("redis", "x", drHost, 1, drPods("app", "x"))}, out: []string{"selector:not known"}, unsure: true},
		"selector elsewhere": {client: Client{Namespace: "redis", Labels: map[string]string{"app": "x"}}, services: []Service{seFor("egress", "e")},
			rules: []Rule{drFor("egress", "x", drHost, 1, drPods("app", "x"))}, out: []string{"export-to:not visible outside its namespace egress"}},
		"port before rule": {client: Client{Namespace: "redis"}, rules: []Rule{drFor("redis", "a", drHost, 1), drFor("redis", "a", drHost, 1, drPort(6379), drMode("DISABLE"))},
			want: "redis/a@6379=DISABLE", out: []string{"other-rule:port (6379)"}},
		"a port without tls hides the rule's": {client: Client{Namespace: "redis"}, rules: []Rule{drFor("redis", "a", drHost, 1), drFor("redis", "a", drHost, 1, drPort(6379), drNoTLS)},
			want: "redis/a@6379=", out: []string{"other-rule:which replaces"}},
		"another port": {client: Client{Namespace: "redis"}, rules: []Rule{drFor("redis", "a", drHost, 1, drNoTLS), drFor("redis", "a", drHost, 1, drPort(443))},
			want: "redis/a=", out: []string{"port:names port 443 only"}},
		"port only, no rule level": {client: Client{Namespace: "redis"}, rules: []Rule{drFor("redis", "a", drHost, 1, drPort(443))}, out: []string{"port:names port 443 only"}},
		"subset of others":         {client: Client{Namespace: "redis"}, rules: []Rule{drFor("redis", "a", drHost, 1, drNoPolicy), drFor("redis", "a", drHost, 1, drSubset("v1"))}, want: "redis/a=", out: []string{"subset:names subset v1 only"}},
		"subset asked":             {client: Client{Namespace: "redis"}, subset: "v1", rules: []Rule{drFor("redis", "a", drHost, 1), drFor("redis", "a", drHost, 1, drSubset("v1"), drMode("DISABLE"))}, want: "redis/a#v1=DISABLE", out: []string{"other-rule:subset (v1)"}},
		"subset inherits":          {client: Client{Namespace: "redis"}, subset: "v1", rules: []Rule{drFor("redis", "a", drHost, 1), drFor("redis", "a", drHost, 1, drSubset("v1"), drNoTLS)}, want: "redis/a=SIMPLE"},
		"subset port replaces": {client: Client{Namespace: "redis"}, subset: "v1", rules: []Rule{drFor("redis", "a", drHost, 1), drFor("redis", "a", drHost, 1, drSubset("v1"), drNoTLS), drFor("redis", "a", drHost, 1, drSubset("v1"), drPort(6379), drNoTLS)},
			want: "redis/a@6379#v1=", out: []string{"other-rule:which replaces"}},
		"subset of a newer rule is added": {client: Client{Namespace: "redis"}, subset: "v2", rules: []Rule{drFor("redis", "a", drHost, 2, drNoTLS), drFor("redis", "b", drHost, 1), drFor("redis", "b", drHost, 1, drSubset("v2"), drMode("DISABLE"))},
			want: "redis/b#v2=DISABLE", out: []string{"other-rule:redis/b"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := &Config{RootNamespace: "istio-system", Rules: tt.rules, Services: tt.services}
			d := c.Effective(tt.client, drHost, 6379, tt.subset)
			if diff := cmp.Diff(d, c.Index().Effective(tt.client, drHost, 6379, tt.subset)); diff != "" {
				t.Errorf("the index answers otherwise (-config +index):\n%s", diff)
			}
			if got := short(d); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if (d.Unsure != "") != tt.unsure {
				t.Errorf("unsure: %q", d.Unsure)
			}
			if len(d.Rejected) != len(tt.out) {
				t.Fatalf("rejected: %v, want %v", d.Rejected, tt.out)
			}
			for n, r := range d.Rejected {
				reason, part, _ := strings.Cut(tt.out[n], ":")
				if string(r.Reason) != reason || !strings.Contains(r.Why, part) {
					t.Errorf("rejected %d: %s: %q, want %q", n, r.Reason, r.Why, tt.out[n])
				}
			}
		})
	}
}

func short(d Decision) string {
	if !d.Found {
		return ""
	}
	s := d.Rule.Object.Namespace + "/" + d.Rule.Object.Name
	if d.Rule.Port != 0 {
		s += "@6379"
	}
	if d.Rule.Subset != "" {
		s += "#" + d.Rule.Subset
	}
	return s + "=" + d.Rule.Mode
}

// TestRejectedSetting: of a rule that does not count the setting is told that would have, else one with TLS.
func TestRejectedSetting(t *testing.T) {
	for name, tt := range map[string]struct {
		loser []Rule
		want  Rule
	}{
		"the one for the port":  {[]Rule{drFor("redis", "b", drHost, 1, drPort(443)), drFor("redis", "b", drHost, 1)}, drFor("redis", "b", drHost, 1)},
		"none for the port":     {[]Rule{drFor("redis", "b", drHost, 1, drSubset("v1"), drNoTLS), drFor("redis", "b", drHost, 1, drPort(443))}, drFor("redis", "b", drHost, 1, drPort(443))},
		"without TLS there":     {[]Rule{drFor("redis", "b", drHost, 1, drNoTLS), drFor("redis", "b", drHost, 1, drPort(443))}, drFor("redis", "b", drHost, 1, drPort(443))},
		"nothing of TLS at all": {[]Rule{drFor("redis", "b", drHost, 1, drPort(443), drNoTLS)}, drFor("redis", "b", drHost, 1, drPort(443), drNoTLS)},
	} {
		t.Run(name, func(t *testing.T) {
			c := &Config{Rules: append([]Rule{drFor("redis", "a", drHost, 2)}, tt.loser...)}
			d := c.Effective(Client{Namespace: "redis"}, drHost, 6379, "")
			if len(d.Rejected) != 1 || cmp.Diff(tt.want, d.Rejected[0].Rule) != "" {
				t.Errorf("got %+v, want %+v", d.Rejected, tt.want)
			}
		})
	}
}

// A short host is a Service of the rule's namespace; with dots it is a full name.
func TestEffectiveShortHost(t *testing.T) {
	c := &Config{RootNamespace: "istio-system", Rules: []Rule{drFor("shop", "a", "db", 1), drFor("shop", "b", "db.shop", 2)}}
	d := c.Effective(Client{Namespace: "web"}, "db.shop.svc.cluster.local", 3306, "")
	if !d.Found || d.Rule.Object.Name != "a" {
		t.Errorf("got %+v", d)
	}
	if diff := cmp.Diff(0, len(d.Rejected)); diff != "" {
		t.Errorf("db.shop is another host: %v", d.Rejected)
	}
}

// The namespace of the service decides where Istio looks second.
func TestServiceNamespace(t *testing.T) {
	at := func(s Service, hour int) Service { s.Created = time.Unix(int64(hour)*3600, 0); return s }
	kube := Service{Object: Ref{Kind: "Service", Namespace: "k", Name: "k"}, Hosts: []string{drHost}}
	tests := map[string]struct {
		services []Service
		want     string
	}{
		"none":           {nil, ""},
		"own":            {[]Service{seFor("a", "e"), seFor("redis", "e"), kube}, "redis"},
		"kubernetes":     {[]Service{seFor("a", "e"), kube}, "k"},
		"explicit":       {[]Service{seFor("a", "e"), seFor("b", "e", "redis")}, "b"},
		"oldest":         {[]Service{at(seFor("a", "e"), 9), at(seFor("b", "e"), 3)}, "b"},
		"hidden":         {[]Service{seFor("a", "e", "."), seFor("b", "e", "c")}, ""},
		"private at own": {[]Service{seFor("redis", "e", ".")}, "redis"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := &Config{Services: tt.services}
			if got := c.serviceNamespace("redis", drHost); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
