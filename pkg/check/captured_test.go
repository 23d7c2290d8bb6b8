package check

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestCaptured: annotations name addresses that applications call. Of a Service that is the cluster IP, as routes or
// listeners have it, not its pods; a host outside may resolve to its own address or to its endpoint's.
func TestCaptured(t *testing.T) {
	mesh := func(u *facts.Upstream) { u.External, u.Names = false, []string{"web.shop", "10.96.0.7"} }
	tcp := func(u *facts.Upstream) {
		u.External, u.Listeners = false, []facts.Outbound{{Address: "10.96.0.7", Clusters: []string{u.Cluster}}, {Address: "10.244.0.1", Clusters: []string{"other"}}}
	}
	outside := func(u *facts.Upstream) { u.Names = []string{"240.240.0.1"} }
	for name, tt := range map[string]struct {
		is         func(*facts.Upstream)
		note, text string
		want       Outcome
		words      string
	}{
		"cluster IP excluded":                   {mesh, excludeRanges, "10.96.0.0/12", Fail, "to this address goes around"},
		"cluster IP of a listener excluded":     {tcp, excludeRanges, "10.96.0.0/12", Fail, "to this address goes around"},
		"one of two cluster IPs excluded":       {func(u *facts.Upstream) { u.External, u.Names = false, []string{"10.96.0.7", "[fd00::7]"} }, excludeRanges, "10.96.0.0/12", Fail, "the pod's traffic to this address"},
		"pods excluded, cluster IP called":      {mesh, excludeRanges, "10.244.0.0/16", OK, ""},
		"pods excluded, listener called":        {tcp, excludeRanges, "10.244.0.0/16", OK, ""},
		"pods excluded, no cluster IP":          {func(u *facts.Upstream) { u.External = false }, excludeRanges, "10.244.0.0/16", Fail, "to this address goes around"},
		"only cluster IPs included":             {mesh, includeRanges, "10.96.0.0/12", OK, ""},
		"only pods included, cluster IP called": {mesh, includeRanges, "10.244.0.0/16", Fail, "other addresses only"},
		"nothing included":                      {mesh, includeRanges, "", Fail, "captures no address"},
		"everything included":                   {mesh, includeRanges, "*", OK, ""},
		"one address of an outside host":        {outside, excludeRanges, "10.244.0.0/16", Unknown, "hangs on the address"},
		"both addresses of an outside host":     {outside, excludeRanges, "10.244.0.0/16,240.0.0.0/8", Fail, "to this address goes around"},
		"one of two included":                   {outside, includeRanges, "240.0.0.0/8", Unknown, "hangs on the address"},
		"none of two included":                  {outside, includeRanges, "10.1.0.0/16", Fail, "other addresses only"},
		"nothing known of the address":          {func(u *facts.Upstream) { u.Endpoints = nil }, includeRanges, "10.1.0.0/16", Unknown, "hangs on the address"},
	} {
		in := healthy(t)
		tt.is(up(&in))
		note(&in, tt.note, tt.text)
		f := in.Around(Subjects(in)[0])
		if f.Outcome != tt.want || !strings.Contains(f.Summary, tt.words) {
			t.Errorf("%s: %s %q, want %s naming %q", name, f.Outcome, f.Summary, tt.want, tt.words)
		}
		if got := in.Proxy.Target.Annotations[tt.note]; f.Outcome != OK && !strings.Contains(f.Got, tt.note+": ") || got != tt.text {
			t.Errorf("%s: the annotation is not shown: %q", name, f.Got)
		}
	}
}
