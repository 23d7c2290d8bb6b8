package main

import (
	"context"
	"strings"
	"testing"
	"time"
)

// TestPairs proves that ours and theirs stay apart although their order changes, and that the first pair is not counted.
func TestPairs(t *testing.T) {
	runs := 0
	give := func(took time.Duration, peak int64) func(context.Context) (sample, error) {
		return func(context.Context) (sample, error) {
			if runs++; runs <= 2 {
				return sample{took: time.Hour, peak: 1 << 40}, nil
			}
			return sample{took: took, peak: peak}, nil
		}
	}
	r, err := pairs(t.Context(), 3, give(10*time.Millisecond, 30), give(40*time.Millisecond, 60))
	if err != nil {
		t.Fatal(err)
	}
	if r.ours != 10*time.Millisecond || r.theirs != 40*time.Millisecond || r.ratio != 0.25 || r.ourPeak != 30 || r.theirPeak != 60 || runs != 8 {
		t.Errorf("got %+v after %d runs", r, runs)
	}
}

// TestOnce proves what counts as done, and that time, memory and output are of the command.
func TestOnce(t *testing.T) {
	s, err := cmd("sh", "-c", "sleep 0.05; echo hello").once(t.Context())
	if err != nil || s.took < 50*time.Millisecond || s.peak < 1<<19 || s.output != 6 {
		t.Errorf("got %+v and %v", s, err)
	}
	if _, err := cmd("sh", "-c", "echo sorry >&2; exit 1").once(t.Context()); err == nil || !strings.Contains(err.Error(), "sorry") {
		t.Errorf("exit code 1: got %v", err)
	}
	if _, err := cmd("sh", "-c", "exit 1").orFindings().once(t.Context()); err != nil {
		t.Errorf("exit code 1 for findings: %v", err)
	}
	if _, err := cmd("./no-such-program").once(t.Context()); err == nil {
		t.Error("a program that is not there: no error")
	}
}

func TestMedian(t *testing.T) {
	if got := median([]float64{4, 1, 3}); got != 3 {
		t.Errorf("got %v, want 3", got)
	}
	if got := median([]float64{4, 1, 3, 2}); got != 2.5 {
		t.Errorf("got %v, want 2.5", got)
	}
}

// TestTable proves that a missed goal and a missing measure are told.
func TestTable(t *testing.T) {
	var b strings.Builder
	printTable(&b, []row{{what: "a", ratio: 0.5, goal: 0.8}, {what: "b", ratio: 0.9, goal: 0.8}, {what: "c", note: "jq is not installed"}}, 3)
	for _, want := range []string{"met", "MISSED", "not measured", "c: jq is not installed"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in\n%s", want, b.String())
		}
	}
}
