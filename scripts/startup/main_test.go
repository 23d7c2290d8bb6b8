package main

import (
	"context"
	"strings"
	"testing"
)

func TestMedian(t *testing.T) {
	for _, tt := range []struct {
		in   []float64
		want float64
	}{{[]float64{3, 1, 2}, 2}, {[]float64{4, 1, 2, 3}, 2.5}, {[]float64{7}, 7}} {
		if got := median(tt.in); got != tt.want {
			t.Errorf("median(%v): got %v, want %v", tt.in, got, tt.want)
		}
	}
}

func TestRunSaysWhatFailed(t *testing.T) {
	for _, tt := range []struct {
		args []string
		want string
	}{
		{nil, "usage:"},
		{[]string{"-pairs", "1", "x"}, "usage:"},
		{[]string{"-kubectl", "go", "./no-such-program"}, "running ./no-such-program [--help]"},
		{[]string{"-kubectl", "./no-such-kubectl", "x"}, "finding the kubectl"},
	} {
		if err := run(context.Background(), tt.args); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("run(%q): got error %v, want %q", tt.args, err, tt.want)
		}
	}
}
