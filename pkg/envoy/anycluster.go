package envoy

// anyUser notes what may choose every cluster.
func (c *collector) anyUser(found []string, which string) []string {
	if which != "" {
		c.users.any[which] = true
	}
	return c.httpUser(found, which)
}

// byPlugin stands for the clusters that an extension of the route chooses: any of them.
const byPlugin = "the cluster that a cluster_specifier_plugin chooses"

// byMatcher stands for the clusters of the routes that a matcher in place of a list chooses (Envoy: VirtualHost.matcher).
const byMatcher = "the cluster that the matcher of a virtual host chooses"

// byHeader stands for the clusters that a header of the call names: any of them.
func byHeader(header string) string {
	if header == "" {
		return ""
	}
	return "the cluster that header " + short(header) + " names"
}

// headerCluster reads the name of such a header.
func (w *walker) headerCluster() error {
	header, err := w.text()
	if err != nil || header == "" {
		return err
	}
	return w.anyCluster(byHeader(header))
}

// anyCluster notes that a route sends to a cluster that only the call decides.
func (w *walker) anyCluster(which string) error {
	w.c.users.any[which] = true
	if w.route = append(w.route, which); len(w.route) > maxEntries {
		return errTooMany
	}
	return nil
}
