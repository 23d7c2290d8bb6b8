package envoy

import (
	"fmt"
	"testing"
)

// TestLedAwayBounded: of a name that more route configurations lead away than are remembered it is told that not all were followed.
func TestLedAwayBounded(t *testing.T) {
	u := newUsers()
	for n := range maxShared {
		u.ledAway(fmt.Sprint(n), []string{"a.example"}, []string{"outbound|1||b.example"})
	}
	if u.ledAway("0", []string{"a.example"}, []string{"outbound|1||b.example"}); u.tired {
		t.Error("tired although all are remembered")
	}
	if u.ledAway("more", []string{"a.example"}, []string{"outbound|1||b.example"}); !u.tired {
		t.Error("one was forgotten, and nothing tells")
	}
}
