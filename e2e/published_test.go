//go:build e2e

package e2e

import (
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
)

// publishedCRDs is a directory of CRDs inside a Go module, in the version that a go.mod of the lab's parts pins.
func publishedCRDs(t *testing.T, parts, name, dir string) string {
	t.Helper()
	machine := suite{work: parts}
	r := machine.exec(t, "", "go", "mod", "download", "-json", name)
	var module struct{ Dir string }
	if err := json.Unmarshal([]byte(r.out), &module); err != nil || module.Dir == "" {
		t.Skipf("the published CRDs of %s cannot be had here: %s", name, r)
	}
	crds := filepath.Join(module.Dir, dir)
	if _, err := os.Stat(crds); err != nil {
		t.Fatal(err)
	}
	return crds
}
