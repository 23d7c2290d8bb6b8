package bundle

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/envoy"
	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestRefuseWhatNobodyReads: a Writer begins no bundle that a Reader would refuse.
func TestRefuseWhatNobodyReads(t *testing.T) {
	two := Objects{Items: Items{json.RawMessage(`{"kind":"Service"}`), json.RawMessage(`{"kind":"Service"}`)}}
	for name, c := range map[string]struct {
		most limits
		want string
	}{
		"all of it":      {limits{entry: 1000, target: 1000, targets: 2, objects: 2}, ""},
		"too many pods":  {limits{entry: 1000, target: 1000, targets: 1, objects: 2}, "2 proxies are more than the 1"},
		"many objects":   {limits{entry: 1000, target: 1000, targets: 2, objects: 1}, "2 rules and Services, more than the 1"},
		"a large object": {limits{entry: 100, target: 1000, targets: 2, objects: 2}, "more than the 100 that a bundle takes"},
	} {
		_, err := newWriter(io.Discard, Manifest{Targets: []string{"a", "b"}}, two, c.most)
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
	if _, err := NewWriter(io.Discard, Manifest{Targets: make([]string, maxTargets+1)}, Objects{}); err == nil {
		t.Error("more targets than a Reader takes")
	}
}

// TestTooLargeATarget: the answers of a proxy that fill a target to the last byte are kept; with one byte more they are left out, with
// the reason, and the other targets are whole.
func TestTooLargeATarget(t *testing.T) {
	r := NewRecorder(lab(t, "client"))
	if _, err := envoy.Read(context.Background(), facts.Target{}, r, envoy.Scope{All: true}); err != nil {
		t.Fatal(err)
	}
	target := Target{Target: facts.Target{Namespace: "ns", Pod: "pod"}, Probes: []facts.Handshake{{Cluster: "c"}}}
	write := func(most limits) (Target, *Saved) {
		t.Helper()
		var b bytes.Buffer
		w, err := newWriter(&b, Manifest{Targets: []string{"ns/pod", "ns/small"}}, Objects{}, most)
		if err != nil {
			t.Fatal(err)
		}
		one, small := target, Target{Target: facts.Target{Namespace: "ns", Pod: "small"}}
		if err := errors.Join(w.Add(&one, r), w.Add(&small, nil), w.Close()); err != nil {
			t.Fatal(err)
		}
		rd, err := Open(&b)
		if err != nil {
			t.Fatal(err)
		}
		saved, err := rd.Next()
		if err != nil {
			t.Fatal(err)
		}
		if last, err := rd.Next(); err != nil || last.Target.Target.Pod != "small" || last.Error != small.Error || small.Error != "" {
			t.Fatalf("the target behind it: %v, %+v, %q", err, last, small.Error)
		}
		return one, saved
	}
	most := limits{entry: maxEntry, target: maxTarget, targets: 2, objects: 1}
	one, whole := write(most)
	text, err := marshal(targetFile, &one)
	if err != nil || one.Error != "" || len(whole.files) < 3 {
		t.Fatalf("%v, %q, %d files", err, one.Error, len(whole.files))
	}
	most.target = len(text)
	for _, answer := range whole.files {
		most.target += len(answer)
	}
	if one, saved := write(most); one.Error != "" || len(saved.files) != len(whole.files) || len(saved.Answers) != len(whole.Answers) {
		t.Errorf("just as large as it may be: %q, %d files", one.Error, len(saved.files))
	}
	large := most
	large.target--
	wordy := most
	wordy.entry = len(text) - 1
	for name, most := range map[string]limits{"one byte too large": large, "too many probes": wordy} {
		one, saved := write(most)
		if !strings.Contains(one.Error, "verify --dump") || saved.Error != one.Error || len(saved.files)+len(saved.Answers)+len(saved.Probes) != 0 || saved.Target.Target.Pod != "pod" {
			t.Errorf("%s: %q, %d files, %d answers, %+v", name, one.Error, len(saved.files), len(saved.Answers), saved.Target)
		}
	}
	if len(target.Probes) != 1 {
		t.Error("the caller's own target lost its probes")
	}
}

// TestSharedOfOtherProtocols: who shares the calls of a filter with a protocol of its own is the same out of a bundle.
func TestSharedOfOtherProtocols(t *testing.T) {
	const dump = `{"configs":[{"@type":"type.googleapis.com/envoy.admin.v3.ClustersConfigDump","dynamic_active_clusters":[{"cluster":{"name":"a"}},{"cluster":{"name":"b"}}]},{"dynamic_listeners":[{"active_state":{"listener":{"name":"l",
		"address":{"socket_address":{"address":"0.0.0.0","port_value":80}},"filter_chains":[{"filters":[{"name":"x","typed_config":{"@type":"type.googleapis.com/envoy.extensions.filters.network.thrift_proxy.v3.ThriftProxy",
		"route_config":{"name":"cluster","routes":[{"route":{"weighted_clusters":{"clusters":[{"name":"a","weight":1},{"name":"b","weight":2}]}}},{"route":{"cluster_header":"h"}},{"route":{"cluster":"c"}}]}}}]}]}}}]}]}`
	r := NewRecorder(answers{"/config_dump": dump})
	want := read(t, answers{"/config_dump": dump}, envoy.Scope{All: true}).Upstreams
	if got := read(t, r, envoy.Scope{All: true}).Upstreams; !cmp.Equal(want, got) || len(want) != 2 || len(want[0].Shared) != 3 {
		t.Errorf("shared: %+v", cmp.Diff(want, got))
	}
}
