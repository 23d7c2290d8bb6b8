package cli

import (
	"runtime"
	"runtime/debug"
	"testing"
	"time"
)

// gcPercent reads the collector's percentage.
func gcPercent() int {
	p := debug.SetGCPercent(usualGCPercent)
	debug.SetGCPercent(p)
	return p
}

// collected lets what earlier commands of these tests left behind have its end.
func collected() {
	for range 3 {
		runtime.GC()
		time.Sleep(10 * time.Millisecond)
	}
}

func TestCollectLate(t *testing.T) {
	defer debug.SetGCPercent(debug.SetGCPercent(usualGCPercent))
	const dump = 35
	for _, tt := range []struct {
		name                string
		user, later         int // later: what a dump asks for before the first collection
		started, afterwards int
	}{
		{"usual pace after the first collection", usualGCPercent, 0, lateGCPercent, usualGCPercent},
		{"the user's own GOGC stays", 60, 0, 60, 60},
		{"a dump's pace stays", usualGCPercent, dump, lateGCPercent, dump},
	} {
		t.Run(tt.name, func(t *testing.T) {
			collected()
			debug.SetGCPercent(tt.user)
			collectLate()
			if got := gcPercent(); got != tt.started {
				t.Errorf("pace at the start: got %d, want %d", got, tt.started)
			}
			if tt.later != 0 {
				debug.SetGCPercent(tt.later)
			}
			runtime.GC()
			for range 100 { // the cleanup runs beside us
				if gcPercent() == tt.afterwards {
					break
				}
				time.Sleep(10 * time.Millisecond)
			}
			if got := gcPercent(); got != tt.afterwards {
				t.Errorf("pace after the first collection: got %d, want %d", got, tt.afterwards)
			}
		})
	}
}
