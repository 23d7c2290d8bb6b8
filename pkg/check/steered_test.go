package check

import (
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/facts"
)

// TestSteeredBy: nobody is sent to an annotation that his pod does not have.
func TestSteeredBy(t *testing.T) {
	own := facts.Target{Annotations: map[string]string{excludePorts: "81", includeRanges: ""}, Inherited: []string{includeRanges}}
	for key, want := range map[string][2]string{
		excludePorts:  {excludePorts + ": 81", "remove the annotation"},
		includeRanges: {includeRanges + `: "", which is not the pod's own annotation`, "the installation's values"},
	} {
		if by, fix := steeredBy(own, key), recapture(own, key); !strings.HasPrefix(by, want[0]) || !strings.Contains(fix, want[1]) || strings.Contains(by, "installation") != strings.Contains(fix, "installation") {
			t.Errorf("%s: %q, fix %q, want %q", key, by, fix, want)
		}
	}
}
