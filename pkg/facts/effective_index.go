package facts

import "strings"

// Index answers what Config.Effective answers, for many hosts: each question
// looks at the rules and services of its own host only. With 2,000 upstreams and
// as many rules that is the difference between a minute and some milliseconds.
type Index struct {
	config   *Config
	rules    map[string][]int // places in the config, by full host
	wild     []int            // hosts that start with "*"
	services map[string][]int
	objects  map[Ref]bool // of the rules
}

// Index orders the config by host. The config must not change any more.
func (c *Config) Index() *Index {
	hosts := 0
	for n := range c.Services {
		hosts += len(c.Services[n].Hosts)
	}
	i := &Index{config: c, rules: make(map[string][]int, len(c.Rules)), services: make(map[string][]int, hosts), objects: make(map[Ref]bool, len(c.Rules))}
	for n := range c.Rules {
		r := &c.Rules[n]
		i.objects[r.Object] = true
		host := fullName(r.Host, r.Object.Namespace)
		if strings.HasPrefix(host, "*") {
			i.wild = append(i.wild, n)
			continue
		}
		i.rules[host] = append(i.rules[host], n)
	}
	for n := range c.Services {
		for _, host := range c.Services[n].Hosts {
			if of := i.services[host]; len(of) == 0 || of[len(of)-1] != n { // it may name a host twice
				i.services[host] = append(of, n)
			}
		}
	}
	return i
}

// Effective is Config.Effective.
func (i *Index) Effective(t Client, host string, port int, subset string) Decision {
	// The lists keep the config's order, which decides between equals.
	small := Config{RootNamespace: i.config.RootNamespace}
	for _, n := range i.services[host] {
		small.Services = append(small.Services, i.config.Services[n])
	}
	for _, n := range i.rules[host] {
		small.Rules = append(small.Rules, i.config.Rules[n])
	}
	for _, n := range i.wild {
		if r := &i.config.Rules[n]; hostMatches(r.Host, host) {
			small.Rules = append(small.Rules, *r)
		}
	}
	return small.Effective(t, host, port, subset)
}

// HasRule tells whether a rule comes from this object.
func (i *Index) HasRule(object Ref) bool { return i.objects[object] }

// Services are those that name the host, in the config's order. They must not be changed.
func (i *Index) Services(host string) []*Service {
	var out []*Service
	for _, n := range i.services[host] {
		out = append(out, &i.config.Services[n])
	}
	return out
}
