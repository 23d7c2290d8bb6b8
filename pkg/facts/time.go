package facts

import (
	"slices"
	"time"
)

// skew is how much the clocks of a proxy and of who makes its certificates may differ.
const skew = 5 * time.Minute

// AsOf is the time as of which a saved dump is judged: that of the newest change in it, because its workload certificates
// last a day, and were good when it was saved. It is now where nothing carries a time, or the times cannot be right: a
// change that is still to come, or a certificate that begins after all of them, and so was put into it later.
func (p *Proxy) AsOf(now time.Time) time.Time {
	last := p.LastChange()
	if last.IsZero() || last.After(now) {
		return now
	}
	later := func(c Certificate) bool { return c.NotBefore.After(last.Add(skew)) && !c.NotBefore.After(now) }
	if p.holds(later) {
		return now
	}
	return last
}

// LastChange is the newest last_updated of the clusters and secrets: the proxy was
// read then or later. Zero when nothing carries a time.
func (p *Proxy) LastChange() time.Time {
	var last time.Time
	for _, u := range p.Upstreams {
		if u.Updated.After(last) {
			last = u.Updated
		}
	}
	for _, s := range p.Secrets {
		if s.Updated.After(last) {
			last = s.Updated
		}
	}
	return last
}

// holds tells whether a certificate of the secrets, or one that a cluster has inline, is such a one.
func (p *Proxy) holds(such func(Certificate) bool) bool {
	of := func(v Validation) bool {
		return slices.ContainsFunc(v.Inline, such) || slices.ContainsFunc(v.SPIFFE, func(d TrustDomainCA) bool { return slices.ContainsFunc(d.CA, such) })
	}
	for _, s := range p.Secrets {
		if slices.ContainsFunc(s.Chain, such) || s.Validation != nil && of(*s.Validation) {
			return true
		}
	}
	in := func(k Socket) bool {
		return of(k.Validation) || slices.ContainsFunc(k.Own, func(chain []Certificate) bool { return slices.ContainsFunc(chain, such) })
	}
	return slices.ContainsFunc(p.Upstreams, func(u Upstream) bool { return in(u.Socket) || slices.ContainsFunc(u.Matches, in) })
}
