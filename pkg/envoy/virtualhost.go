package envoy

import "slices"

// hostRead is a virtual host that was read: which clusters it leads to, and which get copies.
type hostRead struct {
	plainHost
	leads, copies []string
}

// noteHost notes where a virtual host leads to. What that means hangs on the name of its route configuration, which may
// come after it.
func (w *walker) noteHost(h hostRead) {
	if w.routes == "" {
		w.unnamed = append(w.unnamed, h)
		return
	}
	w.note(h)
}

// noteUnnamed notes those that came before the name, or without one.
func (w *walker) noteUnnamed() {
	for _, h := range w.unnamed {
		w.note(h)
	}
	w.unnamed = nil
}

func (w *walker) note(h hostRead) {
	w.c.notePlain(w.routes, h.plainHost)
	w.c.users.copied(h.copies, h.leads)
	leads := append(h.leads, h.copies...)
	if len(w.leads) < maxEntries {
		for _, name := range leads {
			w.leads[name] = true
		}
	}
	w.c.users.led(w.routes, leads)
	names := alsoOwn(w.routes, h.domains)
	w.c.users.ledAway(w.routes, names, leads)
	w.c.users.hosts(names, leads)
}

// alsoOwn adds to the domains of a virtual host for every name the host that the route configuration is for: Istio names
// that of a port whose protocol it detects HOST:PORT, on an address of its own, and writes * in it (istio:
// networking/core/httproute.go, buildSidecarOutboundHTTPRouteConfig, useSniffing).
func alsoOwn(routes string, domains []string) []string {
	if host := withoutPort(routes); host != routes && host != "" && slices.Contains(domains, "*") {
		return append(slices.Clip(domains), host)
	}
	return domains
}
