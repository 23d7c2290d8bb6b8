package main

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	tests := []struct {
		args []string
		want string // in the error; "" means none
	}{
		{[]string{"-version", "v0.1.0"}, ""},
		{[]string{"-version", "v0.1.0-rc.1", "-platforms", "linux/amd64,windows/arm64"}, ""},
		{[]string{"-version", "v1.0.0", "-platforms", "local"}, ""},
		{nil, "not of the form"},
		{[]string{"-version", "0.1.0"}, "not of the form"},
		{[]string{"-version", "v0.1"}, "not of the form"},
		{[]string{"-version", "v0.1.0 -X main.a=b"}, "not of the form"},
		{[]string{"-version", "v0.1.0", "-platforms", "linux"}, "not OS/ARCH"},
	}
	for _, tt := range tests {
		_, err := parse(tt.args)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("parse(%q): got error %v, want %q", tt.args, err, tt.want)
		}
	}
}

func TestUncommitted(t *testing.T) {
	status := " M plugin.yaml\n?? krew/mesh-tls.yaml\n M pkg/cli/root.go\n?? new.go\n"
	if diff := cmp.Diff([]string{"pkg/cli/root.go", "new.go"}, uncommitted(status)); diff != "" {
		t.Errorf("uncommitted files (-want +got):\n%s", diff)
	}
	if got := uncommitted(""); len(got) != 0 {
		t.Errorf("a clean tree: got %q", got)
	}
}
