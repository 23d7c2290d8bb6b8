package check

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestSteeredBy: nobody is sent to an annotation that his pod does not have.
func TestSteeredBy(t *testing.T) {
	own := facts.Target{Namespace: "shop", Pod: "web-75cf5-x2x", Labels: map[string]string{"pod-template-hash": "75cf5"}, Annotations: map[string]string{excludePorts: "81", includeRanges: ""}, Inherited: []string{includeRanges}}
	for key, want := range map[string][2]string{
		excludePorts:  {excludePorts + ": 81", "kubectl edit deployment web -n shop   # in the pod's template: remove the annotation " + excludePorts},
		includeRanges: {includeRanges + `: "", which is not the pod's own annotation`, "the installation's values"},
	} {
		if by, fix := steeredBy(own, key), (Input{Proxy: &facts.Proxy{Target: own, Node: facts.Node{Workload: "web"}}}).recapture(key); !strings.HasPrefix(by, want[0]) || !strings.Contains(fix, want[1]) || strings.Contains(by, "installation") != strings.Contains(fix, "installation") {
			t.Errorf("%s: %q, fix %q, want %q", key, by, fix, want)
		}
	}
}
