package facts

import (
	"net/netip"
	"slices"
	"strconv"
)

// FilterChain is one of several filter chains of a listener for the proxy's own
// application: what it takes, and where it leads.
type FilterChain struct {
	Name     string
	Match    ChainMatch
	Fallback bool     // default_filter_chain
	To       []Shared // clusters that its filters lead to; none where HTTP routes decide
	Routes   string   // route configuration that its HTTP manager asks for
	Leads    string   // why what it takes, or where it leads, is not known; "" where it is
}

// ChainMatch is a filter_chain_match; what is not given takes everything.
type ChainMatch struct {
	Port           int
	Ranges         []string // of the address that is called: 192.0.2.0/24, "" for every one
	Names          []string // of the TLS that comes in
	Transport      string
	ALPN           []string // also what Envoy's http_inspector found: http/1.1, h2c
	Direct, Source []string // ranges of the address that calls: the neighbour's, and the one that it tells
	SourceType     string   // SAME_IP_OR_LOOPBACK or EXTERNAL; "" for any
	SourcePorts    []string
}

// Call is one plain connection of the application. An address that is not valid is not known.
type Call struct {
	To, From netip.Addr
	Port     int
	ALPN     string // as http_inspector found it; "" for none
}

// ChainsFor gives the places of the filter chains that may take a call, in order. sure is
// false where that hangs on an address which is not known. Of several chains that fit Envoy
// takes the most specific, criterion by criterion, and turns back at none: where nothing is
// left in the end, the default chain takes the call (Envoy: FilterChainManagerImpl,
// findFilterChain and the functions that it calls; api listener_components.proto, FilterChainMatch).
func ChainsFor(chains []FilterChain, c Call) (takers []int, sure bool) {
	s := search{chains: chains, stages: c.stages(), found: map[int]bool{}, sure: true}
	var all []int
	for i := range chains {
		if !chains[i].Fallback {
			all = append(all, i)
		}
	}
	s.narrow(0, all)
	for i := range chains {
		if s.found[i] || s.lost && chains[i].Fallback {
			takers = append(takers, i)
		}
	}
	return takers, s.sure
}

// stage is one criterion: the values of a chain for it, "" for every value, and how well
// one fits the call, which is below 0 where it does not.
type stage struct {
	of    func(ChainMatch) []string
	fits  func(value string) int
	known bool // false: any of the values may fit
	part  bool // with known false: some calls have each value
}

type search struct {
	chains []FilterChain
	stages []stage
	found  map[int]bool
	lost   bool // some call may come to an end before any chain
	sure   bool
	steps  int
}

// maxSteps bounds the ways through criteria that are not known.
const maxSteps = 20_000

func (s *search) narrow(at int, left []int) {
	if at == len(s.stages) {
		for _, i := range left {
			s.found[i] = true
		}
		s.lost = s.lost || len(left) == 0
		return
	}
	if s.steps += len(left) + 1; s.steps > maxSteps {
		s.sure, s.lost = false, true
		for i := range s.chains {
			s.found[i] = true
		}
		return
	}
	st := s.stages[at]
	groups := map[string][]int{}
	var values []string
	for _, i := range left {
		of := st.of(s.chains[i].Match)
		if len(of) == 0 {
			of = []string{""}
		}
		for _, v := range of {
			if groups[v] == nil {
				values = append(values, v)
			}
			groups[v] = append(groups[v], i)
		}
	}
	values = slices.DeleteFunc(values, func(v string) bool { return st.fits(v) < 0 })
	if st.known {
		slices.SortStableFunc(values, func(a, b string) int { return st.fits(b) - st.fits(a) })
		values = values[:min(1, len(values))]
	} else if len(values) > 1 || len(values) == 1 && values[0] != "" {
		s.sure = s.sure && st.part
		s.lost = s.lost || groups[""] == nil
	}
	s.lost = s.lost || len(values) == 0
	for _, v := range values {
		s.narrow(at+1, groups[v])
	}
}

// stages in Envoy's order.
func (c Call) stages() []stage {
	is := func(want string) func(string) int {
		return func(v string) int {
			switch v {
			case "":
				return 0
			case want:
				return 1
			}
			return -1
		}
	}
	within := func(a netip.Addr) func(string) int {
		return func(v string) int {
			if v == "" {
				return 0
			}
			p, err := netip.ParsePrefix(v)
			if err != nil || a.IsValid() && !p.Contains(a.Unmap()) {
				return -1
			}
			return p.Bits()
		}
	}
	one := func(v string) []string {
		if v == "" {
			return nil
		}
		return []string{v}
	}
	return []stage{
		{of: func(m ChainMatch) []string { return one(portText(m.Port)) }, fits: is(portText(c.Port)), known: true},
		{of: func(m ChainMatch) []string { return m.Ranges }, fits: within(c.To), known: c.To.IsValid()},
		{of: func(m ChainMatch) []string { return m.Names }, fits: is(""), known: true}, // no TLS comes in, so no name
		{of: func(m ChainMatch) []string { return one(m.Transport) }, fits: is("raw_buffer"), known: true},
		{of: func(m ChainMatch) []string { return m.ALPN }, fits: is(c.ALPN), known: true},
		{of: func(m ChainMatch) []string { return m.Direct }, fits: within(c.From), known: c.From.IsValid()},
		{of: func(m ChainMatch) []string { return one(m.SourceType) }, fits: is("EXTERNAL"), known: true},
		{of: func(m ChainMatch) []string { return m.Source }, fits: within(c.From), known: c.From.IsValid()},
		{of: func(m ChainMatch) []string { return m.SourcePorts }, fits: func(string) int { return 0 }, part: true},
	}
}

func portText(port int) string {
	if port == 0 {
		return ""
	}
	return strconv.Itoa(port)
}
