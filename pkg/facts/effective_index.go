package facts

import "strings"

// Index answers what Config.Effective answers, for many hosts: each question
// looks at the rules and services of its own host only. With 2,000 upstreams and
// as many rules that is the difference between a minute and some milliseconds.
type Index struct {
	root     string
	rules    map[string][]Rule // by full host
	wild     []Rule            // hosts that start with "*"
	services map[string][]Service
}

// Index orders the config by host. Later changes of the config are not seen.
func (c *Config) Index() *Index {
	i := &Index{root: c.RootNamespace, rules: map[string][]Rule{}, services: map[string][]Service{}}
	for _, r := range c.Rules {
		host := fullName(r.Host, r.Object.Namespace)
		if strings.HasPrefix(host, "*") {
			i.wild = append(i.wild, r)
			continue
		}
		i.rules[host] = append(i.rules[host], r)
	}
	for _, s := range c.Services {
		for _, host := range s.Hosts {
			i.services[host] = append(i.services[host], s)
		}
	}
	return i
}

// Effective is Config.Effective.
func (i *Index) Effective(t Client, host string, port int, subset string) Decision {
	// The lists keep the config's order, which decides between equals.
	small := Config{RootNamespace: i.root, Services: i.services[host], Rules: i.rules[host]}
	for _, r := range i.wild {
		if hostMatches(r.Host, host) {
			small.Rules = append(small.Rules[:len(small.Rules):len(small.Rules)], r)
		}
	}
	return small.Effective(t, host, port, subset)
}
