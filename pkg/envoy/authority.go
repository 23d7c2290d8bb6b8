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
	clusters = slices.Compact(clusters)
	for _, c := range clusters {
		u.alsoCalled(domains, c)
	}
	if len(clusters) < 2 {
		return
	}
	if u.pairs += len(clusters) * (len(domains) + min(len(clusters), maxShared)); u.pairs > maxPairs {
		u.tired = true
		return
	}
	for _, a := range clusters {
		if !among(domains, hostOf(a)) {
			continue
		}
		for _, b := range clusters {
			if a != b && len(u.shared[a]) < maxShared && !slices.Contains(u.shared[a], b) {
				u.shared[a] = append(u.shared[a], b)
			}
		}
	}
}

// alsoCalled keeps under which other names and addresses a host's own routes answer: its cluster IP, the aliases that
// lead to it (ExternalName), the pods of a headless service (istio: networking/core/httproute.go,
// generateVirtualHostDomains). Its shorter names are not worth keeping.
func (u *users) alsoCalled(domains []string, cluster string) {
	host := hostOf(cluster)
	if !among(domains, host) {
		return
	}
	for _, d := range domains {
		short := strings.HasSuffix(d, ".") || strings.HasPrefix(host+".", strings.TrimPrefix(d, "*.")+".") && d != "*."+host
		if d == "*" || short || strings.EqualFold(withoutPort(d), host) || len(u.also[cluster]) >= maxShared || slices.Contains(u.also[cluster], d) {
			continue
		}
		u.also[cluster] = append(u.also[cluster], d)
	}
}

func among(domains []string, host string) bool {
	return slices.ContainsFunc(domains, func(d string) bool { return strings.EqualFold(withoutPort(d), host) })
}

// hostOf is the last part of Istio's name of a cluster.
func hostOf(cluster string) string { return cluster[strings.LastIndexByte(cluster, '|')+1:] }

func last(list []string) string {
	if len(list) == 0 {
		return ""
	}
	return list[len(list)-1]
}
