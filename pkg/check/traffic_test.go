package check

import (
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

func watch(in *Input, d facts.Delta) {
	d.Cluster = up(in).Cluster
	in.Traffic = &facts.Traffic{Upstreams: []facts.Delta{d}}
}

func trafficCases() []sabotage {
	return []sabotage{
		{"fails while watched, worked before", func(_ *testing.T, in *Input) {
			*up(in).Endpoints[0].Hosts = facts.HostCounters{Total: 100, Failed: 1, Requests: 99}
			watch(in, facts.Delta{Known: true, Connections: 1, Failed: 1})
		}, "MT012", Fail, "while it was watched"},
	}
}

// TestWatched: no traffic, and numbers that are not known, change no verdict.
func TestWatched(t *testing.T) {
	for name, d := range map[string]facts.Delta{
		"no traffic": {Known: true}, "one of two failed, of many": {Known: true, Connections: 2, Failed: 1}, "not known": {Connections: 1, Failed: 1},
	} {
		in := healthy(t)
		watch(&in, d)
		if fs := byID(Run(All(), in), "MT012"); Worst(fs) != OK {
			t.Errorf("%s: %+v", name, fs)
		}
	}
}
