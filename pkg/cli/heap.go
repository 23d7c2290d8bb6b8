package cli

import (
	"runtime"
	"runtime/debug"
)

// lateGCPercent puts the first collection at a heap of 8 MB instead of 4 (the runtime's floor is 4 MB times this percent).
const lateGCPercent = 200

// usualGCPercent is the runtime's own default.
const usualGCPercent = 100

// collectLate spares a command that reads one sidecar the collections of a small heap, which cost it a quarter of its CPU
// (docs/benchmarks.md), and goes back to the usual pace with the first one: what needs more memory pays nothing for it. A pace
// that the user set (GOGC) or that a dump asked for meanwhile stays.
func collectLate() {
	if pace := debug.SetGCPercent(lateGCPercent); pace != usualGCPercent {
		debug.SetGCPercent(pace)
		return
	}
	first := &struct{ self *int }{self: new(int)}
	runtime.AddCleanup(first, func(int) {
		if pace := debug.SetGCPercent(usualGCPercent); pace != lateGCPercent {
			debug.SetGCPercent(pace)
		}
	}, 0)
}
