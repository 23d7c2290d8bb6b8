package cli

import (
	"strings"
	"testing"
	"time"

	"github.com/mesh-tls/kubectl-mesh-tls/pkg/kube"
)

// TestServerClock: certificates are judged by the API server's clock where ours is surely wrong, which is told once; an answer from
// which that is not sure decides nothing, and whatever came first stays.
func TestServerClock(t *testing.T) {
	ours := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	answer := func(ahead, took time.Duration) kube.Dated {
		return kube.Dated{Server: ours.Add(ahead).Truncate(time.Second), Asked: ours.Add(-took), Answered: ours}
	}
	for _, c := range []struct {
		name  string
		heard []kube.Dated
		want  time.Duration
		told  string
	}{
		{"nothing heard", nil, 0, ""},
		{"close", []kube.Dated{answer(time.Second, 0)}, 0, ""},
		{"as far as may be", []kube.Dated{answer(29*time.Second, 0)}, 0, ""},
		{"behind", []kube.Dated{answer(7*time.Minute+12*time.Second, 0)}, 7*time.Minute + 13*time.Second, "7m13s behind the API server's"},
		{"fast", []kube.Dated{answer(-10*time.Minute, 0)}, -10 * time.Minute, "10m0s ahead of the API server's"},
		{"a slow answer decides nothing", []kube.Dated{answer(0, 2*time.Minute)}, 0, ""},
		{"the one after it does", []kube.Dated{answer(0, 2*time.Minute), answer(time.Hour, 0)}, time.Hour + time.Second, "1h0m1s behind"},
		{"the first stays", []kube.Dated{answer(0, 0), answer(time.Hour, 0)}, 0, ""},
		{"a slow answer, and yet sure", []kube.Dated{answer(time.Hour, 2*time.Minute)}, time.Hour + time.Minute + time.Second, "1h1m1s behind"},
	} {
		var said strings.Builder
		d := &deps{Streams: Streams{Err: &said}, now: func() time.Time { return ours }, clock: &serverClock{}}
		for _, x := range c.heard {
			d.clock.hear(x)
		}
		first, second := d.judged(), d.judged()
		if got := first.Sub(ours); got < c.want-time.Second || got > c.want+time.Second || !second.Equal(first) {
			t.Errorf("%s: judged %s from ours, then %s, want %s", c.name, got, second.Sub(ours), c.want)
		}
		if (c.told == "") != (said.Len() == 0) || !strings.Contains(said.String(), c.told) || strings.Count(said.String(), "\n") > 1 {
			t.Errorf("%s: told %q, want %q once", c.name, said.String(), c.told)
		}
	}
	if got := (&deps{now: func() time.Time { return ours }}).judged(); !got.Equal(ours) {
		t.Errorf("without a clock: %s", got)
	}
}
