package report

import (
	"bytes"
	"strings"
	"testing"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/check"
)

// TestPreviewWhole: on a terminal a long name is shortened in the table; a file, or another program, gets it whole.
func TestPreviewWhole(t *testing.T) {
	who := "shop/" + strings.Repeat("a-long-name-", 8) + "end"
	doc := NewPreview("namespace shop", 1, []PreviewRow{{Outcome: "FAIL", Kind: "no sidecar", Who: who, Server: who, Why: "it has no sidecar"}}, check.Fail, clock())
	for width, want := range map[int]int{0: 3, 300: 1} { // the row has it twice, the sentence once
		var b bytes.Buffer
		if err := PrintPreview(&b, doc, FormatTable, Options{Width: width}); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(b.String(), who); n != want {
			t.Errorf("width %d: the name stands %d times, want %d:\n%s", width, n, want, &b)
		}
	}
}
