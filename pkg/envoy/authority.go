package envoy

import (
	"slices"
	"strings"
)

// named notes the name that a route gives the calls that it sends to a cluster; "" is the caller's own.
func (u users) named(authority, cluster string) {
	if cluster != "" && len(u.authority[cluster]) < maxShared && !slices.Contains(u.authority[cluster], authority) {
		u.authority[cluster] = append(u.authority[cluster], authority)
	}
}

// noteNames notes the names of the route that was read.
func (w *walker) noteNames() {
	for _, n := range w.names {
		w.c.users.named(firstOf(n.Rewrite, w.rewrite), n.Name)
	}
}

// authorityOf is the one name that every route to a cluster gives, "" where there is none.
func (u users) authorityOf(cluster string) string {
	if names := u.authority[cluster]; len(names) == 1 {
		return names[0]
	}
	return ""
}

// hosts: the calls of one name are shared by all clusters that its routes lead to, whatever path or header decides. Only
// clusters of that very host are told: a route of another name may use them, too.
func (u *users) hosts(domains, clusters []string) {
	slices.Sort(clusters)
	if clusters = slices.Compact(clusters); len(clusters) < 2 {
		return
	}
	if u.pairs += len(clusters) * (len(domains) + min(len(clusters), maxShared)); u.pairs > maxPairs {
		u.tired = true
		return
	}
	for _, a := range clusters {
		host := a[strings.LastIndexByte(a, '|')+1:]
		if !slices.ContainsFunc(domains, func(d string) bool { return strings.EqualFold(withoutPort(d), host) }) {
			continue
		}
		for _, b := range clusters {
			if a != b && len(u.shared[a]) < maxShared && !slices.Contains(u.shared[a], b) {
				u.shared[a] = append(u.shared[a], b)
			}
		}
	}
}

func last(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[len(list)-1]
}
