package facts

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestChainsFor picks filter chains as Envoy does: criterion by criterion, the most specific one, without turning back.
func TestChainsFor(t *testing.T) {
	chain := func(m ChainMatch) FilterChain { return FilterChain{Match: m} }
	every, fallback := chain(ChainMatch{}), FilterChain{Fallback: true}
	within := func(r ...string) FilterChain { return chain(ChainMatch{Ranges: r}) }
	call := Call{To: netip.MustParseAddr("10.1.2.3"), From: netip.MustParseAddr("10.9.9.9"), Port: 80}
	at := func(change func(*Call)) Call { c := call; change(&c); return c }
	nowhere := at(func(c *Call) { c.To = netip.Addr{} })
	unseen := at(func(c *Call) { c.From = netip.Addr{} })
	for name, c := range map[string]struct {
		chains []FilterChain
		call   Call
		want   []int
		unsure bool
	}{
		"one for all":                {[]FilterChain{every}, call, []int{0}, false},
		"a range holds it":           {[]FilterChain{every, within("10.0.0.0/8")}, call, []int{1}, false},
		"a range does not":           {[]FilterChain{every, within("192.0.2.0/24")}, call, []int{0}, false},
		"the longest range":          {[]FilterChain{within("10.0.0.0/8"), within("10.1.2.0/24"), every}, call, []int{1}, false},
		"one of its ranges":          {[]FilterChain{within("192.0.2.0/24", "10.1.0.0/16"), within("10.0.0.0/8")}, call, []int{0}, false},
		"IPv6":                       {[]FilterChain{every, within("fd00::/8")}, at(func(c *Call) { c.To = netip.MustParseAddr("fd00::1") }), []int{1}, false},
		"IPv4 in IPv6":               {[]FilterChain{every, within("10.0.0.0/8")}, at(func(c *Call) { c.To = netip.MustParseAddr("::ffff:10.1.2.3") }), []int{1}, false},
		"an address that is unknown": {[]FilterChain{every, within("10.0.0.0/8")}, nowhere, []int{0, 1}, true},
		"unknown, and one for all":   {[]FilterChain{every, within("10.0.0.0/8"), fallback}, nowhere, []int{0, 1}, true},
		"unknown, and some ranges":   {[]FilterChain{within("10.0.0.0/8"), fallback}, nowhere, []int{0, 1}, true},
		"unknown, and no range":      {[]FilterChain{every, chain(ChainMatch{Transport: "tls"})}, nowhere, []int{0}, false},
		"port before range":          {[]FilterChain{within("10.1.2.3/32"), chain(ChainMatch{Port: 80})}, call, []int{1}, false},
		"another port":               {[]FilterChain{every, chain(ChainMatch{Port: 81})}, call, []int{0}, false},
		"no way back":                {[]FilterChain{every, chain(ChainMatch{Port: 80, Transport: "tls"})}, call, nil, false},
		"no way back, by default":    {[]FilterChain{every, chain(ChainMatch{Port: 80, Transport: "tls"}), fallback}, call, []int{2}, false},
		"range, then TLS":            {[]FilterChain{every, chain(ChainMatch{Ranges: []string{"10.0.0.0/8"}, Transport: "tls"}), fallback}, call, []int{2}, false},
		"names are for TLS":          {[]FilterChain{every, chain(ChainMatch{Names: []string{"a"}})}, call, []int{0}, false},
		"only names":                 {[]FilterChain{chain(ChainMatch{Names: []string{"a"}}), fallback}, call, []int{1}, false},
		"raw_buffer":                 {[]FilterChain{every, chain(ChainMatch{Transport: "raw_buffer"})}, call, []int{1}, false},
		"HTTP of a call that is not": {[]FilterChain{chain(ChainMatch{ALPN: []string{"http/1.1", "h2c"}}), fallback}, call, []int{1}, false},
		"HTTP":                       {[]FilterChain{chain(ChainMatch{ALPN: []string{"http/1.1", "h2c"}}), fallback}, at(func(c *Call) { c.ALPN = "h2c" }), []int{0}, false},
		"the caller's range":         {[]FilterChain{every, chain(ChainMatch{Source: []string{"10.9.0.0/16"}})}, call, []int{1}, false},
		"another caller's":           {[]FilterChain{every, chain(ChainMatch{Source: []string{"10.8.0.0/16"}})}, call, []int{0}, false},
		"a caller that is unknown":   {[]FilterChain{every, chain(ChainMatch{Source: []string{"10.8.0.0/16"}})}, unseen, []int{0, 1}, true},
		"the neighbour's range":      {[]FilterChain{every, chain(ChainMatch{Direct: []string{"10.9.9.9/32"}})}, call, []int{1}, false},
		"from outside":               {[]FilterChain{every, chain(ChainMatch{SourceType: "EXTERNAL"})}, call, []int{1}, false},
		"from itself":                {[]FilterChain{every, chain(ChainMatch{SourceType: "SAME_IP_OR_LOOPBACK"})}, call, []int{0}, false},
		"some source ports":          {[]FilterChain{every, chain(ChainMatch{SourcePorts: []string{"7"}})}, call, []int{0, 1}, false},
		"only some source ports":     {[]FilterChain{chain(ChainMatch{SourcePorts: []string{"7"}}), fallback}, call, []int{0, 1}, false},
		"none":                       {[]FilterChain{within("192.0.2.0/24")}, call, nil, false},
	} {
		got, sure := ChainsFor(c.chains, c.call)
		if diff := cmp.Diff(c.want, got); diff != "" || sure == c.unsure {
			t.Errorf("%s: %v, sure %v, want %v, sure %v", name, got, sure, c.want, !c.unsure)
		}
	}
}

// TestChainsForBounded: ways without end are given up, and every chain may take the call then.
func TestChainsForBounded(t *testing.T) {
	var ports []string
	for i := range 200 {
		ports = append(ports, portText(i+1))
	}
	var chains []FilterChain
	for i := range 300 {
		chains = append(chains, FilterChain{Match: ChainMatch{Ranges: []string{netip.PrefixFrom(netip.AddrFrom4([4]byte{10, byte(i), 0, 0}), 16).String()}, SourcePorts: ports}})
	}
	if got, sure := ChainsFor(chains, Call{}); sure || len(got) != len(chains) {
		t.Errorf("%d chains, sure %v", len(got), sure)
	}
}
